"""The files of a reader's own cohort: where they are, and what is wrong with them."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.cohorts.own.manifest import Manifest
from ptclnm.cohorts.own.problems import Problem
from ptclnm.imaging.dicom import Spacing
from ptclnm.imaging.errors import ImageError
from ptclnm.imaging.header import is_file, is_folder
from ptclnm.imaging.read import Image2D, read_image, read_labels, select_label

SMALL_ROI = 400
MIN_WIDTH = 5
# More distinct values than any set of drawn labels has.
MAX_LABELS = 16

Finding = tuple[str, str, str]


@dataclass(frozen=True)
class Examined:
    """What one image and its mask are.

    Parameters
    ----------
    findings : tuple of (code, column, text)
        Problems; `column` is ``image`` or ``mask``.
    pixels : str
        Hash of the image's decoded grey values; empty where it cannot be read.
    spacing : tuple of float or None
        Row and column spacing of the image in mm.
    notes : tuple of str
        Reservations about the image.
    """

    findings: tuple[Finding, ...]
    pixels: str = ""
    spacing: Spacing | None = None
    notes: tuple[str, ...] = ()


def locate(root: Path, text: str) -> tuple[str, Finding | None]:
    """Find a file below the root.

    Parameters
    ----------
    root : Path
        The folder that files stay under.
    text : str
        The path as the CSV has it, with slashes or backslashes.

    Returns
    -------
    path : str
        The absolute path with symbolic links followed; empty where there is a problem.
    finding : (code, column, text) or None
        What is wrong; `column` is left empty.
    """
    base = Path(os.path.realpath(root))
    # Unlike Path.resolve, this raises for no name, however long or circular.
    path = Path(os.path.realpath(base / text.replace("\\", "/")))
    if not path.is_relative_to(base):
        return "", ("path_outside", "", "it leads out of the root folder")
    if is_file(path):
        return str(path), None
    found = "there is no such file"
    if is_folder(path.parent):
        names = [entry.name for entry in path.parent.iterdir()]
        close = get_close_matches(path.name, names, n=1)
        found += f"; the nearest name in its folder is {close[0]!r}" if close else ""
    return "", ("missing_file", "", found)


def locate_files(table: pd.DataFrame, manifest: Manifest) -> tuple[pd.DataFrame, list[Problem]]:
    """Find all images and masks.

    Parameters
    ----------
    table : DataFrame
        Columns ``image`` and ``mask`` as the CSV has them, indexed by line.
    manifest : Manifest
        Its root folder.

    Returns
    -------
    files : DataFrame
        Columns ``image`` and ``mask`` with absolute paths, empty where there is a problem.
    problems : list of Problem
        Missing files and those outside the root.
    """
    files = pd.DataFrame("", index=table.index, columns=["image", "mask"])
    problems = []
    for column in files:
        for row, text in table[column].items():
            if not text:
                continue
            files.at[row, column], finding = locate(manifest.root, text)
            if finding:
                code, _, found = finding
                problems.append(Problem(code, text, found, int(row), manifest.csv.name))
    return files, problems


def examine_files(table: pd.DataFrame, files: pd.DataFrame, manifest: Manifest) -> list[Problem]:
    """Read all images and masks and name what is wrong with them, row by row and across rows.

    Parameters
    ----------
    table : DataFrame
        As from `interpret`.
    files : DataFrame
        As from `locate_files`.
    manifest : Manifest
        Its mask label and options.

    Returns
    -------
    list of Problem
        In the order of rows, then those that concern several rows.
    """
    problems = []
    seen = {}
    noted: dict[str, list[int]] = {}
    for row, (image, mask) in files.iterrows():
        seen[row] = examine(image, mask, manifest)
        for note in seen[row].notes:
            noted.setdefault(note, []).append(int(row))
        problems += [
            Problem(code, table.at[row, column], found, int(row), manifest.csv.name)
            for code, column, found in seen[row].findings
        ]
    for note, rows in noted.items():
        found = f"{note} ({len(rows)} of {len(files)} images)"
        problems.append(
            Problem("image_note", table.at[rows[0], "image"], found, rows[0], manifest.csv.name)
        )
    pixels = pd.Series({row: e.pixels for row, e in seen.items()}, dtype=object)
    known = pd.Series({row: e.spacing is not None for row, e in seen.items() if e.pixels})
    if known.nunique() == 2:
        row = int(known.index[~known][0])
        found = f"{known.sum()} of {len(known)} images have a pixel spacing, not this one"
        problems.append(
            Problem("spacing_mixed", table.at[row, "image"], found, row, manifest.csv.name)
        )
    return problems + _shared_pictures(table, pixels, manifest.csv.name)


def examine(image: str, mask: str, manifest: Manifest) -> Examined:
    """Read one image and its mask; an empty path is passed over."""
    findings: list[Finding] = []
    limit = manifest.options.max_colour
    picture = _attempt("image", lambda: read_image(image, limit), findings) if image else None
    labels = _attempt("mask", lambda: read_labels(mask), findings) if mask else None
    if picture and np.ptp(picture.array) == 0:
        findings.append(("blank_image", "image", "all of its pixels have the same value"))
    if labels:
        findings += _mask_findings(labels, manifest)
    if picture and labels:
        findings += _pair_findings(picture, labels)
    if not picture:
        return Examined(tuple(findings))
    return Examined(tuple(findings), _hash(picture.array), picture.spacing, picture.notes)


def _attempt(column: str, read: Callable[[], Image2D], findings: list[Finding]) -> Image2D | None:
    try:
        return read()
    except ImageError as error:
        findings.append((error.code, column, error.found))
        return None


def _hash(array: NDArray[np.float64]) -> str:
    digest = hashlib.sha256(str(array.shape).encode())
    digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _pair_findings(picture: Image2D, labels: Image2D) -> list[Finding]:
    ours, theirs = picture.array.shape, labels.array.shape
    if ours != theirs:
        found = f"it has {theirs[0]} x {theirs[1]} pixels, the image {ours[0]} x {ours[1]}"
        found += "; its axes are exchanged" if ours == theirs[::-1] else ""
        return [("size_mismatch", "mask", found)]
    spacings = picture.spacing and labels.spacing
    if spacings and not np.allclose(picture.spacing, labels.spacing, rtol=0.01):
        return [("geometry_differs", "mask", "its pixel spacing is not the image's")]
    if not np.allclose(picture.direction, labels.direction, atol=0.01):
        return [("geometry_differs", "mask", "its axes point elsewhere than the image's")]
    return []


def _mask_findings(labels: Image2D, manifest: Manifest) -> list[Finding]:
    wanted = manifest.mask_label
    present = np.unique(labels.array)
    values = [f"{v:g}" for v in present if v != 0]
    if not values:
        return [("mask_empty", "mask", "all of its pixels are 0")]
    # A drawing has few values; JPG and smoothing leave a trail of others.
    lossy = labels.format == "JPG" and len(values) > 1
    if lossy or len(values) > MAX_LABELS or (present % 1 != 0).any():
        shown = ", ".join(values[:5])
        return [("mask_lossy", "mask", f"it has {len(values)} values above 0: {shown} ...")]
    roi = select_label(labels.array, wanted)
    if not roi.any():
        found = f"no pixel is {wanted}; it has {', '.join(values)}"
        return [("mask_label_absent", "mask", found)]
    others = [v for v in values if v != str(wanted)]
    findings = _roi_findings(roi, manifest.options.min_roi_pixels)
    if wanted != "any" and others:
        found = f"beside {wanted} it has {', '.join(others)}"
        findings.append(("mask_labels", "mask", found))
    return findings


def _roi_findings(roi: NDArray[np.bool_], least: int) -> list[Finding]:
    findings: list[Finding] = []
    size = int(roi.sum())
    sides = [int(np.ptp(np.flatnonzero(roi.any(axis=axis)))) + 1 for axis in (1, 0)]
    found = f"its ROI has {size} pixels in {sides[0]} x {sides[1]}"
    if size < least or min(sides) < MIN_WIDTH:
        limits = f"allowed: from {least} pixels and {MIN_WIDTH} on each side"
        findings.append(("roi_too_small", "mask", f"{found}; {limits}"))
    elif size < SMALL_ROI:
        findings.append(("roi_small", "mask", found))
    edges = {"top": roi[0], "bottom": roi[-1], "left": roi[:, 0], "right": roi[:, -1]}
    touched = [name for name, line in edges.items() if line.any()]
    if touched:
        found = f"its ROI touches the picture's {', '.join(touched)} border"
        findings.append(("mask_border", "mask", found))
    pieces = ndimage.label(roi, np.ones((3, 3)))[1]
    if pieces > 1:
        findings.append(("mask_pieces", "mask", f"its ROI is in {pieces} pieces"))
    return findings


def _shared_pictures(table: pd.DataFrame, pixels: pd.Series, csv: str) -> list[Problem]:
    """Compare each row with the first that has the same picture."""
    problems = []
    first = {digest: row for row, digest in reversed(list(pixels.items())) if digest}
    for row, digest in pixels.items():
        earlier = first.get(digest, row)
        if earlier == row:
            continue
        ours, theirs = table.loc[row], table.loc[earlier]
        codes = []
        if ours["patient_id"] != theirs["patient_id"]:
            codes.append(("picture_two_patients", "another patient"))
        labels = (ours["label"], theirs["label"])
        if not any(map(pd.isna, labels)) and labels[0] != labels[1]:
            codes.append(("picture_two_labels", "the other label"))
        for code, whose in codes or [("picture_twice", "the same patient")]:
            found = f"its pixels are those of row {earlier}, {theirs['image']!r}, of {whose}"
            problems.append(Problem(code, ours["image"], found, int(row), csv))
    return problems

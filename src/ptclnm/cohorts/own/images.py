"""The files of a reader's own cohort: where they are, and what is wrong with them."""

import hashlib
import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.cohorts.own.manifest import Manifest
from ptclnm.cohorts.own.problems import Problem
from ptclnm.pictures.read import Image2D, ImageError, is_there, read_image, read_labels

SMALL_ROI, LEAST_ROI = 400, 64
MIN_WIDTH = 5
# More distinct values than any set of drawn labels has.
MAX_LABELS = 16
BURNED_IN = "the file says that text is burnt into the picture; it may identify someone"
# What is compared across pictures: the grey values, whether a spacing is known, text in them.
SEEN = ["pixels", "spaced", "burned_in"]

# Row of the CSV, code of a problem, ``image`` or ``mask``, and what was found.
Finding = tuple[int, str, str, str]


def locate(root: Path, text: str) -> str:
    """Find a file below the root.

    Parameters
    ----------
    root : Path
        The folder that files stay under.
    text : str
        The path as the CSV has it, with slashes or backslashes.

    Returns
    -------
    str
        The absolute path with symbolic links followed.

    Raises
    ------
    ImageError
        If it leads out of the root, or there is no such file.
    """
    base = Path(os.path.realpath(root))
    # Unlike Path.resolve, this raises for no name, however long or circular.
    path = Path(os.path.realpath(base / text.replace("\\", "/")))
    if not path.is_relative_to(base):
        raise ImageError("path_outside", text, "it leads out of the root folder")
    if not is_there(path):
        there = path.parent if is_there(path.parent, Path.is_dir) else base
        close = get_close_matches(path.name, [entry.name for entry in there.iterdir()], n=1)
        nearest = f"; the nearest name in {there.name} is {close[0]!r}" if close else ""
        raise ImageError("missing_file", text, f"there is no such file{nearest}")
    return str(path)


def examine_files(table: pd.DataFrame, manifest: Manifest) -> tuple[pd.DataFrame, list[Problem]]:
    """Find and read all images and masks; name what is wrong, row by row and across rows.

    Parameters
    ----------
    table : DataFrame
        As from `tabulate`.
    manifest : Manifest
        Its root folder and mask label.

    Returns
    -------
    files : DataFrame
        Columns ``image`` and ``mask`` with absolute paths, empty where there is no file.
    problems : list of Problem
        In the order of rows, then those that concern several rows.
    """
    files = pd.DataFrame("", index=table.index, columns=["image", "mask"])
    findings: list[Finding] = []
    seen: dict[int, tuple[str, bool, bool]] = {}
    for row in table.index:
        read: dict[str, Image2D] = {}
        for column, reader in (("image", read_image), ("mask", read_labels)):
            try:
                if text := table.at[row, column]:  # an empty cell is a problem of the table
                    files.at[row, column] = path = locate(manifest.root, text)
                    read[column] = reader(path)
            except ImageError as error:
                findings.append((row, error.code, column, error.found))
        findings += [(row, *finding) for finding in _row_findings(read, manifest.mask_label)]
        if picture := read.get("image"):
            pixels = repr(picture.array.shape).encode() + picture.array.tobytes()
            digest = hashlib.sha256(pixels).hexdigest()
            seen[row] = digest, picture.spacing is not None, picture.burned_in
    findings += _findings_across(table, pd.DataFrame.from_dict(seen, "index", columns=SEEN))
    return files, [
        Problem(code, table.at[row, column], found, int(row), manifest.csv.name)
        for row, code, column, found in findings
    ]


def _row_findings(read: dict[str, Image2D], wanted: int | str) -> Iterator[tuple[str, str, str]]:
    picture, labels = read.get("image"), read.get("mask")
    if picture and np.ptp(picture.array) == 0:
        yield "blank_image", "image", "all of its pixels have the same value"
    about = [*_mask_findings(labels, wanted)] if labels else []
    about += _pair_findings(picture, labels) if picture and labels else []
    for code, found in about:
        yield code, "mask", found


def _pair_findings(picture: Image2D, labels: Image2D) -> Iterator[tuple[str, str]]:
    ours, theirs = picture.array.shape, labels.array.shape
    spacings = picture.spacing and labels.spacing
    if ours != theirs:
        found = f"it has {theirs[0]} x {theirs[1]} pixels, the image {ours[0]} x {ours[1]}"
        yield "size_mismatch", found + "; its axes are exchanged" * (ours == theirs[::-1])
        return
    same = not spacings or np.allclose(picture.spacing, labels.spacing, rtol=0.01)
    if not (same and np.allclose(picture.direction, labels.direction, atol=0.01)):
        yield "geometry_differs", "its pixel spacing, or where its axes point, is not the image's"


def _mask_findings(labels: Image2D, wanted: int | str) -> Iterator[tuple[str, str]]:
    present = np.unique(labels.array)
    values = [f"{v:g}" for v in present if v != 0]
    # A drawing has few values; JPG and smoothing leave a trail of others.
    lossy = labels.format == "JPG" and len(values) > 1
    if not values:
        yield "mask_empty", "all of its pixels are 0"
    elif lossy or len(values) > MAX_LABELS or (present % 1 != 0).any():
        yield "mask_lossy", f"it has {len(values)} values above 0: {', '.join(values[:5])} ..."
    elif not (roi := labels.array > 0 if wanted == "any" else labels.array == wanted).any():
        yield "mask_label_absent", f"no pixel is {wanted}; it has {', '.join(values)}"
    else:
        yield from _roi_findings(roi)
        others = [v for v in values if v != str(wanted)]
        if wanted != "any" and others:
            yield "mask_labels", f"beside {wanted} it has {', '.join(others)}"


def _roi_findings(roi: NDArray[np.bool_]) -> Iterator[tuple[str, str]]:
    size = int(roi.sum())
    sides = [int(np.ptp(np.flatnonzero(roi.any(axis=axis)))) + 1 for axis in (1, 0)]
    found = f"its ROI has {size} pixels in {sides[0]} x {sides[1]}"
    if size < LEAST_ROI or min(sides) < MIN_WIDTH:
        limits = f"allowed: from {LEAST_ROI} pixels and {MIN_WIDTH} on each side"
        yield "roi_too_small", f"{found}; {limits}"
    elif size < SMALL_ROI:
        yield "roi_small", found
    edges = {"top": roi[0], "bottom": roi[-1], "left": roi[:, 0], "right": roi[:, -1]}
    if touched := ", ".join(name for name, line in edges.items() if line.any()):
        yield "mask_border", f"its ROI touches the picture's {touched} border"
    pieces = ndimage.label(roi, np.ones((3, 3)))[1]
    if pieces > 1:
        yield "mask_pieces", f"its ROI is in {pieces} pieces"


def _findings_across(table: pd.DataFrame, seen: pd.DataFrame) -> Iterator[Finding]:
    """Name what concerns several pictures, at the first; a picture seen before at each."""
    count, spaced, burned_in = len(seen), seen["spaced"].eq(True), seen["burned_in"].eq(True)
    if burned_in.any():
        found = f"{BURNED_IN} ({burned_in.sum()} of {count} images)"
        yield burned_in.idxmax(), "image_note", "image", found
    if spaced.any() and not spaced.all():
        found = f"{spaced.sum()} of {count} images have a pixel spacing, not this one"
        yield spaced.idxmin(), "spacing_mixed", "image", found
    first = seen.index.to_series().groupby(seen["pixels"]).transform("first")
    for row, earlier in first[first.ne(first.index)].items():
        ours, theirs = table.loc[row], table.loc[earlier]
        codes = {}
        if ours["patient_id"] != theirs["patient_id"]:
            codes["picture_two_patients"] = "another patient"
        if table.loc[[earlier, row], "label"].nunique() == 2:
            codes["picture_two_labels"] = "the other label"
        for code, whose in (codes or {"picture_twice": "the same patient"}).items():
            found = f"its pixels are those of row {earlier}, {theirs['image']!r}, of {whose}"
            yield row, code, "image", found

"""DDTI, the Digital Database of Thyroid Ultrasound Images: TI-RADS as a surrogate endpoint.

One XML a case with contours as JSON inside, read only if it is the recorded one; what everything
downstream sees are crops and masks on disk, free of the text that some pictures bear.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import SimpleITK as sitk
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.cluster.hierarchy import DisjointSet

from ptclnm import store
from ptclnm.cohorts.datasets import dataset, whole
from ptclnm.cohorts.splits import stratified_split, subsample
from ptclnm.pictures.read import read_image
from ptclnm.schema import COLUMNS, Cohort, Flow, fingerprint

NAME = "ddti"
CLINICAL = ("age", "sex")
# TI-RADS grades, and what each counts as.
LABELS = {"2": 0, "3": 0, "4a": 1, "4b": 1, "4c": 1, "5": 1}
# Rows and columns of every picture of the source.
SIZE = (360, 560)
# Margin of a crop on each side, as a share of the nodule's longer side.
MARGIN = 0.15
# Outside the sector the pictures are black but for JPEG noise, measured up to 16 grey levels,
# and the ticks of the depth scale, which fill a small share of a line.
BLACK = 20.0
LIT = 0.1
# Two views meet near the middle, within these shares of the width. Neighbouring columns of one
# view correlate by 0.5 or more, those of two by 0.43 or less.
SEAM_BAND = (0.48, 0.58)
SEAM_CORRELATION = 0.47
SPECKLE = 6.0

Polygon = tuple[tuple[float, float], ...]


def open_cohort(n_patients: int | None = None, seed: int = 0) -> Cohort:
    """Open DDTI, TI-RADS 4a to 5 against 2 and 3.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label.
    seed : int
        Seed of the draw and of the split.

    Returns
    -------
    Cohort
        One row a crop of a picture's largest contour; two contours are mostly two views of one
        nodule. A case is a patient, and so are cases that share a picture, which is kept once;
        split 7:3 by patient and label. `image` and `mask` are the crop and its mask, of one size,
        as 8-bit PNG in ``_build/cache``; they hold neither the grade that some pictures bear as
        text nor the other view. There is no pixel spacing. Composition, echogenicity, margins and
        calcifications are no clinical columns: TI-RADS is read from them.

    Raises
    ------
    MissingDataError
        If the pictures are not on this machine.
    FetchError
        If a file is not the recorded one.
    """
    root, contents = whole(NAME), dataset(NAME).registry()
    folder = store.FOLDER / "cohorts" / store.key(_make, contents)
    made = store.read(store.keep(folder, lambda beside, _: _make(root, contents, beside)))
    crops, flow = made["table"], Flow(made["flow"])
    files = {column: f"{folder}/" + crops[column] for column in ("image", "mask")}
    every = crops.assign(split=stratified_split(crops, seed=seed), center=NAME, **files)
    kept = subsample(every, n_patients, seed).reset_index(drop=True)
    flow.kept(every, kept, n_patients)
    table = kept[[*COLUMNS, *CLINICAL]]
    return dataset(NAME).cohort(
        table=table, flow=flow.frame(), clinical=CLINICAL, root=folder,
        fingerprint=fingerprint(table, {"n_patients": n_patients, "seed": seed}, contents),
    )  # fmt: skip


def _make(root: Path, contents: Mapping[str, str], to: Path) -> store.Tables:
    """Write crops and masks to a folder, and give their table and flow."""
    table = read_cases(root / "xml")
    table = table.assign(content=("images/" + table["image"]).map(contents))
    chosen, flow = select(drop_outside(table))
    cut = [_cut(picture, root, to) for picture in chosen.to_dict("records")]
    drawn = chosen[[row is not None for row in cut]]
    flow.lost("contour", chosen, drawn, "contour drawn across two views side by side")
    crops = pd.DataFrame([row for row in cut if row])
    crops = crops.drop(columns=["polygons", "state", "content", "case"])
    return {"table": crops, "flow": flow.frame()}


def _cut(picture: dict[str, Any], root: Path, to: Path) -> dict[str, Any] | None:
    """Cut the largest nodule of a picture out, write crop and mask, and return its row."""
    grey = read_image(root / "images" / picture["image"]).array
    at_seam = seam(grey)
    drawn = [rasterise(polygon, grey.shape) for polygon in picture["polygons"]]
    on_one_view = [mask for mask in drawn if not crosses(mask, at_seam)]
    if not on_one_view:
        return None
    mask = max(on_one_view, key=np.count_nonzero)
    box, name = crop_box(grey, mask, MARGIN, at_seam), Path(picture["image"]).stem
    files = {"image_id": name, "image": f"{name}.png", "mask": f"{name}_mask.png"}
    for array, file in ((grey, files["image"]), (np.where(mask, 255, 0), files["mask"])):
        pixels = np.clip(np.rint(array[box]), 0, 255).astype(np.uint8)
        sitk.WriteImage(sitk.GetImageFromArray(pixels), str(to / file))
    return picture | files


def read_cases(folder: Path) -> pd.DataFrame:
    """Read every case of a folder.

    Parameters
    ----------
    folder : Path
        Holds the XML files.

    Returns
    -------
    DataFrame
        One row a picture, in the order of the cases' numbers: ``patient_id, case, image, grade``
        (empty if not given), ``age`` in years (NaN unless a number), ``sex`` (``F``, ``M`` or
        None), ``polygons`` and ``state`` as of :func:`parse_polygons`.
    """
    rows = []
    for path in sorted(folder.glob("*.xml")):
        root = ElementTree.parse(path).getroot()
        number, grade, age, sex = (
            (root.findtext(name) or "").strip() for name in ("number", "tirads", "age", "sex")
        )
        case = {"patient_id": f"{NAME}-{number}", "case": int(number), "grade": grade, "age": age}
        case["sex"] = sex if sex in ("F", "M") else None
        for mark in root.findall("mark"):
            polygons, state = parse_polygons(mark.findtext("svg") or "")
            image = f"{number}_{mark.findtext('image').strip()}.jpg"
            rows.append(case | {"image": image, "polygons": polygons, "state": state})
    table = pd.DataFrame(rows).sort_values("case", kind="stable", ignore_index=True)
    return table.assign(age=pd.to_numeric(table["age"], errors="coerce"))


def parse_polygons(text: str) -> tuple[tuple[Polygon, ...], str]:
    """Read the contours of one picture.

    Parameters
    ----------
    text : str
        JSON: a list of regions with ``points`` and ``regionType``.

    Returns
    -------
    polygons : tuple of polygons
        Closed outlines in pixels, (x, y) from the upper left corner: the freehand regions. Arrows
        point at something and outline nothing.
    state : str
        ``drawn``; ``none`` where nothing is; ``cut`` where the source holds a part only. What the
        source cuts off is marked so, not mended.
    """
    try:
        regions = json.loads(text or "[]")
    except json.JSONDecodeError:
        # The source keeps 2,500 characters of each contour text and drops the rest.
        return (), "cut"
    polygons = tuple(
        tuple((float(point["x"]), float(point["y"])) for point in region["points"])
        for region in regions
        if region["regionType"] != "arrow"
    )
    return polygons, "drawn" if polygons else "none"


def select(table: pd.DataFrame) -> tuple[pd.DataFrame, Flow]:
    """Keep graded pictures with a whole contour, each once.

    Parameters
    ----------
    table : DataFrame
        As :func:`read_cases` returns it, with the hash of each picture's bytes as ``content``.

    Returns
    -------
    table : DataFrame
        Column ``label`` added; cases that share a picture are one patient.
    flow : Flow
        What was lost on the way.
    """
    flow = Flow()
    flow.there("DDTI, all pictures and cases", table)
    reason = "the same picture twice in one case"
    table = flow.lost("copies", table, table[~_copies(table, ["content", "case"])], reason)
    grouped = _group_cases(table)
    reason = "the same picture under several cases, which are taken as one patient"
    table = flow.lost("copies", table, grouped[~_copies(grouped, ["content"])], reason)
    table = flow.lost("grade", table, table[table["grade"] != ""], "no TI-RADS grade")
    table = table.assign(label=table["grade"].map(LABELS))
    table = flow.lost("contour", table, table[table["state"] != "none"], "no contour")
    reason = "contour cut off in the source"
    return flow.lost("contour", table, table[table["state"] != "cut"], reason), flow


def drop_outside(table: pd.DataFrame) -> pd.DataFrame:
    """Drop contours that leave the picture: they were not drawn on what is seen there."""

    def inside(polygon: Polygon) -> bool:
        return all(0 <= x < SIZE[1] and 0 <= y < SIZE[0] for x, y in polygon)

    kept = [tuple(filter(inside, polygons)) for polygons in table["polygons"]]
    return table.assign(polygons=kept)


def _copies(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Mark all but the best of equal pictures: graded and drawn on, then by case and number."""
    order = table.assign(bare=table["grade"] == "", undrawn=table["state"] != "drawn")
    order = order.sort_values(["bare", "undrawn"], kind="stable")
    return order.duplicated(columns).reindex(table.index)


def _group_cases(table: pd.DataFrame) -> pd.DataFrame:
    """Make cases that share a picture one patient."""
    sets = DisjointSet(table["case"].tolist())
    for _, cases in table.groupby("content")["case"]:
        for case in cases:
            sets.merge(cases.iloc[0], case)
    first = {case: min(subset) for subset in sets.subsets() for case in subset}
    return table.assign(patient_id="ddti-" + table["case"].map(first).astype(str))


def rasterise(polygon: Polygon, shape: tuple[int, int]) -> np.ndarray:
    """Fill a polygon.

    Parameters
    ----------
    polygon : sequence of (x, y)
        Outline in pixels, taken to whole ones; it is closed if it is not.
    shape : tuple of int
        Rows and columns of the picture.

    Returns
    -------
    ndarray of bool, shape `shape`
        True on the outline and inside; what a freehand line encloses by crossing itself is
        inside too.
    """
    rows, columns = shape
    canvas = Image.new("1", (columns, rows))
    corners = [(round(x), round(y)) for x, y in polygon]
    ImageDraw.Draw(canvas).polygon(corners, fill=1, outline=1)
    mask = np.array(canvas)
    if mask.any():
        box = ndimage.find_objects(mask.astype(np.uint8))[0]
        mask[box] = ndimage.binary_fill_holes(mask[box])
    return mask


def crop_box(
    picture: np.ndarray, mask: np.ndarray, margin: float, at_seam: int | None = None
) -> tuple[slice, slice]:
    """Find the nodule's box with a margin that ends where the sector does.

    Parameters
    ----------
    picture : ndarray of float, shape (rows, columns)
        Grey levels 0 to 255.
    mask : ndarray of bool, same shape
        The nodule.
    margin : float
        Margin on each side, as a share of the box's longer side.
    at_seam : int, optional
        Where another view begins, as :func:`seam` finds it; the margin ends there.

    Returns
    -------
    tuple of slice
        Its rows and columns. The margin stops short of the first line that is black over the width
        (or height) of the crop: beyond it stands burned-in text, the TI-RADS grade among it.
    """
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    (top, bottom), (left, right) = ((side.start, side.stop) for side in box)
    reach = round(margin * max(bottom - top, right - left))
    rows, columns = picture.shape
    west, east = max(left - reach, 0), min(right + reach, columns)
    if at_seam is not None:
        centre = (left + right) / 2
        west = min(max(west, at_seam), left) if centre >= at_seam else west
        east = max(min(east, at_seam), right) if centre < at_seam else east
    down_side = _lit(picture[:, west:east], axis=1)
    north = _extend(down_side, top, max(top - reach, 0), -1)
    south = _extend(down_side, bottom, min(bottom + reach, rows), 1)
    along = _lit(picture[north:south], axis=0)
    first, last = _extend(along, left, west, -1), _extend(along, right, east, 1)
    return slice(north, south), slice(first, last)


def seam(picture: np.ndarray) -> int | None:
    """Find the column where two views meet.

    Parameters
    ----------
    picture : ndarray of float, shape (rows, columns)
        Grey levels.

    Returns
    -------
    int or None
        First column of the right view; None where the picture is one view. Speckle runs on
        from column to column within a view and breaks off at a seam.
    """
    first, last = (round(picture.shape[1] * share) for share in SEAM_BAND)
    band = picture[:, first - 1 : last]
    band = band[(band > BLACK).mean(axis=1) > 0.5]
    if len(band) < 50:
        return None
    # Clipped, so that letters and markers over the picture weigh no more than what is under them.
    speckle = np.clip(band - ndimage.gaussian_filter1d(band, SPECKLE, axis=0), -40, 40)
    speckle -= speckle.mean(axis=0)
    power = np.sqrt((speckle**2).sum(axis=0)) + 1e-9
    alike = (speckle[:, 1:] * speckle[:, :-1]).sum(axis=0) / (power[1:] * power[:-1])
    place = int(alike.argmin())
    return first + place if alike[place] < SEAM_CORRELATION else None


def crosses(mask: np.ndarray, column: int | None, share: float = 0.05) -> bool:
    """Tell whether a mask lies on both sides of a seam.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
        The nodule.
    column : int or None
        As :func:`seam` returns it.
    share : float
        Up to this share of the mask may lie on the other side.

    Returns
    -------
    bool
        False where there is no seam.
    """
    if column is None:
        return False
    left = np.count_nonzero(mask[:, :column]) / np.count_nonzero(mask)
    return share < left < 1 - share


def _lit(picture: np.ndarray, axis: int) -> np.ndarray:
    """Tell which lines are not black."""
    return (picture > BLACK).mean(axis=axis) > LIT


def _extend(lit: np.ndarray, start: int, limit: int, step: int) -> int:
    """Walk from a box's edge to its limit, and stop before the first black line."""
    at = start
    while at != limit and lit[at if step > 0 else at - 1]:
        at += step
    return at

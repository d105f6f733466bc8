"""From contours to what everything downstream sees: crops and masks on disk, free of text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import SimpleITK as sitk
from PIL import Image, ImageDraw
from scipy import ndimage

from ptclnm import store
from ptclnm.cohorts.datasets import require, sha256
from ptclnm.cohorts.ddti.cases import Polygon, drop_outside, picture_table, read_cases, select
from ptclnm.cohorts.schema import Flow
from ptclnm.errors import ManifestError
from ptclnm.imaging.read import read_image

# Rows and columns of every picture of the source.
SIZE = (360, 560)

POLICIES = ("largest", "union", "each")
# Outside the sector the pictures are black but for JPEG noise, measured up to 16 grey levels,
# and the ticks of the depth scale, which fill a small share of a line.
BLACK = 20.0
LIT = 0.1
# Two views meet near the middle, within these shares of the width. Neighbouring columns of one
# view correlate by 0.5 or more, those of two by 0.43 or less.
SEAM_BAND = (0.48, 0.58)
SEAM_CORRELATION = 0.47
SPECKLE = 6.0
SAME_NODULE = 0.8


@dataclass(frozen=True)
class Crop:
    """A cut-out: ``rows`` and ``columns`` of the picture, first included, last not."""

    rows: tuple[int, int]
    columns: tuple[int, int]

    def of(self, array: np.ndarray) -> np.ndarray:
        """Cut it out of an array of rows x columns."""
        return array[slice(*self.rows), slice(*self.columns)]


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


def choose(masks: Sequence[np.ndarray], policy: str) -> list[np.ndarray]:
    """Make the masks of one picture out of those of its contours.

    Parameters
    ----------
    masks : sequence of ndarray of bool
        One a contour, all of one shape.
    policy : {"largest", "union", "each"}
        The contour with the most pixels, all in one mask, or one mask a contour. Two contours
        are often two views of one nodule side by side; their union is then no nodule's shape.

    Returns
    -------
    list of ndarray of bool
        None, one, or as many as contours; a nodule that is drawn twice counts once.
    """
    if not masks:
        return []
    if policy == "largest":
        return [max(masks, key=np.count_nonzero)]
    if policy == "union":
        return [np.logical_or.reduce(masks)]
    distinct: list[np.ndarray] = []
    for mask in masks:
        if all(overlap(mask, other) < SAME_NODULE for other in distinct):
            distinct.append(mask)
    return distinct


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks, the Jaccard index."""
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def crop_box(
    picture: np.ndarray, mask: np.ndarray, margin: float, at_seam: int | None = None
) -> Crop:
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
    Crop
        The margin stops short of the first line that is black over the width (or height) of
        the crop: beyond it stands burned-in text, the TI-RADS grade among it.
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
    return Crop((north, south), (_extend(along, left, west, -1), _extend(along, right, east, 1)))


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


def write_png(array: np.ndarray, path: str) -> None:
    """Write grey levels 0 to 255 as an 8-bit PNG."""
    whole = np.clip(np.rint(array), 0, 255).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(whole), path)


def _lit(picture: np.ndarray, axis: int) -> np.ndarray:
    """Tell which lines are not black."""
    return (picture > BLACK).mean(axis=axis) > LIT


def _extend(lit: np.ndarray, start: int, limit: int, step: int) -> int:
    """Walk from a box's edge to its limit, and stop before the first black line."""
    at = start
    while at != limit and lit[at if step > 0 else at - 1]:
        at += step
    return at


def source_contents(root: Path) -> dict[str, str]:
    """Hash every picture and case file of the source folder by its path below it.

    Raises
    ------
    MissingDataError
        If there is no picture, or a case's file is not there.
    """
    paths = sorted([*(root / "images").glob("*.jpg"), *(root / "xml").glob("*.xml")])
    if not paths:
        require(root, "xml/1.xml")
    return {str(path.relative_to(root)): sha256(path) for path in paths}


def prepared(
    root: Path, contents: Mapping[str, str], settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
    """Return the crops of one setting, made where they are not there.

    Parameters
    ----------
    root : Path
        DDTI's folder, with ``images`` and ``xml``.
    contents : mapping
        As :func:`source_contents` returns it.
    settings : mapping
        ``polygons``, ``duplicates`` and ``margin``.

    Returns
    -------
    table : DataFrame
        One row a crop; ``image`` and ``mask`` are file names, ``source`` is the picture's name.
    flow : DataFrame
        What was lost on the way.
    folder : Path
        Where the crops and masks are.
    """
    entry = store.FOLDER / "cohorts" / store.key(_make, contents, settings)
    tables = store.read(
        store.keep(entry, lambda beside, _: _make(root, contents, settings, beside))
    )
    return tables["table"], tables["flow"], entry


def _make(
    root: Path, contents: Mapping[str, str], settings: Mapping[str, Any], to: Path
) -> store.Tables:
    """Write crops and masks of one setting to a folder, and give its table and flow."""
    pictures = {name.removeprefix("images/"): digest for name, digest in contents.items()}
    table = picture_table(read_cases(root / "xml"), pictures)
    for name in table.loc[table["content"].isna(), "image"]:
        require(root, f"images/{name}")
    chosen, flow = select(drop_outside(table, SIZE[1], SIZE[0]), settings["duplicates"])
    rows = [
        row for picture in chosen.to_dict("records") for row in _cut(picture, root, settings, to)
    ]
    drop = ["polygons", "state", "content", "case"]
    crops = pd.DataFrame(rows).drop(columns=drop)
    crops = crops.rename(columns={"image": "source", "crop": "image"})
    _note(flow, chosen, crops)
    return {"table": crops, "flow": flow.frame()}


def _cut(
    picture: dict[str, Any], root: Path, settings: Mapping[str, Any], to: Path
) -> list[dict[str, Any]]:
    """Cut every nodule of one picture out, write crop and mask, and return their rows."""
    grey = read_image(root / "images" / picture["image"]).array
    if grey.shape != SIZE:
        found = f"{picture['image']}: {grey.shape[1]} x {grey.shape[0]} pixels"
        remedy = f"DDTI's are {SIZE[1]} x {SIZE[0]}; run `ptclnm data fetch ddti`"
        raise ManifestError(str(root), [f"{found}; {remedy}"])
    at_seam = seam(grey)
    drawn = [rasterise(polygon, grey.shape) for polygon in picture["polygons"]]
    masks = choose([m for m in drawn if not crosses(m, at_seam)], settings["polygons"])
    rows = []
    for number, mask in enumerate(masks, start=1):
        name = Path(picture["image"]).stem + (f"-{number}" if len(masks) > 1 else "")
        box = crop_box(grey, mask, settings["margin"], at_seam)
        write_png(box.of(grey), str(to / f"{name}.png"))
        write_png(np.where(box.of(mask), 255, 0), str(to / f"{name}_mask.png"))
        files = {"image_id": name, "crop": f"{name}.png", "mask": f"{name}_mask.png"}
        rows.append(picture | files | {"views": 1 if at_seam is None else 2})
    return rows


def _note(flow: Flow, chosen: pd.DataFrame, crops: pd.DataFrame) -> None:
    """Note what the pictures themselves cost, and the rows that several contours add."""
    by_source = crops.assign(image=crops["source"])
    cut = chosen[chosen["image"].isin(crops["source"])]
    flow.lost("contour", chosen, cut, "contour drawn across two views side by side")
    if len(by_source) > len(cut):
        flow.there("one row a contour", by_source)

"""From contours to what everything downstream sees: a crop and its mask, free of text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageDraw
from scipy import ndimage

from ptclnm.cohorts.ddti.cases import Polygon

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

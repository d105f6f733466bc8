"""The nodule's rectangle of every picture, cut and resized once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ptclnm import store
from ptclnm.compute import parallel_map
from ptclnm.errors import ProblemsError
from ptclnm.models.data import TRAIN, some
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort

Box = tuple[float, float, float, float]


class CropsError(ProblemsError):
    """Pictures that no rectangle of a nodule can be cut from."""


@dataclass(frozen=True, eq=False)
class Crops:
    """What the deep models see, one row an image, in the order of patients' and images' ids.

    Parameters
    ----------
    pixels : ndarray of float32, shape (images, side, side)
        Grey values as stored in the pictures.
    masks : ndarray of bool, shape (images, side, side)
        The nodule.
    image_ids, patients, splits : ndarray of str, shape (images,)
        Which image, of whom, in which set.
    labels : ndarray of int, shape (images,)
        0 or 1.
    """

    pixels: NDArray[np.float32]
    masks: NDArray[np.bool_]
    image_ids: NDArray
    patients: NDArray
    labels: NDArray[np.int64]
    splits: NDArray

    def rows(self, at: NDArray) -> "Crops":
        """The images at these row numbers, or where a mask is true."""
        return Crops(**{name: values[at] for name, values in vars(self).items()})

    @property
    def train(self) -> "Crops":
        """The images of the training set."""
        return self.rows(self.splits == TRAIN)

    def with_pixels(self, pictures: Mapping[str, NDArray]) -> "Crops":
        """The same images with other grey values.

        Parameters
        ----------
        pictures : mapping of str to ndarray, shape (rows, cols)
            The rectangle of every image by its id, of any size: resized to this side.
        """
        arrays = [np.asarray(pictures[name]) for name in self.image_ids]
        side = self.pixels.shape[-1]
        return replace(self, pixels=np.stack([resized(a, (0, 0, *a.shape), side) for a in arrays]))


def crops(
    cohort: Cohort,
    image_size: int,
    margin: float = 0.0,
    n_jobs: int | None = None,
    folder: Path = store.FOLDER,
) -> Crops:
    """Cut the minimum bounding rectangle of the mask out of every picture, once.

    Ni et al. 2024, "The construction of a DL model"; Li et al. 2024, section 2.8. The rectangle
    becomes a square: its sides are stretched each on its own.

    Parameters
    ----------
    cohort : Cohort
        With images and masks.
    image_size : int
        Side in pixels.
    margin : float
        Share of each side that is added on both ends of it, as far as the picture goes.
    n_jobs : int, optional
        Processes.
    folder : Path
        Where crops are kept.

    Returns
    -------
    Crops
        The same for any number of processes.

    Raises
    ------
    CropsError
        Listing images without picture, mask or marked pixel.
    ImageError
        If a file cannot be read.
    """
    table = cohort.table.sort_values(["patient_id", "image_id"], kind="stable")
    _check(table)
    how = (image_size, margin, cohort.mask_label)
    # A cohort's fingerprint may not know what is in the files: size and date stand for it.
    paths = [Path(name) for column in ("image", "mask") for name in table[column]]
    stamps = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    key = store.key(_cut, cohort.fingerprint, how, table["image_id"].tolist(), stamps)
    squares = store.keep(folder / "crops" / key, lambda *_: _cut_all(table, how, n_jobs))
    return Crops(
        **store.read(squares),
        image_ids=table["image_id"].to_numpy(dtype=str),
        patients=table["patient_id"].to_numpy(dtype=str),
        labels=table["label"].to_numpy(dtype=np.int64),
        splits=table["split"].to_numpy(dtype=str),
    )


def _check(table: pd.DataFrame) -> None:
    problems = []
    for column in ("image", "mask"):
        lost = table.loc[table[column] == "", "image_id"]
        problems += [f"{len(lost)} rows have no {column}: {some(lost)}"] if len(lost) else []
    if problems:
        raise CropsError("crops", problems)


def _cut_all(table: pd.DataFrame, how: tuple, n_jobs: int | None) -> dict[str, NDArray]:
    pairs = list(zip(table["image"], table["mask"], strict=True))
    cut = parallel_map(partial(_cut, *how), pairs, n_jobs, progress="crops")
    empty = [name for name, made in zip(table["image_id"], cut, strict=True) if made is None]
    if empty:
        lines = [f"{len(empty)} masks mark no pixel: {some(empty)}. Draw them, or drop the images"]
        raise CropsError("crops", lines)
    pixels, masks = zip(*cut, strict=True)
    return {"pixels": np.stack(pixels), "masks": np.stack(masks)}


def _cut(
    side: int, margin: float, roi: int | str, pair: tuple[str, str]
) -> tuple[NDArray, NDArray] | None:
    array = read_image(pair[0], max_colour=1.0).array
    mask = read_mask(pair[1], roi)
    box = rectangle(mask, margin)
    if box is None:
        return None
    return resized(array, box, side), resized(mask.astype(float), box, side) >= 0.5


def rectangle(mask: NDArray, margin: float = 0.0) -> Box | None:
    """Give the minimum bounding rectangle of a mask, with a margin.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, cols)
        The nodule.
    margin : float
        Share of each side that is added on both ends of it, as far as the picture goes.

    Returns
    -------
    tuple of float or None
        Top, left, bottom, right in pixels, the last two beyond the rectangle; None where nothing
        is marked.
    """
    if not mask.any():
        return None
    marked = np.argwhere(mask)
    first, last = marked.min(axis=0), marked.max(axis=0) + 1
    more = margin * (last - first)
    return (*np.maximum(first - more, 0.0), *np.minimum(last + more, mask.shape))


def resized(array: NDArray, box: Box, side: int) -> NDArray[np.float32]:
    """Resize a rectangle of an array to a square, bilinear; shrinking averages over pixels."""
    top, left, bottom, right = box
    picture = Image.fromarray(np.ascontiguousarray(array, dtype=np.float32))
    square = picture.resize((side, side), Image.Resampling.BILINEAR, (left, top, right, bottom))
    return np.asarray(square, dtype=np.float32)

"""The nodule's rectangle of every picture, cut and resized once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ptclnm import store
from ptclnm.cohorts.schema import Cohort
from ptclnm.compute import parallel_map
from ptclnm.errors import ProblemsError
from ptclnm.models.data import TRAIN, some
from ptclnm.pictures.read import read_image, read_mask

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
        return Crops(
            self.pixels[at], self.masks[at], self.image_ids[at], self.patients[at],
            self.labels[at], self.splits[at],
        )  # fmt: skip

    @property
    def train(self) -> "Crops":
        """The images of the training set."""
        return self.rows(self.splits == TRAIN)

    @property
    def side(self) -> int:
        """Side in pixels."""
        return int(self.pixels.shape[-1])

    def with_splits(self, splits: NDArray) -> "Crops":
        """The same images in other sets."""
        return replace(self, splits=np.asarray(splits))

    def with_labels(self, labels: NDArray) -> "Crops":
        """The same images with other labels."""
        return replace(self, labels=np.asarray(labels, dtype=np.int64))

    def with_pixels(self, pictures: Mapping[str, NDArray]) -> "Crops":
        """The same images with other grey values.

        Parameters
        ----------
        pictures : mapping of str to ndarray, shape (rows, cols)
            The rectangle of every image by its id, of any size: resized to this side.

        Raises
        ------
        CropsError
            Listing images that are missing or no two-dimensional numbers.
        """
        lost = [name for name in self.image_ids if name not in pictures]
        if lost:
            raise CropsError("crops", [f"{len(lost)} images have no picture: {some(lost)}"])
        arrays = {name: np.asarray(pictures[name]) for name in self.image_ids}
        bad = [name for name, a in arrays.items() if a.ndim != 2 or not np.isfinite(a).all()]
        if bad:
            raise CropsError("crops", [f"{len(bad)} pictures are not two-dimensional or not "
                                       f"finite: {some(bad)}"])  # fmt: skip
        made = [resized(a, (0.0, 0.0, *map(float, a.shape)), self.side) for a in arrays.values()]
        return replace(self, pixels=np.stack(made))


def crops(
    cohort: Cohort,
    image_size: int = 224,
    margin: float = 0.0,
    images: Mapping[str, NDArray] | None = None,
    n_jobs: int | None = None,
    folder: Path = store.FOLDER,
) -> Crops:
    """Cut the minimum bounding rectangle of the mask out of every picture.

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
    images : mapping of str to ndarray, shape (rows, cols), optional
        Other whole pictures of the same field of view by image id, e.g. super-resolved ones, of
        any number of pixels; the files' own where left out.
    n_jobs : int, optional
        Processes.
    folder : Path
        Where the crops of a cohort's own files are kept.

    Returns
    -------
    Crops
        The same for any number of processes.

    Raises
    ------
    CropsError
        Listing images without picture, mask or marked pixel, and ids that occur twice.
    ImageError
        If a file cannot be read.
    """
    table = _ordered(cohort.table, images)
    how = (image_size, margin, cohort.mask_label)
    cut = partial(_cut_all, table, partial(_cut, *how), images, n_jobs)
    if images is None:
        entry = folder / "crops" / store.key(_cut, cohort.fingerprint, how, _files(table))
        squares = store.read(store.keep(entry, lambda *_: cut()))
    else:
        squares = cut()
    return Crops(
        **squares,
        image_ids=table["image_id"].to_numpy(dtype=str),
        patients=table["patient_id"].to_numpy(dtype=str),
        labels=table["label"].to_numpy(dtype=np.int64),
        splits=table["split"].to_numpy(dtype=str),
    )


def _ordered(table: pd.DataFrame, images: Mapping | None) -> pd.DataFrame:
    ids = {name: table[name].astype(str) for name in ("patient_id", "image_id")}
    table = table.assign(**ids).sort_values(["patient_id", "image_id"], kind="stable")
    needed = ["mask"] if images is not None else ["image", "mask"]
    problems = []
    for column in needed:
        lost = table.loc[table[column] == "", "image_id"]
        if len(lost):
            problems.append(f"{len(lost)} rows have no {column}: {some(lost)}")
    twice = table.loc[table["image_id"].duplicated(), "image_id"]
    if len(twice):
        problems.append(f"{len(twice)} image ids occur twice: {some(twice)}")
    if images is not None:
        lost = [name for name in table["image_id"] if name not in images]
        problems += [f"{len(lost)} images have no picture: {some(lost)}"] if lost else []
    if table.empty:
        problems.append("the cohort has no images")
    if problems:
        raise CropsError("crops", problems)
    return table


def _cut_all(
    table: pd.DataFrame, one: Callable, images: Mapping | None, n_jobs: int | None
) -> dict[str, NDArray]:
    work = [
        (row.image if images is None else np.asarray(images[row.image_id], float), row.mask)
        for row in table.itertuples()
    ]
    cut = parallel_map(one, work, n_jobs, progress="crops")
    empty = [name for name, made in zip(table["image_id"], cut, strict=True) if made is None]
    if empty:
        lines = [f"{len(empty)} masks mark no pixel: {some(empty)}. Draw them, or drop the images"]
        raise CropsError("crops", lines)
    pixels, masks = zip(*cut, strict=True)
    return {"pixels": np.stack(pixels), "masks": np.stack(masks)}


def _cut(side: int, margin: float, roi: int | str, pair: tuple) -> tuple[NDArray, NDArray] | None:
    picture, mask_path = pair
    array = read_image(picture, max_colour=1.0).array if isinstance(picture, str) else picture
    mask = read_mask(mask_path, roi)
    box = rectangle(mask, margin)
    if box is None:
        return None
    ratio = [a / m for a, m in zip(array.shape, mask.shape, strict=True)] * 2
    scaled = tuple(edge * r for edge, r in zip(box, ratio, strict=True))
    return resized(array, scaled, side), resized(mask.astype(float), box, side) >= 0.5


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
    ends = []
    for axis in (0, 1):
        marked = np.flatnonzero(mask.any(axis=1 - axis))
        first, last = float(marked[0]), float(marked[-1] + 1)
        more = margin * (last - first)
        ends.append((max(first - more, 0.0), min(last + more, float(mask.shape[axis]))))
    (top, bottom), (left, right) = ends
    return top, left, bottom, right


def resized(array: NDArray, box: Box, side: int) -> NDArray[np.float32]:
    """Resize a rectangle of an array to a square, bilinear; shrinking averages over pixels."""
    top, left, bottom, right = box
    picture = Image.fromarray(np.ascontiguousarray(array, dtype=np.float32))
    square = picture.resize((side, side), Image.Resampling.BILINEAR, (left, top, right, bottom))
    return np.asarray(square, dtype=np.float32)


def _files(table: pd.DataFrame) -> list[list]:
    """Name images, and files with size and date: a cohort's fingerprint may not know contents."""
    paths = [Path(name) for column in ("image", "mask") for name in table[column]]
    stamps = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return [table["image_id"].tolist(), stamps]

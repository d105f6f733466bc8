"""Whole pictures to train on, checked."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.cohorts.schema import Cohort
from ptclnm.compute import parallel_map
from ptclnm.imaging.superres.errors import SuperResError
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.pictures.read import read_image

MOST_LINES = 8


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures and whose they are, in the order of patients' and pictures' ids.

    Parameters
    ----------
    arrays : tuple of ndarray, each of shape (rows, cols)
        Grey values as stored; 8 bits where that is exact.
    image_ids, patients : tuple of str
        Which picture, of whom.
    """

    arrays: tuple[NDArray, ...]
    image_ids: tuple[str, ...]
    patients: tuple[str, ...]


def white_of(highest: float) -> float:
    """Grey value of white by the highest that occurs."""
    return 255.0 if highest <= 255 else 65535.0


def training_pictures(cohort: Cohort, plan: SRPlan, n_jobs: int | None = None) -> Pictures:
    """Read the pictures that a plan trains on; those of other patients are not opened.

    Parameters
    ----------
    cohort : Cohort
        With pictures.
    plan : SRPlan
        ``train_on`` says whose.
    n_jobs : int, optional
        Processes.

    Raises
    ------
    SuperResError
        Listing pictures that are smaller than a patch, constant, or not there.
    ImageError
        If a file cannot be read.
    """
    plan.check()
    table = cohort.table if plan.leaks else cohort.table[cohort.table["split"] == "train"]
    return read_pictures(table, cohort.name, plan.patch_size, n_jobs)


def read_pictures(
    table: pd.DataFrame, name: str, least: int = 1, n_jobs: int | None = None
) -> Pictures:
    """Read the pictures of some rows of a cohort table; see :func:`training_pictures`."""
    ids = {column: table[column].astype(str) for column in ("patient_id", "image_id")}
    table = table.assign(**ids).sort_values(["patient_id", "image_id"], kind="stable")
    lost = table.loc[table["image"] == "", "image_id"].tolist()
    if table.empty or lost:
        what = f"{len(lost)} rows have no picture" if lost else "no picture to train on"
        raise SuperResError(f"super-resolution of {name}", [what])
    arrays = parallel_map(_read, table["image"], n_jobs, progress="pictures")
    made = Pictures(tuple(arrays), tuple(table["image_id"]), tuple(table["patient_id"]))
    check(made, name, least)
    return made


def check(pictures: Pictures, name: str, least: int) -> None:
    """Refuse pictures that nothing can be learnt from, all at once."""
    pairs = zip(pictures.image_ids, pictures.arrays, strict=True)
    problems = [
        line for image_id, array in pairs for line in picture_problems(array, least, image_id)
    ]
    if problems:
        more = len(problems) - MOST_LINES
        rest = [f"and {more} more"] if more > 0 else []
        raise SuperResError(f"super-resolution of {name}", problems[:MOST_LINES] + rest)


def picture_problems(array: NDArray, least: int = 1, name: str = "the picture") -> list[str]:
    """Say why a picture cannot be super-resolved, or trained on; empty where it can."""
    if array.ndim != 2 or array.size == 0:
        return [f"{name} has shape {array.shape}; needed: rows and columns"]
    if not np.isfinite(array).all():
        return [f"{name} has pixels that are no finite numbers"]
    if min(array.shape) < least:
        size = " x ".join(map(str, array.shape))
        return [f"{name} is {size} pixels, smaller than a patch of {least}: leave it out, or set "
                "a smaller patch_size"]  # fmt: skip
    if array.min() == array.max():
        return [f"{name} is constant, every pixel {array.flat[0]:g}: export it again, or leave it "
                "out"]  # fmt: skip
    if array.min() < 0 or array.max() > 65535:
        return [f"{name} has grey values from {array.min():g} to {array.max():g}; allowed: 0 to "
                "65,535"]  # fmt: skip
    return []


def _read(path: str) -> NDArray:
    """Read a picture, as 8 bits where nothing is lost, since hundreds are held at once."""
    array = read_image(path, max_colour=1.0).array
    small = array.astype(np.uint8) if 0 <= array.min() and array.max() <= 255 else None
    exact = small is not None and np.array_equal(small, array)
    return small if exact else array.astype(np.float32)

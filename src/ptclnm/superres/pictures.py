"""Whole pictures, checked: those to train on, and those to judge on."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptclnm.compute import parallel_map
from ptclnm.errors import ProblemsError
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort
from ptclnm.superres.plan import SRPlan


class SuperResError(ProblemsError):
    """Pictures that super-resolution cannot use."""


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


class Example(NamedTuple):
    """One picture with its nodule.

    Parameters
    ----------
    image_id : str
        Its name.
    image : ndarray, shape (rows, cols)
        Grey values as stored.
    mask : ndarray of bool, shape (rows, cols)
        The nodule.
    """

    image_id: str
    image: NDArray
    mask: NDArray


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
    table = cohort.table if plan.leaks else cohort.table[cohort.table["split"] == "train"]
    table = table.astype({"patient_id": str, "image_id": str})
    table = table.sort_values(["patient_id", "image_id"], kind="stable")
    lost = int((table["image"] == "").sum())
    if table.empty or lost:
        what = f"{lost} rows have no picture" if lost else "no picture to train on"
        raise SuperResError(f"super-resolution of {cohort.name}", [what])
    arrays = parallel_map(_read, table["image"], n_jobs, progress="pictures")
    made = Pictures(tuple(arrays), tuple(table["image_id"]), tuple(table["patient_id"]))
    check(made, plan.patch_size)
    return made


def _read(path: str) -> NDArray:
    """Read a picture, as 8 bits where nothing is lost, since hundreds are held at once."""
    array = read_image(path, max_colour=1.0).array
    small = array.astype(np.uint8) if 0 <= array.min() and array.max() <= 255 else None
    exact = small is not None and np.array_equal(small, array)
    return small if exact else array.astype(np.float32)


def check(pictures: Pictures, least: int) -> None:
    """Refuse pictures that nothing can be learnt from, all at once."""
    pairs = zip(pictures.arrays, pictures.image_ids, strict=True)
    problems = [line for array, name in pairs if (line := picture_problem(array, least, name))]
    if problems:
        raise SuperResError("training of the super-resolving network", problems)


def picture_problem(array: NDArray, least: int = 1, name: str = "the picture") -> str:
    """Say why a picture cannot be super-resolved, or trained on; empty where it can."""
    low, high = array.min(), array.max()
    if min(array.shape) < least:
        size = " x ".join(map(str, array.shape))
        return (
            f"{name} is {size} pixels, smaller than a patch of {least}: leave it out, or set a "
            "smaller patch_size"
        )
    if low == high:
        return f"{name} is constant, every pixel {low:g}: export it again, or leave it out"
    if low < 0 or high > 65535:
        return f"{name} has grey values from {low:g} to {high:g}; allowed: 0 to 65,535"
    return ""


def held_out(cohort: Cohort, most: int, seed: int) -> list[Example]:
    """Draw patients who are not in the training set, and read one picture of each, to judge on.

    Parameters
    ----------
    cohort : Cohort
        With pictures.
    most : int
        Patients at most.
    seed : int
        Seed of the draw.

    Returns
    -------
    list of Example
        In the order of patients' ids.

    Raises
    ------
    SuperResError
        If all patients are in the training set, or a picture cannot be super-resolved.
    """
    rest = cohort.table[cohort.table["split"] != "train"]
    if rest.empty:
        raise SuperResError(f"super-resolution of {cohort.name}", [
            "every patient is in the training set; needed: one at least outside, to judge on"
        ])  # fmt: skip
    rng = np.random.default_rng(seed)
    drawn = rest.iloc[rng.permutation(len(rest))].drop_duplicates("patient_id").head(most)
    rows = drawn.sort_values(["patient_id", "image_id"], kind="stable").itertuples()
    return [_example(row.image_id, row.image, row.mask, cohort.mask_label) for row in rows]


def _example(image_id: str, image: str, mask: str, label: int | str) -> Example:
    array = read_image(image, max_colour=1.0).array
    if problem := picture_problem(array, name=image_id):
        raise SuperResError("super-resolution", [problem])
    return Example(image_id, array, read_mask(mask, label))

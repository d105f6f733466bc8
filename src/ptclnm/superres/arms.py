"""Every kind of picture that models are compared on: the arms of the comparison."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm import store
from ptclnm.compute import parallel_map
from ptclnm.errors import ParameterError, nearest
from ptclnm.models.deep.crops import Crops, crops, rectangle, resized
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort
from ptclnm.superres.filters import degraded, denoised, shuffled, unsharp
from ptclnm.superres.networks import Generator, load_generator, super_resolve
from ptclnm.superres.plan import SRPlan

# Each arm, as models are called after it, and what a page says of it.
ARMS = {
    "or": ("OR", "original"),
    "sr": ("SR", "super-resolved by the GAN"),
    "sr_pixel": ("SRpixel", "super-resolved without an adversary"),
    "restored": ("Bicubic", "degraded, then restored by bicubic interpolation"),
    "unsharp": ("Unsharp", "sharpened by an unsharp mask"),
    "denoised": ("Denoised", "denoised by a median"),
    "shuffled": ("Shuffled", "nodule's pixels shuffled, then super-resolved"),
}


def check_arms(names: list[str]) -> tuple[str, ...]:
    """Give the arms asked for, each once; originals come first, then super-resolved ones, always.

    Parameters
    ----------
    names : list of str
        Names of ``ARMS``; empty for all.

    Raises
    ------
    ParameterError
        Listing names that are no arms.
    """
    problems = [f"no arm {name!r}; {nearest(name, ARMS)}" for name in names if name not in ARMS]
    if problems:
        raise ParameterError("arms", problems)
    asked = {"or", "sr", *(names or ARMS)}
    return tuple(name for name in ARMS if name in asked)


def called(arm: str, model: str) -> str:
    """Name of a model on the pictures of an arm, e.g. ``SR_SVM``."""
    return f"{ARMS[arm][0]}_{model}"


def on_arm(predictions: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Name the models of a predictions table after the pictures of an arm."""
    return predictions.assign(model=[called(arm, name) for name in predictions["model"]])


@dataclass(frozen=True)
class Arm:
    """Makes the pictures of an arm; importable and small, so that other processes can.

    Parameters
    ----------
    name : str
        A name of ``ARMS``.
    plan : SRPlan
        Of the network; its scale, noise and seed hold for the plain arms too.
    weights : Path
        The generator's file.
    """

    name: str
    plan: SRPlan
    weights: Path

    def __call__(self, image_id: str, image: NDArray, mask: NDArray) -> NDArray[np.float64]:
        """Make a picture of this arm.

        Parameters
        ----------
        image_id : str
            Name of the picture.
        image : ndarray, shape (rows, cols)
            The original's grey values.
        mask : ndarray, same shape
            The nodule.

        Returns
        -------
        ndarray of float64, shape (rows, cols)
            Grey values on the original's scale, not rounded.
        """
        if self.name == "restored":
            made = degraded(image, image_id, self.plan)
        elif self.name == "unsharp":
            made = unsharp(image)
        elif self.name == "denoised":
            made = denoised(image)
        elif self.name == "shuffled":
            network, _ = load_generator(self.weights, self.plan)
            made = super_resolve(network, shuffled(image, mask, image_id, self.plan.seed))
        else:
            made = _kept_picture(image, *load_generator(self.weights, self.plan))
        return made.astype(np.float64)


def _kept_picture(image: NDArray, network: Generator, digest: str) -> NDArray[np.float32]:
    key = store.key(super_resolve, digest, np.asarray(image, dtype=np.float32))
    entry = store.FOLDER / "superres_pictures" / key
    store.keep(entry, lambda *_: {"picture": super_resolve(network, image)})
    return store.read(entry)["picture"]


def arm_crops(
    cohort: Cohort, arm: Arm | None, side: int, margin: float = 0.0, n_jobs: int | None = None
) -> Crops:
    """Cut the nodules' rectangles out of an arm's pictures, as page 03 cuts them.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    arm : Arm or None
        None for the originals, which are shared with page 03.
    side : int
        Side of the crops in pixels.
    margin : float
        Share of each side of the rectangle that is added on both ends of it.
    n_jobs : int, optional
        Processes.
    """
    first = crops(cohort, side, margin, n_jobs=n_jobs)
    if arm is None:
        return first
    rows = cohort.table[["image_id", "image", "mask"]].astype({"image_id": str})
    work = list(rows.itertuples(index=False, name=None))
    cutter = partial(_cut, arm, side, margin, cohort.mask_label)
    cut = parallel_map(cutter, work, n_jobs, f"crops, {arm.name}")
    return first.with_pixels(dict(zip(rows["image_id"], cut, strict=True)))


def _cut(
    arm: Arm, side: int, margin: float, label: int | str, row: tuple[str, str, str]
) -> NDArray[np.float32]:
    image_id, image, mask_path = row
    mask = read_mask(mask_path, label)
    array = arm(image_id, read_image(image, max_colour=1.0).array, mask)
    return resized(array, rectangle(mask, margin), side)

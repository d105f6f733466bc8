"""The pictures of every arm: original, super-resolved, and what else might explain a gain."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptclnm.errors import ParameterError, nearest
from ptclnm.imaging.superres.degrade import degraded
from ptclnm.imaging.superres.pictures import white_of
from ptclnm.imaging.superres.plain import denoised, shuffled, unsharp
from ptclnm.imaging.superres.plan import SRPlan

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
LEARNT = ("sr", "sr_pixel", "shuffled")


def check_arms(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Give the arms asked for, each once, originals and super-resolved ones always among them.

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


@dataclass(frozen=True)
class Arm:
    """Makes the pictures of an arm; importable and small, so that other processes can.

    Parameters
    ----------
    name : str
        A name of ``ARMS``.
    plan : SRPlan
        Of the network; its scale, noise and seed hold for the plain arms too.
    weights : Path or None
        The generator's file; None for arms that need none.
    folder : Path or None
        Where super-resolved pictures are kept; see ``ptclnm.store``.
    """

    name: str
    plan: SRPlan
    weights: Path | None = None
    folder: Path | None = None

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
        return np.asarray(self._made(image_id, image, mask), dtype=np.float64)

    def _made(self, image_id: str, image: NDArray, mask: NDArray) -> NDArray:
        plan, white = self.plan, white_of(float(image.max()))
        if self.name == "restored":
            return degraded(image, image_id, plan.scale, plan.noise, plan.seed, white)
        if self.name == "unsharp":
            return unsharp(image, white)
        if self.name == "denoised":
            return denoised(image)
        if self.name == "shuffled":
            image = shuffled(image, mask, image_id, plan.seed)
        return self._super_resolved(image) if self.name in LEARNT else image

    def _super_resolved(self, image: NDArray) -> NDArray:
        # torch takes seconds to load, and the plain arms' workers do not need it twice.
        from ptclnm.imaging.superres.stored import stored_picture

        kept = self.folder if self.name != "shuffled" else None
        return stored_picture(image, self.weights, self.plan, kept)

"""What needs no network: degrading and sharpening; a network must do better."""

import zlib

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from ptclnm.models.deep.batches import generator
from ptclnm.superres.plan import SRPlan

NOISE = 21  # stream of random numbers
SIGMA, AMOUNT = 2.0, 1.0


def white_of(image: NDArray) -> np.float32:
    """Grey value of white: 255, or 65,535 if a pixel is above 255."""
    return np.float32(255 if image.max() <= 255 else 65535)


def degrade(images: Tensor, scale: int, noise: float, rng: torch.Generator) -> Tensor:
    """Degrade pictures and bring them back to their size.

    Li et al. 2024, section 2.5: Gaussian noise, a quarter of the resolution, the same size. The
    paper does not give the order. Here pixels are averaged over `scale` by `scale`, noise is added
    to the averages, as a coarser machine would have it, and bicubic interpolation restores the
    size. So the copy is also what bicubic interpolation makes of the coarse picture.

    Parameters
    ----------
    images : Tensor, shape (n, 1, rows, cols)
        Between 0 and 1.
    scale : int
        Pixels that become one, along each side. Edges are repeated where it does not divide.
    noise : float
        SD of the noise.
    rng : torch.Generator
        Where the noise comes from.

    Returns
    -------
    Tensor
        The same shape, between 0 and 1.
    """
    rows, cols = images.shape[-2:]
    filled = pad(images, (0, -cols % scale, 0, -rows % scale), mode="replicate")
    coarse = avg_pool2d(filled, scale)
    coarse = coarse + noise * torch.randn(coarse.shape, generator=rng)
    fine = interpolate(coarse, scale_factor=scale, mode="bicubic", align_corners=False)
    return fine[..., :rows, :cols].clamp(0, 1)


def degraded(image: NDArray, image_id: str, plan: SRPlan) -> NDArray[np.float32]:
    """Degrade one picture; its noise depends on the plan's seed and the picture's name alone.

    Parameters
    ----------
    image : ndarray, shape (rows, cols)
        Grey values from 0 to white.
    image_id : str
        Its name.
    plan : SRPlan
        Scale, noise and seed.

    Returns
    -------
    ndarray of float32, shape (rows, cols)
        From 0 to white.
    """
    rng, white = generator(plan.seed, NOISE, zlib.crc32(image_id.encode())), white_of(image)
    unit = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32) / white)
    return degrade(unit[None, None], plan.scale, plan.noise, rng)[0, 0].numpy() * white


def unsharp(image: NDArray) -> NDArray[np.float32]:
    """Sharpen by an unsharp mask: what a Gaussian of 2 pixels removes is added once more.

    Parameters
    ----------
    image : ndarray, shape (rows, cols)
        Grey values from 0 to white.

    Returns
    -------
    ndarray of float32, shape (rows, cols)
        From 0 to white.
    """
    image = np.asarray(image, dtype=np.float32)
    smooth = ndimage.gaussian_filter(image, SIGMA, mode="nearest")
    return np.clip(image + AMOUNT * (image - smooth), 0, white_of(image), dtype=np.float32)

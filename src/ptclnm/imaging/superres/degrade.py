"""The low-resolution copy of a picture: a quarter of its pixels a side, noisy, size kept."""

import zlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate, pad

from ptclnm.models.deep.batches import generator

NOISE = 21  # stream of random numbers


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
    coarse = torch.nn.functional.avg_pool2d(filled, scale)
    coarse = coarse + noise * torch.randn(coarse.shape, generator=rng)
    fine = interpolate(coarse, scale_factor=scale, mode="bicubic", align_corners=False)
    return fine[..., :rows, :cols].clamp(0, 1)


def degraded(
    image: NDArray, image_id: str, scale: int, noise: float, seed: int, white: float
) -> NDArray[np.float32]:
    """Degrade one picture; its noise depends on seed and name alone.

    Parameters
    ----------
    image : ndarray, shape (rows, cols)
        Grey values from 0 to `white`.
    image_id : str
        Its name.
    scale, noise : int, float
        As for :func:`degrade`.
    seed : int
        Seed of the noise.
    white : float
        Grey value of white.
    """
    rng = generator(seed, NOISE, zlib.crc32(image_id.encode()))
    unit = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32) / np.float32(white))
    return degrade(unit[None, None], scale, noise, rng)[0, 0].numpy() * np.float32(white)

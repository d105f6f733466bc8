"""What needs no network: sharpening, denoising, shuffling; a network has to do better."""

import zlib

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SIGMA, AMOUNT = 2.0, 1.0
WINDOW = 5
SHUFFLE = 25  # stream of random numbers


def unsharp(image: NDArray, white: float) -> NDArray[np.float32]:
    """Sharpen by an unsharp mask: what a Gaussian of 2 pixels removes is added once more.

    Parameters
    ----------
    image : ndarray, shape (rows, cols)
        Grey values from 0 to `white`.
    white : float
        Grey value of white.

    Returns
    -------
    ndarray of float32, shape (rows, cols)
        From 0 to `white`.
    """
    image = np.asarray(image, dtype=np.float32)
    smooth = ndimage.gaussian_filter(image, SIGMA, mode="nearest")
    return np.clip(image + AMOUNT * (image - smooth), 0, white, dtype=np.float32)


def denoised(image: NDArray) -> NDArray[np.float32]:
    """Remove noise by the median over 5 by 5 pixels."""
    return ndimage.median_filter(np.asarray(image, dtype=np.float32), WINDOW, mode="nearest")


def shuffled(image: NDArray, mask: NDArray, image_id: str, seed: int) -> NDArray[np.float32]:
    """Exchange the pixels of the nodule at random: the same grey levels, no texture left.

    Parameters
    ----------
    image : ndarray, shape (rows, cols)
        Grey values.
    mask : ndarray, same shape
        The nodule, where not 0.
    image_id : str
        The picture's name; with `seed` it decides the order.
    seed : int
        Seed.
    """
    made = np.array(image, dtype=np.float32)
    inside = np.asarray(mask) != 0
    rng = np.random.default_rng([SHUFFLE, seed, zlib.crc32(image_id.encode())])
    made[inside] = rng.permutation(made[inside])
    return made

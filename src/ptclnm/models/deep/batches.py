"""What a network is shown: which images are in which batch, varied how, by seed and epoch alone."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import TensorDataset

from ptclnm.models.deep.crops import Crops

# Each use of a seed draws from a stream of its own.
INITIAL, ORDER, VARIATION, DROPOUT, HOLDOUT, SHUFFLED = range(11, 17)
EVALUATED = 64  # images of a batch where nothing is learnt
# How far training images are varied, drawn evenly either way. Ni et al. 2024, "The construction of
# a DL model", name the kinds, not the amounts.
SCALE = 0.15  # share by which an axis grows or shrinks, each on its own: size and shape
DEGREES = 15.0  # of rotation
SHEAR, SHIFT = 0.1, 0.05  # shares of the side
CONTRAST, BRIGHTNESS = 0.25, 0.25  # share of the contrast, and of an SD of the grey values
NOISE = 0.1  # largest SD of the noise, in those of the grey values
FLIP = 0.5  # probability of left and right changed; depth keeps its direction, as a shadow does


def generator(*key: int) -> torch.Generator:
    """Random numbers that the key decides, whatever was drawn before."""
    return torch.Generator().manual_seed(seed_of(*key))


def seed_of(*key: int) -> int:
    """One number out of several, for libraries that take one."""
    return int(np.random.SeedSequence(key).generate_state(1)[0])


def images_of(crops: Crops, standard: tuple[float, float]) -> TensorDataset:
    """Standardised crops, one channel each, and their labels."""
    mean, sd = standard
    pixels = torch.from_numpy((crops.pixels - np.float32(mean)) / np.float32(sd))
    return TensorDataset(pixels[:, None], torch.from_numpy(crops.labels.astype(np.float32)))


def in_chance_order(images: int, batch_size: int, seed: int, epoch: int) -> list[NDArray]:
    """Row numbers of each training batch, drawn anew each epoch.

    Batches differ in size by one at most, so that none is left with a single image.

    Parameters
    ----------
    images : int
        How many there are to train on.
    batch_size : int
        Most images of a batch; one more where one would be alone.
    seed, epoch : int
        Of the order.
    """
    order = np.random.default_rng([seed, ORDER, epoch]).permutation(images)
    return np.array_split(order, max(1, min(math.ceil(images / batch_size), images // 2)))


def three_channels(images: Tensor) -> Tensor:
    """Repeat grey values for the three channels that networks expect, channels last in memory."""
    return images.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def in_order(
    crops: Crops, standard: tuple[float, float], size: int = EVALUATED
) -> Iterator[Tensor]:
    """Give standardised images of three channels, `size` at a time, in the order of the crops."""
    pixels, _ = images_of(crops, standard).tensors
    yield from map(three_channels, pixels.split(size))


def vary(images: Tensor, generator: torch.Generator) -> Tensor:
    """Vary each image of a batch on its own.

    Parameters
    ----------
    images : Tensor, shape (images, 1, side, side)
        Standardised grey values.
    generator : torch.Generator
        Decides all draws.

    Returns
    -------
    Tensor
        Of the same shape.
    """
    n = len(images)

    def draw(width: float) -> Tensor:
        return (2 * torch.rand(n, generator=generator) - 1) * width

    theta = _affine(draw(math.radians(DEGREES)), 1 + draw(SCALE), 1 + draw(SCALE), draw(SHEAR))
    flipped = torch.rand(n, generator=generator) < FLIP
    theta[flipped, :, 0] *= -1
    shift = torch.stack([2 * draw(SHIFT), 2 * draw(SHIFT)], 1)  # the side is 2 units long
    theta = torch.cat([theta, shift[..., None]], 2)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    contrast, brightness = 1 + draw(CONTRAST), draw(BRIGHTNESS)
    strength = NOISE * torch.rand(n, generator=generator)
    noise = torch.randn(images.shape, generator=generator)
    each = (slice(None), None, None, None)
    return moved * contrast[each] + brightness[each] + noise * strength[each]


def _affine(angle: Tensor, across: Tensor, down: Tensor, shear: Tensor) -> Tensor:
    """Matrices of rotation, scale and shear, shape (images, 2, 2)."""
    cos, sin = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    zero = torch.zeros_like(angle)
    stretch = torch.stack([torch.stack([across, shear], 1), torch.stack([zero, down], 1)], 1)
    return rotation @ stretch

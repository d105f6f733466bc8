"""Variation of training images: size, rotation, affine, contrast, noise, flips."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Variation:
    """How far images are varied; each amount is drawn evenly between its ends.

    Ni et al. 2024, "The construction of a DL model", name the kinds, not the amounts.

    Parameters
    ----------
    scale : float
        Share by which a picture grows or shrinks, along each axis on its own: size and shape.
    degrees : float
        Rotation either way.
    shear : float
        Shear either way, as a share of the side.
    shift : float
        Shift either way, as a share of the side.
    contrast, brightness : float
        Share of the contrast, and of a standard deviation of the grey values.
    noise : float
        Largest standard deviation of the noise, in those of the grey values.
    flip : float
        Probability of left and right changed; depth keeps its direction, as a shadow does.
    """

    scale: float = 0.15
    degrees: float = 15.0
    shear: float = 0.1
    shift: float = 0.05
    contrast: float = 0.25
    brightness: float = 0.25
    noise: float = 0.1
    flip: float = 0.5


def vary(images: Tensor, generator: torch.Generator, by: Variation | None = None) -> Tensor:
    """Vary each image of a batch on its own.

    Parameters
    ----------
    images : Tensor, shape (images, 1, side, side)
        Standardised grey values.
    generator : torch.Generator
        Decides all draws.
    by : Variation
        How far.

    Returns
    -------
    Tensor
        Of the same shape.
    """
    by = by or Variation()
    n = len(images)

    def draw(width: float) -> Tensor:
        return (2 * torch.rand(n, generator=generator) - 1) * width

    theta = _affine(
        draw(math.radians(by.degrees)), 1 + draw(by.scale), 1 + draw(by.scale), draw(by.shear)
    )
    flipped = torch.rand(n, generator=generator) < by.flip
    theta[flipped, :, 0] *= -1
    shift = torch.stack([2 * draw(by.shift), 2 * draw(by.shift)], 1)  # the side is 2 units long
    theta = torch.cat([theta, shift[..., None]], 2)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    contrast, brightness = (1 + draw(by.contrast)), draw(by.brightness)
    strength = by.noise * torch.rand(n, generator=generator)
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

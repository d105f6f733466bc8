"""Generator and discriminator, and applying them; Li et al. 2024, section 2.5 and Figure 2."""

from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, leaky_relu

from ptclnm.models.deep.batches import seed_of
from ptclnm.superres.filters import white_of
from ptclnm.superres.pictures import SuperResError, picture_problem
from ptclnm.superres.plan import SRPlan

GENERATOR, DISCRIMINATOR = 22, 23  # streams of random numbers
SLOPE = 0.2
CONTRAST = 0.1  # of white; brings differences within a patch to about 1
TILE = 384


class Block(nn.Module):
    """Two convolutions whose result is added to what came in; one pixel is lost to each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3)
        self.second = nn.Conv2d(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Give the sum; 2 pixels fewer on each side."""
        return x[..., 2:-2, 2:-2] + self.second(leaky_relu(self.first(x), SLOPE))


class Generator(nn.Module):
    """Convolution, residual blocks, convolution: what is missing in the picture, added to it.

    Convolutions see nothing beyond the picture, so that a tile with its context gives exactly what
    the whole picture gives there. It starts as the identity.

    Its rectifiers leak: on speckle, where hardly anything can be foretold, those that do not leak
    go silent in the first steps.

    Parameters
    ----------
    blocks, channels : int
        Residual blocks, and channels of each.
    """

    def __init__(self, blocks: int, channels: int) -> None:
        super().__init__()
        self.head = nn.Conv2d(1, channels, 3)
        self.body = nn.Sequential(*(Block(channels) for _ in range(blocks)))
        self.tail = nn.Conv2d(channels, 1, 3)
        self.reach = 2 * blocks + 2
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Super-resolve `x`, shape (n, 1, rows, cols): `reach` pixels fewer on each side."""
        detail = self.tail(self.body(self.head(x)))
        return self.inner(x) + detail

    def inner(self, x: Tensor) -> Tensor:
        """Cut the context off."""
        reach = self.reach
        return x[..., reach:-reach, reach:-reach]


class Discriminator(nn.Module):
    """Convolutions and pooling, down to the logit of being a real picture.

    Parameters
    ----------
    channels : int
        Channels of the first convolution; they double with each pooling.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        sizes = [1, channels, 2 * channels, 4 * channels]
        self.steps = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in zip(sizes, sizes[1:], strict=False)
        )
        self.last = nn.Linear(sizes[-1], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Give one logit a picture, shape (n,); its logistic function is the probability.

        How bright a patch is tells nothing of its detail, and is taken away.
        """
        x = (x - x.mean(dim=(1, 2, 3), keepdim=True)) / CONTRAST
        for step in self.steps:
            x = avg_pool2d(leaky_relu(step(x), SLOPE), 2)
        return self.last(adaptive_avg_pool2d(x, 1).flatten(1))[:, 0]


def new_generator(plan: SRPlan) -> Generator:
    """Make a generator with first weights that the seed decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(plan.seed, GENERATOR))
        return Generator(plan.blocks, plan.channels).to(memory_format=torch.channels_last)


def new_discriminator(plan: SRPlan) -> Discriminator:
    """Make a discriminator with first weights that the seed decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(plan.seed, DISCRIMINATOR))
        made = Discriminator(max(plan.channels // 2, 4))
        return made.to(memory_format=torch.channels_last)


def super_resolve(network: Generator, image: NDArray, tile: int = TILE) -> NDArray[np.float32]:
    """Super-resolve one picture of any size; its size is kept.

    Each tile is computed with as much of its surroundings as its pixels depend on, so that tiles
    meet as if there were none. Memory beyond the picture's own is that of one tile.

    Parameters
    ----------
    network : Generator
        Trained.
    image : ndarray, shape (rows, cols)
        Grey values from 0; white is 255, or 65,535 if a pixel is above 255.
    tile : int
        Side of a tile in pixels.

    Returns
    -------
    ndarray of float32, shape (rows, cols)
        Grey values from 0 to white, not rounded.

    Raises
    ------
    SuperResError
        If the picture is constant or has grey values out of range.
    """
    image = np.asarray(image)
    if problem := picture_problem(image):
        raise SuperResError("super-resolution", [problem])
    white, reach = white_of(image), network.reach
    padded = np.pad(image.astype(np.float32) / white, reach, mode="edge")
    made = np.empty(image.shape, dtype=np.float32)
    for top, left in product(*(range(0, size, tile) for size in image.shape)):
        part = padded[top : top + tile + 2 * reach, left : left + tile + 2 * reach]
        batch = torch.from_numpy(np.ascontiguousarray(part))[None, None]
        with torch.inference_mode():
            found = network(batch.to(memory_format=torch.channels_last))[0, 0].numpy()
        made[top : top + tile, left : left + tile] = found
    return np.clip(made, 0, 1, out=made) * white

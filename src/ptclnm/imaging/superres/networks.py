"""Generator and discriminator; Li et al. 2024, section 2.5 and Figure 2."""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, leaky_relu

from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.models.deep.batches import seed_of

GENERATOR, DISCRIMINATOR = 22, 23  # streams of random numbers
SLOPE = 0.2
CONTRAST = 0.1  # of white; brings differences within a patch to about 1


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
    return _seeded(plan.seed, GENERATOR, lambda: Generator(plan.blocks, plan.channels))


def new_discriminator(plan: SRPlan) -> Discriminator:
    """Make a discriminator with first weights that the seed decides."""
    return _seeded(plan.seed, DISCRIMINATOR, lambda: Discriminator(max(plan.channels // 2, 4)))


def _seeded(seed: int, stream: int, make):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, stream))
        return make().to(memory_format=torch.channels_last)

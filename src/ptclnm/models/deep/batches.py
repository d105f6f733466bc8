"""Which images are in which batch, on which process: decided by seed and epoch alone."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Sampler

# Each use of a seed draws from a stream of its own.
INITIAL, ORDER, VARIATION, DROPOUT, HOLDOUT, SHUFFLED = range(11, 17)


def generator(*key: int) -> torch.Generator:
    """Random numbers that the key decides, whatever was drawn before."""
    made = torch.Generator()
    made.manual_seed(seed_of(*key))
    return made


def seed_of(*key: int) -> int:
    """One number out of several, for libraries that take one."""
    return int(np.random.SeedSequence(key).generate_state(1)[0])


class TrainBatches(Sampler[NDArray]):
    """Row numbers of each training batch, drawn anew each epoch.

    Batches differ in size by one at most, so that none is left with a single image. Every process
    has as many, of the same sizes; where images do not divide evenly, the first of the epoch's
    order are there twice.

    Parameters
    ----------
    labels : ndarray of int, shape (images,)
        Labels of the training images.
    batch_size : int
        Most images of a batch, over all processes; one more for each where one would be alone.
    seed : int
        Seed of the order.
    balanced : bool
        Draw images with replacement, both classes alike.
    """

    def __init__(self, labels: NDArray, batch_size: int, seed: int, balanced: bool = False) -> None:
        self.labels, self.batch_size = labels, batch_size
        self.seed, self.balanced, self.epoch = seed, balanced, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes; Lightning does so."""
        self.epoch = epoch

    def order(self) -> NDArray[np.int64]:
        """Row numbers of the epoch, over all processes."""
        rng = np.random.default_rng([self.seed, ORDER, self.epoch])
        n = len(self.labels)
        if not self.balanced:
            return rng.permutation(n)
        share = np.bincount(self.labels, minlength=2)[self.labels] * len(set(self.labels.tolist()))
        return rng.choice(n, size=n, p=1 / share)

    def __len__(self) -> int:
        each = math.ceil(len(self.labels) / place()[1])
        return max(1, min(math.ceil(len(self.labels) / self.batch_size), each // 2))

    def __iter__(self) -> Iterator[NDArray]:
        rank, world = place()
        order = self.order()
        order = np.concatenate([order, order[: -len(order) % world]])
        yield from np.array_split(order[rank::world], len(self))


class Share(Sampler[NDArray]):
    """Row numbers for evaluation: every image on one process, once."""

    def __init__(self, images: int, batch_size: int) -> None:
        self.images, self.batch_size = images, batch_size

    def _rows(self) -> NDArray:
        rank, world = place()
        return np.arange(self.images)[rank::world]

    def __len__(self) -> int:
        return math.ceil(len(self._rows()) / self.batch_size)

    def __iter__(self) -> Iterator[NDArray]:
        rows = self._rows()
        for start in range(0, len(rows), self.batch_size):
            yield rows[start : start + self.batch_size]


def place() -> tuple[int, int]:
    """Number of this process and how many there are."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1

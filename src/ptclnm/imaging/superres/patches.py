"""Training patches: which, from whom, and their degraded copies, by seed, epoch and step alone."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from ptclnm.imaging.superres.degrade import NOISE, degrade
from ptclnm.imaging.superres.pictures import Pictures, white_of
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.models.deep.batches import generator, place

PATCHES, WARM, ADVERSARIAL = 24, 0, 1  # stream of random numbers, and its parts


class Steps(Sampler[tuple[int, int]]):
    """Epoch and step of each batch; Lightning says which epoch it is."""

    def __init__(self, plan: SRPlan) -> None:
        self.steps, self.epoch = plan.steps, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[int, int]]:
        yield from ((self.epoch, step) for step in range(self.steps))


class Pairs(Dataset):
    """Batches of degraded and original patches.

    Patients are drawn alike, however many pictures they have, and half of the patches are
    mirrored left to right. Top and bottom are never exchanged: sound comes from above.

    Parameters
    ----------
    pictures : Pictures
        What is trained on.
    plan : SRPlan
        How.
    """

    def __init__(self, pictures: Pictures, plan: SRPlan) -> None:
        self.pictures, self.plan = pictures, plan
        patients = np.array(pictures.patients)
        self.of_patient = [np.flatnonzero(patients == name) for name in sorted(set(patients))]

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Give this process's part of a batch: degraded and original, each (n, 1, side, side)."""
        plan, (epoch, step) = self.plan, key
        stream = (plan.seed, ADVERSARIAL if plan.adversarial else WARM, epoch, step)
        rng = np.random.default_rng([PATCHES, *stream])
        cut = np.stack([self._patch(rng) for _ in range(plan.batch_size)])
        high = torch.from_numpy(cut)[:, None]
        low = degrade(high, plan.scale, plan.noise, generator(NOISE, *stream))
        rank, world = place()
        return low[rank::world], high[rank::world]

    def _patch(self, rng: np.random.Generator) -> NDArray[np.float32]:
        rows = self.of_patient[rng.integers(len(self.of_patient))]
        array = self.pictures.arrays[rng.choice(rows)]
        side = self.plan.patch_size
        top, left = (int(rng.integers(size - side + 1)) for size in array.shape)
        part = array[top : top + side, left : left + side].astype(np.float32)
        part /= np.float32(white_of(float(array.max())))
        return part[:, ::-1] if rng.random() < 0.5 else part

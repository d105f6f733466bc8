"""Training the generator on patches: pixel loss alone, then with its adversary."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss
from torch.optim.lr_scheduler import LambdaLR

from ptclnm import store
from ptclnm.compute import cores
from ptclnm.models.deep.batches import generator
from ptclnm.models.deep.training import uses_bfloat16
from ptclnm.progress import counted
from ptclnm.superres.filters import NOISE, degrade, white_of
from ptclnm.superres.networks import Generator, new_discriminator, new_generator, super_resolve
from ptclnm.superres.pictures import Pictures, check
from ptclnm.superres.plan import SRPlan

PATCHES, WARM, ADVERSARIAL = 24, 0, 1  # stream of random numbers, and its parts
# Learning rates of adversarial training over that of the warm-up: generator, discriminator.
SLOWER, ADVERSARY = 0.1, 0.5
RISE = 0.05  # share of the warm-up's steps over which its rate rises
LOSSES = ("pixel", "adversarial", "discriminator", "called_real")
# One step of learning from what the generator is shown and what it should make of it.
Step = Callable[[Tensor, Tensor], dict[str, float]]


class Pairs:
    """Batches of degraded and original patches, by seed, epoch and step alone.

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
        """Give the batch of an epoch and step: degraded and original, each (n, 1, side, side)."""
        plan, (epoch, step) = self.plan, key
        stream = (plan.seed, ADVERSARIAL if plan.adversarial else WARM, epoch, step)
        rng = np.random.default_rng([PATCHES, *stream])
        cut = np.stack([self._patch(rng) for _ in range(plan.batch_size)])
        high = torch.from_numpy(cut)[:, None]
        return degrade(high, plan.scale, plan.noise, generator(NOISE, *stream)), high

    def _patch(self, rng: np.random.Generator) -> NDArray[np.float32]:
        rows = self.of_patient[rng.integers(len(self.of_patient))]
        array = self.pictures.arrays[rng.choice(rows)]
        side = self.plan.patch_size
        top, left = (int(rng.integers(size - side + 1)) for size in array.shape)
        part = array[top : top + side, left : left + side].astype(np.float32) / white_of(array)
        return part[:, ::-1] if rng.random() < 0.5 else part


def warm_up(network: Generator, plan: SRPlan) -> Step:
    """Give the step that makes the mean absolute error of pixels smaller."""
    optimizer = torch.optim.Adam(network.parameters(), plan.lr, betas=(0.9, 0.99))
    schedule = LambdaLR(optimizer, partial(_rate, plan.epochs * plan.steps))

    def step(low: Tensor, target: Tensor) -> dict[str, float]:
        loss = l1_loss(network(low).float(), target)
        _learn(optimizer, loss)
        schedule.step()
        return {"pixel": loss.item()}

    return step


def against_adversary(network: Generator, plan: SRPlan) -> Step:
    """Give the step of the generator, which is to pass, then of the discriminator."""
    adversary, lr = new_discriminator(plan), plan.lr
    first = torch.optim.Adam(network.parameters(), lr * SLOWER, betas=(0.9, 0.99))
    second = torch.optim.Adam(adversary.parameters(), lr * ADVERSARY, betas=(0.5, 0.99))

    def step(low: Tensor, target: Tensor) -> dict[str, float]:
        adversary.requires_grad_(False)
        made = network(low)
        pixel, called = l1_loss(made.float(), target), adversary(made).float()
        fooled = binary_cross_entropy_with_logits(called, torch.ones_like(called))
        _learn(first, pixel + plan.adversarial * fooled)
        adversary.requires_grad_(True)
        called = adversary(torch.cat([target, made.detach().to(target.dtype)])).float()
        real = torch.cat([torch.ones(len(target)), torch.zeros(len(made))])
        loss = binary_cross_entropy_with_logits(called, real)
        _learn(second, loss)
        share = torch.sigmoid(called[len(target) :].detach()).mean()
        found = (pixel, fooled, loss, share)
        return {name: value.item() for name, value in zip(LOSSES, found, strict=True)}

    return step


def _learn(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _rate(steps: int, step: int) -> float:
    """A short rise to 1, then half a cosine down to a hundredth, so that the last steps count."""
    along = min(step / max(1, steps), 1.0)
    rise = min((step + 1) / (RISE * steps), 1.0)
    return rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * along)))


def train_generator(
    pictures: Pictures, plan: SRPlan, start: Generator | None = None
) -> tuple[Generator, pd.DataFrame]:
    """Train a generator by the pixel loss, or one that has been so against its adversary.

    Parameters
    ----------
    pictures : Pictures
        What is trained on, all of it; see ``ptclnm.superres.pictures``.
    plan : SRPlan
        How. Without an adversarial loss this is the warm-up.
    start : Generator, optional
        The generator after the warm-up, which an adversarial plan goes on from.

    Returns
    -------
    network : Generator
        In evaluation mode. The same for the same pictures, plan, processor and number of threads.
    history : DataFrame
        ``stage, epoch, pixel, adversarial, discriminator, called_real``: means over the steps of
        an epoch; the last is the probability that the discriminator gives made patches. Missing
        where a loss is not used.

    Raises
    ------
    SuperResError
        If a picture is smaller than a patch, or constant.
    """
    check(pictures, plan.patch_size)
    torch.set_num_threads(cores())
    pairs, network = Pairs(pictures, plan), new_generator(plan)
    if start is not None:
        network.load_state_dict(start.state_dict())
    step = (against_adversary if plan.adversarial else warm_up)(network, plan)
    number = plan.adversarial_epochs or plan.epochs
    epochs = (_epoch(network, step, pairs, epoch) for epoch in range(number))
    rows = list(counted(epochs, number, "epochs of the super-resolving network"))
    history = pd.DataFrame(rows, columns=["stage", "epoch", *LOSSES])
    return network.eval(), history.assign(stage="adversarial" if plan.adversarial else "pixel")


def _epoch(network: Generator, step: Step, pairs: Pairs, epoch: int) -> dict[str, float]:
    """Take the steps of an epoch, and give the means of their losses."""
    losses = []
    for number in range(pairs.plan.steps):
        batch = pairs[epoch, number]
        low, high = (part.contiguous(memory_format=torch.channels_last) for part in batch)
        with torch.autocast("cpu", torch.bfloat16, uses_bfloat16(), cache_enabled=False):
            losses.append(step(low, network.inner(high)))
    return {"epoch": epoch} | {name: np.mean([row[name] for row in losses]) for name in losses[0]}


@dataclass(frozen=True)
class Trained:
    """A trained generator, which super-resolves; small, so that other processes can have it.

    Parameters
    ----------
    plan : SRPlan
        How it was trained.
    entry : Path
        Where its weights are kept.
    """

    plan: SRPlan
    entry: Path

    @property
    def history(self) -> pd.DataFrame:
        """Losses of every epoch, the warm-up's first; see :func:`train_generator`."""
        return store.read(self.entry)["history"]

    def __call__(self, image: NDArray) -> NDArray[np.float32]:
        """Super-resolve a picture, or read what was kept; see ``networks.super_resolve``."""
        network, weights = _loaded(self)
        key = store.key(super_resolve, weights, np.asarray(image, dtype=np.float32))
        entry = store.FOLDER / "superres_pictures" / key
        store.keep(entry, lambda *_: {"picture": super_resolve(network, image)})
        return store.read(entry)["picture"]


@lru_cache(maxsize=4)
def _loaded(trained: Trained) -> tuple[Generator, dict[str, NDArray]]:
    """Load a generator, once in a process, and give its weights."""
    made, kept = new_generator(trained.plan), store.read(trained.entry)
    weights = {name: kept[name] for name in made.state_dict()}
    made.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return made.eval(), weights


def train(pictures: Pictures, plan: SRPlan) -> Trained:
    """Train the generator of a plan once, after that of its warm-up.

    Raises
    ------
    SuperResError
        As :func:`train_generator`.
    """
    key = store.key(_kept, pictures, plan, uses_bfloat16())
    entry = store.keep(store.FOLDER / "superres" / key, partial(_kept, pictures, plan))
    return Trained(plan, entry)


def _kept(pictures: Pictures, plan: SRPlan, *_: Path) -> store.Contents:
    start, before = None, []
    if plan.adversarial:
        first = train(pictures, plan.without_adversary())
        start, before = _loaded(first)[0], [first.history]
    network, history = train_generator(pictures, plan, start)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    return {"history": pd.concat([*before, history], ignore_index=True), **weights}

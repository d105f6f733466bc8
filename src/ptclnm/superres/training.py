"""Training the generator on patches: pixel loss alone, then with its adversary."""

import math
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as lightning
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from ptclnm import store
from ptclnm.compute import cores
from ptclnm.models.deep.batches import generator
from ptclnm.models.deep.training import EVERY, uses_bfloat16
from ptclnm.progress import tell
from ptclnm.superres.arms import Arm
from ptclnm.superres.filters import NOISE, degrade, white_of
from ptclnm.superres.networks import (
    Discriminator,
    Generator,
    load_generator,
    new_discriminator,
    new_generator,
)
from ptclnm.superres.pictures import Pictures, check
from ptclnm.superres.plan import SRPlan

PATCHES, WARM, ADVERSARIAL = 24, 0, 1  # stream of random numbers, and its parts
# Learning rates of adversarial training over that of the warm-up: generator, discriminator.
SLOWER, ADVERSARY = 0.1, 0.5
RISE = 0.05  # share of the warm-up's steps over which its rate rises
LOSSES = ("pixel", "adversarial", "discriminator", "called_real")
WEIGHTS = "generator.pt"


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
        """Give a batch: degraded and original, each (n, 1, side, side)."""
        plan, (epoch, step) = self.plan, key
        stream = (plan.seed, ADVERSARIAL if plan.adversarial else WARM, epoch, step)
        rng = np.random.default_rng([PATCHES, *stream])
        cut = np.stack([self._patch(rng) for _ in range(plan.batch_size)])
        high = torch.from_numpy(cut)[:, None]
        low = degrade(high, plan.scale, plan.noise, generator(NOISE, *stream))
        return low, high

    def _patch(self, rng: np.random.Generator) -> NDArray[np.float32]:
        rows = self.of_patient[rng.integers(len(self.of_patient))]
        array = self.pictures.arrays[rng.choice(rows)]
        side = self.plan.patch_size
        top, left = (int(rng.integers(size - side + 1)) for size in array.shape)
        part = array[top : top + side, left : left + side].astype(np.float32) / white_of(array)
        return part[:, ::-1] if rng.random() < 0.5 else part


class SuperResolver(lightning.LightningModule):
    """A generator, its losses, and with an adversarial weight a discriminator, as they train.

    Parameters
    ----------
    generator : Generator
        What is trained.
    discriminator : Discriminator or None
        Its adversary; None for the pixel loss alone.
    pairs : Pairs
        What is trained on, and how.
    """

    def __init__(
        self, generator: Generator, discriminator: Discriminator | None, pairs: Pairs
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.generator, self.discriminator = generator, discriminator
        self.pairs, self.plan = pairs, pairs.plan
        self.losses: list[dict[str, float]] = []

    def configure_optimizers(self) -> tuple[list[Any], list[Any]]:
        """Give the generator's optimizer and its rate; with an adversary, both optimizers."""
        lr, free = self.plan.lr, self.generator.parameters()
        if self.discriminator is None:
            made = torch.optim.Adam(free, lr, betas=(0.9, 0.99))
            steps = (self.trainer.max_epochs or 1) * self.plan.steps
            return [made], [LambdaLR(made, partial(_rate, steps))]
        theirs = self.discriminator.parameters()
        return [
            torch.optim.Adam(free, lr * SLOWER, betas=(0.9, 0.99)),
            torch.optim.Adam(theirs, lr * ADVERSARY, betas=(0.5, 0.99)),
        ], []

    def on_train_epoch_start(self) -> None:
        """Forget the losses of the epoch before."""
        self.losses = []

    def training_step(self, step: int) -> None:
        """Take one step of the generator, then one of the discriminator."""
        batch = self.pairs[self.current_epoch, int(step)]
        low, high = (part.contiguous(memory_format=torch.channels_last) for part in batch)
        target = self.generator.inner(high)
        if self.discriminator is None:
            self._generator_step(self.optimizers(), low, target)
            self.lr_schedulers().step()
        else:
            first, second = self.optimizers()
            made = self._generator_step(first, low, target)
            self._discriminator_step(second, made, target)

    def _generator_step(self, optimizer: Any, low: Tensor, target: Tensor) -> Tensor:
        with self.toggled_optimizer(optimizer):
            made = self.generator(low)
            parts = {"pixel": l1_loss(made.float(), target)}
            loss = parts["pixel"]
            if self.discriminator is not None:
                called = self.discriminator(made).float()
                fooled = binary_cross_entropy_with_logits(called, torch.ones_like(called))
                parts["adversarial"] = fooled
                loss = loss + self.plan.adversarial * fooled
            self._learn(optimizer, loss)
        self.losses.append({name: float(value.detach()) for name, value in parts.items()})
        return made.detach()

    def _discriminator_step(self, optimizer: Any, made: Tensor, target: Tensor) -> None:
        with self.toggled_optimizer(optimizer):
            called = self.discriminator(torch.cat([target, made.to(target.dtype)])).float()
            real = torch.cat([torch.ones(len(target)), torch.zeros(len(made))])
            loss = binary_cross_entropy_with_logits(called, real)
            self._learn(optimizer, loss)
        share = float(torch.sigmoid(called[len(target) :].detach()).mean())
        self.losses[-1] |= {"discriminator": float(loss.detach()), "called_real": share}

    def _learn(self, optimizer: Any, loss: Tensor) -> None:
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()


def _rate(steps: int, step: int) -> float:
    """A short rise to 1, then half a cosine down to a hundredth, so that the last steps count."""
    along = min(step / max(1, steps), 1.0)
    rise = min((step + 1) / (RISE * steps), 1.0)
    return rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * along)))


class Kept(lightning.Callback):
    """Notes the mean losses of every epoch."""

    def __init__(self) -> None:
        self.history: list[dict[str, float]] = []

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint holds."""
        return {"history": self.history}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take what a checkpoint held."""
        self.history = state["history"]

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: SuperResolver) -> None:
        """Add to the history."""
        rows = module.losses
        means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        self.history.append({"epoch": trainer.current_epoch} | means)


@dataclass(frozen=True, eq=False)
class TrainedSR:
    """A trained generator.

    Parameters
    ----------
    network : Generator
        In evaluation mode.
    history : DataFrame
        ``stage, epoch, pixel, adversarial, discriminator, called_real``: means over the steps of
        an epoch; the last is the probability that the discriminator gives made patches. Missing
        where a loss is not used.
    """

    network: Generator
    history: pd.DataFrame


def train_generator(
    pictures: Pictures,
    plan: SRPlan,
    folder: Path,
    start: TrainedSR | None = None,
    every: float = EVERY,
) -> TrainedSR:
    """Train a generator by the pixel loss, or one that has been so against its adversary.

    Parameters
    ----------
    pictures : Pictures
        What is trained on, all of it; see ``ptclnm.superres.pictures``.
    plan : SRPlan
        How. Without an adversarial loss this is the warm-up.
    folder : Path
        Where checkpoints are kept. If it holds one, training goes on from there, and ends as if
        it had not been interrupted.
    start : TrainedSR, optional
        The generator after the warm-up, which an adversarial plan goes on from.
    every : float
        Seconds between checkpoints.

    Returns
    -------
    TrainedSR
        The same for the same pictures, plan, processor and number of threads; its history begins
        with that of `start`.

    Raises
    ------
    SuperResError
        If a picture is smaller than a patch, or constant.
    """
    check(pictures, plan.patch_size)
    stage = "adversarial" if plan.adversarial else "pixel"
    network, kept = new_generator(plan), Kept()
    if start is not None:
        network.load_state_dict(start.network.state_dict())
    adversary = new_discriminator(plan) if plan.adversarial else None
    model = SuperResolver(network, adversary, Pairs(pictures, plan))
    _fit(model, folder / f"{stage}.ckpt", kept, every)
    network = network.to(memory_format=torch.contiguous_format)
    history = pd.DataFrame(kept.history).reindex(columns=["epoch", *LOSSES])
    history.insert(0, "stage", stage)
    parts = [start.history, history] if start is not None else [history]
    return TrainedSR(network.eval(), pd.concat(parts, ignore_index=True))


class Checkpoints(lightning.Callback):
    """Writes a checkpoint after an epoch, if the last is older than some seconds."""

    def __init__(self, path: Path, every: float) -> None:
        self.path, self.every = path, every
        self.last = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: SuperResolver) -> None:
        """Write one if it is time, whole or not at all."""
        if time.monotonic() - self.last >= self.every:
            trainer.save_checkpoint(self.path)
            self.last = time.monotonic()


def _fit(model: SuperResolver, path: Path, kept: Kept, every: float) -> None:
    plan = model.plan
    torch.set_num_threads(cores())
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        precision="bf16-mixed" if uses_bfloat16() else "32-true",
        max_epochs=plan.adversarial_epochs or plan.epochs,
        deterministic=True,
        callbacks=[kept, Checkpoints(path, every)],
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=sys.stderr.isatty(),
    )
    loader = DataLoader(range(plan.steps), batch_size=None)
    before = str(path) if path.is_file() else None
    trainer.fit(model, loader, ckpt_path=before, weights_only=True)


@dataclass(frozen=True)
class Generators:
    """The trained generators of a cohort.

    Parameters
    ----------
    plan : SRPlan
        Of the GAN.
    gan, pixel : Path
        Folders of the GAN's entry and of that without an adversary.
    """

    plan: SRPlan
    gan: Path
    pixel: Path

    @property
    def history(self) -> pd.DataFrame:
        """Losses of every epoch; see ``TrainedSR``."""
        return store.read(self.gan)["history"]

    def arm(self, name: str) -> Arm | None:
        """Give what makes an arm's pictures; None for the originals, which are there."""
        if name == "or":
            return None
        return Arm(name, self.plan, (self.pixel if name == "sr_pixel" else self.gan) / WEIGHTS)


def train(pictures: Pictures, plan: SRPlan) -> Generators:
    """Train the generator of a plan, and that of its warm-up, once.

    Raises
    ------
    PtclnmError
        As :func:`train_generator`.
    """
    pixel = _generator(pictures, plan.without_adversary())
    return Generators(plan, _generator(pictures, plan), pixel)


def _generator(pictures: Pictures, plan: SRPlan) -> Path:
    key = store.key(_trained, pictures, plan, uses_bfloat16())
    return store.keep(store.FOLDER / "superres" / key, partial(_trained, pictures, plan))


def _trained(pictures: Pictures, plan: SRPlan, beside: Path, unfinished: Path) -> store.Tables:
    start = None
    if plan.adversarial:
        first = plan.without_adversary()
        entry = _generator(pictures, first)
        start = TrainedSR(load_generator(entry / WEIGHTS, first)[0], store.read(entry)["history"])
    tell("training the super-resolving network")
    done = train_generator(pictures, plan, unfinished, start)
    torch.save(done.network.state_dict(), beside / WEIGHTS)
    return {"history": done.history}

"""Training the generator: pixel loss alone, then with its adversary."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as lightning
import torch
from pytorch_lightning.strategies import DDPStrategy
from torch import nn
from torch.utils.data import DataLoader

from ptclnm.compute import cores
from ptclnm.imaging.superres.module import LOSSES, SuperResolver
from ptclnm.imaging.superres.networks import Generator, new_discriminator, new_generator
from ptclnm.imaging.superres.patches import Pairs, Steps
from ptclnm.imaging.superres.pictures import Pictures, check
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.models.deep.training import (
    Checkpoints,
    SafeFiles,
    lean,
    save,
    together,
    uses_bfloat16,
)

EVERY = 60.0  # seconds between checkpoints
EXTRACTOR, DEPTH = "EfficientNet-Lite0", 3


@dataclass(frozen=True, eq=False)
class TrainedSR:
    """A trained generator.

    Parameters
    ----------
    network : Generator
        In evaluation mode.
    history : DataFrame
        ``stage, epoch, pixel, adversarial, perceptual, discriminator, called_real``: means over
        the steps of an epoch; the last is the probability that the discriminator gives made
        patches. Missing where a loss is not used.
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
    """Train a generator.

    Parameters
    ----------
    pictures : Pictures
        What is trained on, all of it; see ``ptclnm.imaging.superres.pictures``.
    plan : SRPlan
        How. With an adversarial loss, `start` is trained on.
    folder : Path
        Where checkpoints are kept. If it holds one, training goes on from there, and ends as if
        it had not been interrupted.
    start : TrainedSR, optional
        The generator after the warm-up; trained here where an adversarial plan comes without.
    every : float
        Seconds between checkpoints.

    Returns
    -------
    TrainedSR
        The same for the same pictures, plan, processor and number of threads.

    Raises
    ------
    ParameterError
        If the plan is not allowed.
    SuperResError
        If a picture is smaller than a patch, or constant.
    CheckpointError
        If the disk is full.
    """
    plan.check()
    check(pictures, "the training pictures", plan.patch_size)
    adversarial = plan.adversarial_epochs > 0
    if adversarial and start is None:
        start = train_generator(pictures, plan.without_adversary(), folder / "warm-up", every=every)
    stage, epochs = (
        ("adversarial", plan.adversarial_epochs) if adversarial else ("pixel", plan.epochs)
    )
    end = folder / f"{stage}.pt"
    if not end.is_file():
        network = new_generator(plan)
        if start is not None:
            network.load_state_dict(start.network.state_dict())
        adversary = new_discriminator(plan) if adversarial else None
        model = SuperResolver(network, adversary, _features(plan), plan)
        _fit(model, pictures, plan, epochs, folder / f"{stage}.ckpt", end, every)
    found = torch.load(end, map_location="cpu", weights_only=True)
    made = new_generator(plan)
    made.load_state_dict(found["state"])
    history = pd.DataFrame(found["history"]).reindex(columns=["epoch", *LOSSES])
    history.insert(0, "stage", stage)
    parts = [start.history, history] if start is not None else [history]
    return TrainedSR(made.eval(), pd.concat(parts, ignore_index=True))


class Kept(lightning.Callback):
    """Notes the mean losses of every epoch, and writes weights and history at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.history: list[dict[str, float]] = []

    @property
    def state_key(self) -> str:
        """Name in a checkpoint."""
        return "kept"

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint holds."""
        return {"history": self.history}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take what a checkpoint held."""
        self.history = state["history"]

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: SuperResolver) -> None:
        """Add to the history."""
        rows = together(module.losses)
        means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        self.history.append({"epoch": trainer.current_epoch} | means)

    def on_fit_end(self, trainer: lightning.Trainer, module: SuperResolver) -> None:
        """Write what was found; processes of DDP hand nothing back."""
        if trainer.is_global_zero:
            state = {key: v.contiguous() for key, v in module.generator.state_dict().items()}
            save({"state": state, "history": self.history}, self.path)


def _fit(
    model: SuperResolver, pictures: Pictures, plan: SRPlan, epochs: int, path: Path, end: Path,
    every: float,
) -> None:  # fmt: skip
    loader = DataLoader(Pairs(pictures, plan), sampler=Steps(plan), batch_size=None)
    before = str(path) if path.is_file() else None
    torch.set_num_threads(max(1, cores() // plan.devices))
    # Spawned, not forked: a fork of a process with threads may wait for ever.
    many = DDPStrategy(
        start_method="spawn", process_group_backend="gloo", find_unused_parameters=True
    )
    with lean():
        trainer = lightning.Trainer(
            accelerator="cpu",
            devices=plan.devices,
            strategy=many if plan.devices > 1 else "auto",
            precision="bf16-mixed" if uses_bfloat16(plan.precision) else "32-true",
            max_epochs=epochs,
            deterministic=True,
            use_distributed_sampler=False,
            callbacks=[Kept(end), Checkpoints(path, every)],
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=sys.stderr.isatty(),
            plugins=[SafeFiles()],
        )
        trainer.fit(model, loader, ckpt_path=before, weights_only=True)


def _features(plan: SRPlan) -> nn.Module | None:
    """First layers of a network trained on photographs, for the perceptual loss."""
    if not plan.perceptual:
        return None
    from ptclnm.models.deep.networks import network

    made, _ = network(EXTRACTOR, "imagenet", plan.patch_size, plan.seed)
    first = nn.Sequential(made.conv_stem, made.bn1, *list(made.blocks)[:DEPTH])
    return first.eval().requires_grad_(False)

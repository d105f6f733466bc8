"""What is kept while a network trains: the best weights, the history, checkpoints."""

import errno
import io
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from lightning_fabric.plugins import TorchCheckpointIO

from ptclnm.errors import PtclnmError
from ptclnm.models.deep.module import Classifier, together
from ptclnm.report.files import replacing

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CheckpointError(PtclnmError):
    """A checkpoint that could not be written."""


class Best(lightning.Callback):
    """Keeps the weights of the least inner loss and the history; stops when it no longer falls.

    Parameters
    ----------
    patience : int
        Epochs without a lower loss after which training stops; 0 never stops.
    path : Path
        Where the weights and the history go at the end.
    last : bool
        Keep the weights of the last epoch instead.
    """

    def __init__(self, patience: int, path: Path, last: bool = False) -> None:
        self.patience, self.path, self.last = patience, path, last
        self.found: dict[str, Any] = {"epoch": -1, "loss": float("inf"), "state": {}}
        self.history: list[dict[str, float]] = []
        self.started = self.learnt = 0.0

    @property
    def state_key(self) -> str:
        """Name in a checkpoint."""
        return "best"

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint holds."""
        return {"found": self.found, "history": self.history}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take what a checkpoint held."""
        self.found, self.history = state["found"], state["history"]

    def on_train_epoch_start(self, trainer: lightning.Trainer, module: Classifier) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_validation_start(self, trainer: lightning.Trainer, module: Classifier) -> None:
        """Note when the epoch's training ended: the inner patients are judged at its end."""
        self.learnt = time.perf_counter()

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: Classifier) -> None:
        """Add to the history; keep the weights if they are the best."""
        (rate,) = trainer.optimizers[0].param_groups
        epoch, loss = trainer.current_epoch, module.inner["inner_loss"]
        self.history.append(
            {"epoch": epoch, "loss": float(np.mean(together(module.losses)))} | module.inner
            | {"lr": float(rate["lr"]), "seconds": self.learnt - self.started}
        )  # fmt: skip
        loss = loss if math.isfinite(loss) else math.inf  # a later epoch may be better
        if self.last or loss < self.found["loss"] or not self.found["state"]:
            state = {key: v.detach().clone() for key, v in module.network.state_dict().items()}
            self.found = {"epoch": epoch, "loss": loss, "state": state}
        if self.patience and epoch - self.found["epoch"] >= self.patience:
            trainer.should_stop = True

    def on_fit_end(self, trainer: lightning.Trainer, module: Classifier) -> None:
        """Write what was found; processes of DDP hand nothing back."""
        if trainer.is_global_zero:
            save(self.state_dict(), self.path)


class Checkpoints(lightning.Callback):
    """Writes a checkpoint after an epoch, if the last is older than some seconds.

    Parameters
    ----------
    path : Path
        The file; each checkpoint replaces the one before.
    every : float
        Seconds.
    """

    def __init__(self, path: Path, every: float) -> None:
        self.path, self.every = path, every
        self.last = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: Classifier) -> None:
        """Write one if it is time, as the first process's clock says."""
        due = time.monotonic() - self.last >= self.every
        if trainer.strategy.broadcast(due):
            trainer.save_checkpoint(self.path)
            self.last = time.monotonic()


class SafeFiles(TorchCheckpointIO):
    """Writes checkpoints whole or not at all."""

    def save_checkpoint(self, checkpoint: Any, path: Any, storage_options: Any = None) -> None:
        """Write to a temporary name, then rename."""
        save(checkpoint, Path(path))


def save(value: Any, path: Path) -> None:
    """Write tensors, numbers and text in torch's format, whole or not at all.

    Raises
    ------
    CheckpointError
        If the disk is full.
    """
    # To memory first: torch's own writer turns a full disk into an error without a number.
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with full_disk_named(path, buffer.tell()), replacing(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


@contextmanager
def full_disk_named(path: Path, needed: int) -> Iterator[None]:
    """Say where and what to do if `needed` bytes do not fit on the disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise CheckpointError(
            f"{path}: no room for {needed / 1e6:,.1f} MB ({error.strerror}). Nothing half-written "
            "is left. Free some space and run again: training goes on from the last checkpoint "
            "there is."
        ) from error

"""Training one network on training patients, and scoring everyone with it."""

import logging
import math
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytorch_lightning as lightning
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

from ptclnm.compute import cores
from ptclnm.errors import ParameterError
from ptclnm.models.deep import batches
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.networks import Origin, faster, network
from ptclnm.models.deep.plan import ARCHITECTURES, DeepPlan
from ptclnm.models.validation import by_patient, dealt_folds

WARM_UP = 0.1
WEIGHT_DECAY = 0.01
HELD_OUT = 0.2  # share of the training patients that are set aside for early stopping
CHECKPOINT = "last.ckpt"
EVERY = 60.0  # seconds between checkpoints
ADVICE = (
    ".*does not have many workers.*", ".*isinstance.treespec, LeafSpec.*",
    ".*GPU available but not used.*", ".*in eval mode at the start of training.*",
)  # fmt: skip
# Lightning tells what hardware it finds, once for every trainer.
for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "lightning.fabric"):
    logging.getLogger(name).setLevel(logging.ERROR)
# Deterministic algorithms fill every new array first, so that a bug of reading it would show each
# time; results are the same without.
torch.utils.deterministic.fill_uninitialized_memory = False


class Trained(NamedTuple):
    """A trained network.

    Parameters
    ----------
    network : Module
        In evaluation mode, with the weights of the epoch of least inner loss.
    origin : Origin
        Where its first weights came from.
    history : DataFrame
        ``epoch, loss, inner_loss, seconds, images, kept``.
    standard : tuple of float
        From :func:`standard_of`.
    """

    network: nn.Module
    origin: Origin
    history: pd.DataFrame
    standard: tuple[float, float]


def standard_of(train: Crops, name: str) -> tuple[float, float]:
    """Give what a network's input is standardised by.

    Parameters
    ----------
    train : Crops
        The images of the training set.
    name : str
        The architecture: its input gets the spread that its ImageNet weights were trained with.

    Returns
    -------
    tuple of float
        What is subtracted, the mean grey value; what is divided by, so that the standard deviation
        becomes the architecture's ``spread``.
    """
    mean = float(train.pixels.mean(dtype=np.float64))
    sd = float(train.pixels.std(dtype=np.float64)) / ARCHITECTURES[name].spread
    return mean, sd if sd > 0 else 1.0


def inner_split(train: Crops, plan: DeepPlan) -> tuple[Crops, Crops]:
    """Set patients of the training set aside, for early stopping alone.

    Returns
    -------
    fitted, inner : Crops
        The share ``HELD_OUT`` of the patients of each class, one at least, is the second.

    Raises
    ------
    ParameterError
        If either part would lack a class.
    """
    label_of = by_patient(train.patients, train.labels)
    counts = np.bincount(label_of, minlength=2)
    if min(counts) < 2:
        raise ParameterError("deep model", [
            f"the training set has {counts[1]} patients with the outcome and {counts[0]} without; "
            "needed: two of each, one to learn from and one to stop by"
        ])  # fmt: skip
    # Each class is dealt on its own, so that either part has both however few there are.
    inner = np.zeros(len(train.labels), dtype=bool)
    positive = np.isin(train.patients, label_of.index[label_of == 1])
    for part, n in ((positive, counts[1]), (~positive, counts[0])):
        position = dealt_folds(
            train.patients[part], train.labels[part], n, plan.seed + batches.HOLDOUT
        )
        inner[part] = position < min(max(round(HELD_OUT * n), 1), n - 1)
    return train.rows(~inner), train.rows(inner)


def train(crops: Crops, plan: DeepPlan, folder: Path, every: float = EVERY) -> Trained:
    """Train a network on the training patients.

    Parameters
    ----------
    crops : Crops
        All sets; only ``train`` is looked at.
    plan : DeepPlan
        How.
    folder : Path
        Where a checkpoint is kept. If it holds one, training goes on from there, and ends as if
        it had not been interrupted.
    every : float
        Seconds between checkpoints.

    Returns
    -------
    Trained
        The same for the same seed, processor and number of threads.

    Raises
    ------
    ParameterError
        If there are too few of these patients.
    MissingDataError, WeightsError
        If the first weights cannot be had.
    """
    fitted, inner = inner_split(crops.train, plan)
    made, origin = network(plan.architecture, plan.weights, plan.image_size, plan.seed)
    standard = standard_of(crops.train, plan.architecture)
    model = Classifier(made, plan, fitted.labels)
    varied = batches.TrainBatches(len(fitted.labels), plan.batch_size, plan.seed)
    loaders = (
        DataLoader(batches.images_of(fitted, standard), sampler=varied, batch_size=None),
        DataLoader(batches.images_of(inner, standard), batches.EVALUATED),
    )
    fit(model, loaders, folder / CHECKPOINT, plan.epochs, uses_bfloat16(), every)
    made.load_state_dict(model.best["state"])
    history = pd.DataFrame(model.history).assign(images=len(fitted.labels))
    history["kept"] = history["epoch"] == model.best["epoch"]
    return Trained(made.eval(), origin, history, standard)


def scores(network: nn.Module, crops: Crops, standard: tuple[float, float]) -> NDArray[np.float64]:
    """Score every image.

    Parameters
    ----------
    network : Module
        Trained; its convolutions are made faster.
    crops : Crops
        The images.
    standard : tuple of float
        From :func:`standard_of`.

    Returns
    -------
    ndarray of float64, shape (images,)
        Between 0 and 1: the logistic function of the network's output. Computed in float32.
    """
    network = faster(network).eval()
    with lean(), torch.inference_mode():
        outputs = [network(images)[:, 0] for images in batches.in_order(crops, standard)]
    return torch.sigmoid(torch.cat(outputs).double()).numpy()


def uses_bfloat16(precision: str = "auto") -> bool:
    """Tell whether training computes in bfloat16, on this processor.

    Parameters
    ----------
    precision : {"auto", "bfloat16", "float32"}
        ``auto`` takes bfloat16 where there are instructions for it; without them it is slower.
    """
    if precision != "auto":
        return precision == "bfloat16"
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return bool(fast and torch.ops.mkldnn._is_mkldnn_bf16_supported())


class Classifier(lightning.LightningModule):
    """A network of one output, its loss, its optimizer and its judgement on the inner patients.

    Parameters
    ----------
    network : Module
        Three channels in, one number out.
    plan : DeepPlan
        How it is trained.
    labels : ndarray of int, shape (images,)
        Labels of the images to train on, for the balance of classes.
    """

    def __init__(self, network: nn.Module, plan: DeepPlan, labels: NDArray) -> None:
        super().__init__()
        self.network, self.plan = faster(network), plan
        positive = max(int(labels.sum()), 1)
        self.positive_weight = torch.tensor(max((len(labels) - positive) / positive, 1e-6))
        self.losses: list[float] = []
        self.seen: list[tuple[Tensor, Tensor]] = []
        self.history: list[dict[str, float]] = []
        self.best: dict[str, Any] = {"epoch": -1, "loss": math.inf, "state": {}}
        self.started = self.learnt = 0.0
        if plan.freeze:
            network.requires_grad_(False).eval()
            network.get_submodule(ARCHITECTURES[plan.architecture].head).requires_grad_(True)
        self.norms = [m for m in network.modules() if isinstance(m, _BatchNorm) and m.training]
        for norm in self.norms:
            norm.momentum = None  # the mean over the epoch so far, instead of a slow running one

    def train(self, mode: bool = True) -> "Classifier":
        """Train; a frozen network keeps its statistics and drops nothing out."""
        super().train(mode)
        if self.plan.freeze:
            self.network.eval()
        return self

    def configure_optimizers(self) -> dict[str, Any]:
        """Give the optimizer, and the rate's rise and fall."""
        free = [p for p in self.network.parameters() if p.requires_grad]
        made = torch.optim.AdamW(free, self.plan.lr, weight_decay=WEIGHT_DECAY, fused=True)
        steps = int(self.trainer.estimated_stepping_batches)
        falling = torch.optim.lr_scheduler.LambdaLR(made, partial(rate, steps))
        return {"optimizer": made, "lr_scheduler": {"scheduler": falling, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put what was found so far into a checkpoint."""
        checkpoint |= {"best": self.best, "history": self.history}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take what a checkpoint held."""
        self.best, self.history = checkpoint["best"], checkpoint["history"]

    def on_train_start(self) -> None:
        """Learn nothing more where a training that had stopped is taken up again."""
        self.trainer.should_stop = self.has_waited()

    def on_train_epoch_start(self) -> None:
        """Draw dropout by seed and epoch, so that a resumed run draws the same; start statistics.

        Running means that begin with those of photographs, or with none, lag behind a short
        training; a network judged by them looks worse than it is.
        """
        torch.manual_seed(batches.seed_of(self.plan.seed, batches.DROPOUT, self.current_epoch))
        self.losses, self.started = [], time.perf_counter()
        for norm in self.norms:
            norm.reset_running_stats()

    def training_step(self, batch: tuple[Tensor, Tensor], number: int) -> Tensor:
        """Give the loss of a batch, its images varied."""
        images, labels = batch
        # The zero is part of the stream that published runs were drawn from.
        key = (self.plan.seed, batches.VARIATION, self.current_epoch, number, 0)
        with torch.autocast("cpu", enabled=False):
            images = batches.vary(images, batches.generator(*key))
        loss = self.loss(self.network(batches.three_channels(images))[:, 0], labels)
        self.losses.append(float(loss.detach()))
        return loss

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy, the rarer class weighing more."""
        weight = self.positive_weight
        return binary_cross_entropy_with_logits(logits.float(), labels, pos_weight=weight)

    def on_validation_epoch_start(self) -> None:
        """Stop the clock of the epoch's training, at the end of which inner patients are judged."""
        self.seen, self.learnt = [], time.perf_counter()

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Score inner patients' images."""
        images, labels = batch
        self.seen.append((self.network(batches.three_channels(images))[:, 0].float(), labels))

    def on_validation_epoch_end(self) -> None:
        """Judge all inner images; keep the weights if they are the best."""
        logits, labels = (torch.cat(part).double() for part in zip(*self.seen, strict=True))
        loss, epoch = float(self.loss(logits, labels)), self.current_epoch
        self.history.append(
            {"epoch": epoch, "loss": float(np.mean(self.losses)), "inner_loss": loss,
             "seconds": self.learnt - self.started}
        )  # fmt: skip
        loss = loss if math.isfinite(loss) else math.inf  # a later epoch may be better
        if self.plan.keep_last or loss < self.best["loss"] or not self.best["state"]:
            state = {key: v.detach().clone() for key, v in self.network.state_dict().items()}
            self.best = {"epoch": epoch, "loss": loss, "state": state}
        self.trainer.should_stop = self.has_waited()

    def has_waited(self) -> bool:
        """Whether the inner loss has not fallen for as many epochs as training waits."""
        return 0 < self.plan.patience < len(self.history) - self.best["epoch"]


def rate(steps: int, step: int) -> float:
    """Share of the highest learning rate at a step: a linear rise, then half a cosine."""
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    along = (step - rise) / max(1, steps - rise)
    return 0.5 * (1 + math.cos(math.pi * min(along, 1.0)))


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
        """Write one if it is time, whole or not at all."""
        if time.monotonic() - self.last >= self.every:
            trainer.save_checkpoint(self.path)
            self.last = time.monotonic()


def fit(
    model: lightning.LightningModule,
    loaders: Sequence[DataLoader],
    path: Path,
    epochs: int,
    bfloat16: bool,
    every: float = EVERY,
    callbacks: Sequence[lightning.Callback] = (),
) -> None:
    """Train by Lightning, on from the checkpoint at `path` where there is one.

    Parameters
    ----------
    model : LightningModule
        Trained in place.
    loaders : sequence of DataLoader
        Of what is trained on and, where training is judged as it goes, of that.
    path : Path
        The checkpoint's file.
    epochs : int
        Most epochs.
    bfloat16 : bool
        Whether to compute in bfloat16; see :func:`uses_bfloat16`.
    every : float
        Seconds between checkpoints.
    callbacks : sequence of Callback
        Further ones, called before the checkpoint is written.
    """
    torch.set_num_threads(cores())
    with lean():
        trainer = lightning.Trainer(
            accelerator="cpu",
            devices=1,
            precision="bf16-mixed" if bfloat16 else "32-true",
            max_epochs=epochs,
            deterministic=True,
            callbacks=[*callbacks, Checkpoints(path, every)],
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=sys.stderr.isatty(),
            num_sanity_val_steps=0,
        )
        before = str(path) if path.is_file() else None
        trainer.fit(model, *loaders, ckpt_path=before, weights_only=True)


@contextmanager
def lean() -> Iterator[None]:
    """Run Lightning without its advice on hardware and workers."""
    with warnings.catch_warnings():
        for message in ADVICE:
            warnings.filterwarnings("ignore", message=message)
        yield

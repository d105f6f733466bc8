"""Training one network on training patients, and scoring everyone with it."""

import errno
import io
import logging
import math
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytorch_lightning as lightning
import torch
from lightning_fabric.plugins import TorchCheckpointIO
from numpy.typing import NDArray
from pytorch_lightning.strategies import DDPStrategy
from pytorch_lightning.strategies.launchers.multiprocessing import _MultiProcessingLauncher
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

from ptclnm.compute import cores
from ptclnm.errors import ParameterError, PtclnmError
from ptclnm.files import replacing
from ptclnm.models.deep import batches
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.networks import Origin, faster, network
from ptclnm.models.deep.plan import DeepPlan, architecture
from ptclnm.models.validation import by_patient, dealt_folds

WARM_UP = 0.1
WEIGHT_DECAY = 0.01
HELD_OUT = 0.2  # share of the training patients that are set aside for early stopping
CHECKPOINT, FOUND = "last.ckpt", "best.pt"
EVERY = 60.0  # seconds between checkpoints
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
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


class CheckpointError(PtclnmError):
    """A checkpoint that could not be written."""


class Trained(NamedTuple):
    """A trained network.

    Parameters
    ----------
    network : Module
        In evaluation mode, with the weights of the epoch of least inner loss.
    origin : Origin
        Where its first weights came from.
    history : DataFrame
        ``epoch, loss, inner_loss, inner_auc, lr, seconds, images, kept``.
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
    sd = float(train.pixels.std(dtype=np.float64)) / architecture(name).spread
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
        If either part would lack a class, or a batch is larger than the first, or has less than
        two images for each process.
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
    fitted, images, least = train.rows(~inner), int((~inner).sum()), 2 * plan.devices
    problems = []
    if plan.batch_size > images:
        problems.append(f"batch_size is {plan.batch_size}, but {images} images are left to train "
                        f"on; allowed: 2 to {images}")  # fmt: skip
    if plan.batch_size < least:
        problems.append(f"batch_size is {plan.batch_size} over {plan.devices} processes; allowed: "
                        f"from {least}, two images a process")  # fmt: skip
    if problems:
        raise ParameterError("deep model", problems)
    return fitted, train.rows(inner)


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
        If the plan is not allowed, or not with these patients.
    MissingDataError, WeightsError
        If the first weights cannot be had.
    CheckpointError
        If the disk is full; what was there before is still there.
    """
    plan.check()
    fitted, inner = inner_split(crops.train, plan)
    made, origin = network(plan.architecture, plan.weights, plan.image_size, plan.seed)
    standard = standard_of(crops.train, plan.architecture)
    path, end = folder / CHECKPOINT, folder / FOUND
    if not end.is_file():
        model = Classifier(made, plan, fitted.labels)
        varied = batches.TrainBatches(len(fitted.labels), plan.batch_size, plan.seed)
        plain = batches.in_turn(len(inner.labels))
        loaders = [DataLoader(batches.Images(part, standard), sampler=rows, batch_size=None)
                   for part, rows in ((fitted, varied), (inner, plain))]  # fmt: skip
        before = str(path) if path.is_file() else None
        torch.set_num_threads(max(1, cores() // plan.devices))
        with lean():
            trainer = _trainer(plan, [Best(plan, end), Checkpoints(path, every)])
            trainer.fit(model, *loaders, ckpt_path=before, weights_only=True)
    found = torch.load(end, map_location="cpu", weights_only=True)
    made.load_state_dict(found["found"]["state"])
    history = pd.DataFrame(found["history"]).assign(images=len(fitted.labels))
    history["kept"] = history["epoch"] == found["found"]["epoch"]
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
        self.inner = {"inner_loss": float("nan"), "inner_auc": float("nan")}
        if plan.freeze:
            network.requires_grad_(False).eval()
            network.get_submodule(architecture(plan.architecture).head).requires_grad_(True)
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
        rate = torch.optim.lr_scheduler.LambdaLR(made, Rate(steps))
        return {"optimizer": made, "lr_scheduler": {"scheduler": rate, "interval": "step"}}

    def on_train_epoch_start(self) -> None:
        """Draw dropout by seed and epoch, so that a resumed run draws the same; start statistics.

        Running means that begin with those of photographs, or with none, lag behind a short
        training; a network judged by them looks worse than it is.
        """
        key = (self.plan.seed, batches.DROPOUT, self.current_epoch, batches.place()[0])
        torch.manual_seed(batches.seed_of(*key))
        self.losses = []
        for norm in self.norms:
            norm.reset_running_stats()

    def training_step(self, batch: tuple[Tensor, Tensor], number: int) -> Tensor:
        """Give the loss of a batch, its images varied."""
        images, labels = batch
        key = (self.plan.seed, batches.VARIATION, self.current_epoch, number, batches.place()[0])
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
        """Judge the same network on every process: that of the first."""
        self.seen = []
        if batches.place()[1] > 1:
            for buffer in self.network.buffers():
                torch.distributed.broadcast(buffer, 0)

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Score inner patients' images."""
        images, labels = batch
        self.seen.append((self.network(batches.three_channels(images))[:, 0].float(), labels))

    def on_validation_epoch_end(self) -> None:
        """Judge all inner images."""
        logits, labels = (torch.cat(part).double() for part in zip(*self.seen, strict=True))
        both = len(set(labels.tolist())) == 2
        auc = float(roc_auc_score(labels, logits)) if both else float("nan")
        self.inner = {"inner_loss": float(self.loss(logits, labels)), "inner_auc": auc}


class Rate:
    """Share of the highest learning rate at a step: a linear rise, then half a cosine."""

    def __init__(self, steps: int) -> None:
        self.steps, self.rise = steps, max(1, round(WARM_UP * steps))

    def __call__(self, step: int) -> float:
        """Give the share at `step`, from 0."""
        if step < self.rise:
            return (step + 1) / self.rise
        along = (step - self.rise) / max(1, self.steps - self.rise)
        return 0.5 * (1 + math.cos(math.pi * min(along, 1.0)))


class Best(lightning.Callback):
    """Keeps the weights of the least inner loss and the history; stops when it no longer falls.

    Parameters
    ----------
    plan : DeepPlan
        After how many epochs training stops, and whether the last weights are kept instead.
    path : Path
        Where the weights and the history go at the end.
    """

    def __init__(self, plan: DeepPlan, path: Path) -> None:
        self.plan, self.path = plan, path
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
        if self.plan.keep_last or loss < self.found["loss"] or not self.found["state"]:
            state = {key: v.detach().clone() for key, v in module.network.state_dict().items()}
            self.found = {"epoch": epoch, "loss": loss, "state": state}
        if self.plan.patience and epoch - self.found["epoch"] >= self.plan.patience:
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
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(buffer.getbuffer())
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise CheckpointError(
            f"{path}: no room for {buffer.tell() / 1e6:,.1f} MB ({error.strerror}). Nothing "
            "half-written is left. Free some space and run again: training goes on from the last "
            "checkpoint there is."
        ) from error


def together(mine: list) -> list:
    """Join the lists of all processes."""
    _, world = batches.place()
    if world == 1:
        return mine
    parts: list[Any] = [None] * world
    torch.distributed.all_gather_object(parts, mine)
    return [value for part in parts for value in part]


class _FromAnywhere(_MultiProcessingLauncher):
    """Starts processes by spawn, in a notebook too.

    Lightning forbids spawn there, since what a cell defines cannot be found by a new process.
    Everything that is trained here is defined in this package, which can.
    """

    @property
    def is_interactive_compatible(self) -> bool:
        """True: see the class."""
        return True


class Spawned(DDPStrategy):
    """DDP over gloo, its processes spawned.

    A fork of a process that has computed with several threads may wait for ever. The statistics
    of batch normalisation are not sent round at every step, since evaluation gives processes
    different numbers of batches; they are shared before each judgement, see ``Classifier``.
    """

    def __init__(self) -> None:
        super().__init__(
            start_method="spawn", process_group_backend="gloo", forward_sync_buffers=False
        )

    def _configure_launcher(self) -> None:
        self._launcher = _FromAnywhere(self, start_method="spawn")


def _trainer(plan: DeepPlan, callbacks: list[lightning.Callback]) -> lightning.Trainer:
    return lightning.Trainer(
        accelerator="cpu",
        devices=plan.devices,
        strategy=Spawned() if plan.devices > 1 else "auto",
        precision="bf16-mixed" if uses_bfloat16() else "32-true",
        max_epochs=plan.epochs,
        deterministic=True,
        use_distributed_sampler=False,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=sys.stderr.isatty(),
        plugins=[SafeFiles()],
        num_sanity_val_steps=0,
    )


@contextmanager
def lean() -> Iterator[None]:
    """Run Lightning without its advice on hardware and workers."""
    with warnings.catch_warnings():
        for message in ADVICE:
            warnings.filterwarnings("ignore", message=message)
        yield

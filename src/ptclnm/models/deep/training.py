"""Training one network on training patients, and scoring everyone with it."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as lightning
import torch
from numpy.typing import NDArray
from pytorch_lightning.callbacks import BasePredictionWriter
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ptclnm.compute import cores
from ptclnm.errors import ParameterError
from ptclnm.models.deep.architectures import architecture
from ptclnm.models.deep.batches import HOLDOUT, Share, TrainBatches
from ptclnm.models.deep.callbacks import Best, CheckpointError, Checkpoints, SafeFiles
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.module import Classifier, uses_bfloat16
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.deep.processes import Spawned
from ptclnm.models.deep.weights import Origin, network
from ptclnm.models.validation import by_patient, dealt_folds

EVALUATED = 64  # images of a batch where nothing is learnt
CHECKPOINT, FOUND = "last.ckpt", "best.pt"
EVERY = 60.0  # seconds between checkpoints
CHATTY = ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "lightning.fabric")

ADVICE = (
    ".*does not have many workers.*", ".*isinstance.treespec, LeafSpec.*",
    ".*Couldn't infer the batch indices.*", ".*GPU available but not used.*",
    ".*in eval mode at the start of training.*",
)  # fmt: skip

__all__ = ["CheckpointError", "Trained", "inner_split", "scores", "standard_of", "train"]


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Parameters
    ----------
    network : Module
        With the weights of the epoch of least inner loss.
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


class Images(Dataset):
    """Standardised crops in memory; a batch by its row numbers."""

    def __init__(self, crops: Crops, standard: tuple[float, float]) -> None:
        mean, sd = standard
        self.pixels = torch.from_numpy((crops.pixels - np.float32(mean)) / np.float32(sd))
        self.labels = torch.from_numpy(crops.labels.astype(np.float32))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: NDArray) -> tuple[Tensor, Tensor, Tensor]:
        at = torch.from_numpy(np.asarray(rows))
        return self.pixels[at][:, None], self.labels[at], at


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
        The share ``plan.holdout`` of the patients of each class, one at least, is the second.

    Raises
    ------
    ParameterError
        If either part would lack a class, or a batch is larger than the first.
    """
    counts = np.bincount(by_patient(train.patients, train.labels), minlength=2)
    if min(counts) < 2:
        raise ParameterError("deep model", [
            f"the training set has {counts[1]} patients with the outcome and {counts[0]} without; "
            "needed: two of each, one to learn from and one to stop by"
        ])  # fmt: skip
    # Each class is dealt on its own, so that either part has both however few there are.
    inner = np.zeros(len(train.labels), dtype=bool)
    positive = np.isin(train.patients, by_patient(train.patients, train.labels)
                       .loc[lambda label: label == 1].index)  # fmt: skip
    for part in (positive, ~positive):
        names = train.patients[part]
        n = len(set(names))
        position = dealt_folds(names, train.labels[part], n, plan.seed + HOLDOUT)
        inner[part] = position < min(max(round(plan.holdout * n), 1), n - 1)
    fitted = train.rows(~inner)
    problems = _batch_problems(len(fitted.labels), plan)
    if problems:
        raise ParameterError("deep model", problems)
    return fitted, train.rows(inner)


def _batch_problems(images: int, plan: DeepPlan) -> list[str]:
    found = []
    processes = plan.devices * plan.num_nodes
    if plan.batch_size > images:
        found.append(
            f"batch_size is {plan.batch_size}, but {images} images are left to train on; "
            f"allowed: 2 to {images}"
        )
    if plan.batch_size < 2 * processes:
        found.append(
            f"batch_size is {plan.batch_size} over {processes} processes; allowed: from "
            f"{2 * processes}, two images a process"
        )
    return found


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
    model = Classifier(made, plan, fitted.labels)
    batches = TrainBatches(fitted.labels, plan.batch_size, plan.seed, plan.balance == "sampler")
    loaders = [
        _loader(Images(fitted, standard), batches),
        _loader(Images(inner, standard), Share(len(inner.labels), EVALUATED)),
    ]
    path, end = folder / CHECKPOINT, folder / FOUND
    if not end.is_file():
        watched = [Best(plan.patience, end, plan.keep == "last"), Checkpoints(path, every)]
        trainer = _trainer(plan, watched, uses_bfloat16(plan.precision), max_epochs=plan.epochs)
        before = str(path) if path.is_file() else None
        with lean():
            trainer.fit(model, *loaders, ckpt_path=before, weights_only=True)
    found = torch.load(end, map_location="cpu", weights_only=True)
    made.load_state_dict(found["found"]["state"])
    history = pd.DataFrame(found["history"]).assign(images=len(fitted.labels))
    history["kept"] = history["epoch"] == found["found"]["epoch"]
    return Trained(made.eval(), origin, history, standard)


def scores(made: nn.Module, crops: Crops, plan: DeepPlan, standard: tuple[float, float]) -> NDArray:
    """Score every image, each on one process, once.

    Returns
    -------
    ndarray of float64, shape (images,)
        Between 0 and 1: the logistic function of the network's output. Computed in float32.
    """
    model = Classifier(made, plan, crops.labels)
    loader = _loader(Images(crops, standard), Share(len(crops.labels), EVALUATED))
    with TemporaryDirectory() as name, lean():
        trainer = _trainer(plan, [_Written(Path(name))], False)
        trainer.predict(model, loader, return_predictions=False)
        parts = [np.load(path) for path in sorted(Path(name).glob("*.npy"))]
    rows = np.concatenate(parts)
    at = rows[:, 0].astype(int)
    if sorted(at) != list(range(len(crops.labels))):
        raise RuntimeError(f"{len(at)} scores of {len(crops.labels)} images")
    return rows[np.argsort(at), 1]


class _Written(BasePredictionWriter):
    """Writes what each process found: processes of DDP hand nothing back."""

    def __init__(self, folder: Path) -> None:
        super().__init__("epoch")
        self.folder = folder

    def write_on_epoch_end(self, trainer: Any, pl_module: Any, predictions: Any, _: Any) -> None:
        rows = torch.cat(list(predictions)) if predictions else torch.zeros(0, 2)
        np.save(self.folder / f"{trainer.global_rank}.npy", rows.double().numpy())


def _loader(images: Images, batches: Any) -> DataLoader:
    return DataLoader(images, sampler=batches, batch_size=None)


def _trainer(plan: DeepPlan, callbacks: list, bfloat16: bool, **more: Any) -> lightning.Trainer:
    processes = plan.devices * plan.num_nodes
    torch.set_num_threads(max(1, cores() // plan.devices))
    with lean():
        return lightning.Trainer(
            accelerator="cpu",
            devices=plan.devices,
            num_nodes=plan.num_nodes,
            strategy=Spawned() if processes > 1 else "auto",
            precision="bf16-mixed" if bfloat16 else "32-true",
            deterministic=True,
            use_distributed_sampler=False,
            callbacks=callbacks,
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=sys.stderr.isatty(),
            plugins=[SafeFiles()],
            num_sanity_val_steps=0,
            inference_mode=True,
            **more,
        )


@contextmanager
def lean() -> Iterator[None]:
    """Run Lightning without its advice on hardware and workers, and without filling new arrays.

    Deterministic algorithms fill every new array first, so that a bug of reading it would show each
    time; results are the same without.
    """
    filling = torch.utils.deterministic.fill_uninitialized_memory
    torch.utils.deterministic.fill_uninitialized_memory = False
    loggers = [logging.getLogger(name) for name in CHATTY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        for message in ADVICE:
            warnings.filterwarnings("ignore", message=message)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            torch.utils.deterministic.fill_uninitialized_memory = filling

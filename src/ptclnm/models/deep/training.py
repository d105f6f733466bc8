"""Training one network on training patients, and scoring everyone with it."""

import math
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import TensorDataset

from ptclnm.compute import cores
from ptclnm.errors import ParameterError
from ptclnm.files import replacing
from ptclnm.models.deep import batches
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.networks import Origin, faster, network
from ptclnm.models.deep.plan import ARCHITECTURES, DeepPlan
from ptclnm.models.validation import by_patient, dealt_folds

WARM_UP = 0.1
WEIGHT_DECAY = 0.01
HELD_OUT = 0.2  # share of the training patients that are set aside for early stopping
CHECKPOINT = "last.pt"
MOVED = ("network", "optimizer", "rate")  # what each step changes
EVERY = 60.0  # seconds between checkpoints
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
    class_of, seed = label_of[train.patients].to_numpy(), plan.seed + batches.HOLDOUT
    for label, n in enumerate(counts):
        part = class_of == label
        position = dealt_folds(train.patients[part], train.labels[part], n, seed)
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
    torch.set_num_threads(cores())
    torch.use_deterministic_algorithms(True)
    learner, path = Learner(made, plan, fitted.labels), folder / CHECKPOINT
    if path.is_file():
        learner.load_state_dict(torch.load(path, weights_only=True))
    seen, judged = (batches.images_of(part, standard) for part in (fitted, inner))
    written = time.monotonic()
    for _ in learner.epochs(seen, judged):
        if time.monotonic() - written >= every:
            with replacing(path) as temporary:
                torch.save(learner.state_dict(), temporary)
            written = time.monotonic()
    made.load_state_dict(learner.best["state"])
    history = pd.DataFrame(learner.history).assign(images=len(fitted.labels))
    history["kept"] = history["epoch"] == learner.best["epoch"]
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
    with torch.inference_mode():
        outputs = [network(images)[:, 0] for images in batches.in_order(crops, standard)]
    return torch.sigmoid(torch.cat(outputs).double()).numpy()


def uses_bfloat16() -> bool:
    """Tell whether training computes in bfloat16: where there are instructions for it.

    Without them it is slower.
    """
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return bool(fast and torch.ops.mkldnn._is_mkldnn_bf16_supported())


class Learner:
    """A network of one output, its loss, what moves its weights, and what was found so far.

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
        self.network, self.plan = faster(network), plan
        if plan.freeze:
            network.requires_grad_(False)
            network.get_submodule(ARCHITECTURES[plan.architecture].head).requires_grad_(True)
        # A frozen network keeps its statistics.
        norms = [] if plan.freeze else network.modules()
        self.norms = [module for module in norms if isinstance(module, _BatchNorm)]
        for norm in self.norms:
            norm.momentum = None  # the mean over the epoch so far, instead of a slow running one
        positive = max(int(labels.sum()), 1)
        self.positive_weight = torch.tensor(max((len(labels) - positive) / positive, 1e-6))
        free = [p for p in network.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(free, plan.lr, weight_decay=WEIGHT_DECAY, fused=True)
        steps = plan.epochs * len(self._batches(len(labels), 0))
        self.rate = torch.optim.lr_scheduler.LambdaLR(self.optimizer, partial(rate, steps))
        self.history: list[dict[str, float]] = []
        self.best: dict[str, Any] = {"epoch": -1, "loss": math.inf, "state": {}}

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint holds."""
        moved = {name: getattr(self, name).state_dict() for name in MOVED}
        return moved | {"history": self.history, "best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take what a checkpoint held."""
        for name in MOVED:
            getattr(self, name).load_state_dict(state[name])
        self.history, self.best = state["history"], state["best"]

    def epochs(self, seen: TensorDataset, judged: TensorDataset) -> Iterator[int]:
        """Learn from what is seen until it no longer helps on what is judged.

        Yields
        ------
        int
            Number of the epoch, from 0, when its judgement is in the history.
        """
        waited = self.plan.patience or math.inf
        for epoch in range(len(self.history), self.plan.epochs):
            if epoch - self.best["epoch"] > waited:
                return
            start = time.perf_counter()
            row = {"epoch": epoch, "loss": self._learn(seen, epoch)}
            self.note(row | {"seconds": time.perf_counter() - start}, self._judge(judged))
            yield epoch

    def note(self, row: dict[str, float], loss: float) -> None:
        """Add an epoch and its inner loss to the history; keep the weights if they are the best."""
        self.history.append(row | {"inner_loss": loss})
        loss = loss if math.isfinite(loss) else math.inf  # a later epoch may be better
        if self.plan.keep_last or loss < self.best["loss"] or not self.best["state"]:
            state = {key: value.clone() for key, value in self.network.state_dict().items()}
            self.best = {"epoch": row["epoch"], "loss": loss, "state": state}

    def _batches(self, images: int, epoch: int) -> list[NDArray]:
        return batches.in_chance_order(images, self.plan.batch_size, self.plan.seed, epoch)

    def _learn(self, images: TensorDataset, epoch: int) -> float:
        """See all images once, varied; give the mean loss.

        Dropout is drawn by seed and epoch, so that a resumed run draws the same. Statistics start
        anew: running means that begin with those of photographs, or with none, lag behind a short
        training; a network judged by them looks worse than it is.
        """
        torch.manual_seed(batches.seed_of(self.plan.seed, batches.DROPOUT, epoch))
        self.network.train(not self.plan.freeze)
        for norm in self.norms:
            norm.reset_running_stats()
        losses = []
        for number, rows in enumerate(self._batches(len(images), epoch)):
            pixels, labels = images[rows]
            # The zero once told processes apart; without it all variations would be others.
            key = (self.plan.seed, batches.VARIATION, epoch, number, 0)
            loss = self._loss(self._outputs(batches.vary(pixels, batches.generator(*key))), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.rate.step()
            losses.append(float(loss.detach()))
        return float(np.mean(losses))

    def _judge(self, images: TensorDataset) -> float:
        pixels, labels = images.tensors
        self.network.eval()
        with torch.inference_mode():
            parts = [self._outputs(part) for part in pixels.split(batches.EVALUATED)]
            return float(self._loss(torch.cat(parts), labels.double()))

    def _outputs(self, pixels: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, uses_bfloat16(), cache_enabled=False):
            return self.network(batches.three_channels(pixels))[:, 0].float()

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy, the rarer class weighing more."""
        return binary_cross_entropy_with_logits(logits, labels, pos_weight=self.positive_weight)


def rate(steps: int, step: int) -> float:
    """Share of the highest learning rate at a step: a linear rise, then half a cosine."""
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    along = (step - rise) / max(1, steps - rise)
    return 0.5 * (1 + math.cos(math.pi * min(along, 1.0)))

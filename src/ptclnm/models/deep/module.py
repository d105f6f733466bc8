"""A network as Lightning trains it."""

import math
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.modules.batchnorm import _BatchNorm

from ptclnm.models.deep.architectures import architecture
from ptclnm.models.deep.augment import vary
from ptclnm.models.deep.batches import DROPOUT, VARIATION, generator, place, seed_of
from ptclnm.models.deep.convolutions import faster
from ptclnm.models.deep.plan import DeepPlan

WARM_UP = 0.1
MOMENTUM = 0.9


def uses_bfloat16(precision: str) -> bool:
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


def three_channels(images: Tensor) -> Tensor:
    """Repeat grey values for the three channels that networks expect, channels last in memory."""
    return images.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


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
        self.network = faster(network).to(memory_format=torch.channels_last)
        self.plan = plan
        positive = max(int(labels.sum()), 1)
        heavier = (len(labels) - positive) / positive if plan.balance == "weights" else 1.0
        self.positive_weight = torch.tensor(max(heavier, 1e-6))
        self.losses: list[float] = []
        self.seen: list[tuple[Tensor, Tensor]] = []
        self.inner = {"inner_loss": float("nan"), "inner_auc": float("nan")}
        if plan.freeze:
            head = network.get_submodule(architecture(plan.architecture).head)
            network.requires_grad_(False)
            head.requires_grad_(True)
            network.eval()
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
        plan = self.plan
        free = [p for p in self.network.parameters() if p.requires_grad]
        if plan.optimizer == "sgd":
            made: torch.optim.Optimizer = torch.optim.SGD(
                free, plan.lr, momentum=MOMENTUM, weight_decay=plan.weight_decay
            )
        else:
            made = torch.optim.AdamW(free, plan.lr, weight_decay=plan.weight_decay, fused=True)
        steps = int(self.trainer.estimated_stepping_batches)
        rate = torch.optim.lr_scheduler.LambdaLR(made, Rate(steps))
        return {"optimizer": made, "lr_scheduler": {"scheduler": rate, "interval": "step"}}

    def on_train_epoch_start(self) -> None:
        """Draw dropout by seed and epoch, so that a resumed run draws the same; start statistics.

        Running means that begin with those of photographs, or with none, lag behind a short
        training; a network judged by them looks worse than it is.
        """
        torch.manual_seed(seed_of(self.plan.seed, DROPOUT, self.current_epoch, place()[0]))
        self.losses = []
        for norm in self.norms:
            norm.reset_running_stats()

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], number: int) -> Tensor:
        """Give the loss of a batch."""
        images, labels, _ = batch
        if self.plan.augment:
            key = (self.plan.seed, VARIATION, self.current_epoch, number, place()[0])
            with torch.autocast("cpu", enabled=False):
                images = vary(images, generator(*key))
        loss = self.loss(self.network(three_channels(images))[:, 0], labels)
        self.losses.append(float(loss.detach()))
        return loss

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy, the rarer class weighing more if the plan says so."""
        weight = self.positive_weight
        return binary_cross_entropy_with_logits(logits.float(), labels, pos_weight=weight)

    def on_validation_epoch_start(self) -> None:
        """Judge the same network on every process: that of the first."""
        self.seen = []
        if place()[1] > 1:
            for buffer in self.network.buffers():
                torch.distributed.broadcast(buffer, 0)

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], _: int) -> None:
        """Score inner patients' images."""
        images, labels, _ = batch
        self.seen.append((self.network(three_channels(images))[:, 0].float(), labels))

    def on_validation_epoch_end(self) -> None:
        """Judge all inner images, whichever process scored them."""
        mine = [torch.cat(part).tolist() for part in zip(*self.seen, strict=True)] or [[], []]
        logits, labels = (np.array(together(part)) for part in mine)
        loss = self.loss(torch.tensor(logits), torch.tensor(labels))
        both = len(set(labels.tolist())) == 2
        auc = float(roc_auc_score(labels, logits)) if both else float("nan")
        self.inner = {"inner_loss": float(loss), "inner_auc": auc}

    def predict_step(self, batch: tuple[Tensor, Tensor, Tensor], _: int) -> Tensor:
        """Give row numbers and scores."""
        images, _, at = batch
        score = torch.sigmoid(self.network(three_channels(images))[:, 0].double())
        return torch.stack([at.double(), score], dim=1)


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


def together(mine: list) -> list:
    """Join the lists of all processes."""
    _, world = place()
    if world == 1:
        return mine
    parts: list[Any] = [None] * world
    torch.distributed.all_gather_object(parts, mine)
    return [value for part in parts for value in part]

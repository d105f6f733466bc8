"""The two networks as Lightning trains them: pixel loss first, the adversary after it."""

import math
from typing import Any

import pytorch_lightning as lightning
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss
from torch.optim.lr_scheduler import LambdaLR

from ptclnm.imaging.superres.networks import Discriminator, Generator
from ptclnm.imaging.superres.plan import SRPlan

# Learning rates of adversarial training over that of the warm-up: generator, discriminator.
SLOWER, ADVERSARY = 0.1, 0.5
RISE = 0.05  # share of the warm-up's steps over which its rate rises
LOSSES = ("pixel", "adversarial", "perceptual", "discriminator", "called_real")


class SuperResolver(lightning.LightningModule):
    """A generator, its losses, and with an adversarial weight a discriminator.

    Parameters
    ----------
    generator : Generator
        What is trained.
    discriminator : Discriminator or None
        Its adversary; None for the pixel loss alone.
    features : Module or None
        What the perceptual loss compares; its weights are not changed.
    plan : SRPlan
        Weights of the losses, learning rate.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator | None,
        features: nn.Module | None,
        plan: SRPlan,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.generator, self.discriminator, self.plan = generator, discriminator, plan
        self.features = [features]  # a list, so that it is no part of what is saved
        self.losses: list[dict[str, float]] = []

    def configure_optimizers(self) -> tuple[list[Any], list[Any]]:
        """Give the optimizers: the generator's, and the discriminator's if there is one."""
        alone = self.discriminator is None
        lr = self.plan.lr * (1.0 if alone else SLOWER)
        made = [torch.optim.Adam(self.generator.parameters(), lr, betas=(0.9, 0.99))]
        if not alone:
            rate = self.plan.lr * ADVERSARY
            made.append(torch.optim.Adam(self.discriminator.parameters(), rate, betas=(0.5, 0.99)))
        steps = (self.trainer.max_epochs or 1) * self.plan.steps
        fall = _Cosine(steps) if alone else _Constant()
        return made, [LambdaLR(optimizer, fall) for optimizer in made]

    def on_train_epoch_start(self) -> None:
        """Forget the losses of the epoch before."""
        self.losses = []

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Take one step of the generator, then one of the discriminator."""
        low, high = (part.contiguous(memory_format=torch.channels_last) for part in batch)
        target = self.generator.inner(high)
        made = self._generator_step(low, target)
        if self.discriminator is not None:
            self._discriminator_step(made, target)
        for rate in self._rates():
            rate.step()

    def _generator_step(self, low: Tensor, target: Tensor) -> Tensor:
        optimizer = self._optimizers()[0]
        self.toggle_optimizer(optimizer)
        made = self.generator(low)
        parts = {"pixel": l1_loss(made.float(), target)}
        if self.discriminator is not None:
            called = self.discriminator(made).float()
            parts["adversarial"] = binary_cross_entropy_with_logits(called, torch.ones_like(called))
        if self.features[0] is not None:
            parts["perceptual"] = _distance(self.features[0], made, target)
        weights = {"pixel": 1.0, "adversarial": self.plan.adversarial,
                   "perceptual": self.plan.perceptual}  # fmt: skip
        optimizer.zero_grad()
        self.manual_backward(sum(weights[name] * loss for name, loss in parts.items()))
        optimizer.step()
        self.untoggle_optimizer(optimizer)
        self.losses.append({name: float(loss.detach()) for name, loss in parts.items()})
        return made.detach()

    def _discriminator_step(self, made: Tensor, target: Tensor) -> None:
        optimizer = self._optimizers()[1]
        self.toggle_optimizer(optimizer)
        called = self.discriminator(torch.cat([target, made.to(target.dtype)])).float()
        real = torch.cat([torch.ones(len(target)), torch.zeros(len(made))])
        loss = binary_cross_entropy_with_logits(called, real)
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        self.untoggle_optimizer(optimizer)
        share = float(torch.sigmoid(called[len(target) :].detach()).mean())
        self.losses[-1] |= {"discriminator": float(loss.detach()), "called_real": share}

    def _optimizers(self) -> list[Any]:
        made = self.optimizers()
        return made if isinstance(made, list) else [made]

    def _rates(self) -> list[Any]:
        made = self.lr_schedulers()
        return made if isinstance(made, list) else [made]


class _Cosine:
    """A short rise to 1, then half a cosine down to a hundredth, so that the last steps count."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, step: int) -> float:
        along = min(step / max(1, self.steps), 1.0)
        rise = min((step + 1) / (RISE * self.steps), 1.0)
        return rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * along)))


class _Constant:
    def __call__(self, step: int) -> float:
        return 1.0


def _distance(features: nn.Module, made: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of two batches' features."""
    with torch.no_grad():
        there = features(target.expand(-1, 3, -1, -1))
    return l1_loss(features(made.to(target.dtype).expand(-1, 3, -1, -1)).float(), there.float())

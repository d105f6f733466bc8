"""What the super-resolving network is and how it is trained, checked where it is made."""

import math
from dataclasses import dataclass, replace

from ptclnm.errors import choice_problem, number_problems, refuse

WHOLE = {"blocks": 1, "channels": 2, "epochs": 1, "patch_size": 1, "batch_size": 2, "seed": 0}
# Lowest and highest value.
REAL = {"noise": (0.0, 0.5), "lr": (1e-6, 0.1), "adversarial": (0.0, 1.0)}
LEAST_INNER = 8
PER_EPOCH = 1024  # patches


@dataclass(frozen=True)
class SRPlan:
    """One generator and its training.

    The paper gives neither sizes nor losses; these are ours, the smallest that work.

    Parameters
    ----------
    scale : {2, 4}
        How many times fewer rows and columns the degraded copy has; Li: a quarter.
    noise : float
        SD of the Gaussian noise in the degraded copy, as a share of white.
    blocks, channels : int
        Residual blocks of the generator, and channels of each. Multiples of 16 channels are what
        processors compute best: 24 take as long as 32.
    epochs : int
        Epochs of the pixel loss alone. With an adversarial loss, training goes on from there for
        half as many. An epoch is a fixed number of patches, whatever the number of pictures.
    patch_size : int
        Side of a training patch in pixels, a multiple of `scale`.
    batch_size : int
        Patches of a step.
    lr : float
        Highest learning rate of the pixel loss; it falls as a cosine. A tenth of it in
        adversarial training.
    adversarial : float
        Weight of the adversarial loss; 0 leaves the discriminator out.
    seed : int
        Seed of everything.
    train_on : {"train", "all"}
        Whose pictures are trained on. ``all`` is a leak: the network then has seen the pictures
        that it is judged on.

    Raises
    ------
    ParameterError
        Listing each setting that is not allowed.
    """

    scale: int = 4
    noise: float = 0.02
    blocks: int = 4
    channels: int = 16
    epochs: int = 8
    patch_size: int = 64
    batch_size: int = 16
    lr: float = 2e-3
    adversarial: float = 0.02
    seed: int = 0
    train_on: str = "train"

    def __post_init__(self) -> None:
        refuse(
            "super-resolution",
            choice_problem("scale", self.scale, (2, 4)),
            choice_problem("train_on", self.train_on, ("train", "all")),
            *number_problems(self, WHOLE, REAL),
        )
        reach = 2 * self.blocks + 2  # one pixel a convolution
        least = math.ceil((2 * reach + LEAST_INNER) / self.scale) * self.scale
        if self.patch_size < least or self.patch_size % self.scale:
            refuse(
                "super-resolution",
                f"patch_size is {self.patch_size}; allowed with {self.blocks} blocks: multiples of "
                f"{self.scale} from {least}, as {reach} pixels on each side are context",
            )

    @property
    def adversarial_epochs(self) -> int:
        """Epochs with the adversarial loss."""
        return (self.epochs + 1) // 2 if self.adversarial else 0

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return math.ceil(PER_EPOCH / self.batch_size)

    @property
    def leaks(self) -> bool:
        """Whether pictures other than the training patients' are trained on."""
        return self.train_on != "train"

    def without_adversary(self) -> "SRPlan":
        """Give the plan of the warm-up: the same with the pixel loss alone."""
        return replace(self, adversarial=0.0)

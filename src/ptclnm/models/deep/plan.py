"""What a deep model is and how it is trained, checked before any work."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ptclnm.errors import ParameterError, nearest
from ptclnm.limits import number_problems
from ptclnm.models.deep.architectures import ARCHITECTURES, size_problems

IMAGENET, NONE = "imagenet", "none"
CHOICES = {
    "optimizer": ("adamw", "sgd"),
    "balance": ("weights", "sampler", "none"),
    "keep": ("best", "last"),
    "precision": ("auto", "bfloat16", "float32"),
}
WHOLE = {"epochs": 1, "batch_size": 2, "patience": 0, "seed": 0, "devices": 1, "num_nodes": 1}
# Lowest and highest value, and whether only what lies above the lowest is allowed.
REAL = {
    "lr": (0.0, 1.0, True),
    "weight_decay": (0.0, 1.0),
    "margin": (0.0, 2.0),
    "holdout": (0.05, 0.5),
}


@dataclass(frozen=True)
class DeepPlan:
    """One network and its training.

    Parameters
    ----------
    architecture : str
        A name of ``ARCHITECTURES``.
    weights : str
        What training starts from: ``imagenet``, ``none``, or the path of a state dict.
    image_size : int
        Side of the square input in pixels.
    margin : float
        Share of the rectangle's sides that is added on each side of it.
    epochs : int
        Most epochs.
    batch_size : int
        Images of a batch, over all processes.
    lr : float
        Highest learning rate; it rises over the first tenth of the steps, then falls as a cosine.
    optimizer : {"adamw", "sgd"}
        SGD has a momentum of 0.9.
    weight_decay : float
        Of the optimizer.
    freeze : bool
        Train the last layer only: a linear probe.
    balance : {"weights", "sampler", "none"}
        How classes of unequal size are balanced: in the loss, in the draw, not at all.
    augment : bool
        Whether training images are varied.
    patience : int
        Epochs without a lower loss on the inner patients after which training stops; 0 never
        stops.
    keep : {"best", "last"}
        Whose weights are kept: those of the epoch of least loss on the inner patients, or those of
        the last epoch, however bad that loss has become.
    holdout : float
        Share of training patients set aside for that loss.
    seed : int
        Seed of everything.
    devices, num_nodes : int
        Processes on a machine, and machines; more than one trains by DDP.
    precision : {"auto", "bfloat16", "float32"}
        Arithmetic in training, the judging of inner patients included; ``auto`` takes bfloat16
        where the processor computes with it. Scores are always computed in float32.
    """

    architecture: str
    weights: str = IMAGENET
    image_size: int = 224
    margin: float = 0.0
    epochs: int = 20
    batch_size: int = 32
    lr: float = 3e-4
    optimizer: str = "adamw"
    weight_decay: float = 0.01
    freeze: bool = False
    balance: str = "weights"
    augment: bool = True
    patience: int = 8
    keep: str = "best"
    holdout: float = 0.2
    seed: int = 0
    devices: int = 1
    num_nodes: int = 1
    precision: str = "auto"

    def check(self) -> None:
        """Check all settings.

        Raises
        ------
        ParameterError
            Listing each that is not allowed.
        """
        if problems := self.problems():
            raise ParameterError("deep model", problems)

    def problems(self) -> list[str]:
        """List what is not allowed, a line each."""
        name = self.architecture
        if name in ARCHITECTURES:
            found = size_problems(name, self.image_size)
        else:
            found = [f"no model {name!r}; {nearest(str(name), ARCHITECTURES)}"]
        if not isinstance(self.weights, str) or not self.weights:
            found.append(f"weights is {self.weights!r}; allowed: imagenet, none, or a file's path")
        found += number_problems(self, WHOLE, REAL)
        for key, allowed in CHOICES.items():
            if (value := getattr(self, key)) not in allowed:
                found.append(f"{key} is {value!r}; {nearest(str(value), allowed)}")
        for key in ("freeze", "augment"):
            if not isinstance(value := getattr(self, key), bool):
                found.append(f"{key} is {value!r}; allowed: true, false")
        return found

    @property
    def name(self) -> str:
        """How the predictions call the model: its architecture, and weights if not ImageNet's."""
        kinds = {IMAGENET: "", NONE: " (from scratch)"}
        return self.architecture + kinds.get(self.weights, " (own weights)")


def plans(names: Iterable[str], common: DeepPlan) -> tuple[DeepPlan, ...]:
    """Make a plan for each model that is asked for, and check all.

    Parameters
    ----------
    names : iterable of str
        Names of ``ARCHITECTURES``; ``name@weights`` starts that model from other weights than
        the rest, e.g. ``EfficientNet-Lite0@imagenet``.
    common : DeepPlan
        All other settings.

    Returns
    -------
    tuple of DeepPlan
        Each once, in the order asked.

    Raises
    ------
    ParameterError
        Listing every problem of every plan once.
    """
    made = []
    for text in dict.fromkeys(names):
        name, _, weights = str(text).partition("@")
        made.append(replace(common, architecture=name, weights=weights or common.weights))
    problems = [line for plan in made for line in plan.problems()]
    if not made:
        problems.append("no model; name one at least")
    made = list(dict.fromkeys(made))
    called = [plan.name for plan in made]
    twice = sorted({name for name in called if called.count(name) > 1})
    problems += [f"{name} is asked for from several files; give one at a time" for name in twice]
    if problems:
        raise ParameterError("deep models", list(dict.fromkeys(problems)))
    return tuple(made)

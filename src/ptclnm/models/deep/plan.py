"""Which network, and how it is trained; checked before any work, without importing torch."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from ptclnm.errors import ParameterError, nearest, number_problems
from ptclnm.paths import DATA_MANIFEST

if TYPE_CHECKING:  # torch takes seconds to import, and plans are read on cheap paths
    from torch import nn

IMAGENET, NONE = "imagenet", "none"
GROWTH, POOLED = "growth", "pooled"
LARGEST = 1024
WHOLE = {"epochs": 1, "batch_size": 2, "patience": 0, "seed": 0}
# Lowest and highest value, and whether only what lies above the lowest is allowed.
REAL = {"lr": (0.0, 1.0, True), "margin": (0.0, 2.0)}


@dataclass(frozen=True)
class Architecture:
    """One network: a row of ``data_manifest/networks.yml``.

    Parameters
    ----------
    model : str
        Its name in torchvision, or in timm where ImageNet's weights are in a `package`.
    head : str
        Name of the last linear layer; what enters it are the pooled features.
    cam : str
        Layer whose activations Grad-CAM weighs: the last with a spatial extent.
    smallest : int
        Smallest side of the input in pixels.
    patch : int
        Side of a transformer's patches, which the input's side must be a multiple of; its
        activations are a class token and patches in rows rather than a picture. 1: no transformer.
    weights : str
        ImageNet weights in torchvision, as ``Enum.MEMBER``.
    package : str
        The installed package that ImageNet weights come in otherwise.
    papers : list of str
        Studies whose model it is.
    layers : dict of str to str
        Further feature layers by name.
    settings : dict of str to bool
        What torchvision is asked for beside the name.
    spread : float
        Standard deviation of the input that its ImageNet weights were trained with, about.
    """

    model: str
    head: str
    cam: str
    smallest: int = 32
    patch: int = 1
    weights: str = ""
    package: str = ""
    papers: list[str] = field(default_factory=list)
    layers: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    spread: float = 1.0

    def build(self, side: int) -> "nn.Module":
        """Build it for inputs of a side: three channels in, one number out, not trained."""
        if self.package:
            import timm

            return timm.create_model(self.model, pretrained=False, num_classes=1)
        from torchvision import models

        sized = {"image_size": side} if self.patch > 1 else {}
        return models.get_model(self.model, num_classes=1, **self.settings, **sized)


_ROWS = yaml.safe_load((DATA_MANIFEST / "networks.yml").read_text(encoding="utf-8"))
ARCHITECTURES = {name: Architecture(**row) for name, row in _ROWS.items()}


def layers(name: str) -> tuple[str, ...]:
    """Names of a network's feature layers, the pooled one first."""
    return (POOLED, *ARCHITECTURES[name].layers)


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
        Images of a batch.
    lr : float
        Highest learning rate; it rises over the first tenth of the steps, then falls as a cosine.
    freeze : bool
        Train the last layer only: a linear probe.
    patience : int
        Epochs without a lower loss on the inner patients after which training stops; 0 never
        stops.
    keep_last : bool
        Keep the weights of the last epoch, however bad the loss on the inner patients has become,
        instead of those of the epoch where it was least.
    seed : int
        Seed of everything.
    """

    architecture: str = ""
    weights: str = NONE
    image_size: int = 96
    margin: float = 0.0
    epochs: int = 4
    batch_size: int = 16
    lr: float = 3e-4
    freeze: bool = False
    patience: int = 8
    keep_last: bool = False
    seed: int = 0

    def problems(self) -> list[str]:
        """List what is not allowed, a line each."""
        found, row = number_problems(self, WHOLE, REAL), ARCHITECTURES.get(self.architecture)
        if row is None:
            found.append(f"no model {self.architecture!r}; "
                         f"{nearest(self.architecture, ARCHITECTURES)}")  # fmt: skip
        elif not row.smallest <= self.image_size <= LARGEST or self.image_size % row.patch:
            steps = f", a multiple of {row.patch}" if row.patch > 1 else ""
            found.append(f"image_size is {self.image_size}, which {self.architecture} cannot take; "
                         f"allowed: {row.smallest} to {LARGEST} pixels{steps}")  # fmt: skip
        return found

    @property
    def name(self) -> str:
        """How the predictions call the model: its architecture, and weights if not ImageNet's."""
        kinds = {IMAGENET: "", NONE: " (from scratch)"}
        return self.architecture + kinds.get(self.weights, " (own weights)")


def plans(models: Iterable[str], common: DeepPlan, study: str = "") -> tuple[DeepPlan, ...]:
    """Make a plan for each model that is asked for, and check all.

    Parameters
    ----------
    models : iterable of str
        Names of ``ARCHITECTURES``; ``name@weights`` starts that model from other weights than
        the rest, e.g. ``EfficientNet-Lite0@imagenet``. None are the study's own.
    common : DeepPlan
        All other settings.
    study : str
        Name of a paper.

    Returns
    -------
    tuple of DeepPlan
        Each once, in the order asked.

    Raises
    ------
    ParameterError
        Listing every problem of every plan once.
    """
    of_paper = [name for name, row in ARCHITECTURES.items() if study in row.papers]
    # Where neither the page nor the paper names a network: its ImageNet weights are installed.
    asked = [text.partition("@") for text in models or of_paper or ("EfficientNet-Lite0",)]
    own = [replace(common, architecture=name, weights=weights or common.weights)
           for name, _, weights in asked]  # fmt: skip
    problems = [line for plan in own for line in plan.problems()]
    names = [plan.name for plan in dict.fromkeys(own)]
    problems += [f"{name} is asked for from several files; give one at a time"
                 for name in names if names.count(name) > 1]  # fmt: skip
    if problems:
        raise ParameterError("deep models", list(dict.fromkeys(problems)))
    return tuple(dict.fromkeys(own))

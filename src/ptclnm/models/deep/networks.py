"""Networks before training: built, given first weights, and computed in faster ways."""

import re
import sys
from collections.abc import Mapping
from importlib.metadata import files as package_files
from pathlib import Path
from textwrap import shorten
from typing import NamedTuple
from urllib.error import URLError

import torch
from pooch import file_hash
from timm.layers import Conv2dSame
from torch import Tensor, autocast, nn
from torch.nn.functional import linear

from ptclnm.errors import MissingDataError, ProblemsError
from ptclnm.models.deep.batches import INITIAL, seed_of
from ptclnm.models.deep.plan import ARCHITECTURES, IMAGENET, NONE, Architecture

State = dict[str, Tensor]
# Torchvision's DenseNet was saved before its modules were renamed.
OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.(\d\..*)")
POINT = ((1, 1), (1, 1), (0, 0))  # kernel, stride and padding of a convolution of one pixel
AUXILIARY = "AuxLogits."  # of Inception's ImageNet weights, for the output that is left out here


class WeightsError(ProblemsError):
    """Weights that a network cannot start from."""


class Origin(NamedTuple):
    """Where a network's first weights come from: in words, the file's hash, and the file."""

    text: str
    sha256: str = ""
    path: Path | None = None


def network(name: str, weights: str, image_size: int, seed: int) -> tuple[nn.Module, Origin]:
    """Build a network of one output and give it the weights that training starts from.

    Parameters
    ----------
    name : str
        A name of ``ARCHITECTURES``.
    weights : str
        ``imagenet``, ``none``, or the path of a state dict.
    image_size : int
        Side of the input in pixels.
    seed : int
        Seed of what is drawn: all weights, or the last layer's.

    Returns
    -------
    network : Module
        Not frozen.
    origin : Origin
        Where its weights come from.

    Raises
    ------
    MissingDataError
        If ImageNet's weights are neither here nor to be had; says which file belongs where.
    WeightsError
        If a file is damaged, holds more than tensors, or is of another architecture.
    """
    row = ARCHITECTURES[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, INITIAL))
        made = row.build(image_size)
        # Some libraries scale the last layer for many classes, or leave it at zero.
        made.get_submodule(row.head).reset_parameters()
    start = origin(name, weights)
    if start.path:
        state = read_state(start.path)
        if row.package and weights == IMAGENET:
            # The package's author names the same modules, in the same order, in another way.
            state = dict(zip(made.state_dict(), state.values(), strict=True))
        _load(made, _fitted(state, row, image_size), name, start.path)
    return made, start


def origin(name: str, weights: str) -> Origin:
    """Find the file that a network starts from, and hash it.

    Raises
    ------
    MissingDataError, WeightsError
        As :func:`network`, before anything is built.
    """
    if weights == NONE:
        return Origin("random weights")
    if weights == IMAGENET:
        return _imagenet(ARCHITECTURES[name])
    path = Path(weights)
    if not path.is_file():
        raise WeightsError(str(path), ["there is no such file; allowed: imagenet, none, or the "
                                       "path of a state dict saved with torch.save"])  # fmt: skip
    digest = file_hash(str(path))
    return Origin(f"{path} (sha256 {digest})", digest, path)


def read_state(path: Path) -> State:
    """Read a state dict: tensors by name and nothing else, no code.

    Raises
    ------
    WeightsError
        If it is anything else.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's own kinds are many; what they say is passed on
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        lines = [f"it cannot be read as a state dict of tensors alone ({first}). Save it with "
                 "torch.save(network.state_dict(), path)"]  # fmt: skip
        raise WeightsError(str(path), lines) from error
    if not isinstance(found, Mapping) or not all(isinstance(v, Tensor) for v in found.values()):
        raise WeightsError(str(path), [f"it holds a {type(found).__name__}, not tensors by name"])
    return dict(found)


def _imagenet(row: Architecture) -> Origin:
    """Find the file with ImageNet's weights; it is fetched where it is not here."""
    if row.package:
        installed = package_files(row.package) or []
        (path,) = (Path(str(file.locate())) for file in installed if file.suffix == ".pth")
        text = f"ImageNet, from {row.package}"
    else:
        from torchvision import models

        url = models.get_weight(row.weights).url
        path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
        text = f"ImageNet, torchvision's {row.weights}"
    # Torchvision and timm put the first digits of the hash at the end of a file's name.
    begins = path.stem.rpartition("-")[2]
    if not path.is_file():
        _fetch(url, path, begins)
    digest = file_hash(str(path))
    if not digest.startswith(begins):
        lines = [f"its sha256 is {digest}, which should begin with {begins}: it is damaged or "
                 "another file; delete it"]  # fmt: skip
        raise WeightsError(str(path), lines)
    return Origin(text, digest, path)


def _fetch(url: str, path: Path, begins: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(url, str(path), begins, progress=sys.stderr.isatty())
    except (URLError, OSError, RuntimeError) as error:
        raise MissingDataError(
            f"ImageNet's weights are not on this machine and could not be fetched ({error}). "
            f"Fetch {url} on another machine and put it at {path} (its sha256 begins with "
            f"{begins}), or train with weights=none, or with EfficientNet-Lite0, whose weights "
            "are installed."
        ) from error


def _fitted(state: State, row: Architecture, side: int) -> State:
    """Turn a file's tensors into those of a network of one output and this side of input.

    Names are those of torchvision's modules now; a last layer of other classes is left out, and
    ViT's positions are stretched.
    """
    state = {OLD_DENSENET.sub(r"\1\2", key): value for key, value in state.items()
             if not key.startswith(AUXILIARY)}  # fmt: skip
    last = f"{row.head}.weight"
    if last in state and state[last].shape[0] != 1:
        state = {key: v for key, v in state.items() if not key.startswith(f"{row.head}.")}
    if row.patch > 1 and "encoder.pos_embedding" in state:
        from torchvision.models.vision_transformer import interpolate_embeddings

        state = dict(interpolate_embeddings(side, row.patch, state))
    return state


def _load(made: nn.Module, state: State, name: str, path: Path) -> None:
    head = {key: value for key, value in made.state_dict().items()
            if key.startswith(f"{ARCHITECTURES[name].head}.")}  # fmt: skip
    try:
        made.load_state_dict(head | state)
    except RuntimeError as error:
        told = [shorten(line, 200, placeholder=" …") for line in str(error).splitlines()]
        raise WeightsError(str(path), [*told, f"the file does not fit {name}"]) from error


class Pointwise(nn.Conv2d):
    """A convolution of one pixel: a product of matrices, with pixels in rows."""

    def forward(self, input: Tensor) -> Tensor:
        """Give what ``Conv2d`` gives, channels last in memory."""
        images, channels, height, width = input.shape
        rows = input.permute(0, 2, 3, 1).reshape(-1, channels)
        made = linear(rows, self.weight.view(self.out_channels, channels), self.bias)
        return made.view(images, height, width, self.out_channels).permute(0, 3, 1, 2)


class InFloat32(nn.Conv2d):
    """A convolution that autocast leaves alone: in bfloat16, grouped ones are slower backwards."""

    def forward(self, input: Tensor) -> Tensor:
        """Give what the convolution gives in float32."""
        with autocast(input.device.type, enabled=False):
            return super().forward(input.float())


class InFloat32Same(InFloat32, Conv2dSame):
    """The same of timm's convolutions, which pad as TensorFlow does."""


def faster(network: nn.Module) -> nn.Module:
    """Turn convolutions of one pixel, and grouped ones, into the faster kind.

    Parameters
    ----------
    network : Module
        Changed in place; the names and values of its weights stay.

    Returns
    -------
    Module
        The same network, its weights channels last in memory.
    """
    grouped = {nn.Conv2d: InFloat32, Conv2dSame: InFloat32Same}
    for layer in network.modules():
        if type(layer) in grouped and layer.groups > 1:
            layer.__class__ = grouped[type(layer)]
        elif type(layer) is nn.Conv2d and POINT == (layer.kernel_size, layer.stride, layer.padding):
            layer.__class__ = Pointwise
    return network.to(memory_format=torch.channels_last)

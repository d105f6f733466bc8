"""Networks before training: built, given first weights, and computed in faster ways."""

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import files as package_files
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError

import torch
from timm.layers import Conv2dSame
from torch import Tensor, autocast, nn
from torch.nn.functional import linear

from ptclnm.errors import MissingDataError, ProblemsError, PtclnmError
from ptclnm.models.data import some
from ptclnm.models.deep.batches import INITIAL, seed_of
from ptclnm.models.deep.plan import IMAGENET, NONE, Architecture, DeepPlan, architecture

State = dict[str, Tensor]
# Torchvision's DenseNet was saved before its modules were renamed.
OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.(\d\..*)")


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
    row = architecture(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, INITIAL))
        made = row.build(image_size)
        # Some libraries scale the last layer for many classes, or leave it at zero.
        made.get_submodule(row.head).reset_parameters()
    start = origin(name, weights)
    if start.path:
        state = _translated(read_state(start.path), row, made, weights == IMAGENET)
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
        return Origin("random weights, drawn by the seed: nothing was learnt before")
    if weights == IMAGENET:
        return _imagenet(architecture(name))
    path = Path(weights)
    if not path.is_file():
        raise WeightsError(str(path), ["there is no such file; allowed: imagenet, none, or the "
                                       "path of a state dict saved with torch.save"])  # fmt: skip
    digest = file_hash(path)
    return Origin(f"{path} (sha256 {digest})", digest, path)


def require(asked: Iterable[DeepPlan]) -> None:
    """Check that every model's first weights are here and fit it, before any of them is trained.

    Raises
    ------
    MissingDataError, WeightsError
        As :func:`network`; of several problems all are listed.
    """
    errors: list[PtclnmError] = []
    for plan in asked:
        try:
            network(plan.architecture, plan.weights, plan.image_size, plan.seed)
        except (MissingDataError, WeightsError) as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise WeightsError("first weights", [str(error) for error in errors])


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


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
    found = found.get("state_dict", found) if isinstance(found, Mapping) else found
    if not isinstance(found, Mapping) or not all(isinstance(v, Tensor) for v in found.values()):
        raise WeightsError(str(path), [f"it holds a {type(found).__name__}, not tensors by name"])
    return {str(key): value for key, value in found.items()}


def _imagenet(row: Architecture) -> Origin:
    """Find the file with ImageNet's weights; it is fetched where it is not here."""
    kind, _, package = row.weights.partition(":")
    if kind == "package":
        own = [file for file in package_files(package) or [] if file.suffix == ".pth"]
        if not own:
            raise MissingDataError(f"{package} holds no .pth file; install it again with pip.")
        return _checked(Path(str(own[0].locate())), f"ImageNet, from {package}")
    from torchvision import models

    enum, _, member = row.weights.partition(".")
    url = getattr(models, enum)[member].url
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if not path.is_file():
        _fetch(url, path)
    return _checked(path, f"ImageNet, torchvision's {row.weights}")


def _begins(path: Path) -> str:
    """First digits of the hash, which torchvision and timm put at the end of a file's name."""
    return path.stem.rpartition("-")[2]


def _fetch(url: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    begins = _begins(path)
    try:
        torch.hub.download_url_to_file(url, str(path), begins, progress=sys.stderr.isatty())
    except (URLError, OSError, RuntimeError) as error:
        raise MissingDataError(
            f"ImageNet's weights are not on this machine and could not be fetched ({error}). "
            f"Fetch {url} on another machine and put it at {path} (its sha256 begins with "
            f"{begins}), or train with weights=none, or with EfficientNet-Lite0, whose weights "
            "are installed."
        ) from error


def _checked(path: Path, text: str) -> Origin:
    digest = file_hash(path)
    if not digest.startswith(_begins(path)):
        lines = [f"its sha256 is {digest}, which should begin with {_begins(path)}: it is damaged "
                 "or another file; delete it"]  # fmt: skip
        raise WeightsError(str(path), lines)
    return Origin(text, digest, path)


def _translated(state: State, row: Architecture, made: nn.Module, imagenet: bool) -> State:
    """Give weights the names of our networks' modules, as torchvision's own files need it."""
    if row.weights.startswith("package:"):
        # The package's author names the same modules, in the same order, in another way.
        return dict(zip(made.state_dict(), state.values(), strict=True)) if imagenet else state
    named = {OLD_DENSENET.sub(r"\1\2", key): value for key, value in state.items()}
    return {key: v for key, v in named.items() if not key.startswith(row.left_out or ("\0",))}


def _fitted(state: State, row: Architecture, side: int) -> State:
    """Leave out a last layer of other classes, and stretch ViT's positions to the input's side."""
    last = f"{row.head}.weight"
    if last in state and state[last].shape[0] != 1:
        state = {key: v for key, v in state.items() if not key.startswith(f"{row.head}.")}
    if row.tokens and "encoder.pos_embedding" in state:
        from torchvision.models.vision_transformer import interpolate_embeddings

        wanted = (side // row.multiple) ** 2 + 1
        if state["encoder.pos_embedding"].shape[1] != wanted:
            state = dict(interpolate_embeddings(side, row.multiple, state))
    return state


def _load(made: nn.Module, state: State, name: str, path: Path) -> None:
    own, head = made.state_dict(), architecture(name).head
    free = {f"{head}.weight", f"{head}.bias"}
    differing = {
        "missing": [key for key in own if key not in state and key not in free],
        "not of this network": [key for key in state if key not in own],
        "of another shape": [k for k in own if k in state and own[k].shape != state[k].shape],
    }
    problems = [f"{len(keys)} of {len(own)} tensors are {what}: {some(keys)}"
                for what, keys in differing.items() if keys]  # fmt: skip
    if problems:
        raise WeightsError(str(path), [*problems, f"the file does not fit {name}"])
    made.load_state_dict(state, strict=False)


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
        elif type(layer) is nn.Conv2d and _is_pointwise(layer):
            layer.__class__ = Pointwise
    return network.to(memory_format=torch.channels_last)


def _is_pointwise(layer: nn.Conv2d) -> bool:
    sizes = (layer.kernel_size, layer.stride, layer.padding)
    return sizes == ((1, 1), (1, 1), (0, 0))

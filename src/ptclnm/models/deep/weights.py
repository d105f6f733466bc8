"""Where training starts: ImageNet's weights, a file of one's own, or none."""

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import files as package_files
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor, nn

from ptclnm.errors import MissingDataError, ProblemsError, PtclnmError
from ptclnm.models.data import some
from ptclnm.models.deep.architectures import ARCHITECTURES, Architecture, architecture
from ptclnm.models.deep.batches import INITIAL, seed_of
from ptclnm.models.deep.plan import IMAGENET, NONE, DeepPlan

State = dict[str, Tensor]
# Torchvision's DenseNet was saved before its modules were renamed.
OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.(\d\..*)")


class WeightsError(ProblemsError):
    """Weights that a network cannot start from."""


@dataclass(frozen=True)
class Origin:
    """Where a network's first weights come from.

    Parameters
    ----------
    kind : str
        ``imagenet``, ``none`` or ``file``.
    text : str
        In words.
    sha256 : str
        Hash of the file; empty where there is none.
    """

    kind: str
    text: str
    sha256: str = ""


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
    if weights == NONE:
        return made, Origin(NONE, "random weights, drawn by the seed: nothing was learnt before")
    path, about = _imagenet(row) if weights == IMAGENET else (Path(weights), "")
    state = _translated(read_state(path), row, made, bool(about))
    _load(made, _fitted(state, row, image_size), name, path)
    digest = file_hash(path)
    kind = IMAGENET if about else "file"
    return made, Origin(kind, about or f"{path} (sha256 {digest})", digest)


def origin_key(name: str, weights: str) -> str:
    """Hash of the file that a network starts from; empty for none.

    Raises
    ------
    MissingDataError, WeightsError
        As :func:`network`, before anything is built.
    """
    if weights == NONE:
        return ""
    path = _imagenet(architecture(name))[0] if weights == IMAGENET else Path(weights)
    if not path.is_file():
        raise WeightsError(str(path), ["there is no such file; allowed: imagenet, none, or the "
                                       "path of a state dict saved with torch.save"])  # fmt: skip
    return file_hash(path)


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
        If there is no such file, or it is anything else.
    """
    if not path.is_file():
        raise WeightsError(str(path), ["there is no such file; allowed: imagenet, none, or the "
                                       "path of a state dict saved with torch.save"])  # fmt: skip
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's own kinds are many; what they say is passed on
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        lines = [f"it cannot be read as a state dict of tensors alone ({first}). Save it with "
                 "torch.save(network.state_dict(), path)"]  # fmt: skip
        raise WeightsError(str(path), lines) from error
    found = found.get("state_dict", found) if isinstance(found, Mapping) else found
    if not isinstance(found, Mapping) or not all(isinstance(v, Tensor) for v in found.values()):
        raise WeightsError(str(path), [f"it holds a {type(found).__name__}, not tensors by name"])
    return {str(key): value for key, value in found.items()}


def _imagenet(row: Architecture) -> tuple[Path, str]:
    """Path of the file with ImageNet's weights, fetched where it is not here, and what it is."""
    kind, _, package = row.weights.partition(":")
    if kind == "package":
        for file in package_files(package) or []:
            if file.suffix == ".pth":
                path = Path(str(file.locate()))
                return _checked(path, path.stem.rpartition("-")[2]), f"ImageNet, from {package}"
        raise MissingDataError(f"{package} holds no .pth file; install it again with pip.")
    from torchvision import models

    enum, _, member = row.weights.partition(".")
    url = getattr(models, enum)[member].url
    name = url.rpartition("/")[2]
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    begins = path.stem.rpartition("-")[2]
    if not path.is_file():
        _fetch(url, path, begins)
    return _checked(path, begins), f"ImageNet, torchvision's {row.weights}"


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


def _checked(path: Path, begins: str) -> Path:
    digest = file_hash(path)
    if not digest.startswith(begins):
        lines = [f"its sha256 is {digest}, which should begin with {begins}: it is damaged or "
                 "another file; delete it"]  # fmt: skip
        raise WeightsError(str(path), lines)
    return path


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
    own = made.state_dict()
    row = ARCHITECTURES[name]
    free = {f"{row.head}.weight", f"{row.head}.bias"}
    lost = [key for key in own if key not in state and key not in free]
    strange = [key for key in state if key not in own]
    shapes = [key for key in own if key in state and own[key].shape != state[key].shape]
    problems = []
    for what, keys in (("missing", lost), ("not of this network", strange),
                       ("of another shape", shapes)):  # fmt: skip
        if keys:
            problems.append(f"{len(keys)} of {len(own)} tensors are {what}: {some(keys)}")
    if problems:
        problems.append(f"the file does not fit {name}")
        raise WeightsError(str(path), problems)
    made.load_state_dict(state, strict=False)

"""First weights: of the right network, free of code, sane. Faster convolutions give the same."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_sample_images
from torch import nn

from ptclnm.errors import MissingDataError
from ptclnm.models.deep import networks
from ptclnm.models.deep.networks import (
    InFloat32,
    Pointwise,
    WeightsError,
    faster,
    network,
    origin,
)
from ptclnm.models.deep.plan import ARCHITECTURES

LITE = "EfficientNet-Lite0"
# Numbers of ImageNet's classes.
PALACE_OR_TEMPLE = {698, 832, 663, 668}  # palace, stupa, monastery, mosque
FLOWERS = {308, 985, 309, 946, 320, 319, 322, 323, 324, 325, 326, 317, 318}  # flower; insects on it


def imagenet_lite() -> torch.nn.Module:
    """The packaged weights with their own last layer of a thousand classes."""
    made = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    row = ARCHITECTURES[LITE]
    state = networks.read_state(networks._imagenet(row).path)
    made.load_state_dict(dict(zip(made.state_dict(), state.values(), strict=True)))
    return made


def test_the_packaged_weights_know_a_temple_and_a_flower() -> None:
    made = imagenet_lite()
    found = {}
    for name, picture in zip(*(load_sample_images()[k] for k in ("filenames", "images")),
                             strict=True):  # fmt: skip
        side = min(picture.shape[:2])
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        square = picture[top : top + side, left : left + side].astype(np.float32)
        images = torch.from_numpy(square).permute(2, 0, 1)[None]
        images = torch.nn.functional.interpolate(
            images, (224, 224), mode="bilinear", antialias=True
        )
        with torch.inference_mode():
            # The network was trained on grey values from -1 to 1.
            found[Path(name).stem] = set(made((images - 127.5) / 127.5)[0].topk(5).indices.tolist())
    assert found["china"] & PALACE_OR_TEMPLE, found
    assert found["flower"] & FLOWERS, found


def test_names_are_translated_module_by_module() -> None:
    row, made = ARCHITECTURES[LITE], ARCHITECTURES[LITE].build(224)
    state = networks.read_state(networks._imagenet(row).path)
    for (own, value), (theirs, other) in zip(made.state_dict().items(), state.items(), strict=True):
        assert own.rpartition(".")[2] == theirs.rpartition(".")[2]
        assert value.shape[1:] == other.shape[1:]


def test_imagenet_weights_are_loaded_but_for_the_last_layer() -> None:
    made, start = network(LITE, "imagenet", 64, seed=0)
    other, _ = network(LITE, "imagenet", 64, seed=1)
    scratch, about = network(LITE, "none", 64, seed=0)
    assert torch.equal(made.conv_stem.weight, other.conv_stem.weight)
    assert not torch.equal(made.conv_stem.weight, scratch.conv_stem.weight)
    assert not torch.equal(made.classifier.weight, other.classifier.weight)
    assert torch.equal(made.classifier.weight, scratch.classifier.weight)
    assert start.text.startswith("ImageNet, from") and start.sha256.startswith("57934424")
    assert about.path is None and about.sha256 == ""


def test_offline_and_absent_says_which_file_belongs_where(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(url, *_, **__):
        raise networks.URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    place = tmp_path / "hub" / "checkpoints" / "resnet50-11ad3fa6.pth"
    with pytest.raises(MissingDataError) as caught:
        network("ResNet50", "imagenet", 96, 0)
    told = str(caught.value)
    assert f"put it at {place}" in told and "begins with 11ad3fa6" in told
    assert "https://download.pytorch.org/models/resnet50-11ad3fa6.pth" in told
    place.write_bytes(b"half a download")
    with pytest.raises(WeightsError, match="which should begin with 11ad3fa6"):
        network("ResNet50", "imagenet", 96, 0)


@pytest.mark.parametrize("name", ["DenseNet121", "Inception_v3", "ViT-B/16"])
def test_a_file_as_torchvision_saves_it_is_taken(name: str, tmp_path, monkeypatch) -> None:
    """Old names of DenseNet, the auxiliary output of Inception, positions of another size."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    from torchvision import models

    row = ARCHITECTURES[name]
    enum, _, member = row.weights.partition(".")
    url = getattr(models, enum)[member].url
    build = getattr(models, enum.removesuffix("_Weights").lower())
    state = build(weights=None, **({"init_weights": False} if "Inception" in name else {}))
    state = state.state_dict()
    old = {
        key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.") if "denselayer" in key
        else key: value for key, value in state.items()
    }  # fmt: skip
    path = tmp_path / "hub" / "checkpoints" / url.rpartition("/")[2]
    path.parent.mkdir(parents=True)
    torch.save(old, path)
    monkeypatch.setattr(networks, "file_hash", lambda p: Path(p).stem.rpartition("-")[2])
    made, _ = network(name, "imagenet", 96, 0)
    own = made.state_dict()
    first = next(iter(own))
    assert torch.equal(own[first], state[first])
    assert made(torch.zeros(2, 3, 96, 96)).shape == (2, 1)
    by_path, start = network(name, str(path), 96, 0)
    assert start.path == path and torch.equal(by_path.state_dict()[first], state[first])


def test_weights_of_another_architecture_say_which_keys_differ(tmp_path) -> None:
    path = tmp_path / "resnet.pt"
    torch.save(ARCHITECTURES["ResNet50"].build(64).state_dict(), path)
    with pytest.raises(WeightsError) as caught:
        network("ResNet101", str(path), 64, 0)
    *_, lost, other = caught.value.problems
    assert 'Missing key(s) in state_dict: "layer3.6.conv1.weight", ' in lost and len(lost) <= 200
    assert "does not fit ResNet101" in other
    with pytest.raises(WeightsError, match=r'Unexpected key\(s\) in state_dict: "conv1.weight"'):
        network("DenseNet121", str(path), 64, 0)


def test_own_weights_are_taken_with_their_hash(tmp_path) -> None:
    first, _ = network(LITE, "none", 64, seed=5)
    path = tmp_path / "own.pt"
    torch.save(first.state_dict(), path)
    again, start = network(LITE, str(path), 64, seed=0)
    own = again.state_dict()
    assert all(torch.equal(own[key], value) for key, value in first.state_dict().items())
    assert start == origin(LITE, str(path)) and start.sha256 == networks.file_hash(str(path))
    assert start.sha256 in start.text


class Evil:
    """Would run a command when unpickled."""

    def __reduce__(self):
        return print, ("code was run",)


def test_code_and_other_things_are_refused(tmp_path, capsys) -> None:
    cases = {"evil.pt": Evil(), "list.pt": [1, 2], "text.pt": {"a": "b"}}
    for name, value in cases.items():
        torch.save(value, tmp_path / name)
        with pytest.raises(WeightsError, match="tensors"):
            network(LITE, str(tmp_path / name), 64, 0)
    assert "code was run" not in capsys.readouterr().out
    (tmp_path / "cut.pt").write_bytes(b"PK\x03\x04")
    for name, told in (("cut.pt", "cannot be read"), ("absent.pt", "there is no such file")):
        with pytest.raises(WeightsError, match=told):
            network(LITE, str(tmp_path / name), 64, 0)


SIZES = st.integers(1, 7)


@settings(max_examples=30)
@given(SIZES, SIZES, SIZES, SIZES, SIZES, st.booleans(), st.integers(0, 9))
def test_a_product_of_matrices_has_the_values_and_gradients_of_the_convolution(
    images: int, given: int, made: int, height: int, width: int, bias: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    plain = nn.Conv2d(given, made, 1, bias=bias).double()
    other = faster(copy.deepcopy(nn.Sequential(plain)))
    assert type(other[0]) is Pointwise
    x = torch.randn(images, given, height, width, dtype=torch.float64)
    first, second = x.clone().requires_grad_(), x.clone().requires_grad_()
    a, b = plain(first), other(second)
    torch.testing.assert_close(a, b)
    direction = torch.randn_like(a)
    a.backward(direction)
    b.backward(direction)
    torch.testing.assert_close(first.grad, second.grad)
    for one, two in zip(plain.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 1, stride=2), nn.Conv2d(4, 4, 1, padding=1), nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 4, (1, 3)), nn.Linear(4, 4),
    ],
)  # fmt: skip
def test_every_other_layer_is_left_alone(layer: nn.Module) -> None:
    before = type(layer)
    assert type(faster(nn.Sequential(layer))[0]) is before


def test_grouped_convolutions_stay_in_float32_under_autocast() -> None:
    network = faster(nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 4, 3)))
    with torch.autocast("cpu", torch.bfloat16):
        assert network[0](torch.randn(1, 4, 5, 5)).dtype == torch.float32
        assert network(torch.randn(1, 4, 5, 5)).dtype == torch.bfloat16


@pytest.mark.parametrize("name", ["DenseNet121", "EfficientNet-Lite0"])
def test_a_network_keeps_its_weights_names_and_scores(name: str) -> None:
    torch.manual_seed(1)
    plain = ARCHITECTURES[name].build(96).eval()
    changed = faster(copy.deepcopy(plain))
    assert list(plain.state_dict()) == list(changed.state_dict())
    assert sum(isinstance(layer, Pointwise | InFloat32) for layer in changed.modules()) > 40
    again = pickle.loads(pickle.dumps(changed))
    x = torch.randn(2, 3, 96, 96)
    with torch.inference_mode():
        scores = [made(x).numpy() for made in (plain, changed, again)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(scores[1], scores[2])

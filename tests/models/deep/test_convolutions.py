"""Faster convolutions give what plain ones give."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ptclnm.models.deep.architectures import architecture
from ptclnm.models.deep.convolutions import InFloat32, Pointwise, faster

SIZES = st.integers(1, 7)


@settings(max_examples=30, deadline=None)
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
    plain = architecture(name).build(96).eval()
    changed = faster(copy.deepcopy(plain))
    assert list(plain.state_dict()) == list(changed.state_dict())
    assert sum(isinstance(layer, Pointwise | InFloat32) for layer in changed.modules()) > 40
    again = pickle.loads(pickle.dumps(changed))  # as processes of DDP get it
    x = torch.randn(2, 3, 96, 96)
    with torch.inference_mode():
        scores = [made(x).numpy() for made in (plain, changed, again)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(scores[1], scores[2])

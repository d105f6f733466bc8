"""Plans: all that is wrong with one is said at once, before torch is imported."""

import subprocess
import sys

import pytest

from ptclnm.errors import ParameterError
from ptclnm.models.deep.plan import ARCHITECTURES, DeepPlan, plans


def test_all_that_is_not_allowed_is_said_at_once() -> None:
    common = DeepPlan(image_size=16, margin=-1, epochs=0, batch_size=1, lr=0.0, seed=-1)
    with pytest.raises(ParameterError) as caught:
        plans(["ResNet", "ResNet50"], common)
    told = "\n".join(caught.value.problems)
    assert "no model 'ResNet'; did you mean 'ResNet" in told
    for name in ("image_size", "margin", "epochs", "batch_size", "lr", "seed"):
        assert f"{name} is " in told
    assert len(caught.value.problems) == 7


@pytest.mark.parametrize(
    ("name", "side", "allowed"),
    [("AlexNet", 62, "63 to"), ("Inception_v3", 74, "75 to"), ("ViT-B/16", 100, "multiple of 16"),
     ("ResNet50", 4096, "32 to 1024")],
)  # fmt: skip
def test_a_size_that_a_network_cannot_take_is_named(name: str, side: int, allowed: str) -> None:
    with pytest.raises(ParameterError, match=f"image_size is {side}.*{allowed}"):
        plans([name], DeepPlan(image_size=side))


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_every_network_takes_the_smallest_size_of_its_row(name: str) -> None:
    import torch

    row = ARCHITECTURES[name]
    made = row.build(row.smallest).eval()
    with torch.inference_mode():
        assert made(torch.zeros(1, 3, row.smallest, row.smallest)).shape == (1, 1)
    for layer in (row.head, row.cam, *row.layers.values()):
        assert made.get_submodule(layer) is not None
    if row.smallest > 32:
        with pytest.raises(RuntimeError), torch.inference_mode():
            made(torch.zeros(1, 3, row.smallest - 1, row.smallest - 1))


def test_a_model_may_start_from_weights_of_its_own() -> None:
    asked = ["ResNet50", "EfficientNet-Lite0@imagenet", "ResNet50"]
    made = plans(asked, DeepPlan("", "none", 96, seed=3))
    assert [(p.architecture, p.weights, p.seed) for p in made] == [
        ("ResNet50", "none", 3), ("EfficientNet-Lite0", "imagenet", 3),
    ]  # fmt: skip
    assert [p.name for p in made] == ["ResNet50 (from scratch)", "EfficientNet-Lite0"]
    with pytest.raises(ParameterError, match="ResNet50 .own weights. is asked for from several"):
        plans(["ResNet50@a.pt", "ResNet50@b.pt"], DeepPlan())


def test_no_models_are_those_of_the_paper() -> None:
    five = ("AlexNet", "DenseNet121", "Inception_v3", "ResNet50", "ViT-B/16")
    two = ("DenseNet121", "ResNet101")
    for study, names in (("ni2024", five), ("li2024", two), ("", ("EfficientNet-Lite0",))):
        assert tuple(p.architecture for p in plans([], DeepPlan(), study)) == names


def test_plans_are_read_without_torch() -> None:
    code = (
        "import sys; from ptclnm.models.deep.plan import DeepPlan, plans; import ptclnm.cli, "
        "ptclnm.models.sources; plans([], DeepPlan(), 'ni2024'); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""Grad-CAM: it points where the signal is, and its checks notice when it does not."""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ptclnm.models.deep import cam
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.networks import network
from ptclnm.models.deep.plan import ARCHITECTURES, DeepPlan
from ptclnm.models.deep.stored import stored_network


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_every_network_gives_a_map_of_the_pictures_size(name: str, planted) -> None:
    row = ARCHITECTURES[name]
    side = max(96, row.smallest)
    crops = planted(patients=4, side=side)
    torch.manual_seed(0)
    network = row.build(side)
    before = [p.clone() for p in network.parameters()]
    maps = cam.heatmaps(network, name, crops, (100.0, 20.0))
    assert maps.shape == crops.pixels.shape and maps.min() >= 0 and maps.max() <= 1
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_patches_of_a_transformer_lie_where_they_lay() -> None:
    tokens = torch.arange(1 + 4).float()[None, :, None].repeat(2, 1, 3)
    picture = cam._as_picture(tokens)
    assert picture.shape == (2, 3, 2, 2)
    assert picture[0, 0].tolist() == [[1, 2], [3, 4]]


def test_the_map_of_a_network_that_sees_one_corner_is_in_that_corner(planted) -> None:
    class Corner(torch.nn.Module):
        """Averages, weighs one corner, and calls its brightness the outcome."""

        def __init__(self) -> None:
            super().__init__()
            self.layer4 = torch.nn.Conv2d(3, 1, 8, stride=8, bias=False)
            torch.nn.init.constant_(self.layer4.weight, 1 / 192)
            self.fc = torch.nn.Linear(1, 1)
            torch.nn.init.ones_(self.fc.weight)

        def forward(self, images):
            return self.fc(self.layer4(images)[:, :, 0, 0])

    crops = planted(patients=6)
    bright = replace(crops, pixels=np.where(np.indices((32, 32)).sum(0) < 12, 200, 100)[None]
                     .repeat(6, 0).astype(np.float32))  # fmt: skip
    maps = cam.heatmaps(Corner(), "ResNet50", bright, (100.0, 50.0))
    corner = np.zeros((6, 32, 32), bool)
    corner[:, :12, :12] = True
    assert (cam.inside(maps, corner) > 0.8).all()


def test_shares_and_likeness_are_what_they_say() -> None:
    maps = np.zeros((3, 4, 4), np.float32)
    maps[0, 0, 0], maps[0, 3, 3] = 3, 1
    maps[1] = np.arange(16).reshape(4, 4)
    masks = np.zeros((3, 4, 4), bool)
    masks[:, :2] = True
    share = cam.inside(maps, masks)
    assert share[:2] == pytest.approx([0.75, 28 / 120]) and np.isnan(share[2])
    same = cam.likeness(maps, np.stack([maps[0], maps[1] ** 3, maps[2]]))
    assert same[:2] == pytest.approx([1, 1]) and np.isnan(same[2])
    assert cam.likeness(maps[1:2], -maps[1:2])[0] == pytest.approx(-1)


def test_labels_are_dealt_anew_by_patient_and_on_train_alone(planted) -> None:
    crops = planted(patients=40, images=2)
    other = cam.shuffled(crops, 0)
    train = crops.splits == "train"
    assert np.array_equal(other.labels[~train], crops.labels[~train])
    assert (other.labels[train] != crops.labels[train]).mean() > 0.2
    assert other.labels[train].sum() == crops.labels[train].sum()
    by = pd.Series(other.labels).groupby(other.patients)
    assert (by.nunique() == 1).all()


def test_kinds_follow_the_cutoff_and_examples_are_one_a_patient() -> None:
    labels, scores = np.array([1, 0, 0, 1, 1, 1]), np.array([0.9, 0.8, 0.1, 0.2, 0.5, 0.9])
    patients = np.array(["a", "b", "c", "d", "e", "a"])
    flat = np.zeros((6, 4, 4), np.float32)
    crops = Crops(flat, flat > 0, patients, patients, labels, np.array(["test"] * 6))
    kind = cam.checks(dict.fromkeys("abc", flat), crops, scores >= 0.5)["kind"].to_numpy()
    assert kind.tolist() == [
        "true positive", "false positive", "true negative", "false negative", "true positive",
        "true positive",
    ]  # fmt: skip
    at = cam.examples(kind, patients, 2, seed=0)
    assert len(at) == 5 and len(set(patients[at])) == 5
    assert [cam.KINDS.index(kind[i]) for i in at] == [0, 0, 1, 2, 3]
    assert len(cam.examples(kind, patients, 1, seed=0)) == 4


@pytest.mark.parametrize("name", ["AlexNet", "DenseNet121", "EfficientNet-Lite0"])
def test_maps_for_the_same_class_do_not_depend_on_the_way_a_network_leans(name, planted) -> None:
    row = ARCHITECTURES[name]
    crops = planted(patients=4, side=96)
    torch.manual_seed(0)
    network = row.build(96)
    turned = copy.deepcopy(network)
    head = turned.get_submodule(row.head)
    head.weight.data.neg_()
    head.bias.data.neg_()
    called = np.array([True, False, True, False])
    own = cam.heatmaps(network, name, crops, (100.0, 20.0), called)
    other = cam.heatmaps(turned, name, crops, (100.0, 20.0), ~called)
    np.testing.assert_allclose(own, other, atol=1e-4)
    leans = cam.heatmaps(network, name, crops, (100.0, 20.0))
    np.testing.assert_allclose(leans, cam.heatmaps(turned, name, crops, (100.0, 20.0)), atol=1e-4)
    assert not np.allclose(own, cam.heatmaps(network, name, crops, (100.0, 20.0), ~called))


def _moved(crops: Crops, seed: int) -> Crops:
    """Put each image's disc into a quarter of its own; the mask is the disc."""
    side = crops.pixels.shape[-1]
    rng, step = np.random.default_rng(seed), side // 4
    y, x = np.mgrid[:side, :side] / side - 0.5
    disc = np.hypot(x, y) < 0.25
    shifts = [tuple(rng.choice([-step, step], 2)) for _ in crops.labels]
    pixels = [np.roll(a, s, (0, 1)) for a, s in zip(crops.pixels, shifts, strict=True)]
    masks = [np.roll(disc, s, (0, 1)) for s in shifts]
    return replace(crops, pixels=np.stack(pixels), masks=np.stack(masks))


@pytest.mark.slow
def test_a_trained_map_follows_what_was_planted_and_the_maps_of_the_checks_do_not(
    planted, tmp_path
) -> None:
    crops = _moved(planted(patients=80, side=96), 1)
    plan = DeepPlan("DenseNet121", "none", 96, epochs=6, batch_size=8, lr=1e-3, patience=0)
    at = np.flatnonzero((crops.splits == "test") & (crops.labels == 1))
    called = np.ones(len(at), dtype=bool)
    trained, standard = stored_network(crops, plan, tmp_path)
    by_heart = replace(plan, patience=0, keep_last=True)
    networks = {
        "trained": trained,
        "random": network(plan.architecture, "none", 96, plan.seed + 1)[0],
        "shuffled": stored_network(cam.shuffled(crops, 0), by_heart, tmp_path)[0],
    }
    maps = {name: cam.heatmaps(one, plan.architecture, crops.rows(at), standard, called)
            for name, one in networks.items()}  # fmt: skip
    table = cam.checks(maps, crops.rows(at), called)
    found = {name: np.nanmean(cam.inside(m, crops.masks[at])) for name, m in maps.items()}
    assert found["trained"] > 1.6 * table["area"].mean()
    assert found["trained"] > 1.3 * max(found["random"], found["shuffled"])
    assert table["random"].mean() < 0.7 and table["shuffled"].mean() < 0.6

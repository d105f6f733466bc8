"""Training: it learns, remembers nothing of evaluation patients, and can be interrupted."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ptclnm.errors import ParameterError
from ptclnm.models.deep import training
from ptclnm.models.deep.batches import generator, in_chance_order, in_order
from ptclnm.models.deep.plan import ARCHITECTURES, DeepPlan
from ptclnm.models.deep.training import (
    Learner,
    inner_split,
    scores,
    train,
)
from ptclnm.models.validation import patient_scores

# Epochs in which each network, not trained before, finds a strong signal in 56 patients' images;
# one that is new to the table gets as many as the slowest.
EPOCHS = {
    "AlexNet": 8, "DenseNet121": 5, "Inception_v3": 6, "ResNet50": 8, "ResNet101": 8,
    "ViT-B/16": 8, "EfficientNet-Lite0": 25,
}  # fmt: skip
SIDES = {"AlexNet": 64, "Inception_v3": 80}


def judged(crops, plan, folder) -> tuple[training.Trained, np.ndarray, float]:
    """Train, score everyone, and give the AUC of the test patients."""
    done = train(crops, plan, folder)
    found = scores(done.network, crops, done.standard)
    test = crops.splits == "test"
    table = patient_scores(crops.patients[test], crops.labels[test], found[test])
    return done, found, roc_auc_score(table["label"], table["score"])


def state_of(done: training.Trained) -> torch.Tensor:
    return torch.cat([v.double().flatten() for v in done.network.state_dict().values()])


ALL = [n if n == "DenseNet121" else pytest.param(n, marks=pytest.mark.slow) for n in ARCHITECTURES]


@pytest.mark.parametrize("name", ALL)
def test_every_network_finds_a_strong_signal_in_patients_it_has_not_seen(
    name: str, planted, tmp_path
) -> None:
    side = SIDES.get(name, 32)
    lr = 1e-4 if name in ("AlexNet", "ViT-B/16") else 1e-3
    plan = DeepPlan(
        name, "none", side, epochs=EPOCHS.get(name, 25), batch_size=8, lr=lr, patience=0
    )
    assert judged(planted(patients=80, side=side), plan, tmp_path)[2] > 0.85


@pytest.mark.slow
def test_without_a_signal_the_mean_over_seeds_is_chance(planted, fast, tmp_path) -> None:
    found = [
        judged(planted(patients=60, signal=0.0, seed=s), replace(fast, seed=s), tmp_path / str(s))
        for s in range(12)
    ]
    aucs = np.array([auc for _, _, auc in found])
    assert abs(aucs.mean() - 0.5) < 3 * aucs.std(ddof=1) / np.sqrt(len(aucs))
    assert aucs.std(ddof=1) < 0.25


@pytest.fixture(scope="module")
def once(planted, fast, tmp_path_factory):
    """One training, and everyone's scores."""
    crops = planted()
    return crops, *judged(crops, fast, tmp_path_factory.mktemp("once"))


def test_the_same_seed_gives_the_same_scores_and_another_one_others(once, fast, tmp_path) -> None:
    crops, _, found, _ = once
    assert np.array_equal(judged(crops, fast, tmp_path / "again")[1], found)
    other = judged(crops, replace(fast, seed=1, epochs=1), tmp_path / "other")[1]
    assert not np.allclose(other, found, atol=1e-3)


def test_a_marker_on_evaluation_images_changes_nothing_trained(once, fast, tmp_path) -> None:
    crops, done, _, _ = once
    test = crops.splits == "test"
    pixels, labels = crops.pixels.copy(), crops.labels.copy()
    pixels[test] = 1e4
    labels[test] = 1 - labels[test]
    marked = replace(crops, pixels=pixels, labels=labels)
    again = train(marked, fast, tmp_path)
    assert torch.equal(state_of(again), state_of(done))
    assert again.standard == done.standard
    columns = ["loss", "inner_loss", "kept"]
    assert again.history[columns].equals(done.history[columns])


def test_an_interrupted_training_ends_as_if_it_had_not_been(
    once, fast, tmp_path, monkeypatch
) -> None:
    crops, done, _, _ = once

    class Killed(BaseException):
        """What a kill is to the process."""

    learn, seen = Learner._learn, []

    def killed(self, images, epoch) -> float:
        if epoch == 2:
            raise Killed
        return learn(self, images, epoch)

    monkeypatch.setattr(Learner, "_learn", killed)
    with pytest.raises(Killed):
        train(crops, fast, tmp_path, every=0)

    def watched(self, images, epoch) -> float:
        seen.append(epoch)
        return learn(self, images, epoch)

    monkeypatch.setattr(Learner, "_learn", watched)
    again = train(crops, fast, tmp_path, every=0)
    assert seen == [2], "epochs done before the kill are not done again"
    assert torch.equal(state_of(again), state_of(done))
    assert again.history.drop(columns="seconds").equals(done.history.drop(columns="seconds"))


def test_a_training_that_was_killed_after_its_end_learns_nothing_more(
    planted, fast, tmp_path, monkeypatch
) -> None:
    crops = planted(patients=20, signal=0.0)
    for name, plan in (("all", replace(fast, epochs=2)),
                       ("early", replace(fast, epochs=9, patience=1, lr=0.02))):  # fmt: skip
        done = train(crops, plan, tmp_path / name, every=0)
        with monkeypatch.context() as patched:
            patched.setattr(Learner, "_learn", None)
            again = train(crops, plan, tmp_path / name, every=0)
        assert again.history.equals(done.history) and len(done.history) < 9
        assert torch.equal(state_of(again), state_of(done))


def test_early_stopping_keeps_the_weights_of_the_least_inner_loss(planted, fast, tmp_path) -> None:
    plan = replace(fast, epochs=12, patience=1, lr=0.02)
    history = train(planted(signal=0.0), plan, tmp_path).history
    kept = history.index[history["kept"]]
    assert list(kept) == [history["inner_loss"].idxmin()]
    assert len(history) < 12 and len(history) - 1 - kept[0] == 1


def test_inner_patients_are_whole_and_of_both_classes(planted, fast) -> None:
    crops = planted(patients=30, images=3).train
    fitted, inner = inner_split(crops, fast)
    assert not set(fitted.patients) & set(inner.patients)
    assert len(fitted.labels) + len(inner.labels) == len(crops.labels)
    assert set(fitted.labels) == set(inner.labels) == {0, 1}


@pytest.mark.parametrize("patients", [10, 40, 80])
def test_the_share_that_is_set_aside_is_a_fifth_of_each_class(patients: int, planted, fast) -> None:
    crops = planted(patients=patients)
    _, inner = inner_split(crops.train, replace(fast, batch_size=2))
    names = {int(k): len(set(inner.patients[inner.labels == k])) for k in (0, 1)}
    whole = {int(k): len(set(crops.train.patients[crops.train.labels == k])) for k in (0, 1)}
    assert names == {k: max(round(0.2 * n), 1) for k, n in whole.items()}


def test_the_last_epoch_can_be_kept_and_a_loss_that_is_no_number_is_not(fast) -> None:
    for last, kept in ((False, 1), (True, 2)):
        head = torch.nn.Sequential(torch.nn.Linear(1, 1))
        learner = Learner(head, replace(fast, keep_last=last), np.array([0, 1]))
        for epoch, loss in enumerate((float("nan"), 0.5, 0.7)):
            learner.note({"epoch": epoch}, loss)
        assert learner.best["epoch"] == kept


def test_the_input_has_the_spread_that_the_weights_know(planted) -> None:
    train = planted().train
    for name, spread in (("ResNet50", 1.0), ("EfficientNet-Lite0", 0.5)):
        mean, sd = training.standard_of(train, name)
        assert ((train.pixels - mean) / sd).std() == pytest.approx(spread, rel=1e-4)


def test_a_frozen_network_changes_in_its_last_layer_only(planted, fast, tmp_path) -> None:
    plan = replace(fast, freeze=True, weights="imagenet", epochs=1)
    before = training.network(plan.architecture, "imagenet", 32, 0)[0].state_dict()
    after = train(planted(), plan, tmp_path).network.state_dict()
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"classifier.weight", "classifier.bias"}


def test_batches_hold_everyone_once_an_epoch_and_none_alone() -> None:
    first, other, again = (
        [list(rows) for rows in in_chance_order(36, 7, 3, epoch)] for epoch in (0, 1, 0)
    )
    assert sorted(sum(first, [])) == list(range(36))
    assert {len(rows) for rows in first} == {6}
    assert other != first and again == first


@given(st.integers(2, 60), st.integers(2, 80))
def test_no_image_is_alone_in_a_batch_whatever_the_numbers(n: int, size: int) -> None:
    parts = [list(rows) for rows in in_chance_order(n, size, 0, 0)]
    assert min(map(len, parts)) >= 2
    assert sorted(sum(parts, [])) == list(range(n))


def test_evaluation_sees_every_image_once_and_in_order(planted) -> None:
    crops = planted(patients=11)
    for size in (1, 4, 11, 20):
        parts = list(in_order(crops, (100.0, 20.0), size))
        assert max(map(len, parts)) <= size
        seen = torch.cat(parts).numpy()
        assert seen[:, 1] == pytest.approx((crops.pixels - 100) / 20, abs=1e-5)


def test_data_that_cannot_be_trained_on_are_named(planted, fast, tmp_path) -> None:
    crops = planted(patients=20)
    one = replace(crops, labels=np.where(crops.splits == "train", 0, crops.labels))
    with pytest.raises(ParameterError, match="0 patients with the outcome and 14 without"):
        train(one, fast, tmp_path)


def test_random_numbers_are_those_of_their_key() -> None:
    torch.manual_seed(1)
    first = torch.rand(3, generator=generator(0, 13, 2))
    torch.manual_seed(2)
    assert torch.equal(torch.rand(3, generator=generator(0, 13, 2)), first)
    assert not torch.equal(torch.rand(3, generator=generator(0, 13, 3)), first)

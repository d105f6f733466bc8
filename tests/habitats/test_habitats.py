"""Habitats: found without the outcome, the same whatever lies outside, beside a known truth."""

from dataclasses import replace
from types import SimpleNamespace

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy import ndimage

from ptclnm import cohorts
from ptclnm.errors import ParameterError
from ptclnm.habitats import clusters, pictures
from ptclnm.habitats.clusters import HabitatError, Habitats
from ptclnm.habitats.truth import (
    beside_truth,
    echo_agreement,
    enrichment,
    near_calcifications,
)
from ptclnm.schema import Cohort

SIDE = 48


def disc(radius: float = 18.0, at: tuple[float, float] = (24, 24)) -> np.ndarray:
    rows, cols = np.indices((SIDE, SIDE))
    return (rows - at[0]) ** 2 + (cols - at[1]) ** 2 <= radius**2


def halves(rng: np.random.Generator, dark: float = 60.0, bright: float = 140.0) -> np.ndarray:
    """A picture whose left half is dark and whose right half is bright."""
    picture = np.where(np.arange(SIDE)[None, :] < SIDE // 2, dark, bright)
    return picture + rng.normal(0, 8, (SIDE, SIDE))


def test_window_means_and_sds_are_those_of_the_region_alone() -> None:
    rng = np.random.default_rng(0)
    picture, mask = rng.normal(100, 20, (SIDE, SIDE)), disc()
    found = clusters.local_features(picture, mask)
    row, col = 24, 41  # at the edge
    weight = np.zeros((SIDE, SIDE))
    weight[row, col] = 1.0
    weight = ndimage.gaussian_filter(weight, clusters.COARSE, mode="constant", truncate=3.0) * mask
    mean = (weight * picture).sum() / weight.sum()
    sd = np.sqrt((weight * (picture - mean) ** 2).sum() / weight.sum())
    at = int(mask[:row].sum() + mask[row, :col].sum())
    assert found[at, 1] == pytest.approx(mean, rel=1e-9)
    assert found[at, 3] == pytest.approx(sd, rel=1e-6)


@settings(max_examples=20)
@given(outside=arrays(float, (SIDE, SIDE), elements=st.floats(-500, 500)), add=st.floats(-50, 50))
def test_what_lies_outside_the_region_changes_nothing_and_gain_moves_means_alone(
    outside: np.ndarray, add: float
) -> None:
    picture, mask = halves(np.random.default_rng(1)), disc()
    one = clusters.local_features(picture, mask)
    two = clusters.local_features(np.where(mask, picture, outside), mask)
    np.testing.assert_allclose(one, two, atol=1e-6)
    brighter = clusters.local_features(picture + add, mask)
    np.testing.assert_allclose(brighter[:, :2], one[:, :2] + add, atol=1e-6)
    np.testing.assert_allclose(brighter[:, 2:], one[:, 2:], atol=1e-4)


def fitted(k: int = 2, seed: int = 0) -> Habitats:
    rng = np.random.default_rng(3)
    own = {f"i{n}": clusters.local_features(halves(rng), disc()) for n in range(6)}
    return clusters.fit(clusters.sample(own, own, seed), k, seed)


def test_two_halves_are_two_habitats_the_dark_one_first() -> None:
    picture, mask = halves(np.random.default_rng(9)), disc()
    found = fitted().map(picture, mask)
    left = np.arange(SIDE)[None, :] < SIDE // 2
    assert (found[~mask] == clusters.OUTSIDE).all()
    far = mask & (np.abs(np.arange(SIDE)[None, :] - SIDE / 2) > 4)
    assert (found[far & left] == 0).mean() > 0.95
    assert (found[far & ~left] == 1).mean() > 0.95
    table = fitted().table()
    assert table["mean, fine"].is_monotonic_increasing


def test_the_number_of_habitats_is_that_of_well_parted_clusters() -> None:
    rng = np.random.default_rng(0)
    centres = 40 * np.eye(6)[:4]
    pixels = np.concatenate([c + rng.normal(size=(200, 6)) for c in centres])
    judged = clusters.judge(pixels, range(2, 8))
    assert judged.loc[judged["chosen"], "k"].tolist() == [4]
    with pytest.raises(ParameterError, match="k is \\[1\\]"):
        clusters.judge(pixels, [1, 2])


def test_the_sample_does_not_depend_on_the_order_of_pictures() -> None:
    rng = np.random.default_rng(0)
    own = {name: rng.normal(size=(80, 6)) for name in ("b", "a", "ü")}
    turned = dict(reversed(own.items()))
    np.testing.assert_array_equal(
        clusters.sample(own, ["b", "ü"], 4), clusters.sample(turned, ["ü", "b"], 4)
    )


def test_dice_and_matching_know_relabelled_maps() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(-1, 4, (30, 30))
    renamed = np.array([2, 0, 3, 1, -1])[first]  # -1 picks the last
    back = clusters.matched(first, renamed, 4)
    np.testing.assert_array_equal(back, first)
    np.testing.assert_array_equal(clusters.dice(first, back, 4), np.ones(4))
    moved = np.roll(first == 0, 1, axis=0)
    one = clusters.dice(first, np.where(moved, 0, 9), 1)[0]
    assert one == pytest.approx(2 * ((first == 0) & moved).sum() / (2 * moved.sum()))


def test_shares_add_up_to_one_and_an_empty_region_is_an_error() -> None:
    centres = np.repeat([[-1.0], [0.0], [1.0]], 6, axis=1)
    model = Habitats(np.zeros(6), np.ones(6), centres)
    features = {"a": np.repeat(centres[:2], 3, axis=0), "b": centres[[2, 2]]}
    table = pictures.shares(features, model)
    assert table["image_id"].tolist() == ["a", "b"]
    assert table[["H1", "H2", "H3"]].to_numpy().tolist() == [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    with pytest.raises(HabitatError, match="with 0 pixels"):
        clusters.local_features(np.zeros((4, 4)), np.zeros((4, 4), bool))


@pytest.fixture
def cohort(tmp_path):
    """The function that writes a cohort of discs: bright grains in the outcome's class."""

    def write(spoilt: bool = False, folder: str = "") -> Cohort:
        rows = []
        folder = tmp_path / (folder or str(spoilt))
        folder.mkdir()
        for number in range(18):
            split, label = ("train", "train", "internal")[number % 3], number % 2
            rng = np.random.default_rng(number)
            picture = halves(rng) if label else rng.normal(90, 10, (SIDE, SIDE))
            if spoilt and split != "train":
                picture = 255.0 * rng.integers(0, 2, (SIDE, SIDE))
            paths = [folder / f"{kind}{number}.png" for kind in ("image", "mask")]
            for path, array in zip(paths, (picture, 255 * disc()), strict=True):
                Image.fromarray(np.clip(array, 0, 255).astype(np.uint8)).save(path)
            name = f"p{number:02d}"
            rows.append((name, name, *map(str, paths), split, "A", label))
        columns = ["patient_id", "image_id", "image", "mask", "split", "center", "label"]
        table = pd.DataFrame(rows, columns=columns)
        return Cohort("discs", "Discs", "own", "a label", table, (), pd.DataFrame(), "x")

    return write


def of_training(cohort: Cohort, k: int = 2) -> tuple[dict, list[str], Habitats]:
    """Features of all pictures, the training pictures, and habitats fitted on these."""
    features = pictures.described(cohort, n_jobs=1)
    train = cohort.table.loc[cohort.table["split"] == "train", "image_id"].tolist()
    return features, train, clusters.fit(clusters.sample(features, train), k)


def test_habitats_are_fitted_on_training_pictures_alone(cohort) -> None:
    (one, _, plain), (two, _, spoilt) = (of_training(cohort(s)) for s in (False, True))
    np.testing.assert_array_equal(plain.centres, spoilt.centres)
    assert not pictures.shares(one, plain).equals(pictures.shares(two, spoilt))


def test_masks_of_a_few_pixels_are_named(cohort) -> None:
    made = cohort()
    few = np.zeros((SIDE, SIDE), np.uint8)
    few[:4, :6] = 255
    Image.fromarray(few).save(made.table["mask"].iloc[3])
    with pytest.raises(HabitatError, match="fewer than 25 pixels: p03$"):
        pictures.described(made, n_jobs=1)


def test_no_change_is_perfectly_stable_and_a_larger_shift_is_less_so(cohort, monkeypatch) -> None:
    made = cohort()
    model = of_training(made)[-1]
    moves = {"none": lambda a, m: (a, m)} | {
        f"{by}": lambda a, m, by=by: (a, np.roll(m, by, axis=0)) for by in (1, 3)
    }
    monkeypatch.setattr(pictures, "changes", lambda: moves)
    found = pictures.stability(made, model, ["p01", "p03"], n_jobs=1)
    mean = found.groupby("change")["dice"].mean()
    assert mean["none"] == 1.0
    assert 1.0 > mean["1"] > mean["3"] > 0.5


def test_fitted_again_on_another_half_the_same_two_halves_come_out(cohort) -> None:
    made = cohort()
    features, train, model = of_training(made)
    found = pictures.refitted(features, model, train, ["p01", "p03"], seed=7)
    assert found["dice"].mean() > 0.95


def test_enrichment_and_agreement_with_a_known_truth() -> None:
    found = pd.DataFrame(
        [("a", "H1", 50, 0, 20.0, -9.0), ("a", "H2", 50, 10, 60.0, -2.0),
         ("b", "H1", 80, 0, 70.0, -8.0), ("b", "H2", 20, 0, 90.0, -4.0)],
        columns=["image_id", "habitat", "pixels", "near", "grey", "echogenicity_db"],
    )  # fmt: skip
    table = enrichment(found).set_index("habitat")
    assert table["pictures"].tolist() == [1, 1], "b has no microcalcification"
    assert table["enrichment"].tolist() == [0.0, 2.0]
    assert table.loc["H2", "auc"] == pytest.approx((1 + 1 - 40 / 90) / 2)
    agreement = echo_agreement(found)
    assert agreement["between"] == pytest.approx(0.4)
    assert agreement["within"] > 0.9, "b is brighter on the whole: a gain, not an echo"


def test_without_pictures_of_known_truth_there_is_nothing_to_measure(cohort) -> None:
    made = cohort()
    measured = beside_truth(made, of_training(made)[-1], [])
    assert measured.empty and enrichment(measured).empty


def test_pixels_near_a_small_calcification_are_those_within_its_edge_and_a_quarter_mm() -> None:
    known = SimpleNamespace(
        calcifications=np.array([[24.0, 24.0], [24.0, 40.0]]),
        calcification_mm=np.array([0.5, 2.0]),
    )
    found = near_calcifications(known, 0.1, disc())
    rows, cols = np.indices((SIDE, SIDE))
    np.testing.assert_array_equal(found, (rows - 24) ** 2 + (cols - 24) ** 2 <= 25)
    assert not near_calcifications(known, 0.1, ~disc(30)).any(), "outside the nodule none counts"


@pytest.mark.slow
def test_habitats_of_simulated_nodules_find_echo_and_microcalcifications() -> None:
    opened = cohorts.open("ni2024-sim", n_patients=60, seed=1)
    features, train, _ = of_training(opened)
    drawn = clusters.sample(features, train)
    judged = clusters.judge(drawn, range(2, 6))
    model = clusters.fit(drawn, int(judged.loc[judged["chosen"], "k"].iloc[0]))
    ids = opened.patients["image_id"].tolist()
    found = beside_truth(opened, model, ids, n_jobs=1)
    agreement = echo_agreement(found)
    assert agreement["within"] > 0.7 and agreement["between"] > 0.5
    assert enrichment(found)["enrichment"].max() > 2
    dealt = found.assign(near=found.groupby("image_id")["pixels"].transform(
        lambda n: n / n.sum() * 100))  # fmt: skip
    assert enrichment(dealt)["enrichment"].tolist() == pytest.approx([1.0] * model.k)


def test_of_a_mask_with_several_labels_the_cohorts_own_is_read(cohort) -> None:
    made = cohort()
    for path in made.table["mask"]:
        drawn = np.asarray(Image.open(path)).copy()
        drawn[:6, :6] = 7  # a lymph node beside the nodule
        Image.fromarray(drawn).save(path)
    own, both = (replace(made, mask_label=label) for label in (255, "any"))
    plain = pictures.described(cohort(folder="plain"), n_jobs=1)
    for name, values in pictures.described(own, n_jobs=1).items():
        np.testing.assert_array_equal(values, plain[name])
    assert len(pictures.described(both, n_jobs=1)["p00"]) > len(plain["p00"])

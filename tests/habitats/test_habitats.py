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
from sklearn.pipeline import Pipeline

from ptclnm import cohorts
from ptclnm.cohorts.simulate import truth
from ptclnm.habitats import clusters
from ptclnm.habitats.clusters import HabitatError
from ptclnm.habitats.truth import enrichment, near_calcifications
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


def fitted(k: int = 2, seed: int = 0) -> Pipeline:
    rng = np.random.default_rng(3)
    own = {f"i{n}": clusters.local_features(halves(rng), disc()) for n in range(6)}
    return clusters.fit(clusters.sample(own, own, seed), k, seed)


def test_two_halves_are_two_habitats_the_dark_one_first() -> None:
    picture, mask = halves(np.random.default_rng(9)), disc()
    found = clusters.mapped(fitted(), picture, mask)
    left = np.arange(SIDE)[None, :] < SIDE // 2
    assert (found[~mask] == clusters.OUTSIDE).all()
    far = mask & (np.abs(np.arange(SIDE)[None, :] - SIDE / 2) > 4)
    assert (found[far & left] == 0).mean() > 0.95
    assert (found[far & ~left] == 1).mean() > 0.95
    assert clusters.names_of(fitted(4)) == ["H1", "H2", "H3", "H4"]
    assert (np.diff(fitted(4)[-1].cluster_centers_[:, 0]) > 0).all()


def test_the_best_silhouette_is_that_of_well_parted_clusters() -> None:
    rng = np.random.default_rng(0)
    centres = 40 * np.eye(6)[:4]
    pixels = np.concatenate([c + rng.normal(size=(200, 6)) for c in centres])
    parted = {k: clusters.silhouette(clusters.fit(pixels, k), pixels) for k in range(2, 8)}
    assert max(parted, key=parted.get) == 4


def test_the_sample_does_not_depend_on_the_order_of_pictures() -> None:
    rng = np.random.default_rng(0)
    own = {name: rng.normal(size=(80, 6)) for name in ("b", "a", "ü")}
    turned = dict(reversed(own.items()))
    np.testing.assert_array_equal(
        clusters.sample(own, ["b", "ü"], 4), clusters.sample(turned, ["ü", "b"], 4)
    )


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


def of_training(cohort: Cohort) -> tuple[dict, Pipeline]:
    """Features of all pictures, and two habitats fitted on the training pictures."""
    features = clusters.described(cohort, n_jobs=1)
    train = cohort.table.loc[cohort.table["split"] == "train", "image_id"].tolist()
    return features, clusters.fit(clusters.sample(features, train), 2)


def test_habitats_are_fitted_on_training_pictures_alone(cohort) -> None:
    (one, plain), (two, spoilt) = (of_training(cohort(s)) for s in (False, True))
    np.testing.assert_array_equal(plain[-1].cluster_centers_, spoilt[-1].cluster_centers_)
    assert not np.array_equal(plain.predict(one["p02"]), spoilt.predict(two["p02"]))


def test_masks_of_a_few_pixels_are_named(cohort) -> None:
    made = cohort()
    few = np.zeros((SIDE, SIDE), np.uint8)
    few[:4, :6] = 255
    Image.fromarray(few).save(made.table["mask"].iloc[3])
    with pytest.raises(HabitatError, match="fewer than 25 pixels: p03$"):
        clusters.described(made, n_jobs=1)


def test_pixels_near_a_small_calcification_are_those_within_its_edge_and_a_quarter_mm() -> None:
    known = SimpleNamespace(
        calcifications=np.array([[24.0, 24.0], [24.0, 40.0]]),
        calcification_mm=np.array([0.5, 2.0]),
    )
    found = near_calcifications(known, 0.1, disc())
    rows, cols = np.indices((SIDE, SIDE))
    np.testing.assert_array_equal(found, (rows - 24) ** 2 + (cols - 24) ** 2 <= 25)
    assert not near_calcifications(known, 0.1, ~disc(30)).any(), "outside the nodule none counts"


def test_enrichment_is_the_share_near_microcalcifications_over_that_of_the_nodule(
    cohort, monkeypatch
) -> None:
    made = cohort()
    _, model = of_training(made)
    left, none = np.array([[24.0, 12.0]]), np.zeros((0, 2))
    monkeypatch.setattr(truth, "render_again", lambda _, name: SimpleNamespace(
        spacing_mm=0.1, truth=SimpleNamespace(
            calcifications=left if name == "p01" else none,
            calcification_mm=np.full(int(name == "p01"), 0.5))))  # fmt: skip
    table = enrichment(made, model, ["p01", "p03"], n_jobs=1).set_index("habitat")
    assert (table["pictures"] == 1).all(), "p03 has no microcalcification"
    assert table["share"].sum() == table["share_near"].sum() == pytest.approx(1.0)
    assert table.loc["H1", "share_near"] == 1.0, "p01 is dark on the left"
    assert table.loc["H1", "enrichment"] == pytest.approx(1 / table.loc["H1", "share"])
    nothing = enrichment(made, model, ["p03"], n_jobs=1)
    assert nothing["enrichment"].isna().all() and not nothing["pictures"].any()


@pytest.mark.slow
def test_habitats_of_simulated_nodules_find_microcalcifications() -> None:
    opened = cohorts.open("ni2024-sim", n_patients=60, seed=1)
    _, model = of_training(opened)
    ids = opened.patients["image_id"].tolist()
    assert enrichment(opened, model, ids, n_jobs=1)["enrichment"].max() > 1.5


def test_of_a_mask_with_several_labels_the_cohorts_own_is_read(cohort) -> None:
    made = cohort()
    for path in made.table["mask"]:
        drawn = np.asarray(Image.open(path)).copy()
        drawn[:6, :6] = 7  # a lymph node beside the nodule
        Image.fromarray(drawn).save(path)
    own, both = (replace(made, mask_label=label) for label in (255, "any"))
    plain = clusters.described(cohort(folder="plain"), n_jobs=1)
    for name, values in clusters.described(own, n_jobs=1).items():
        np.testing.assert_array_equal(values, plain[name])
    assert len(clusters.described(both, n_jobs=1)["p00"]) > len(plain["p00"])

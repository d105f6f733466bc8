"""Arms differ in their pictures alone, and a network trained on train does not know the rest."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ptclnm import store
from ptclnm.features import extract
from ptclnm.models import zoo
from ptclnm.models.data import ImageData
from ptclnm.models.radiomics import stored_fits
from ptclnm.pictures.read import read_image
from ptclnm.schema import Cohort
from ptclnm.superres.arms import arm_crops
from ptclnm.superres.filters import unsharp
from ptclnm.superres.pictures import training_pictures
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.training import Trained, train

SMALL = SRPlan(scale=2, blocks=1, channels=4, epochs=1, patch_size=16)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def cohort(folder: Path, picture_cohort) -> Cohort:
    return picture_cohort(folder / "a")


@pytest.fixture
def other(folder: Path, picture_cohort) -> Cohort:
    """The same cohort with other pictures of the patients outside the training set."""
    return picture_cohort(folder / "b", changed=("p4", "p5"))


def trained(cohort: Cohort, plan: SRPlan = SMALL) -> Trained:
    return train(training_pictures(cohort, plan, 1), plan)


def weights(made: Trained) -> bytes:
    return (made.entry / store.ARRAYS).read_bytes()


def pictures_of(cohort: Cohort, change=lambda image: image) -> dict[str, np.ndarray]:
    return {row.image_id: change(read_image(row.image).array) for row in cohort.table.itertuples()}


def test_super_resolution_does_not_change_with_the_pictures_of_other_sets(cohort, other) -> None:
    one, two = trained(cohort), trained(other)
    assert weights(one) == weights(two)
    before, after = pictures_of(cohort, one), pictures_of(other, two)
    for name in ("p0_1", "p3_1"):
        np.testing.assert_array_equal(before[name], after[name])
    assert np.abs(before["p4_1"] - after["p4_1"]).max() > 1


def test_with_the_leak_it_does(cohort, other) -> None:
    leak = replace(SMALL, train_on="all")
    one, two = trained(cohort, leak), trained(other, leak)
    assert one.plan.leaks and not SMALL.leaks
    assert weights(one) != weights(two)


def test_pictures_of_every_arm_have_the_originals_size_and_scale(cohort) -> None:
    originals = pictures_of(cohort)
    for change in (unsharp, trained(cohort)):
        for name, picture in pictures_of(cohort, change).items():
            assert picture.shape == originals[name].shape
            assert 0 <= picture.min() and picture.max() <= 255
            assert abs(picture.mean() - originals[name].mean()) < 5
            assert np.abs(picture - originals[name]).max() > 0.5


def test_pictures_are_kept_by_their_content(folder: Path, cohort) -> None:
    made = trained(cohort)
    first = pictures_of(cohort, made)
    kept = sorted(folder.glob("superres_pictures/*/arrays.npz"))
    assert len(kept) == len(first)
    whole = bytearray(kept[0].read_bytes())
    whole[len(whole) // 2] ^= 1
    for content in (b"damaged", whole):
        kept[0].write_bytes(content)
        with pytest.warns(UserWarning, match="damaged"):
            again = pictures_of(cohort, made)
        for name in first:
            np.testing.assert_array_equal(first[name], again[name])


def test_shape_features_are_the_same_on_every_arm(cohort) -> None:
    restore = trained(cohort)
    before, after = (extract(cohort, "single_slice", change=make) for make in (None, restore))
    shape = [name for name in before if "_shape" in name]
    rest = [name for name in before if "firstorder" in name]
    assert shape and (before[shape] == after[shape]).all(axis=None)
    assert not (before[rest] == after[rest]).all(axis=None)


def test_an_arms_crop_is_cut_where_page_03_cuts(cohort) -> None:
    restore = trained(cohort)
    first, other = (arm_crops(cohort, make, 32, n_jobs=1) for make in (None, restore))
    np.testing.assert_array_equal(first.masks, other.masks)
    assert list(first.image_ids) == list(other.image_ids)
    small = np.abs(first.pixels - other.pixels).mean()
    assert 0 < small < 0.3 * np.abs(first.pixels - first.pixels.mean()).mean()


def random_data(seed: int = 0) -> ImageData:
    rng = np.random.default_rng(seed)
    n = 60
    labels = np.tile([0, 1], n // 2)
    X = rng.normal(size=(n, 12))
    X[:, :3] += labels[:, None]
    patients = np.array([f"p{i:02d}" for i in range(n)])
    splits = np.where(np.arange(n) < 40, "train", "test")
    return ImageData(X, tuple(f"f{i}" for i in range(12)), labels, patients, splits)


def test_scores_are_those_of_page_02_on_the_same_features(tmp_path: Path) -> None:
    data = random_data()
    plan = zoo.Plan("li2024", ("SVM", "KNN"), folds=2, bootstraps=0)
    found = stored_fits(data, plan, tmp_path)["predictions"]
    whole = zoo.run_zoo(data, replace(plan, classifiers=("LR", "SVM", "KNN"), bootstraps=2), 1)
    same = whole["predictions"][whole["predictions"]["model"].isin(["SVM", "KNN"])]
    pd.testing.assert_frame_equal(found, same.reset_index(drop=True))
    (path,) = tmp_path.glob("fits/*/predictions.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="predictions.parquet changed since written"):
        again = stored_fits(data, plan, tmp_path)["predictions"]
    pd.testing.assert_frame_equal(found, again)

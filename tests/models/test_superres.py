"""Arms differ in their pictures alone, and a network trained on train does not know the rest."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from scipy import ndimage

from ptclnm import store
from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import ParameterError
from ptclnm.imaging.superres.stored import WEIGHTS
from ptclnm.models import superres, zoo
from ptclnm.models.data import ImageData
from ptclnm.models.radiomics import stored_fits
from ptclnm.pictures.read import read_image, read_mask

SMALL = {
    "study": "li2024", "scale": 2, "blocks": 1, "channels": 4, "sr_epochs": 1, "patch_size": 16,
    "n_jobs": 1, "seed": 0,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    return tmp_path


def make_cohort(folder: Path, patients: int = 6, changed: tuple[str, ...] = ()) -> Cohort:
    """Write a cohort of pictures; those of the patients named in `changed` are others."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for i in range(patients):
        name = f"p{i}"
        rng = np.random.default_rng([i, name in changed])
        picture = np.clip(110 + 40 * ndimage.gaussian_filter(rng.normal(size=(48, 60)), 1), 0, 255)
        mask = np.zeros(picture.shape, dtype=np.uint8)
        mask[14:34, 18:44] = 1
        files = {"image": folder / f"{name}.png", "mask": folder / f"{name}.nii.gz"}
        sitk.WriteImage(sitk.GetImageFromArray(picture.astype(np.uint8)), str(files["image"]))
        sitk.WriteImage(sitk.GetImageFromArray(mask), str(files["mask"]))
        rows.append(
            {"patient_id": name, "image_id": f"{name}_1", "split": "test" if i >= 4 else "train",
             "center": "", "label": i % 2} | {key: str(path) for key, path in files.items()}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    return Cohort("mine", "Mine", "own", "x", table, (), pd.DataFrame(), str(changed))


def pictures_of(cohort: Cohort, made: superres.SuperRes, arm: str) -> dict[str, np.ndarray]:
    maker = made.arm(arm)
    return {
        row.image_id: maker(row.image_id, read_image(row.image).array, read_mask(row.mask))
        for row in cohort.table.itertuples()
    }


def test_super_resolution_does_not_change_with_the_pictures_of_other_sets(folder: Path) -> None:
    first = make_cohort(folder / "a")
    other = make_cohort(folder / "b", changed=("p4", "p5"))
    one, two = (superres.super_resolution(cohort, SMALL) for cohort in (first, other))
    assert (one.gan / WEIGHTS).read_bytes() == (two.gan / WEIGHTS).read_bytes()
    before, after = pictures_of(first, one, "sr"), pictures_of(other, two, "sr")
    for name in ("p0_1", "p3_1"):
        np.testing.assert_array_equal(before[name], after[name])
    assert np.abs(before["p4_1"] - after["p4_1"]).max() > 1


def test_with_the_leak_it_does(folder: Path) -> None:
    first = make_cohort(folder / "a")
    other = make_cohort(folder / "b", changed=("p4", "p5"))
    leak = SMALL | {"train_on": "all"}
    one, two = (superres.super_resolution(cohort, leak) for cohort in (first, other))
    assert one.plan.leaks
    assert (one.gan / WEIGHTS).read_bytes() != (two.gan / WEIGHTS).read_bytes()
    assert superres.sr_plan_of(SMALL).leaks is False


def test_pictures_of_every_arm_have_the_originals_size_and_scale(folder: Path) -> None:
    cohort = make_cohort(folder / "a")
    made = superres.super_resolution(cohort, SMALL)
    originals = pictures_of(cohort, made, "or")
    for arm in ("sr", "sr_pixel", "restored", "unsharp", "denoised", "shuffled"):
        for name, picture in pictures_of(cohort, made, arm).items():
            assert picture.shape == originals[name].shape and picture.dtype == np.float64
            assert 0 <= picture.min() and picture.max() <= 255
            assert abs(picture.mean() - originals[name].mean()) < 5
            assert np.abs(picture - originals[name]).max() > 0.5, arm


def test_pictures_are_kept_by_their_content(folder: Path, monkeypatch) -> None:
    cohort = make_cohort(folder / "a")
    made = superres.super_resolution(cohort, SMALL)
    first = pictures_of(cohort, made, "sr")
    kept = sorted(folder.glob("superres_pictures/*/arrays.npz"))
    assert len(kept) == len(first)
    whole = bytearray(kept[0].read_bytes())
    whole[len(whole) // 2] ^= 1
    for content in (b"damaged", whole):
        kept[0].write_bytes(content)
        with pytest.warns(UserWarning, match="damaged"):
            again = pictures_of(cohort, made, "sr")
        for name in first:
            np.testing.assert_array_equal(first[name], again[name])
    network = bytearray((made.gan / WEIGHTS).read_bytes())
    network[len(network) // 2] ^= 1
    for content in (network[:-1], network):
        (made.gan / WEIGHTS).write_bytes(content)
        assert store.damage(made.gan) == [WEIGHTS]  # and what is damaged is trained again


def test_shape_features_are_the_same_on_every_arm(folder: Path) -> None:
    cohort = make_cohort(folder / "a")
    made = superres.super_resolution(cohort, SMALL)
    settings = SMALL | {"settings": "single_slice"}
    before, after = (superres.arm_features(cohort, made, arm, settings) for arm in ("or", "sr"))
    shape = [name for name in before if "_shape" in name]
    rest = [name for name in before if "firstorder" in name]
    assert shape and (before[shape] == after[shape]).all(axis=None)
    assert not (before[rest] == after[rest]).all(axis=None)


def test_an_arms_crop_is_cut_where_page_03_cuts(folder: Path) -> None:
    cohort = make_cohort(folder / "a")
    made = superres.super_resolution(cohort, SMALL)
    first, other = (superres.arm_crops(cohort, made, arm, 32, 0.1, SMALL) for arm in ("or", "sr"))
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
    plan = superres.zoo_plan_of({"study": "li2024", "sr_models": ["SVM", "KNN"], "folds": 2})
    found = stored_fits(data, plan, tmp_path)["predictions"]
    whole = zoo.run_zoo(data, replace(plan, classifiers=("LR", "SVM", "KNN"), bootstraps=2), 1)
    same = whole["predictions"][whole["predictions"]["model"].isin(["SVM", "KNN"])]
    pd.testing.assert_frame_equal(found, same.reset_index(drop=True))
    (path,) = tmp_path.glob("fits/*/predictions.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="predictions.parquet changed since written"):
        again = stored_fits(data, plan, tmp_path)["predictions"]
    pd.testing.assert_frame_equal(found, again)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sr_models": ["SVN"]}, "did you mean 'SVM'"),
        ({"sr_models": []}, "name one at least"),
        ({"scale": 3}, "allowed: 2, 4"),
    ],
)
def test_what_is_misspelt_is_named(changed: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        superres.models_of(SMALL | changed), superres.sr_plan_of(SMALL | changed)


def test_classifiers_and_deep_models_are_told_apart() -> None:
    asked = {"sr_models": ["ResNet101", "SVM", "DenseNet121", "SVM"]}
    assert superres.models_of(asked) == (("SVM",), ("ResNet101", "DenseNet121"))

"""Crops: the rectangle of the mask, whatever the pictures are stored as, cut once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ptclnm.models.deep import crops as module
from ptclnm.models.deep.crops import Crops, CropsError, crops, rectangle, resized
from ptclnm.schema import Cohort


def write(array: np.ndarray, path: Path) -> str:
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return str(path)


@pytest.fixture
def cohort(tmp_path) -> Cohort:
    """Four pictures of three patients, ids in no order."""
    rng = np.random.default_rng(0)
    rows = []
    for number, (patient, image) in enumerate([("b", 2), ("a", 1), ("b", 1), ("c", 1)]):
        picture = rng.integers(0, 256, (60, 80)).astype(np.uint8)
        mask = np.zeros((60, 80), np.uint8)
        mask[20 : 40 + number, 10:50] = 255
        name = f"{patient}_{image}"
        rows.append(
            {"patient_id": patient, "image_id": name, "split": "train", "center": "",
             "label": int(patient == "b"), "image": write(picture, tmp_path / f"{name}.png"),
             "mask": write(mask, tmp_path / f"{name}.nii.gz")}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    return Cohort("mine", "Mine", "own", "x", table, (), pd.DataFrame(), "print")


def same(first: Crops, second: Crops) -> bool:
    return all(np.array_equal(getattr(first, n), getattr(second, n)) for n in vars(first))


@given(arrays(bool, (9, 13)), st.floats(0, 1))
def test_the_rectangle_holds_the_mask_and_touches_it_on_every_side(mask, margin) -> None:
    box = rectangle(mask)
    assert (box is None) == (not mask.any())
    if box is None:
        return
    top, left, bottom, right = map(int, box)
    inside = mask[top:bottom, left:right]
    assert inside.sum() == mask.sum()
    for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
        assert edge.any()
    wide = rectangle(mask, margin)
    assert wide[0] == max(0, top - margin * (bottom - top))
    assert wide[3] == min(13, right + margin * (right - left))


def test_resizing_keeps_the_mean_and_the_places_of_things() -> None:
    picture = np.zeros((40, 80))
    picture[:20, 40:] = 8.0
    small = resized(picture, (0, 0, 40, 80), 10)
    assert small.mean() == pytest.approx(2.0, abs=0.05)
    assert small[1, 8] == 8.0 and small[8, 1] == small[1, 1] == 0
    assert np.array_equal(resized(picture, (5, 45, 15, 75), 6), np.full((6, 6), 8.0))


def test_rows_are_ordered_by_patient_and_cut_by_the_mask(cohort, tmp_path) -> None:
    found = crops(cohort, 40, folder=tmp_path / "kept", n_jobs=1)
    assert found.image_ids.tolist() == ["a_1", "b_1", "b_2", "c_1"]
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.pixels.dtype == np.float32 and found.pixels.shape == (4, 40, 40)
    assert found.masks.all(), "without a margin a rectangular nodule fills its rectangle"
    wide = crops(cohort, 40, margin=0.5, folder=tmp_path / "kept", n_jobs=1)
    assert 0.2 < wide.masks.mean() < 0.4


def test_kept_crops_are_those_that_were_cut_and_follow_the_files(
    cohort, tmp_path, monkeypatch
) -> None:
    folder = tmp_path / "kept"
    first = crops(cohort, 40, folder=folder, n_jobs=1)

    def cut(*_):
        raise AssertionError("cut again")

    monkeypatch.setattr(module, "_cut_all", cut)
    assert same(crops(cohort, 40, folder=folder, n_jobs=1), first)
    monkeypatch.undo()
    (kept,) = folder.glob("crops/*/arrays.npz")
    whole = bytearray(kept.read_bytes())
    whole[len(whole) // 2] ^= 1
    for content in (b"PK\x03\x04", whole):
        kept.write_bytes(content)
        with pytest.warns(UserWarning, match="is damaged"):
            assert same(crops(cohort, 40, folder=folder, n_jobs=1), first)
    write(np.full((60, 80), 7, np.uint8), Path(cohort.table["image"][0]))
    assert (crops(cohort, 40, folder=folder, n_jobs=1).pixels[2] == 7).all()


def test_other_grey_values_are_resized_to_the_same_side(cohort, tmp_path) -> None:
    plain = crops(cohort, 20, folder=tmp_path / "kept", n_jobs=1)
    given_ = plain.with_pixels({name: np.full((5, 7), 3.0) for name in plain.image_ids})
    assert (given_.pixels == 3).all()


def test_what_cannot_be_cut_is_named_all_at_once(cohort, tmp_path) -> None:
    table = cohort.table.copy()
    table.loc[0, "image"] = table.loc[1, "mask"] = ""
    with pytest.raises(CropsError) as caught:
        crops(replace(cohort, table=table), 40, n_jobs=1)
    assert [line.partition(":")[0] for line in caught.value.problems] == [
        "1 rows have no image", "1 rows have no mask",
    ]  # fmt: skip
    write(np.zeros((60, 80), np.uint8), Path(cohort.table["mask"][3]))
    with pytest.raises(CropsError, match="1 masks mark no pixel: c_1"):
        crops(cohort, 40, folder=tmp_path / "kept", n_jobs=1)


def test_of_a_mask_with_several_labels_the_cohorts_own_is_cut(cohort, tmp_path) -> None:
    plain = crops(cohort, 20, folder=tmp_path / "kept", n_jobs=1)
    for path in cohort.table["mask"]:
        mask = sitk.GetArrayFromImage(sitk.ReadImage(path))
        mask[50:, 70:] = 7  # a lymph node beside the nodule
        write(mask, Path(path))
    own, both = (replace(cohort, mask_label=label) for label in (255, "any"))
    assert same(crops(own, 20, folder=tmp_path / "kept", n_jobs=1), plain)
    assert not same(crops(both, 20, folder=tmp_path / "kept", n_jobs=1), plain)

"""DDTI as a cohort, on a small source made here and on the real one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import ptclnm.cohorts as cohorts
from ptclnm import store
from ptclnm.cohorts import ddti
from ptclnm.cohorts.datasets import Dataset, FetchError, dataset
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import COLUMNS

BOX = ((200, 100), (300, 100), (300, 180), (200, 180))
SMALL = ((350, 100), (390, 100), (390, 140), (350, 140))


def svg(*polygons) -> str:
    points = [", ".join(f'{{"x": {x}, "y": {y}}}' for x, y in p) for p in polygons]
    return (
        "["
        + ", ".join(
            f'{{"points": [{p}], "annotation": {{}}, "regionType": "freehand"}}' for p in points
        )
        + "]"
    )


def opened(**settings):
    return cohorts.open("ddti", **settings)


def add_plain(source, first=50):
    """Add enough plain cases for a split."""
    for k in range(4):
        source.case(first + k, "2" if k % 2 else "5", {1: (first + k, svg(BOX))})


def losses(flow: pd.DataFrame) -> dict[str, tuple[int, int]]:
    lost = flow[flow["reason"] != ""]
    return {r.reason: (r.images, r.patients) for r in lost.itertuples()}


def assert_adds_up(flow: pd.DataFrame, columns=("rows", "images", "patients")):
    lost = flow[flow["reason"] != ""]
    kept = flow[flow["step"] == "kept"].iloc[0]
    for column in columns:
        assert flow[column].iloc[0] - lost[column].sum() == kept[column]


def test_labels_follow_the_grade(source):
    for number, grade in enumerate(("2", "3", "4a", "4b", "4c", "5"), start=1):
        source.case(number, grade, {1: (number, svg(BOX))})
    table = opened().table
    assert table.set_index("patient_id")["label"].to_dict() == {
        "ddti-1": 0,
        "ddti-2": 0,
        "ddti-3": 1,
        "ddti-4": 1,
        "ddti-5": 1,
        "ddti-6": 1,
    }
    assert list(table)[: len(COLUMNS)] == list(COLUMNS)


def test_what_is_dropped_is_counted_by_reason(source):
    add_plain(source)
    source.case(1, "", {1: (1, svg(BOX))})
    source.case(2, "4a", {1: (2, ""), 2: (3, svg(BOX))})
    source.case(3, "4a", {1: (4, svg(BOX)[:90])})
    made = opened()
    assert losses(made.flow) == {
        "no TI-RADS grade": (1, 1),
        "no contour": (1, 0),
        "contour cut off in the source": (1, 1),
    }
    assert_adds_up(made.flow)
    assert "ddti-2" in set(made.table["patient_id"])


def test_cases_that_share_a_picture_are_one_patient(source):
    add_plain(source)
    source.case(8, "", {1: (80, svg(BOX)), 2: (81, svg(BOX))})
    source.case(9, "4b", {1: (80, svg(BOX)), 2: (82, svg(BOX))})
    made = opened()
    ours = made.table[made.table["patient_id"] == "ddti-8"]
    assert sorted(ours["image_id"]) == ["9_1", "9_2"]
    assert_adds_up(made.flow)
    assert losses(made.flow)["no TI-RADS grade"] == (1, 0)


def test_contours_that_leave_the_picture_are_not_taken(source):
    add_plain(source)
    source.case(1, "4a", {1: (1, svg(SMALL, [(x, y + 200) for x, y in BOX]))})
    (mask,) = opened().table.query("patient_id == 'ddti-1'")["mask"]
    assert read_mask(mask).sum() == 41 * 41


def test_a_picture_twice_in_a_case_is_kept_where_it_is_drawn_on(source):
    add_plain(source)
    source.case(5, "4a", {1: (7, ""), 2: (7, svg(BOX))})
    made = opened()
    assert "5_2" in set(made.table["image_id"])
    assert losses(made.flow) == {"the same picture twice in one case": (1, 0)}


def test_of_several_contours_the_largest_is_taken(source):
    add_plain(source)
    source.case(1, "4a", {1: (1, svg(SMALL, BOX))})
    (mask,) = opened().table.query("patient_id == 'ddti-1'")["mask"]
    assert read_mask(mask).sum() == 101 * 81


def test_crop_is_the_picture_s_own_pixels_and_free_of_text(source):
    add_plain(source)
    source.case(1, "4a", {1: (1, svg([(x, y + 115) for x, y in BOX]))})
    row = opened().table.set_index("image_id").loc["1_1"]
    crop, mask = read_image(row["image"]).array, read_mask(row["mask"])
    whole = read_image(source.root / "images/1_1.jpg").array
    assert crop.shape == mask.shape
    assert (crop == whole[215 - 15 : 310, 200 - 15 : 301 + 15]).all()
    assert mask.sum() == 101 * 81


def test_odd_ages_and_sexes_are_missing(source):
    add_plain(source)
    source.case(1, "4a", {1: (1, svg(BOX))}, age="40 ", sex="u")
    source.case(2, "4a", {1: (2, svg(BOX))}, age="?", sex="F")
    table = opened().table.set_index("patient_id")
    assert table.loc["ddti-1", "age"] == 40 and np.isnan(table.loc["ddti-2", "age"])
    assert pd.isna(table.loc["ddti-1", "sex"]) and table.loc["ddti-2", "sex"] == "F"


def test_what_the_grade_is_read_from_is_not_clinical(source):
    add_plain(source)
    assert opened().clinical == ("age", "sex")
    assert list(opened().table) == [*COLUMNS, "age", "sex"]


def test_crops_are_made_once_and_anew_when_one_is_gone(source):
    add_plain(source)
    first = opened()
    stamp = Path(first.table["image"][0]).stat().st_mtime_ns
    again = opened()
    assert Path(again.table["image"][0]).stat().st_mtime_ns == stamp
    pd.testing.assert_frame_equal(first.table, again.table)
    content = Path(first.table["mask"][1]).read_bytes()
    for damaged in (b"", content[:-1], content[:-1] + bytes([content[-1] ^ 1])):
        Path(first.table["mask"][1]).write_bytes(damaged)
        with pytest.warns(UserWarning, match="_mask.png changed since written"):
            again = opened()
        assert Path(again.table["mask"][1]).read_bytes() == content
    Path(first.table["mask"][1]).unlink()
    with pytest.warns(UserWarning, match="_mask.png changed since written"):
        assert Path(opened().table["mask"][1]).is_file()


def test_an_interrupted_making_leaves_nothing_behind(source, monkeypatch, tmp_path):
    add_plain(source)

    def stop(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ddti, "_cut", stop)
        with pytest.raises(KeyboardInterrupt):
            opened()
    assert list((tmp_path / "cache" / "cohorts").iterdir()) == []
    assert len(opened().table) == 4


def test_the_fingerprint_follows_pictures_and_settings(source):
    add_plain(source)
    base = opened().fingerprint
    assert opened(seed=1).fingerprint != base
    assert opened(n_patients=3).fingerprint != base
    source.case(50, "5", {1: (99, svg(BOX))})
    assert opened().fingerprint != base


def test_what_is_not_the_recorded_file_is_not_read(source, monkeypatch):
    add_plain(source)
    recorded = dict(dataset("ddti").registry())
    monkeypatch.setattr(Dataset, "registry", lambda _: recorded)
    (source.root / "images/50_1.jpg").unlink()
    (source.root / "xml/51.xml").write_text("<!DOCTYPE c [<!ENTITY a 'b'>]><case/>")
    with pytest.raises(FetchError, match="data fetch ddti") as caught:
        opened()
    assert [line.split(":")[0] for line in caught.value.problems] == [
        "images/50_1.jpg",
        "xml/51.xml",
    ]


@pytest.fixture(scope="module")
def real(data, tmp_path_factory):
    if not (data / "ddti").is_dir():
        pytest.skip("PTCLNM_DATA holds no ddti")
    cache = tmp_path_factory.mktemp("ddti")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "FOLDER", cache)
        yield cohorts.open("ddti")


def test_real_flow_accounts_for_every_picture_and_case(real):
    assert real.flow[["images", "patients"]].iloc[0].tolist() == [480, 390]
    assert_adds_up(real.flow, ("images", "patients"))
    assert losses(real.flow) == {
        "the same picture twice in one case": (4, 0),
        "the same picture under several cases, which are taken as one patient": (5, 5),
        "no TI-RADS grade": (122, 87),
        "no contour": (1, 0),
        "contour cut off in the source": (7, 7),
        "contour drawn across two views side by side": (1, 0),
    }


def test_no_real_picture_stands_on_two_sides_or_under_two_patients(real, data):
    sources = real.table["image_id"]
    pixels = {s: Image.open(data / f"ddti/images/{s}.jpg").tobytes() for s in set(sources)}
    by_content = real.table.assign(content=sources.map(pixels)).groupby("content")
    assert (by_content["split"].nunique() == 1).all()
    assert (by_content["patient_id"].nunique() == 1).all()
    assert (real.table.groupby("patient_id")["split"].nunique() == 1).all()


def test_real_crops_end_above_the_burned_in_text(real, data):
    """No crop holds a row of the band in which the grade is written, below row 318."""
    for row in real.table.iloc[::9].itertuples():
        crop = read_image(row.image).array
        name = row.image_id
        band = read_image(data / "ddti/images" / f"{name}.jpg").array[318:]
        windows = np.lib.stride_tricks.sliding_window_view(band, crop.shape[1], axis=1)
        assert not (windows == np.rint(crop[-1])).all(axis=2).any()


def test_every_real_mask_is_one_nodule_inside_its_crop(real):
    for row in real.table.itertuples():
        mask = read_mask(row.mask)
        assert 500 < mask.sum() < mask.size
    assert real.table["mask"].is_unique

"""A model taken apart: what is regressed out is gone, what is shuffled keeps its histogram."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ptclnm.features import ExtractionError, extract, load_settings
from ptclnm.models.data import FeaturesError
from ptclnm.models.fusion.apart import (
    importance,
    outline,
    shuffled_pixels,
    unfiltered,
    without_area,
)
from ptclnm.models.fusion.join import area_of, fuse
from ptclnm.models.zoo import Plan, fit_zoo
from ptclnm.schema import Cohort


def test_residuals_know_nothing_of_the_area_and_new_rows_do_not_move_the_fit() -> None:
    rng = np.random.default_rng(0)
    area = np.exp(rng.normal(6, 0.5, 300))
    signal = rng.normal(size=300)
    X = np.column_stack([area, np.sqrt(area), 1e6 * np.log(area) ** 2, signal + np.log(area)])
    names = ["original_shape2D_PixelSurface", "original_a_A", "original_b_B", "original_c_C"]
    features = pd.DataFrame(X, columns=names)
    features.insert(0, "image_id", [f"i{n:03d}" for n in range(300)])
    table = features[["image_id"]].assign(split=["train"] * 200 + ["test"] * 100)
    residuals = without_area(features, table)
    assert list(residuals) == list(features)
    found = residuals[names].to_numpy()
    assert (found[:, 0] == 0).all()
    scale = X.std(axis=0)
    assert (found[:200, 1:3].std(axis=0) < 0.05 * scale[1:3]).all()
    assert np.corrcoef(found[200:, 3], signal[200:])[0, 1] > 0.98
    assert abs(np.corrcoef(found[200:, 3], np.log(area[200:]))[0, 1]) < 0.2
    moved = features.copy()
    moved.loc[200:, names] *= 7
    again = without_area(moved, table)
    pd.testing.assert_frame_equal(again.head(200), residuals.head(200))


def test_shuffled_pixels_stay_inside_and_are_the_same_ones() -> None:
    rng = np.random.default_rng(0)
    picture, mask = rng.normal(size=(20, 20)), rng.random((20, 20)) < 0.5
    made = shuffled_pixels(0, "a", picture, mask)
    np.testing.assert_array_equal(made, shuffled_pixels(0, "a", picture, mask))
    assert not np.array_equal(made, shuffled_pixels(0, "b", picture, mask))
    assert not np.array_equal(made, shuffled_pixels(1, "a", picture, mask))
    np.testing.assert_array_equal(made[~mask], picture[~mask])
    np.testing.assert_array_equal(np.sort(made[mask]), np.sort(picture[mask]))
    assert (made[mask] != picture[mask]).mean() > 0.9


@pytest.fixture
def cohort(tmp_path) -> Cohort:
    rows, cols = np.indices((48, 48))
    mask = (rows - 24) ** 2 + (cols - 24) ** 2 < 200
    table = []
    for name in ("a", "b", "c"):
        stripes = 120 + 60 * np.sin(cols / 3 + len(table))
        paths = [tmp_path / f"{name}{kind}.png" for kind in ("", "_mask")]
        for path, array in zip(paths, (stripes, 255 * mask), strict=True):
            Image.fromarray(array.astype(np.uint8)).save(path)
        table.append((name, name, *map(str, paths), "train", "A", 0))
    columns = ["patient_id", "image_id", "image", "mask", "split", "center", "label"]
    frame = pd.DataFrame(table, columns=columns)
    return Cohort("stripes", "Stripes", "own", "none", frame, (), pd.DataFrame(), "f")


def test_shuffling_keeps_outline_and_histogram_and_destroys_texture(cohort, tmp_path) -> None:
    plain, change = unfiltered(load_settings("ni2024")), partial(shuffled_pixels, 0)
    as_is, shuffled = (
        extract(cohort, plain, 1, tmp_path / "kept", change=each).set_index("image_id")
        for each in (None, change)
    )
    same = [c for c in as_is if "_shape_" in c or "_firstorder_" in c]
    shape = [c for c in as_is if "_shape_" in c]
    assert list(outline(as_is.reset_index())) == ["image_id", *shape]
    pd.testing.assert_frame_equal(as_is[same], shuffled[same], rtol=1e-6)
    correlation = "original_glcm_Correlation"
    assert (as_is[correlation] > 0.8).all() and (shuffled[correlation].abs() < 0.2).all()
    alone = Cohort("stripes", "", "own", "", cohort.table.iloc[[1]], (), pd.DataFrame(), "g")
    again = extract(alone, plain, 1, tmp_path / "kept", change=change)
    pd.testing.assert_series_equal(
        again.set_index("image_id").loc["b"], shuffled.loc["b"]
    )  # a picture's shuffle depends on nothing but its name and the seed


def test_groups_that_carry_the_signal_are_the_important_ones(made_parts) -> None:
    table, parts = made_parts(radiomics=1.5, deep=0.0, patients=400)
    others = {
        "original_glcm_F00": "wavelet-LLH_glrlm_F00",
        "original_glcm_F01": "original_shape_F01",
    }
    radiomics = parts["radiomics"].rename(columns=others)
    data = fuse(table, {"radiomics": radiomics, "DL": parts["DL"]})
    model = fit_zoo(data.train, Plan("fusion", ("LR",), bootstraps=0))["LR"]
    found = importance(model, data.rows(data.splits == "internal"), repeats=20)
    top = {kind: part["group"].tolist() for kind, part in found.groupby("kind")}
    assert set(top["class"][:2]) == {"glrlm", "shape"}
    assert set(top["filter"][:2]) == {"wavelet", "original"}
    assert set(top["feature"][:2]) == {"wavelet-LLH_glrlm_F00", "original_shape_F01"}
    quiet = found[(found["kind"] == "feature") & ~found["group"].isin(top["feature"][:2])]
    assert (found[found["kind"] == "class"]["drop"].iloc[:2] > 0.03).all()
    assert (quiet["drop"].abs() < 0.03).all()


def test_masks_that_are_no_region_are_named_by_extraction(cohort, tmp_path) -> None:
    empty = tmp_path / "a_mask.png"
    Image.fromarray(np.zeros((48, 48), np.uint8)).save(empty)
    plain = unfiltered(load_settings("ni2024"))
    with pytest.raises(ExtractionError, match="no pixel"):
        extract(cohort, plain, 1, tmp_path / "kept2", change=partial(shuffled_pixels, 0))


@pytest.mark.parametrize("name", ["li2024", "ni2024", "single_slice"])
def test_unfiltered_features_are_those_of_the_original_picture_of_the_same_settings(
    name: str,
) -> None:
    whole = load_settings(name)
    plain = unfiltered(whole)
    assert list(plain.names) == [n for n in whole.names if n.startswith("original_")]
    keys = ("binWidth", "binCount", "force2D")
    assert {k: plain.values.get(k) for k in keys} == {k: whole.values.get(k) for k in keys}
    assert area_of(plain.names) in plain.names


def test_settings_without_shape_have_no_area_and_that_is_said() -> None:
    with pytest.raises(FeaturesError, match="Extract shape"):
        area_of(["original_glcm_Idm"])

"""A model taken apart: what is regressed out is gone, what carries the signal is important."""

import numpy as np
import pandas as pd
import pytest

from ptclnm.models.data import FeaturesError
from ptclnm.models.fusion.apart import importance, without_area
from ptclnm.models.fusion.join import area_of, fuse
from ptclnm.models.zoo import Plan, fit_zoo


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
    drops = found[found["kind"] == "class"]["drop"]
    assert (drops.iloc[:2] > 0.03).all() and (drops.iloc[2:].abs() < 0.03).all()


def test_settings_without_shape_have_no_area_and_that_is_said() -> None:
    with pytest.raises(FeaturesError, match="Extract shape"):
        area_of(["original_glcm_Idm"])

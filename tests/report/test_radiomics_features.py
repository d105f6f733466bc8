"""Features that say nothing of the nodule are counted by their values, not by their names."""

import numpy as np
import pandas as pd
import pytest

from ptclnm.features import load_settings
from ptclnm.report.radiomics_features import ONE_LEVEL, ROUNDED, concerned, image_types, text
from quickradiomics import measure


def table(settings: str) -> pd.DataFrame:
    """Features of three made-up nodules."""
    rng = np.random.default_rng(0)
    chosen, rows = load_settings(settings), []
    y, x = np.mgrid[:40, :48]
    for radius in (8, 11, 14):
        mask = (x - 24) ** 2 + (y - 20) ** 2 < radius**2
        grey = np.clip(rng.rayleigh(60, mask.shape) * np.where(mask, 0.6, 1.2), 0, 255)
        rows.append(measure(np.rint(grey), mask, chosen).values)
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def li() -> pd.DataFrame:
    return table("li2024")


def test_on_one_slice_four_wavelet_bands_are_rounding_and_three_patterns_one_bin(li) -> None:
    found = image_types(li)
    assert found["features"].tolist() == [91] * 17
    by = found.groupby("finding")
    assert by.get_group(ROUNDED)["image_type"].tolist() == [
        "wavelet-LLH", "wavelet-LHH", "wavelet-HLH", "wavelet-HHH",
    ]  # fmt: skip
    assert by.get_group(ROUNDED)["empty"].sum() == 4 * 91 == 364
    assert by.get_group(ONE_LEVEL)["empty"].unique().tolist() == [73]
    assert set(by.get_group(ONE_LEVEL)["image_type"]) <= {
        "lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k", "exponential",
    }  # fmt: skip


def test_features_kept_are_counted_among_those_concerned(li) -> None:
    kept = ["wavelet-HHH_glcm_Idm", "wavelet-HHH_firstorder_Mean", "lbp-3D-m1_firstorder_Mean",
            "lbp-3D-m1_glcm_Idm", "original_shape_Sphericity"]  # fmt: skip
    types = image_types(li)
    assert concerned(types, kept, ROUNDED) == kept[:2]
    assert concerned(types, kept, ONE_LEVEL) == kept[3:4]
    said = text(types, list(li), kept)
    assert "at most $10^{-1" in said
    assert "**364 of the 1,561 features**; of the 5 that the selection keeps, 2." in said


def test_two_dimensional_settings_have_no_empty_image_type() -> None:
    found = image_types(table("single_slice"))
    assert (found["finding"] == "").all() and (found["empty"] == 0).all()
    assert text(found, [], []).startswith("None of the 6 image types is empty")


def test_types_without_first_order_features_are_left_out() -> None:
    assert image_types(pd.DataFrame({"original_glcm_Idm": [1.0]})).empty


def test_without_first_order_features_it_says_that_it_cannot_tell() -> None:
    names = ["original_glcm_Idm"]
    said = text(image_types(pd.DataFrame({names[0]: [1.0]})), names, names)
    assert "cannot be told" in said and "None of" not in said

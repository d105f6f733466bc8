"""Pictures and masks that have no features, or not all of them, are told by name."""

import numpy as np
import pytest

from ptclnm.features import load_settings
from quickradiomics import RegionError, from_content, measure


def code_of(grey, mask, settings="li2024"):
    chosen = load_settings(settings) if isinstance(settings, str) else settings
    with pytest.raises(RegionError) as caught:
        measure(grey, mask, chosen)
    return caught.value.code


def masked(rows, cols):
    mask = np.zeros((40, 50), dtype=bool)
    mask[rows, cols] = True
    return mask


@pytest.fixture
def grey(pictures):
    return pictures(0, 40, 50)[0].astype(np.float64)


def test_masks_without_an_area(grey):
    assert code_of(grey, masked(slice(0, 0), 0)) == "empty_roi"
    assert code_of(grey, masked(3, 4)) == "one_pixel"
    assert code_of(grey, masked(3, slice(4, 20))) == "thin_roi"
    assert code_of(grey, np.ones((50, 40))) == "mask_size"


def test_pixels_that_are_no_numbers(grey):
    grey[0, 0] = np.nan
    assert code_of(grey, masked(slice(5, 20), slice(5, 20))) == "not_finite"


def test_fewer_pixels_than_the_settings_ask_for(grey):
    content = {"setting": {"minimumROISize": 9}, "imageType": {"Original": {}}}
    assert (
        code_of(grey, masked(slice(3, 6), slice(3, 6)), from_content(content, "own")) == "small_roi"
    )


def test_more_grey_levels_than_fit_a_matrix_are_refused_before_memory_is(grey):
    mask = masked(slice(5, 20), slice(5, 20))
    assert code_of(grey * 257, mask) == "many_levels"


def test_two_pixels_corner_to_corner_name_every_feature_they_lack(grey):
    """Two grey levels have no co-occurrence in most directions; nothing is dropped for it."""
    mask = masked([3, 5], [4, 8])
    found = measure(grey, mask, load_settings("li2024"))
    assert tuple(found.values) == load_settings("li2024").names
    lacking = {name for name, value in found.values.items() if not np.isfinite(value)}
    assert lacking == set(found.problems)
    assert found.problems["original_glcm_Contrast"] == "not a number"


def test_a_mask_of_the_whole_picture_has_features(grey):
    found = measure(grey, np.ones(grey.shape), load_settings("single_slice"))
    assert found.values["original_shape2D_PixelSurface"] == grey.size
    assert not found.problems


def test_lengths_and_areas_are_in_the_units_of_the_spacing(grey):
    mask, chosen = masked(slice(5, 20), slice(10, 20)), load_settings("single_slice")
    pixels = measure(grey, mask, chosen).values
    halves = measure(grey, mask, chosen, (1.0, 0.5, 0.5)).values
    prefix = "original_shape2D_"
    for name, factor in {"MaximumDiameter": 2, "PixelSurface": 4, "Sphericity": 1}.items():
        assert pixels[prefix + name] == pytest.approx(factor * halves[prefix + name])

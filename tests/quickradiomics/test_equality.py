"""The values are those of plain pyradiomics, whatever the mask and the pixels' type."""

from itertools import chain, islice

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ptclnm import store
from ptclnm.cohorts.ddti import rasterise, read_cases
from ptclnm.cohorts.registry import open_cohort
from ptclnm.features import load_settings
from ptclnm.pictures.read import read_image, read_mask
from quickradiomics import RegionError, measure

NAMES = ("li2024", "ni2024", "single_slice")
# What pyradiomics raises where a whole picture has no features for it.
REFUSED = {
    "empty_roi": "No labels found",
    "one_pixel": "only contains 1 segmented voxel",
    "thin_roi": "too few dimensions",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_feature_of_a_nodule(plain, differing, pictures, name):
    grey, mask = pictures()
    found = measure(grey, mask, load_settings(name))
    assert not found.problems
    assert not differing(found.values, plain(grey, mask, name))


def at_the_edge(mask):
    mask[:] = False
    mask[:9, 40:] = mask[50:, :7] = True


def with_holes(mask):
    mask[20:24, 30:33] = mask[30, 36] = False


def in_pieces(mask):
    mask[:, 34:38] = False
    mask[2:4, 3:9] = mask[55, 60:62] = True


@pytest.mark.parametrize("change", [at_the_edge, with_holes, in_pieces])
def test_masks_at_the_edge_with_holes_and_in_pieces(plain, differing, pictures, change):
    grey, mask = pictures(1, 61, 72)
    change(mask)
    found = measure(grey, mask, load_settings("li2024")).values
    assert not differing(found, plain(grey, mask))


SIDES = st.integers(2, 14)


@st.composite
def small(draw):
    """A small picture, of few grey values and flat parts more often than not, and any mask."""
    shape = draw(SIDES), draw(SIDES)
    levels = st.sampled_from([0, 1, 25, 100, 101, 255]) | st.integers(0, 255)
    fill = st.sampled_from([0, 100])
    grey = draw(arrays.arrays(np.int16, shape, elements=levels, fill=fill))
    mask = draw(arrays.arrays(bool, shape, fill=st.booleans()))
    return grey, mask, draw(st.sampled_from(NAMES))


# Kurtoses on the sphere that are equal but for rounding, at a percentile.
CORNER = np.array([[101, 0, 0], [0, 0, 0]], dtype=np.int16)
ALL_BUT_ONE = np.array([[True, False, True], [True, True, True]])


@given(small())
@example((CORNER, ALL_BUT_ONE, "li2024"))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_any_small_picture_and_mask(plain, differing, case):
    grey, mask, name = case
    try:
        theirs = plain(grey, mask, name)
    except ValueError as error:
        refused(grey, mask, name, str(error))
        return
    assert not differing(measure(grey, mask, load_settings(name)).values, theirs)


def refused(grey, mask, name, why):
    """Where pyradiomics gives up, we name the error, or the features that are missing."""
    if mask.all():
        # It takes a mask without background for an empty one.
        assert "No labels found" in why
        return
    try:
        problems = measure(grey, mask, load_settings(name)).problems
    except RegionError as error:
        assert REFUSED[error.code] in why
    else:
        assert any(why in problem for problem in problems.values())


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_same_features_whatever_type_the_pixels_are_stored_in(pictures, dtype):
    grey, mask = pictures(2)
    chosen = load_settings("li2024")
    wanted = measure(grey.astype(np.float64), mask, chosen).values
    assert measure(grey.astype(dtype), mask, chosen).values == wanted


def test_what_lies_outside_the_box_counts_where_filters_scale_by_it(pictures):
    """Cropping first would change the values: the picture's maximum is outside the mask."""
    grey, mask = pictures(3)
    chosen = load_settings("li2024")
    before = measure(np.minimum(grey, 200), mask, chosen).values
    brighter = np.minimum(grey, 200)
    brighter[0, 0] = 255
    after = measure(brighter, mask, chosen).values
    name = "firstorder_Mean"
    assert before[f"original_{name}"] == after[f"original_{name}"]
    assert before[f"square_{name}"] > after[f"square_{name}"]


def crops_of_ddti():
    for row in open_cohort("ddti").table.itertuples():
        yield read_image(row.image).array, read_mask(row.mask)


def frames_of_ddti(root):
    """Whole frames with what is drawn on them; the margins around the box are cut out of these."""
    for picture in read_cases(root / "xml").itertuples():
        path = root / "images" / picture.image
        if path.is_file() and picture.polygons:
            frame = read_image(path).array
            yield frame, rasterise(picture.polygons[0], frame.shape)


def smaller(cases, pixels):
    return ((grey, mask) for grey, mask in cases if np.count_nonzero(mask) < pixels)


def test_six_pictures_of_ddti_a_large_one_among_them(data, plain, differing):
    """All 1,561 features of crops and whole frames; the slow test has 48, many of them large."""
    crops = islice(smaller(crops_of_ddti(), 9_000), 0, 90, 30)
    large = ((g, m) for g, m in crops_of_ddti() if 20_000 < np.count_nonzero(m) < 30_000)
    frames = islice(smaller(frames_of_ddti(data / "ddti"), 9_000), 2)
    pixels = []
    for grey, mask in chain(crops, islice(large, 1), frames):
        found = measure(grey, mask, load_settings("li2024")).values
        assert len(found) == 1561 and not differing(found, plain(grey, mask))
        pixels.append(np.count_nonzero(mask))
    assert len(pixels) == 6 and max(pixels) > 20_000


def test_simulated_pictures(plain, differing, tmp_path, monkeypatch):
    """All 1,561 features of pictures as they lie on disk, with a reader's jitter on the mask."""
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    table = open_cohort("li2024-sim", n_patients=10).table
    cases = [(read_image(r.image).array, read_mask(r.mask)) for r in table.itertuples()]
    # Plain pyradiomics takes long for the large ones.
    for grey, mask in sorted(cases, key=lambda case: np.count_nonzero(case[1]))[:2]:
        found = measure(grey, mask, load_settings("li2024")).values
        assert len(found) == 1561 and not differing(found, plain(grey, mask))


@pytest.mark.slow
def test_forty_pictures_and_eight_whole_frames_of_ddti(data, plain, differing):
    """Large masks among them, which take plain pyradiomics most of the time."""
    crops = islice(crops_of_ddti(), 0, None, 8)
    frames = islice(frames_of_ddti(data / "ddti"), 0, 320, 40)
    pixels = []
    for grey, mask in chain(crops, frames):
        found = measure(grey, mask, load_settings("li2024")).values
        assert not differing(found, plain(grey, mask))
        pixels.append(np.count_nonzero(mask))
    assert len(pixels) >= 48 and max(pixels) > 30_000

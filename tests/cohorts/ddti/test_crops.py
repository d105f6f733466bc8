"""Masks and crops of drawn pictures whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptclnm.cohorts.ddti import crop_box, crosses, rasterise, seam

SHAPE = (120, 200)


def ellipse(cx, cy, a, b, n=90):
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return tuple(
        (float(x), float(y)) for x, y in zip(cx + a * np.cos(t), cy + b * np.sin(t), strict=True)
    )


def speckled(shape, seed):
    """Speckle that runs on from column to column, as in a view."""
    noise = np.random.default_rng(seed).normal(0, 25, (shape[0], shape[1] + 8))
    kernel = np.ones(9) / 3
    return 110 + np.apply_along_axis(np.convolve, 1, noise, kernel, "valid")


@settings(max_examples=40)
@given(st.floats(30, 170), st.floats(30, 90), st.floats(8, 28), st.floats(8, 28))
def test_a_mask_has_the_polygon_s_area_and_place(cx, cy, a, b):
    mask = rasterise(ellipse(cx, cy, a, b), SHAPE)
    y, x = np.indices(SHAPE)

    def within(slack):
        return ((x - cx) / (a + slack)) ** 2 + ((y - cy) / (b + slack)) ** 2 <= 1

    assert not (mask & ~within(1.5)).any()
    assert not (within(-1.5) & ~mask).any()


def test_rows_are_y_and_columns_are_x():
    mask = rasterise(((50, 10), (150, 10), (150, 30), (50, 30)), SHAPE)
    assert mask[20, 100] and not mask[100, 20]
    assert mask.sum() == 101 * 21


def test_what_a_line_encloses_by_crossing_itself_is_inside():
    loop = (
        (20, 20),
        (100, 20),
        (100, 80),
        (20, 80),
        (20, 20),
        (40, 40),
        (80, 40),
        (80, 60),
        (40, 60),
        (40, 40),
    )
    assert rasterise(loop, SHAPE)[50, 60]


@pytest.fixture
def picture():
    """A sector with a black band below it, then text; ticks beside it."""
    canvas = np.zeros(SHAPE)
    canvas[5:95, 20:180] = speckled((90, 160), 1).clip(60, 200)
    canvas[103:110, 30:120] = 255
    canvas[10:95:20, 184] = 255
    return canvas


@pytest.mark.parametrize("margin", [0.0, 0.15, 0.5])
def test_text_below_the_sector_never_enters_a_crop(picture, margin):
    mask = rasterise(ellipse(80, 75, 40, 18), SHAPE)
    crop = crop_box(picture, mask, margin)
    assert crop[0].stop <= 95
    assert mask[crop].sum() == mask.sum()


def test_ticks_beside_the_sector_do_not_enter(picture):
    mask = rasterise(ellipse(150, 50, 25, 20), SHAPE)
    assert crop_box(picture, mask, 0.5)[1].stop <= 180


def test_the_margin_is_a_share_of_the_longer_side(picture):
    mask = rasterise(((90, 40), (110, 40), (110, 50), (90, 50)), SHAPE)
    crop = crop_box(picture, mask, 0.5)
    assert crop == (slice(40 - 10, 51 + 10), slice(90 - 10, 111 + 10))


def test_a_crop_holds_the_whole_mask_wherever_it_lies(picture):
    for cx, cy in ((30, 15), (170, 85), (100, 50), (25, 100)):
        mask = rasterise(ellipse(cx, cy, 14, 9), SHAPE)
        crop = crop_box(picture, mask, 0.2, at_seam=100)
        assert mask[crop].sum() == mask.sum()


def two_views(seed=0, shape=(150, 400), at=204):
    return np.hstack(
        [speckled((shape[0], at), seed), speckled((shape[0], shape[1] - at), seed + 9)]
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_seam_of_two_views_is_found_and_one_view_has_none(seed):
    assert seam(two_views(seed)) == 204
    assert seam(speckled((150, 400), seed)) is None


def test_letters_over_a_view_are_no_seam():
    one = speckled((150, 400), 3)
    one[100:112, 204:206] = 255
    assert seam(one) is None


def test_a_black_picture_has_no_seam():
    assert seam(np.zeros((150, 400))) is None


def test_a_crop_ends_at_the_seam():
    both = two_views()
    left = rasterise(ellipse(170, 70, 28, 20), both.shape)
    right = rasterise(ellipse(240, 70, 28, 20), both.shape)
    assert crop_box(both, left, 0.5, 204)[1].stop == 204
    assert crop_box(both, right, 0.5, 204)[1].start == 204


def test_a_contour_on_both_views_is_told_from_one_that_grazes():
    across = rasterise(ellipse(204, 70, 30, 20), (150, 400))
    grazing = rasterise(ellipse(177, 70, 28, 20), (150, 400))
    assert crosses(across, 204)
    assert not crosses(grazing, 204)
    assert not crosses(across, None)

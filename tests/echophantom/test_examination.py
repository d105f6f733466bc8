"""An examination sees the nodule, and a reader's outline lies near the true one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from scipy import ndimage

from echophantom.drivers import Scanner, examination
from echophantom.nodule import drawn_outline

PIXEL = 0.09
HABITS = (1.5, 2.0, 0.4)


def ellipse(diameter_mm, ratio=0.8, side=480):
    rows, cols = (np.mgrid[:side, :side] - side / 2 + 0.5) * PIXEL
    half = diameter_mm / 2
    return (rows / (ratio * half)) ** 2 + (cols / half) ** 2 <= 1


def distances(drawn, true):
    """Distance in mm of the drawn outline's pixels to the true outline, inside negative."""
    depth = ndimage.distance_transform_edt(true) - ndimage.distance_transform_edt(~true)
    edge = drawn & ~ndimage.binary_erosion(drawn)
    return -depth[edge] * PIXEL


@limits(max_examples=20)
@given(st.floats(2.5, 40), st.integers(0, 1000))
def test_a_drawn_outline_is_one_piece_without_holes_near_the_true_one(diameter, seed):
    true = ellipse(diameter)
    drawn = drawn_outline(true, PIXEL, np.random.default_rng(seed))
    assert ndimage.label(drawn)[1] == 1
    assert (ndimage.binary_fill_holes(drawn) == drawn).all()
    assert np.abs(distances(drawn, true)).max() < 1.5
    # A hand that is off by some tenths of a mm costs a small nodule more of its overlap.
    assert 2 * (drawn & true).sum() / (drawn.sum() + true.sum()) > 1 - 1 / diameter


def test_a_readers_hand_wanders_but_does_not_lean():
    true = ellipse(12)
    off = [distances(drawn_outline(true, PIXEL, np.random.default_rng(s)), true) for s in range(30)]
    assert 0.12 < np.concatenate(off).std() < 0.4
    assert abs(np.mean([o.mean() for o in off])) < 0.1
    assert not np.array_equal(
        drawn_outline(true, PIXEL, np.random.default_rng(0)),
        drawn_outline(true, PIXEL, np.random.default_rng(1)),
    )


def test_an_outline_at_the_frames_edge_stays_in_the_frame():
    true = np.zeros((200, 200), bool)
    true[120:, 150:] = True
    drawn = drawn_outline(true, PIXEL, np.random.default_rng(0))
    assert drawn.shape == true.shape
    # The frame is no outline: nothing draws back from it.
    assert drawn[-1, 165:].all() and drawn[130:, -1].all()


@pytest.mark.parametrize("machine", [Scanner(), Scanner(8.5, 0.55, 2.8, 18.0, pixel_mm=0.085)])
@given(st.floats(2.5, 40), st.integers(0, 100))
def test_an_examination_sees_the_whole_nodule_and_keeps_the_machines_own(machine, diameter, seed):
    scanner = examination(machine, HABITS, diameter, np.random.default_rng(seed))
    assert scanner.width_mm > diameter + 8 and scanner.depth_mm > diameter + 8
    assert scanner.frequency_mhz == machine.frequency_mhz
    assert scanner.pixel_mm == machine.pixel_mm
    assert scanner.dynamic_range_db == machine.dynamic_range_db


def test_habits_are_how_far_the_settings_vary():
    drawn = [examination(Scanner(), HABITS, 9.0, np.random.default_rng(s)) for s in range(400)]
    for name, spread in zip(("gain_db", "focus_mm", "tgc_error_db"), HABITS, strict=True):
        values = [getattr(scanner, name) for scanner in drawn]
        assert np.std(values) == pytest.approx(spread, rel=0.12)
        assert np.mean(values) == pytest.approx(getattr(Scanner(), name), abs=0.25)

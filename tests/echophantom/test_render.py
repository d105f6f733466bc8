"""Frames, masks and truth of rendered planes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from echophantom.drivers import Drivers, Scanner
from echophantom.render import Picture, RenderError, render_plane
from echophantom.steps import explain

SMALL = Scanner(depth_mm=30.0, width_mm=30.0, pixel_mm=0.1)
DRIVERS = Drivers(10.0, irregularity=0.5, microcalcifications=5)


def frame_of(seed: int = 0, scanner: Scanner = SMALL, resolution: int = 1, **changed) -> Picture:
    rng = np.random.default_rng(seed)
    return render_plane(replace(DRIVERS, **changed), scanner, rng, resolution=resolution)


def blocks(values: np.ndarray, size: int) -> np.ndarray:
    """Means of square blocks."""
    rows, columns = (n // size for n in values.shape)
    return values.astype(float).reshape(rows, size, columns, size).mean(axis=(1, 3))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_frame():
    one, again, other = frame_of(1), frame_of(1), frame_of(2)
    assert one.frame.tobytes() == again.frame.tobytes()
    assert one.mask.tobytes() == again.mask.tobytes()
    assert one.truth.echogenicity_db.tobytes() == again.truth.echogenicity_db.tobytes()
    assert (one.frame != other.frame).mean() > 0.5


def test_numpys_global_state_is_neither_used_nor_changed():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = frame_of(3)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert (frame_of(3).frame == first.frame).all()


@pytest.mark.parametrize("factor", [2, 4])
def test_a_finer_frame_is_of_the_same_body(factor):
    """Truth, outline and calcifications agree; the frame has as many more pixels."""
    coarse, fine = frame_of(4), frame_of(4, resolution=factor)
    assert fine.frame.shape == tuple(factor * n for n in coarse.frame.shape)
    assert fine.spacing_mm == pytest.approx(coarse.spacing_mm / factor)
    far = np.abs(blocks(fine.truth.echogenicity_db, factor) - coarse.truth.echogenicity_db)
    assert np.quantile(far, 0.99) < 0.7 and far.mean() < 0.1
    assert ((blocks(fine.mask, factor) >= 0.5) != coarse.mask).mean() < 0.001
    for name in ("calcifications", "contour"):
        there, here = getattr(fine.truth, name), getattr(coarse.truth, name)
        assert (there + 0.5) / factor == pytest.approx(here + 0.5)


def test_a_finer_frame_shows_the_same_tissue_in_finer_speckle():
    """Averaged over a millimetre the frames agree; the grain is half as wide."""
    coarse, fine = frame_of(4), frame_of(4, resolution=2)
    means = [blocks(coarse.frame[:300, :300], 10), blocks(fine.frame[:600, :600], 20)]
    assert np.corrcoef(means[0].ravel(), means[1].ravel())[0, 1] > 0.9

    box = np.s_[110:150, 50:250]
    finer = np.s_[220:300, 100:500]

    def alike(frame: np.ndarray, lag: int) -> float:
        rest = ndimage.gaussian_filter(frame.astype(float), 20)
        rest = frame - rest
        return float((rest[:, lag:] * rest[:, :-lag]).mean() / (rest**2).mean())

    assert alike(fine.frame[finer], 6) < alike(coarse.frame[box], 3) - 0.2
    assert alike(fine.frame[finer], 3) == pytest.approx(alike(coarse.frame[box], 3), abs=0.15)


def test_scanner_and_resolution_leave_the_body_as_it_is():
    """Another machine sees the same outline, calcium and tissue, in mm."""
    other = Scanner(7.0, 0.4, 4.0, depth_mm=40.0, width_mm=36.0, pixel_mm=0.15, gain_db=5.0)
    one, two = frame_of(5), frame_of(5, scanner=other)

    def millimetres(picture: Picture, name: str) -> np.ndarray:
        row, column = ((getattr(picture.truth, name) + 0.5) * picture.spacing_mm).T
        return np.column_stack([row, column - picture.frame.shape[1] * picture.spacing_mm / 2])

    for name in ("contour", "calcifications"):
        assert millimetres(one, name) == pytest.approx(millimetres(two, name))
    assert two.frame.shape == (267, 240)
    here = one.truth.echogenicity_db[:, 0:300:3].mean()
    there = two.truth.echogenicity_db[:200, 20:220:2].mean()
    assert here == pytest.approx(there, abs=0.2)


@pytest.mark.parametrize("irregularity", [0.0, 0.9])
def test_the_masks_area_follows_the_diameter(irregularity):
    """Area is that of the ellipse, and so goes with the square of the diameter."""
    for diameter in (6.0, 12.0, 18.0):
        picture = frame_of(6, diameter_mm=diameter, irregularity=irregularity)
        area = picture.mask.sum() * picture.spacing_mm**2
        assert area == pytest.approx(np.pi / 4 * diameter**2 * 0.8, rel=0.02)


def test_mask_and_contour_are_of_one_outline():
    """Every point of the outline lies within a pixel of the mask's edge."""
    picture = frame_of(7, irregularity=0.9)
    rows, columns = np.rint(picture.truth.contour).astype(int).T
    for row, column in zip(rows, columns, strict=True):
        around = picture.mask[row - 1 : row + 2, column - 1 : column + 2]
        assert around.any() and not around.all()


def test_a_darker_nodule_is_darker_in_the_frame():
    """Grey levels in the nodule fall with echogenicity, those of the gland stay."""
    frames = [
        frame_of(8, echogenicity_db=level, microcalcifications=0) for level in (2.0, -4.0, -10.0)
    ]
    inner = [f.frame[f.mask].mean() for f in frames]
    assert inner[0] > inner[1] + 8 > inner[2] + 16
    row = frames[0].frame[:60].astype(int)
    assert np.abs(row - frames[2].frame[:60]).max() <= 1


def test_calcifications_are_bright_where_the_truth_says():
    """The same frame without calcium is darker there, and only near and below."""
    with_calcium = frame_of(9, microcalcifications=8, irregularity=0.1)
    without = frame_of(9, microcalcifications=0, irregularity=0.1)
    assert len(without.truth.calcifications) == 0
    rise = with_calcium.frame.astype(int) - without.frame
    found = [
        rise[row - 4 : row + 5, column - 6 : column + 7].max()
        for row, column in np.rint(with_calcium.truth.calcifications).astype(int)
    ]
    assert np.median(found) > 60
    above = int(with_calcium.truth.calcifications[:, 0].min()) - 15
    assert np.abs(rise[:above]).max() <= 1


def test_a_macrocalcification_shadows():
    """Below a plaque the frame is much darker than without it."""
    plaque = frame_of(10, microcalcifications=0, macrocalcifications=1, diameter_mm=12.0)
    clear = frame_of(10, microcalcifications=0, macrocalcifications=0, diameter_mm=12.0)
    row, column = np.rint(plaque.truth.calcifications[0]).astype(int)
    below = np.s_[row + 15 : row + 55, column - 3 : column + 4]
    assert plaque.frame[below].mean() < 0.6 * clear.frame[below].mean()


def test_gain_brightens_and_a_wider_dynamic_range_flattens():
    plain = frame_of(11)
    assert frame_of(11, replace(SMALL, gain_db=6.0)).frame.mean() > plain.frame.mean() + 10
    gland = np.s_[100:200, 100:200]
    flat = frame_of(11, replace(SMALL, dynamic_range_db=90.0)).frame[gland]
    assert flat.std() < plain.frame[gland].std()


@given(
    seed=st.integers(0, 2**31),
    diameter=st.floats(3, 45),
    rough=st.floats(0, 1),
    ratio=st.floats(0.4, 1.6),
    cystic=st.floats(0, 1),
    contact=st.floats(0, 1),
    macro=st.integers(0, 3),
    plane=st.sampled_from(["transverse", "longitudinal", "oblique"]),
)
@settings(max_examples=15)
def test_any_nodule_can_be_rendered(seed, diameter, rough, ratio, cystic, contact, macro, plane):
    """A frame is whole, uses a good part of its grey levels, and holds the nodule."""
    drivers = Drivers(
        diameter, ratio, rough, cystic_fraction=cystic, macrocalcifications=macro,
        capsule_contact=contact,
    )  # fmt: skip
    picture = render_plane(drivers, SMALL, np.random.default_rng(seed), plane)
    assert picture.frame.shape == picture.mask.shape == (300, 300)
    assert picture.frame.dtype == np.uint8 and picture.mask.dtype == bool
    assert picture.mask.any() and np.isfinite(picture.truth.echogenicity_db).all()
    assert len(np.unique(picture.frame)) > 100


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(RenderError) as error:
        render_plane(
            Drivers(80.0), Scanner(depth_mm=70.0), np.random.default_rng(0), "sagital", resolution=3
        )
    assert len(error.value.problems) == 4
    for word in ("sagital", "transverse", "resolution", "depth_mm", "diameter_mm", "50"):
        assert word in str(error.value)


def test_the_steps_end_in_the_same_frame():
    """The explanation is of the picture that the renderer makes, and its parts fit together."""
    steps = explain(DRIVERS, SMALL, 12)
    assert (steps.picture.frame == frame_of(12).frame).all()
    assert steps.rf.shape == steps.envelope.shape == steps.scatterers.shape
    assert steps.rf.shape == (len(steps.depth_mm), len(steps.line_mm))
    assert (np.abs(steps.rf) <= steps.envelope * 1.001 + 1e-3).all()
    columns = np.flatnonzero(steps.picture.mask.any(axis=0))
    middle = (columns.mean() + 0.5) * 0.1 - 15
    assert abs(steps.line_mm[steps.nodule_line] - middle) < 0.15
    order = np.argsort(steps.level_db.ravel())
    assert (np.diff(steps.picture.frame.ravel()[order].astype(int)) >= 0).all()

"""The outline and the neck follow the drivers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from echophantom.body import (
    ANECHOIC_DB,
    CELLS,
    STEP_MM,
    Body,
    field,
    grid,
    line_field,
    resample,
    window,
)
from echophantom.drivers import Drivers
from echophantom.neck import PLANES, draw_layout, draw_neck, place
from echophantom.nodule import Contour, draw_contour, paint_nodule

DRIVERS = Drivers(14.0)


def outline(seed: int = 0, **changed) -> Contour:
    return draw_contour(replace(DRIVERS, **changed), np.random.default_rng(seed))


def polygon_area(points: np.ndarray) -> float:
    x, z = points.T
    return 0.5 * abs(np.dot(x, np.roll(z, 1)) - np.dot(z, np.roll(x, 1)))


def solidity(contour: Contour) -> float:
    points = contour.points()
    return polygon_area(points) / ConvexHull(points).volume


def perimeter(contour: Contour) -> float:
    points = contour.points()
    return float(np.hypot(*(points - np.roll(points, 1, axis=0)).T).sum())


def nodule(seed: int = 0, **changed) -> tuple[Body, Contour]:
    """Paint a nodule into an even body."""
    drivers = replace(DRIVERS, **changed)
    contour = replace(outline(seed, **changed), z=20.0)
    body = Body()
    paint_nodule(body, contour, drivers, np.random.default_rng(seed))
    return body, contour


@pytest.mark.parametrize("seed", range(8))
def test_an_irregular_outline_is_less_solid_and_longer(seed):
    """With the same random numbers, roughness grows with every step of irregularity."""
    steps = [outline(seed, irregularity=r) for r in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert (np.diff([solidity(c) for c in steps]) < 0).all()
    assert (np.diff([perimeter(c) for c in steps]) > 0).all()
    assert solidity(steps[0]) > 0.97 and solidity(steps[-1]) < 0.92


@given(
    seed=st.integers(0, 10_000),
    diameter=st.floats(2, 45),
    ratio=st.floats(0.4, 1.8),
    rough=st.floats(0, 1),
)
def test_the_area_is_the_ellipses(seed, diameter, ratio, rough):
    """Irregularity alone changes no area; the longer axis is the diameter."""
    contour = outline(seed, diameter_mm=diameter, taller_than_wide=ratio, irregularity=rough)
    expected = np.pi / 4 * diameter**2 * min(ratio, 1 / ratio)
    assert polygon_area(contour.points()) == pytest.approx(expected, rel=0.01)
    assert (contour.radius > 0).all()


@pytest.mark.parametrize("ratio", [0.6, 0.8, 1.25, 1.5])
def test_height_over_width_is_as_set(ratio):
    """Over many smooth outlines the bounding box has the ratio set."""
    boxes = [
        np.ptp(outline(s, taller_than_wide=ratio, irregularity=0).points(), axis=0)
        for s in range(60)
    ]
    assert np.median([z / x for x, z in boxes]) == pytest.approx(ratio, rel=0.06)


def test_depth_inside_is_zero_on_the_outline_and_positive_in_it():
    contour = replace(outline(3, irregularity=0.7), x=2.0, z=15.0)
    points = contour.points()
    assert contour.depth_inside(*points.T) == pytest.approx(np.zeros(len(points)), abs=1e-3)
    half = (points + [2.0, 15.0]) / 2
    assert (contour.depth_inside(*half.T) > 0).all()
    assert (contour.depth_inside(*(2 * points - [2.0, 15.0]).T) < 0).all()


@pytest.mark.parametrize("plane", PLANES)
@given(seed=st.integers(0, 10_000), diameter=st.floats(4, 30), ratio=st.floats(0.5, 1.4))
@settings(max_examples=40)
def test_contact_moves_the_nodule_from_the_depth_of_the_lobe_out_of_it(
    plane, seed, diameter, ratio
):
    """More contact is nearer the skin; at 0 the nodule's top is in the lobe, at 1 above it."""
    drivers = Drivers(diameter, taller_than_wide=ratio)
    layout = draw_layout(drivers, plane, np.random.default_rng(seed))
    about = draw_contour(drivers, np.random.default_rng(seed))
    places = [
        place(about, layout, replace(drivers, capsule_contact=c), np.random.default_rng(seed))
        for c in (0.0, 0.5, 1.0)
    ]
    tops = [c.top for c in places]
    assert tops[0] > tops[1] > tops[2]
    x0, z0, half_width, half_height = layout.lobe
    middle = places[0].x
    rise = half_height * np.sqrt(max(1 - ((middle - x0) / half_width) ** 2, 0.2))
    roof = z0 + layout.slope * (middle - x0) - rise
    assert tops[0] > roof > tops[2]


def test_air_is_met_in_the_transverse_plane_only():
    """The trachea's loss is in every transverse neck, and in no other."""
    for seed in range(6):
        for plane in PLANES:
            rng = np.random.default_rng(seed)
            body = draw_neck(draw_layout(DRIVERS, plane, rng), plane, rng)
            # Contact of the array is lost in the first row; air is below.
            assert (body.loss_db[60:].sum(axis=0).max() * STEP_MM > 30) == (plane == "transverse")


def test_the_gland_is_brighter_than_muscle_and_blood_darker():
    """Mean echoes are in the order that sonography knows; vessels have a carotid's area."""
    muscles = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        layout = draw_layout(DRIVERS, "transverse", rng)
        body = draw_neck(layout, "transverse", rng)
        x, z = grid()
        x0, z0, half_width, half_height = layout.lobe
        lobe = np.hypot((x - x0) / half_width, (z - z0) / half_height) < 0.7
        strap = (z > layout.lies(layout.fat) + 0.5) & (z < layout.lies(layout.strap) - 0.5)
        muscles.append(body.echo_db[strap & (np.abs(x - x0) < 8)])
        assert body.echo_db[lobe].mean() == pytest.approx(0, abs=1.5)
        assert np.count_nonzero(body.echo_db < -20) * STEP_MM**2 > np.pi * 2.2**2
    assert np.median(np.concatenate(muscles)) < -3


@pytest.mark.parametrize("share", [0.0, 0.15, 0.4])
def test_the_cystic_share_of_the_area_is_anechoic(share):
    for seed in range(4):
        body, contour = nodule(seed, cystic_fraction=share, heterogeneity=0.0)
        within = contour.depth_inside(*grid()) > 0
        hollow = body.echo_db[within] < (ANECHOIC_DB + DRIVERS.echogenicity_db) / 2
        assert hollow.mean() == pytest.approx(share, abs=0.04)


def test_echogenicity_and_heterogeneity_are_as_set():
    """The mean is that set whatever the heterogeneity; its SD is 6 dB times it."""
    for rough, spread in ((0.0, 0.0), (0.3, 1.8), (0.8, 4.8)):
        means, sds = [], []
        for seed in range(5):
            body, contour = nodule(seed, heterogeneity=rough, echogenicity_db=-7.0)
            inner = body.echo_db[contour.depth_inside(*grid()) > 0.6]
            means.append(inner.mean())
            sds.append(inner.std())
        assert np.mean(means) == pytest.approx(-7, abs=0.15)
        assert np.mean(sds) == pytest.approx(spread, abs=0.15 + 0.1 * spread)


def test_a_halo_darkens_the_rim_and_neither_core_nor_gland():
    with_halo, contour = nodule(halo=1.0)
    without, _ = nodule(halo=0.0)
    darker = without.echo_db - with_halo.echo_db
    depth = contour.depth_inside(*grid())
    assert darker[np.abs(depth + 0.3) < 0.1].mean() > 7
    assert np.abs(darker[depth > 2]).max() < 0.1 and np.abs(darker[depth < -2.5]).max() < 0.1


def test_calcifications_lie_inside_and_only_large_ones_shadow_deeply():
    contour = replace(outline(1, irregularity=0.8), z=20.0)
    for micro, macro in ((12, 0), (0, 2), (5, 1)):
        body = Body()
        drivers = replace(
            DRIVERS, irregularity=0.8, microcalcifications=micro, macrocalcifications=macro
        )
        calcium = paint_nodule(body, contour, drivers, np.random.default_rng(4))
        assert len(calcium.x) == micro + macro
        assert (contour.depth_inside(calcium.x, calcium.z) > 0).all()
        assert (calcium.size_mm[:micro] < 1).all() and (calcium.size_mm[micro:] > 1).all()
        deepest = body.loss_db.sum(axis=0).max() * STEP_MM
        assert (deepest > 12) == (macro > 0)


def test_more_calcifications_keep_those_that_were_there():
    """The drivers choose how many of the same places are filled."""
    contour = replace(outline(1), z=20.0)
    few, many = (
        paint_nodule(
            Body(), contour, replace(DRIVERS, microcalcifications=n), np.random.default_rng(4)
        )
        for n in (3, 9)
    )
    assert few.x == pytest.approx(many.x[:3])


def test_the_nodule_takes_away_the_lines_it_has_grown_through():
    body = Body()
    line = np.linspace(-20, 20, 50)
    body.interface(np.random.default_rng(0), line, np.full(50, 20.0), 10)
    contour = replace(outline(), z=20.0)
    paint_nodule(body, contour, DRIVERS, np.random.default_rng(0))
    points = body.points[0]
    deep = contour.depth_inside(points[:, 0], points[:, 1])
    assert (points[deep > 0.5, 2] == 0).all()
    assert np.abs(points[deep < -0.5, 2]).mean() > 0.1


@pytest.mark.parametrize("lengths", [(0.3, 0.3), (0.2, 2.0), (2.0, 2.5)])
def test_a_field_has_the_lengths_set(lengths):
    """Correlation at a lag of one SD of the smoothing is exp(-1/4) along both axes."""
    drawn = [field(np.random.default_rng(s), *lengths) for s in range(4)]
    for axis, length in enumerate(lengths):
        lag = round(length / STEP_MM)
        alike = []
        for values in drawn:
            turned = np.moveaxis(values.astype(float), axis, 0)
            alike.append((turned[lag:] * turned[:-lag]).mean() / (turned**2).mean())
        assert np.mean(alike) == pytest.approx(np.exp(-0.25), abs=0.06)
    assert np.mean([v.std() for v in drawn]) == pytest.approx(1, abs=0.12)
    assert drawn[0].shape == (CELLS, CELLS)


def test_a_part_of_a_field_is_that_of_the_whole():
    part = window((-7.25, 3.95), (12.05, 99.0))
    for lengths in ((0.13, 2.6), (2.0, 3.0)):
        whole, cut = (field(np.random.default_rng(1), *lengths, *w) for w in ((), (part,)))
        assert cut.shape == part.shape == (380, 113)
        assert (cut == whole[part.cut]).all()


@pytest.mark.parametrize("plane", PLANES)
def test_what_a_machine_does_not_see_changes_nothing_of_what_it_sees(plane):
    """Painting a part of the neck gives that part of the whole neck."""
    seen = window((-17.0, 17.0), (0.0, 31.0))
    for seed in range(3):
        layout = draw_layout(DRIVERS, plane, np.random.default_rng(seed))
        whole = draw_neck(layout, plane, np.random.default_rng(seed))
        part = draw_neck(layout, plane, np.random.default_rng(seed), seen)
        for name in ("echo_db", "attenuation", "loss_db"):
            there, here = (getattr(body, name)[seen.cut] for body in (whole, part))
            assert here == pytest.approx(there, abs=2e-4)
        assert np.concatenate(part.points) == pytest.approx(np.concatenate(whole.points))


def test_a_line_field_has_the_length_set():
    values = np.concatenate(
        [line_field(np.random.default_rng(s), 2000, 0.05, 0.5).astype(float) for s in range(20)]
    )
    assert values.std() == pytest.approx(1, abs=0.01)
    assert (values[10:] * values[:-10]).mean() == pytest.approx(np.exp(-0.25), abs=0.05)


def test_resampling_a_plane_is_exact_between_the_ends():
    plane = (np.arange(6)[:, None] * 2.0 + np.arange(5)[None, :] * 3.0).astype(np.float32)
    rows, columns = np.array([0.0, 1.25, 4.9]), np.array([0.5, 3.75])
    assert resample(plane, rows, columns) == pytest.approx(
        rows[:, None] * 2 + columns[None, :] * 3, abs=1e-4
    )
    assert resample(plane, np.array([-2.0, 9.0]), np.array([0.0]))[:, 0] == pytest.approx([0, 10])

"""Figures of how pictures are made and of how they look beside real ones."""

import numpy as np

from echophantom.drivers import Drivers, Scanner
from echophantom.steps import explain
from ptclnm.report.rendering import side_by_side, steps_figure


def test_the_steps_are_drawn_in_order_from_their_own_values():
    scanner = Scanner(depth_mm=24.0, width_mm=24.0, pixel_mm=0.12)
    steps = explain(Drivers(8.0), scanner, 0)
    axes = [a for a in steps_figure(steps).axes if a.get_title(loc="left")]
    assert [a.get_title(loc="left")[0] for a in axes] == list("123456")
    assert (axes[0].images[0].get_array() == steps.echogenicity_db).all()
    assert (axes[5].images[0].get_array() == steps.picture.frame).all()
    wave, hull = (line.get_ydata() for line in axes[3].lines)
    assert (np.abs(wave) <= hull * 1.01 + 1e-3).all()
    depth = axes[3].lines[0].get_xdata()
    assert np.isin(depth, steps.depth_mm).all() and np.ptp(depth) < 3.01
    column, row = axes[5].lines[0].get_data()
    assert np.abs(column).max() < 12 and 0 < row.min() and row.max() < 24


def test_both_kinds_are_on_one_grey_scale():
    rng = np.random.default_rng(0)
    crops = [(rng.uniform(0, 200, (30, 40)), np.pad(np.ones((10, 20), bool), 10)) for _ in range(5)]
    crops = [(image, mask[:30, :40]) for image, mask in crops]
    figure = side_by_side(crops, crops[:3], count=4)
    assert len(figure.axes) == 6
    assert {a.images[0].get_clim() for a in figure.axes} == {(0, 255)}
    assert (figure.axes[0].images[0].get_array() == crops[0][0]).all()
    assert [figure.axes[k].get_title(loc="left") for k in (0, 3)] == ["simulated", "DDTI"]

"""The neck put together, with trachea and vessels."""

import numpy as np

from echophantom.anatomy import (
    Layout,
    paint_contact,
    paint_deep,
    paint_gland,
    paint_layers,
)
from echophantom.body import (
    ANECHOIC_DB,
    Body,
    arc,
    ellipse,
    ellipse_window,
    inside,
    shade,
)
from echophantom.fields import WHOLE, Window, field

BLOOD_DB = -24.0


def draw_neck(layout: Layout, plane: str, rng: np.random.Generator, seen: Window = WHOLE) -> Body:
    """Paint everything but the nodule.

    Parameters
    ----------
    layout : Layout
        Where the parts lie.
    plane : {"transverse", "longitudinal", "oblique"}
        Trachea and a round carotid are met in the first only.
    rng : Generator
        Source of randomness.
    seen : Window
        What is painted for certain; what is there is the same whatever is seen of it.

    Returns
    -------
    Body
    """
    body = Body(seen=seen)
    paint_deep(body, layout, rng)
    if plane == "transverse":
        _isthmus(body, layout, rng)
        _trachea(body, layout, rng)
        _lateral_muscle(body, layout, rng)
    paint_gland(body, layout, rng)
    paint_layers(body, layout, plane, rng)
    if plane == "transverse":
        _carotid(body, layout, rng)
    elif plane == "oblique":
        _slanted_vessel(body, layout, rng)
    paint_contact(body, rng)
    return body


def _isthmus(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint the bridge of gland in front of the trachea."""
    x0, _, half_width, _ = layout.lobe
    centre, axes = (x0 + layout.side * (half_width + 5), layout.strap + 3.2), (11.0, 2.0)
    part = ellipse_window(centre, axes)
    shape = ellipse(*part.grid(), centre, axes)
    body.paint(inside(shape, 0.5), 1.5 * field(rng, 0.8, 1.2, part), 1.0, part)


def _trachea(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint cartilage, the bright wall of air, its shadow and the echoes to and fro."""
    x0, _, half_width, _ = layout.lobe
    radius = rng.uniform(7.5, 9.5)
    x1 = x0 + layout.side * (half_width + radius - 1.5)
    centre, bore = (x1, layout.strap + 5.4 + radius), radius - rng.uniform(1.3, 1.9)
    part = ellipse_window(centre, (radius, radius))
    x, z = part.grid()
    body.paint(inside(ellipse(x, z, centre, (radius, radius)), 0.6), -10.0, 1.4, part)
    lumen = inside(ellipse(x, z, centre, (bore, bore)))
    body.paint(lumen, ANECHOIC_DB, 1.0, part)
    body.loss_db[part.cut] += lumen * np.float32(7)
    body.interface(rng, *arc(centre, (radius, radius), (205, 335)), 8, broken=0.6)
    wall = arc(centre, (bore, bore), (195, 345))
    body.interface(rng, *wall, 19, broken=0.5)
    gap, fall = rng.uniform(1.1, 2.0), rng.uniform(3.0, 5.0)
    for turn in range(1, 7):
        level = 12 - fall * turn
        body.interface(rng, wall[0], wall[1] + gap * turn, level, broken=0.8, behind=False)


def _lateral_muscle(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint the sternocleidomastoid muscle over the vessels."""
    x0, _, half_width, _ = layout.lobe
    half = rng.uniform(2.5, 4.0)
    at = (x0 - layout.side * (half_width + 9), layout.strap + half + rng.uniform(-0.5, 1.0))
    form = (at, (12.0, half), -0.12 * layout.side)
    part = ellipse_window(*form)
    shape = ellipse(*part.grid(), *form)
    body.paint(inside(shape, 0.5), -8 + 3.0 * field(rng, 0.15, 1.2, part), 1.05, part)
    rim = np.exp(np.float32(-0.5) * (shape / np.float32(0.2)) ** 2)
    body.echo_db[part.cut] += 6 * rim


def _carotid(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint the common carotid, lateral and deep of the lobe, and the jugular vein beside it."""
    x0, z0, half_width, half_height = layout.lobe
    radius = rng.uniform(2.6, 3.5)
    out = half_width + radius + rng.uniform(-0.6, 1.2)
    centre = (x0 - layout.side * out, z0 + rng.uniform(-0.2, 0.5) * half_height)
    flat = (rng.uniform(2.5, 4.5), rng.uniform(0.9, 2.4))
    beside = (centre[0] - layout.side * (radius + 1.5), centre[1] - radius - flat[1] - 0.3)
    _tube(body, beside, flat, -0.15 * layout.side)
    _tube(body, centre, (radius, radius * rng.uniform(0.88, 1.0)))
    for degrees in ((235, 305), (55, 125)):
        body.interface(rng, *arc(centre, (radius, radius), degrees), 8, broken=0.5)
    for wall in (-radius, radius):
        shade(body, (centre[0] + wall, centre[1]), 0.5, rng.uniform(1, 5))


def _slanted_vessel(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint a stretch of a vessel behind the lobe, in half of the pictures."""
    x0, z0, _, half_height = layout.lobe
    axes = (rng.uniform(6, 12), rng.uniform(1.5, 2.8))
    at = (x0 + rng.choice([-1, 1]) * rng.uniform(8, 18), z0 + half_height + axes[1] + 0.6)
    lean, there = layout.slope + rng.normal(0, 0.12), rng.random() < 0.5
    if there:
        _tube(body, at, axes, lean)


def _tube(
    body: Body, centre: tuple[float, float], axes: tuple[float, float], lean: float = 0.0
) -> None:
    """Paint a wall of 0.5 mm and blood."""
    part = ellipse_window(centre, axes, lean)
    shape = ellipse(*part.grid(), centre, axes, lean)
    body.paint(inside(shape + np.float32(0.5), 0.5), 2.0, 1.0, part)
    body.paint(inside(shape, 0.4), BLOOD_DB, 0.3, part)
    body.drop_lines(shape > 0, part)

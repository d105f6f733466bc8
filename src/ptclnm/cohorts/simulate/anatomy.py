"""The neck around the nodule, in three planes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptclnm.cohorts.simulate.body import ANECHOIC_DB, Body, arc, ellipse, inside
from ptclnm.cohorts.simulate.contour import Contour
from ptclnm.cohorts.simulate.drivers import Drivers
from ptclnm.cohorts.simulate.fields import SIDE_MM, Map, field, grid

PLANES = ("transverse", "longitudinal", "oblique")
BULGE = 0.22


@dataclass(frozen=True)
class Layout:
    """Where the parts of the neck lie, all in mm; depths at the middle of the array.

    Parameters
    ----------
    skin, fat, strap : float
        Depth of the lower side of skin, fat and strap muscle.
    bow : float
        How much deeper these lie 20 mm to the side.
    slope : float
        How much deeper per mm to the right.
    lobe : tuple of float
        Centre x, centre z, half width and half height of the gland's lobe.
    side : int
        1 if the trachea is to the right of the lobe, -1 if to the left.
    """

    skin: float
    fat: float
    strap: float
    bow: float
    slope: float
    lobe: tuple[float, float, float, float]
    side: int

    def lies(self, depth: float, x: NDArray) -> NDArray:
        """Give the depth of a layer's lower side at lateral positions."""
        grown = min(depth / self.strap, 1.0)
        return depth + grown * (self.bow * (x / 20) ** 2 + self.slope * x)


def draw_layout(drivers: Drivers, plane: str, rng: np.random.Generator) -> Layout:
    """Draw where the parts lie; the lobe is large enough for the nodule.

    Parameters
    ----------
    drivers : Drivers
        The diameter and the height over width are used.
    plane : {"transverse", "longitudinal", "oblique"}
        Plane of the picture.
    rng : Generator
        Source of randomness.

    Returns
    -------
    Layout
    """
    ratio = drivers.taller_than_wide
    height = drivers.diameter_mm * min(ratio, 1.0)
    width = drivers.diameter_mm * min(1 / ratio, 1.0)
    skin = rng.uniform(0.9, 1.5)
    fat = skin + rng.gamma(3, 0.6) + 0.5
    strap = fat + rng.uniform(2.2, 4.5)
    bow, slope = rng.uniform(0.6, 2.6), rng.normal(0, 0.02)
    half_height = max(rng.uniform(6.5, 9.0), 0.5 * height + rng.uniform(1.5, 3.0))
    across = rng.uniform(8.0, 11.0)
    along = rng.uniform(24.0, 32.0)
    half_width = max(across if plane == "transverse" else along, 0.5 * width + 2.5)
    lobe_x = rng.uniform(-2, 2) * (1 if plane == "transverse" else 3)
    side = 1 if rng.random() < 0.5 else -1
    lobe = (lobe_x, strap + 0.4 + half_height, half_width, half_height)
    tilt = slope + (rng.choice([-1, 1]) * 0.06 if plane == "oblique" else 0.0)
    return Layout(skin, fat, strap, bow, tilt, lobe, side)


def place(contour: Contour, layout: Layout, drivers: Drivers, rng: np.random.Generator) -> Contour:
    """Move an outline into the lobe, as near its front capsule as the drivers say.

    Parameters
    ----------
    contour : Contour
        About the origin.
    layout : Layout
        The neck.
    drivers : Drivers
        ``capsule_contact`` is used: 0 is as deep as the lobe allows, 1 bulges out of it.
    rng : Generator
        Draws the lateral position, of which the middle of the picture is near.

    Returns
    -------
    Contour
        The same outline elsewhere.
    """
    x0, z0, half_width, half_height = layout.lobe
    top, bottom = contour.points()[:, 1].min(), contour.points()[:, 1].max()
    room = max(0.55 * half_width - 0.5 * np.ptp(contour.points()[:, 0]), 0.5)
    x = x0 + rng.uniform(-1, 1) * min(room, 4.0)
    roof = z0 - half_height * np.sqrt(max(1 - ((x - x0) / half_width) ** 2, 0.2))
    floor = 2 * z0 - roof
    deep = max((floor - roof) - (bottom - top) - 1.0, 0.5) * rng.uniform(0.5, 0.9)
    gap = (1 - drivers.capsule_contact) * deep - drivers.capsule_contact * BULGE * (bottom - top)
    return Contour(float(x), float(roof + gap - top), contour.radius)


def draw_neck(layout: Layout, plane: str, rng: np.random.Generator) -> Body:
    """Paint everything but the nodule.

    Parameters
    ----------
    layout : Layout
        Where the parts lie.
    plane : {"transverse", "longitudinal", "oblique"}
        Trachea and a round carotid are met in the first only.
    rng : Generator
        Source of randomness.

    Returns
    -------
    Body
    """
    body = Body()
    _deep(body, layout, rng)
    if plane == "transverse":
        _isthmus(body, layout)
        _trachea(body, layout, rng)
    _gland(body, layout, plane, rng)
    _layers(body, layout, plane, rng)
    if plane == "transverse":
        _carotid(body, layout, rng)
    elif plane == "oblique":
        _vessel(body, layout, rng)
    return body


def _below(layout: Layout, depth: float) -> Map:
    """Give distance below a layer's lower side in mm."""
    x, z = grid()
    return z - layout.lies(depth, x).astype(np.float32)


def _deep(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint the tissue behind the gland: longus colli, its fascia, fat and bone."""
    x, z = grid()
    streaks = field(rng, 0.18, 1.6)
    body.echo_db += -3 + 3.5 * streaks
    _, z0, _, half_height = layout.lobe
    back = z0 + half_height + rng.uniform(0.3, 1.2)
    lean = rng.normal(0, 0.05)
    muscle = rng.uniform(5, 9)
    wave = rng.uniform(-0.5, 0.5) * np.sin(x / rng.uniform(5, 9))
    lid = (back + lean * x + wave).astype(np.float32)
    fibres = -9 + 3.2 * field(rng, 0.12, 2.2)
    body.paint(inside(z - lid) * inside(lid + np.float32(muscle) - z), fibres, 1.0)
    body.paint(inside(z - lid - np.float32(muscle + 1.5)), -6 + 3 * streaks, 1.3)
    line = np.linspace(-SIDE_MM / 2, SIDE_MM / 2, 200)
    base = np.interp(line, x[0], lid[0])
    body.interface(rng, line, base, 11, broken=0.7)
    body.interface(rng, line, base + 0.35, 8, broken=0.8)
    body.interface(rng, line, base + muscle, 13, broken=0.8)


def _gland(body: Body, layout: Layout, plane: str, rng: np.random.Generator) -> None:
    """Paint the lobe and its capsule."""
    x, z = grid()
    x0, z0, half_width, half_height = layout.lobe
    slow, fine = field(rng, 2.5, 3.0), field(rng, 0.25, 0.4)
    bent = z - np.float32(layout.slope) * x
    shape = ellipse(x, bent, (x0, z0), (half_width, half_height))
    body.paint(inside(shape, 0.3), 0.8 * slow + 0.7 * fine, 1.0)
    for degrees in ((190, 350), (15, 165)):
        cx, cz = arc((x0, z0), (half_width, half_height), degrees)
        body.interface(rng, cx, cz + layout.slope * cx, 9, broken=0.6)


def _isthmus(body: Body, layout: Layout) -> None:
    """Paint the bridge of gland in front of the trachea."""
    x, z = grid()
    x0, _, half_width, _ = layout.lobe
    centre = (x0 + layout.side * (half_width + 5), layout.strap + 2.8)
    body.paint(inside(ellipse(x, z, centre, (11.0, 1.9)), 0.3), 0.0, 1.0)


def _trachea(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint cartilage, the bright wall of air, its shadow and the echoes to and fro."""
    x, z = grid()
    x0, _, half_width, _ = layout.lobe
    radius = rng.uniform(7.5, 9.5)
    centre = (x0 + layout.side * (half_width + radius - 1.0), layout.strap + 4.8 + radius)
    ring = ellipse(x, z, centre, (radius, radius))
    body.paint(inside(ring), -12.0, 1.5)
    air = ellipse(x, z, centre, (radius - 1.6, radius - 1.6))
    body.paint(inside(air), ANECHOIC_DB, 1.0)
    body.loss_db += inside(air) * np.float32(9)
    wall = arc(centre, (radius - 1.6, radius - 1.6), (200, 340))
    outer = arc(centre, (radius, radius), (205, 335))
    body.interface(rng, *outer, 8, broken=0.5)
    body.interface(rng, *wall, 19, broken=0.4)
    gap = rng.uniform(1.3, 2.0)
    for turn in range(1, 6):
        body.interface(
            rng, wall[0], wall[1] + gap * turn, 12 - 7.5 * turn, broken=0.6, behind=False
        )


def _layers(body: Body, layout: Layout, plane: str, rng: np.random.Generator) -> None:
    """Paint skin, fat and strap muscle over the rest, with their fasciae."""
    x, _ = grid()
    fibre_mm = 3.0 if plane != "transverse" else 1.5
    fibres = field(rng, 0.11, fibre_mm)
    septa = field(rng, 0.16, 2.0)
    roof = _below(layout, layout.strap)
    body.paint(inside(-roof), -9 + 3.5 * np.maximum(fibres, -1), 1.0)
    body.paint(inside(-_below(layout, layout.fat)), -5 + 5.0 * np.maximum(septa, -0.8), 0.9)
    body.paint(inside(-_below(layout, layout.skin)), 4 + 1.5 * fibres, 1.0)
    line = np.linspace(-SIDE_MM / 2, SIDE_MM / 2, 200)
    for depth, level in (
        (0.12, 18.0),
        (layout.skin, 9.0),
        (layout.fat, 14.0),
        (layout.fat + 0.3, 9.0),
        (0.5 * (layout.fat + layout.strap), 6.0),
        (layout.strap, 14.0),
    ):
        ripple = rng.normal(0, 0.12) * np.sin(line / rng.uniform(2, 6) + rng.uniform(0, 6))
        body.interface(rng, line, layout.lies(depth, line) + ripple, level, broken=0.5)


def _carotid(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint the common carotid, lateral and deep of the lobe."""
    x, z = grid()
    x0, z0, half_width, half_height = layout.lobe
    radius = rng.uniform(2.7, 3.6)
    centre = (
        x0 - layout.side * (half_width + radius + rng.uniform(-0.8, 1.0)),
        z0 + rng.uniform(-0.2, 0.4) * half_height,
    )
    _tube(body, rng, ellipse(x, z, centre, (radius, radius)))
    for degrees in ((230, 310), (50, 130)):
        body.interface(rng, *arc(centre, (radius, radius), degrees), 12, broken=0.3)


def _vessel(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint a vessel cut along its way, behind the lobe."""
    x, z = grid()
    _, z0, _, half_height = layout.lobe
    radius, lean = rng.uniform(2.2, 3.2), rng.normal(0, 0.08)
    middle = z0 + half_height + radius + 1.0
    axis = (middle + lean * x).astype(np.float32)
    _tube(body, rng, np.float32(radius) - np.abs(z - axis))
    line = np.linspace(-SIDE_MM / 2, SIDE_MM / 2, 200)
    for wall in (-radius, radius):
        body.interface(rng, line, middle + lean * line + wall, 11, broken=0.4)


def _tube(body: Body, rng: np.random.Generator, shape: Map) -> None:
    """Paint a wall of 0.6 mm and blood."""
    body.paint(inside(shape + np.float32(0.6), 0.4), 1.0 + rng.normal(), 1.0)
    body.paint(inside(shape), -32.0, 0.3)

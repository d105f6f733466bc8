"""The neck around the nodule, in three planes: layers, gland, trachea, vessels, tissue behind."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from echophantom.body import (
    ANECHOIC_DB,
    CELLS,
    SIDE_MM,
    STEP_MM,
    WHOLE,
    Body,
    Map,
    Window,
    arc,
    ellipse,
    ellipse_window,
    field,
    grid,
    inside,
    line_field,
    shade,
    window,
)
from echophantom.drivers import Drivers
from echophantom.nodule import Contour

PLANES = ("transverse", "longitudinal", "oblique")
BULGE = 0.15  # of its height, how far a nodule in full contact rises out of the lobe
INVADED = 0.7  # of the strap muscle, the most that a nodule grows into
# Where the gland's mean echo is set to 0 dB; painted whatever a machine sees.
REFERENCE_MM = (15.0, 30.0)  # to each side, and deep
BLOOD_DB = -24.0


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the parts of the neck lie, all in mm; depths at the middle of the array.

    Parameters
    ----------
    skin, fat, strap : float
        Depth of the lower side of skin, fat and strap muscle.
    bend : ndarray of float32, shape (1, 500)
        How much deeper the strap muscle's lower side lies across the body.
    slope : float
        Slope of the lobe's axis in mm of depth per mm to the right.
    lobe : tuple of float
        Centre x, centre z, half width and half height of the gland's lobe.
    side : int
        1 if the trachea is to the right of the lobe, -1 if to the left.
    """

    skin: float
    fat: float
    strap: float
    bend: Map
    slope: float
    lobe: tuple[float, float, float, float]
    side: int

    def lies(self, depth: float) -> Map:
        """Give the depth of a layer across the body, shape (1, 500); shallow ones bend less."""
        return np.float32(depth) + np.float32(min(depth / self.strap, 1.0) ** 1.5) * self.bend


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
    fat = skin + min(rng.gamma(3, 0.5) + 0.5, 4.0)
    strap = fat + rng.uniform(2.0, 4.0)
    across = plane == "transverse"
    bow, tilt = rng.uniform(0.8, 3.5), rng.normal(0, 0.02 if across else 0.05)
    tilt += rng.choice([-1, 1]) * (0.06 if plane == "oblique" else 0)
    half_height = max(rng.uniform(6.5, 9.0), 0.5 * height + rng.uniform(1.5, 3.0))
    half_width = rng.uniform(8.0, 11.0) if across else rng.uniform(22.0, 30.0)
    half_width = max(half_width, 0.5 * width + 2.5)
    lobe_x = rng.uniform(-2, 2) * (1 if across else 3)
    side = 1 if rng.random() < 0.5 else -1
    x, _ = grid()
    bend = bow * ((x - lobe_x) / 20) ** 2 + tilt * x + 0.35 * line_field(rng, CELLS, STEP_MM, 4.0)
    lobe = (lobe_x, strap + 0.4 + half_height, half_width, half_height)
    return Layout(skin, fat, strap, bend.astype(np.float32), tilt, lobe, side)


def place(contour: Contour, layout: Layout, drivers: Drivers, rng: np.random.Generator) -> Contour:
    """Move an outline into the lobe, as near its front capsule as the drivers say.

    Parameters
    ----------
    contour : Contour
        About the origin.
    layout : Layout
        The neck.
    drivers : Drivers
        ``capsule_contact`` is used: 0 is as deep as the lobe allows, 1 bulges out of it, into the
        strap muscle and not through it.
    rng : Generator
        Draws the lateral position, of which the middle of the picture is near.

    Returns
    -------
    Contour
        The same outline elsewhere.
    """
    x0, z0, half_width, half_height = layout.lobe
    points = contour.points()
    top, bottom = points[:, 1].min(), points[:, 1].max()
    room = np.clip(0.55 * half_width - 0.5 * np.ptp(points[:, 0]), 0.5, 4.0)
    x = x0 + rng.uniform(-1, 1) * room
    axis = z0 + layout.slope * (x - x0)
    rise = half_height * np.sqrt(max(1 - ((x - x0) / half_width) ** 2, 0.2))
    deep = max(2 * rise - (bottom - top) - 1.0, 0.5) * rng.uniform(0.5, 0.9)
    contact = drivers.capsule_contact
    muscle = layout.strap - layout.fat
    gap = (1 - contact) * deep - contact * min(BULGE * (bottom - top), INVADED * muscle)
    column = int(np.clip((x + SIDE_MM / 2) / STEP_MM, 0, CELLS - 1))
    highest = layout.lies(layout.fat)[0, column] + (1 - INVADED) * muscle
    return Contour(float(x), float(max(axis - rise + gap, highest) - top), contour.radius)


def paint_deep(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint the tissue behind the gland: longus colli, its fascia, fat and bone."""
    streaks, patches = field(rng, 0.22, 1.2, body.seen), field(rng, 0.5, 2.5, body.seen)
    body.paint(np.float32(1), -1.5 + 2.5 * streaks + 3.0 * patches, 1.1, body.seen)
    _, z0, _, half_height = layout.lobe
    back = z0 + half_height + rng.uniform(0.2, 1.2)
    lean = layout.slope + rng.normal(0, 0.05)
    muscle = rng.uniform(4, 8)
    wave = 0.8 * line_field(rng, CELLS, STEP_MM, 5.0)[None, :]
    x, _ = grid()
    lid = (back + lean * x + wave).astype(np.float32)
    below = window((-SIDE_MM, SIDE_MM), (float(lid.min()) - 1, SIDE_MM)).meet(body.seen)
    _, z = below.grid()
    top = lid[:, slice(*below.columns)]
    fibres = -8 + 3.0 * field(rng, 0.14, 2.0, below)
    belly = inside(z - top, 0.6) * inside(top + np.float32(muscle) - z, 0.6)
    body.paint(belly, fibres, 1.15, below)
    floor = lid + np.float32(muscle + 0.8)
    bone = inside(z - floor[:, slice(*below.columns)], 1.0)
    body.paint(bone, -6 + 3 * streaks[below.within(body.seen)], 1.5, below)
    body.fascia(lid, 0.45, 6.5, streaks, body.seen)
    body.fascia(floor - np.float32(0.6), 0.6, 8.0, streaks, body.seen)
    lay_line(body, rng, lid, 6)
    lay_line(body, rng, floor - np.float32(0.6), 8)


def paint_gland(body: Body, layout: Layout, rng: np.random.Generator) -> None:
    """Paint the lobe, its capsule and small vessels in it."""
    x0, z0, half_width, half_height = layout.lobe
    form = ((x0, z0), (half_width, half_height), layout.slope)
    part = ellipse_window(*form, reach=2.5).meet(body.seen)
    lengths = ((2.2, 2.6), (0.35, 0.6), (0.5, 0.8), (2.0, 3.0))
    slow, fine, pores, bumps = (field(rng, *both, part) for both in lengths)
    shape = ellipse(*part.grid(), *form) + np.float32(0.35) * bumps
    texture = np.float32(2.0) * slow + np.float32(1.3) * fine
    texture -= texture[_reference(part, shape)].mean()
    body.paint(inside(shape, 0.5), texture, 1.0, part)
    steep = np.abs(part.grid()[1] - np.float32(z0)) / np.float32(half_height)
    rim = np.exp(np.float32(-0.5) * (shape / np.float32(0.22)) ** 2)
    echo = body.echo_db[part.cut]
    echo -= 9 * inside(pores - np.float32(2.6), 0.6) * inside(shape - 1)
    echo += rim * np.clip(steep, 0.2, 1) * (5.0 + 2.5 * fine)


def _reference(part: Window, shape: Map) -> NDArray[np.bool_]:
    """Tell which cells of the lobe its mean echo is taken from."""
    side, deep = REFERENCE_MM
    near = np.zeros(shape.shape, bool)
    near[part.meet(window((-side, side), (0, deep))).within(part)] = True
    return near & (shape > 0)


def paint_layers(body: Body, layout: Layout, plane: str, rng: np.random.Generator) -> None:
    """Paint skin, fat and strap muscle over the rest, with their fasciae."""
    lowest = float(layout.lies(layout.strap).max()) + 3.0
    part = window((-SIDE_MM, SIDE_MM), (0, lowest)).meet(body.seen)
    _, z = part.grid()
    fibres = field(rng, 0.13, 1.3 if plane == "transverse" else 2.6, part)
    septa, patches = field(rng, 0.2, 1.5, part), field(rng, 0.3, 1.0, part)
    for depth, echo, attenuation in (
        (layout.strap, -7 + 3.2 * fibres, 1.0),
        (layout.fat, -3.5 + 3.2 * septa, 0.9),
        (layout.skin, 1.5 + 1.2 * septa, 1.0),
    ):
        above = inside(layout.lies(depth)[:, slice(*part.columns)] - z)
        body.paint(above, echo, attenuation, part)
    middle = 0.5 * (layout.fat + layout.strap)
    body.echo_mm = layout.fat
    for depth, thickness, rise, level in (
        (0.1, 0.12, 4.0, 10.0),
        (layout.skin, 0.15, 3.0, 3.0),
        (layout.fat, 0.4, 7.0, 7.0),
        (middle, 0.25, rng.uniform(0, 6), rng.uniform(-6, 6)),
        (layout.strap - 0.15, 0.4, 7.0, 7.0),
    ):
        ripple = 0.14 * line_field(rng, CELLS, STEP_MM, 2.5)[None, :]
        curve = layout.lies(depth) + ripple.astype(np.float32)
        body.fascia(curve, thickness, rise, patches, part)
        lay_line(body, rng, curve, level)


def paint_contact(body: Body, rng: np.random.Generator) -> None:
    """Weaken the sound unevenly: contact of the array, and tissue that is not even."""
    body.attenuation[body.seen.cut] += 0.14 * field(rng, 3.0, 1.2, body.seen)
    uneven = np.clip(line_field(rng, CELLS, STEP_MM, 1.5) - 0.8, 0, None) * rng.uniform(0, 2.5)
    edge, reach = rng.choice([-1, 1]) * SIDE_MM / 2, rng.uniform(2, 9)
    lifted = rng.gamma(1.0, 3.0) * np.exp(-np.abs(grid()[0][0] - edge) / reach)
    body.loss_db[0] += ((uneven + lifted) / STEP_MM).astype(np.float32)


def lay_line(body: Body, rng: np.random.Generator, curve: Map, level_db: float) -> None:
    """Lay a broken bright line along a curve across the body, shape (1, 500)."""
    x, _ = grid()
    body.interface(rng, x[0].astype(float), curve[0].astype(float), level_db, broken=0.9)


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

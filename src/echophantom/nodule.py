"""The nodule: its outline, what it looks like in the neck, and how a reader outlines it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from echophantom.body import ANECHOIC_DB, Body, Map, Window, field, inside, shade, window
from echophantom.drivers import Drivers

ANGLES = 1024
SPICULES = 9
SPICULED_MM = 12.0  # diameter above which spicules grow no longer: they are some mm in all nodules
# A reader's hand: SD of the outline and its coherence along it, SD of a whole contour's bias.
JITTER_MM, COHERENCE_MM, BIAS_MM = 0.22, 1.0, 0.1
HETEROGENEITY_DB = 6.0
HALO_DB = 9.0
EDGE_MM = 0.5
EDGE_LOSS_DB = 3.5
RIM_MM = 2.5  # outside the outline: where the halo has faded
MICRO_LOSS_DB, MACRO_LOSS_DB = 1.5, 20.0
MOST = 64  # calcifications of a kind
GRAINS = 40
SMALL = 100  # cells of a nodule too small to be measured


@dataclass(frozen=True, eq=False)
class Contour:
    """An outline that every ray from its centre meets once.

    Parameters
    ----------
    x, z : float
        Centre in mm; `x` from the middle of the array, `z` from the skin.
    radius : ndarray of float, shape (1024,)
        Distance from the centre in mm at equal steps of the angle, from the right, downwards.
    """

    x: float
    z: float
    radius: NDArray[np.float64]

    def depth_inside(self, x: NDArray, z: NDArray) -> NDArray:
        """Measure how far points lie inside the outline, along the ray from the centre.

        Parameters
        ----------
        x, z : ndarray
            Points in mm; they are broadcast.

        Returns
        -------
        ndarray
            In mm; negative outside.
        """
        dx, dz = x - x.dtype.type(self.x), z - z.dtype.type(self.z)
        turn = np.arctan2(dz, dx) * (ANGLES / (2 * np.pi))
        place = np.mod(turn, ANGLES)
        low = place.astype(np.int32) % ANGLES
        share = place - np.floor(place)
        table = self.radius.astype(x.dtype)
        edge = table[low] * (1 - share) + table[(low + 1) % ANGLES] * share
        return edge - np.hypot(dx, dz)

    def points(self) -> NDArray[np.float64]:
        """Give the outline as (x, z) in mm, shape (1024, 2)."""
        angle = _angles()
        return np.column_stack(
            [self.x + self.radius * np.cos(angle), self.z + self.radius * np.sin(angle)]
        )

    @property
    def top(self) -> float:
        """Least depth in mm."""
        return float(self.points()[:, 1].min())


def draw_contour(drivers: Drivers, rng: np.random.Generator) -> Contour:
    """Draw an outline about the origin.

    Parameters
    ----------
    drivers : Drivers
        Diameter, height over width and irregularity are used.
    rng : Generator
        Source of randomness; how much is drawn does not depend on the drivers.

    Returns
    -------
    Contour
        Its area is that of the ellipse, whatever the irregularity; the same generator with a
        higher irregularity gives the same outline with deeper lobules and longer spicules.
    """
    angle = _angles()
    ratio = drivers.taller_than_wide
    width, height = (1.0, ratio) if ratio <= 1 else (1 / ratio, 1.0)
    tilt = rng.normal(0, 0.10)
    a, b = drivers.diameter_mm / 2 * width, drivers.diameter_mm / 2 * height
    ellipse = a * b / np.hypot(b * np.cos(angle - tilt), a * np.sin(angle - tilt))
    smooth = 0.035 * _waves(rng, angle, (2, 4))
    lobules = 0.075 * _waves(rng, angle, (5, 10))
    spicules = _spicules(rng, angle) * min(SPICULED_MM / drivers.diameter_mm, 1.0)
    rough = drivers.irregularity
    radius = ellipse * np.exp(smooth * (0.6 + 0.8 * rough) + rough * (lobules + spicules))
    radius *= np.sqrt(np.pi * a * b / (np.pi * np.mean(radius**2)))
    return Contour(0.0, 0.0, radius)


def _angles() -> NDArray[np.float64]:
    return np.arange(ANGLES) * (2 * np.pi / ANGLES)


def _waves(rng: np.random.Generator, angle: NDArray, orders: tuple[int, int]) -> NDArray:
    """Sum sines of the orders given, first to last, with random sizes and phases, to SD 1."""
    order = np.arange(orders[0], orders[1] + 1)
    size = rng.normal(size=(2, len(order)))
    turns = order[:, None] * angle
    wave = size[0] @ np.cos(turns) + size[1] @ np.sin(turns)
    return wave / wave.std()


def _spicules(rng: np.random.Generator, angle: NDArray) -> NDArray:
    """Draw narrow bumps outwards and notches inwards."""
    place = rng.uniform(0, 2 * np.pi, SPICULES)[:, None]
    width = rng.uniform(0.05, 0.13, SPICULES)[:, None]
    height = rng.uniform(0.08, 0.34, SPICULES) * np.where(np.arange(SPICULES) < 6, 1, -0.6)
    away = np.angle(np.exp(1j * (angle - place)))
    return height @ np.exp(-0.5 * (away / width) ** 2)


@dataclass(frozen=True, eq=False)
class Calcifications:
    """Where calcium is.

    Parameters
    ----------
    x, z : ndarray, shape (n,)
        Centres in mm.
    size_mm : ndarray, shape (n,)
        Widths.
    """

    x: NDArray[np.float64]
    z: NDArray[np.float64]
    size_mm: NDArray[np.float64]


def paint_nodule(
    body: Body, contour: Contour, drivers: Drivers, rng: np.random.Generator
) -> Calcifications:
    """Paint the nodule into a neck.

    Parameters
    ----------
    body : Body
        Changed in place.
    contour : Contour
        The outline, in its place.
    drivers : Drivers
        Appearance.
    rng : Generator
        Source of randomness; how much is drawn does not depend on the drivers.

    Returns
    -------
    Calcifications
    """
    points = contour.points()
    low, high = points.min(axis=0) - RIM_MM, points.max(axis=0) + RIM_MM
    part = window((low[0], high[0]), (low[1], high[1]))
    depth = contour.depth_inside(*part.grid())
    lengths = ((1.0, 1.2), (0.3, 0.45), (1.2, 1.5))
    coarse, fine, pores = (field(rng, *both, part) for both in lengths)
    spread = np.float32(HETEROGENEITY_DB * drivers.heterogeneity)
    mixture = spread * _standard(0.8 * coarse + 0.6 * fine, depth > EDGE_MM)
    hypoechoic = max(-drivers.echogenicity_db, 0.0)
    echo = drivers.echogenicity_db + mixture
    body.paint(inside(depth, EDGE_MM), echo, 1.0 + 0.015 * hypoechoic, part)
    # It has grown through the bright lines that were there.
    body.drop_lines(depth > 0, part)
    _halo(body, depth, drivers.halo, part)
    _edges(body, contour, drivers, rng)
    _cysts(body, depth, pores, drivers.cystic_fraction, part)
    return _calcify(body, contour, drivers, rng)


def _standard(values: Map, where: NDArray[np.bool_]) -> Map:
    """Bring a field to mean 0 and SD 1 where it is used."""
    if np.count_nonzero(where) < SMALL:
        return values
    return (values - values[where].mean()) / values[where].std()


def _halo(body: Body, depth: Map, strength: float, part: Window) -> None:
    """Darken a rim just outside the edge."""
    rim = np.exp(np.float32(-0.5) * ((depth + np.float32(0.3)) / np.float32(0.4)) ** 2)
    body.echo_db[part.cut] -= np.float32(HALO_DB * strength) * rim


def _edges(body: Body, contour: Contour, drivers: Drivers, rng: np.random.Generator) -> None:
    """Weaken the ways that graze the sides: a smooth edge bends the sound away."""
    points = contour.points()
    for k in (points[:, 0].argmin(), points[:, 0].argmax()):
        loss = EDGE_LOSS_DB * rng.uniform(0.2, 1.8) * (1 - 0.7 * drivers.irregularity)
        shade(body, tuple(points[k]), rng.uniform(0.5, 1.2), loss)


def _cysts(body: Body, depth: Map, pores: Map, share: float, part: Window) -> None:
    """Make the share of the nodule where the field is highest anechoic."""
    core = depth > EDGE_MM
    if share <= 0 or not core.any():
        return
    wanted = min(share * np.count_nonzero(depth > 0) / np.count_nonzero(core), 1.0)
    edge = np.quantile(pores[core], 1 - wanted)
    hollow = inside((pores - np.float32(edge)) * np.float32(1.5), 0.5) * inside(
        depth - np.float32(EDGE_MM)
    )
    body.paint(hollow, ANECHOIC_DB, 0.1, part)


def _calcify(
    body: Body, contour: Contour, drivers: Drivers, rng: np.random.Generator
) -> Calcifications:
    """Lay micro- and macrocalcifications inside the outline."""
    micro, macro = drivers.microcalcifications, drivers.macrocalcifications
    chosen = np.r_[0 : min(micro, MOST), MOST : MOST + min(macro, MOST)]
    count = 2 * MOST
    turn = rng.uniform(0, 1, count)
    out = 0.78 * np.sqrt(rng.uniform(0, 1, count))
    edge = np.append(contour.radius, contour.radius[0])
    reach = out * np.interp(turn, np.linspace(0, 1, len(edge)), edge)
    x = contour.x + reach * np.cos(2 * np.pi * turn)
    z = contour.z + reach * np.sin(2 * np.pi * turn)
    large = np.minimum(rng.uniform(1.5, 4.0, MOST), 0.5 * drivers.diameter_mm)
    size = np.r_[rng.uniform(0.25, 0.8, MOST), large]
    grains, level = rng.normal(size=(count, GRAINS, 2)), rng.uniform(0.5, 1.5, count)
    for k in chosen:
        _lay(body, (x[k], z[k]), size[k], grains[k], level[k], coarse=k >= MOST)
    return Calcifications(x[chosen], z[chosen], size[chosen])


def _lay(
    body: Body,
    at: tuple[float, float],
    size: float,
    grains: NDArray,
    level: float,
    coarse: bool,
) -> None:
    """Lay one calcification: bright grains, curved if coarse, and the shadow behind."""
    across, deep = (0.4 * size, 0.16) if coarse else (0.18 * size, 0.12 * size)
    dx = across * np.clip(grains[:, 0], -1.5, 1.5)
    bend = 0.5 * dx**2 / size if coarse else 0.0
    amplitude = np.full(GRAINS, (7.0 if coarse else 3.0) * level)
    dz = bend + deep * grains[:, 1]
    body.points.append(np.column_stack([at[0] + dx, at[1] + dz, amplitude, np.ones(GRAINS)]))
    if not coarse:
        shade(body, at, size, MICRO_LOSS_DB)
        return
    # Plaques are uneven: the loss is shared between three parts of the width.
    for part, grain in zip((1.0, 0.7, 0.45), grains[:3, 1], strict=True):
        aside, lower = 0.12 * size * float(np.clip(grain, -2, 2)), 0.15 * size * part**2
        beside = (at[0] + aside, at[1] + lower)
        shade(body, beside, part * size, MACRO_LOSS_DB / 3, edge_mm=0.3 * size)


def drawn_outline(
    mask: NDArray[np.bool_], spacing_mm: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw a nodule as a reader would, a little off its true outline.

    Parameters
    ----------
    mask : array of bool, shape (rows, cols)
        The true nodule, one piece.
    spacing_mm : float
        Side of a pixel.
    rng : Generator
        Of the hand.

    Returns
    -------
    array of bool, same shape
        One piece without holes. Its outline wanders by about 0.2 mm, less in nodules below 4 mm.
    """
    rows, cols = np.nonzero(mask)
    pad = int(np.ceil(1.5 / spacing_mm))
    box = tuple(slice(max(v.min() - pad, 0), v.max() + pad + 1) for v in (rows, cols))
    part = mask[box]
    inside = ndimage.distance_transform_edt(np.pad(part, 1, mode="edge"))[1:-1, 1:-1]
    depth = (inside - ndimage.distance_transform_edt(~part)) * spacing_mm
    noise = ndimage.gaussian_filter(
        rng.standard_normal(part.shape, dtype=np.float32), COHERENCE_MM / spacing_mm
    )
    calm = min(1.0, np.sqrt(mask.sum()) * spacing_mm / 4.0)
    hand = JITTER_MM * noise / noise.std() + BIAS_MM * np.clip(rng.standard_normal(), -2, 2)
    pieces, _ = ndimage.label(depth + calm * hand > 0)
    largest = 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    drawn = np.zeros_like(mask)
    drawn[box] = ndimage.binary_fill_holes(pieces == largest)
    return drawn

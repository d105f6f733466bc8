"""The nodule in the neck: echo, cysts, halo, calcification and what they do to the sound."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from echophantom.body import ANECHOIC_DB, Body, inside, shade
from echophantom.contour import Contour
from echophantom.drivers import Drivers
from echophantom.fields import Map, Window, field, window

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

"""The nodule in the neck: echo, cysts, halo, calcification and what they do to the sound."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptclnm.cohorts.simulate.body import ANECHOIC_DB, Body, inside
from ptclnm.cohorts.simulate.contour import Contour
from ptclnm.cohorts.simulate.drivers import Drivers
from ptclnm.cohorts.simulate.fields import STEP_MM, Map, field, grid

HETEROGENEITY_DB = 6.0
HALO_DB = 9.0
MICRO_LOSS_DB, MACRO_LOSS_DB = 3.0, 22.0
MOST_CALCIFICATIONS = 64


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
    x, z = grid()
    depth = contour.depth_inside(x, z)
    within = inside(depth, 0.3)
    coarse, fine, pores = field(rng, 0.9, 1.1), field(rng, 0.3, 0.4), field(rng, 1.3, 1.5)
    mixture = (0.8 * coarse + 0.6 * fine) * np.float32(HETEROGENEITY_DB * drivers.heterogeneity)
    core = depth > 0.3
    mixture -= mixture[core].mean() if core.any() else 0
    hypoechoic = max(-drivers.echogenicity_db, 0.0)
    body.paint(within, drivers.echogenicity_db + mixture, 1.0 + 0.015 * hypoechoic)
    _drop_capsule(body, contour)
    _halo(body, depth, drivers.halo)
    _cysts(body, depth, pores, drivers.cystic_fraction)
    return _calcify(body, contour, drivers, rng)


def _drop_capsule(body: Body, contour: Contour) -> None:
    """Take away the bright lines that the nodule has grown through."""
    for points in body.points:
        gone = contour.depth_inside(points[:, 0], points[:, 1]) > 0.1
        points[gone, 2] = 0


def _halo(body: Body, depth: Map, strength: float) -> None:
    """Darken a rim around the edge, and the ways that graze it."""
    rim = np.exp(-0.5 * ((depth + 0.25) / np.float32(0.3)) ** 2)
    body.echo_db -= np.float32(HALO_DB * strength) * rim


def _cysts(body: Body, depth: Map, pores: Map, share: float) -> None:
    """Make the share of the nodule where the field is highest anechoic."""
    core = depth > 0.4
    if share <= 0 or not core.any():
        return
    whole = np.count_nonzero(depth > 0)
    wanted = min(share * whole / np.count_nonzero(core), 1.0)
    edge = np.quantile(pores[core], 1 - wanted)
    hollow = inside((pores - np.float32(edge)) * np.float32(1.5), 0.25) * core
    body.paint(hollow, ANECHOIC_DB, 0.05)


def _calcify(
    body: Body, contour: Contour, drivers: Drivers, rng: np.random.Generator
) -> Calcifications:
    """Lay micro- and macrocalcifications inside the outline."""
    micro = min(drivers.microcalcifications, MOST_CALCIFICATIONS)
    macro = min(drivers.macrocalcifications, MOST_CALCIFICATIONS)
    count = 2 * MOST_CALCIFICATIONS
    chosen = np.r_[0:micro, MOST_CALCIFICATIONS : MOST_CALCIFICATIONS + macro]
    turn = rng.uniform(0, 2 * np.pi, count)
    out = 0.78 * np.sqrt(rng.uniform(0, 1, count))
    reach = np.interp(turn, np.linspace(0, 2 * np.pi, 1025), np.append(contour.radius, contour.radius[0]))
    x = contour.x + out * reach * np.cos(turn)
    z = contour.z + out * reach * np.sin(turn)
    size = np.r_[
        rng.uniform(0.2, 0.8, MOST_CALCIFICATIONS),
        np.minimum(rng.uniform(1.5, 4.0, MOST_CALCIFICATIONS), 0.5 * drivers.diameter_mm),
    ]
    grains = rng.normal(size=(count, 40, 2))
    level = rng.uniform(0.6, 1.4, count)
    for k in chosen:
        coarse = k >= MOST_CALCIFICATIONS
        _lay(body, (x[k], z[k]), size[k], grains[k], level[k], coarse)
    return Calcifications(x[chosen], z[chosen], size[chosen])


def _lay(
    body: Body,
    at: tuple[float, float],
    size: float,
    grains: NDArray,
    level: float,
    coarse: bool,
) -> None:
    """Lay one calcification: bright grains and the shadow behind."""
    spread = (0.4 * size, 0.12) if coarse else (0.16 * size, 0.10 * size)
    amplitude = (6.0 if coarse else 3.5) * level
    bright = np.column_stack(
        [
            at[0] + spread[0] * np.clip(grains[:, 0], -1.5, 1.5),
            at[1] + spread[1] * grains[:, 1],
            np.full(len(grains), amplitude),
            np.ones(len(grains)),
        ]
    )
    body.points.append(bright)
    shade(body, at, size, MACRO_LOSS_DB if coarse else MICRO_LOSS_DB)


def shade(body: Body, at: tuple[float, float], width_mm: float, loss_db: float) -> None:
    """Weaken all that lies behind a reflector.

    Parameters
    ----------
    body : Body
        Changed in place.
    at : tuple of float
        x and z of the reflector in mm.
    width_mm : float
        Its width.
    loss_db : float
        Loss there and back of the sound that passes it, in dB.
    """
    x, z = grid()
    row = int(np.clip((at[1] + 0.3) / STEP_MM, 0, len(z) - 1))
    across = inside(np.float32(width_mm / 2) - np.abs(x - np.float32(at[0])), 0.2)
    body.loss_db[row] += across[0] * np.float32(loss_db / STEP_MM)

"""Scatterers: single random reflectors, finer than any machine resolves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from echophantom.fields import CELLS, SIDE_MM, STEP_MM, Map, uniform

# Parts of a cell of the body's map along each side; a scatterer lies in each, at random.
PARTS = 2
DENSITY = PARTS**2 / STEP_MM**2


@dataclass(frozen=True, eq=False)
class Scatterers:
    """Random reflectors of unit mean square, on a jittered lattice.

    Parameters
    ----------
    amplitude : ndarray of float32, shape (rows, columns)
        Uniform about 0; 20 rows and 20 columns a mm.
    x, z : ndarray of float32, same shape
        Places in mm.
    first : int
        Column of the body's lattice that the first column is.
    """

    amplitude: Map
    x: Map
    z: Map
    first: int = 0


def draw_scatterers(
    rng: np.random.Generator, depth_mm: float = SIDE_MM, width_mm: float = SIDE_MM
) -> Scatterers:
    """Draw the scatterers of a body down to a depth.

    Parameters
    ----------
    rng : Generator
        Source of three streams, of amplitudes and of places.
    depth_mm, width_mm : float
        A deeper or wider body has the same scatterers, and more below or at the sides.

    Returns
    -------
    Scatterers
        400 per square mm: 15 and more in a resolution cell of 10 MHz at f/2.5.
    """
    step = np.float32(STEP_MM / PARTS)
    rows = int(np.ceil(depth_mm / STEP_MM)) * PARTS
    half = min(int(np.ceil(width_mm / 2 / STEP_MM)) * PARTS, CELLS * PARTS // 2)
    first = CELLS * PARTS // 2 - half
    columns = slice(first, first + 2 * half)
    amplitude, z, x = (
        uniform(np.random.default_rng(seed), (rows, CELLS * PARTS), columns)
        for seed in rng.integers(0, 2**62, 3)
    )
    amplitude *= np.float32(np.sqrt(12))
    z += np.float32(0.5)
    x += np.float32(0.5)
    z += np.arange(rows, dtype=np.float32)[:, None]
    z *= step
    x += np.arange(-half, half, dtype=np.float32)[None, :]
    x *= step
    return Scatterers(amplitude, x, z, first)


def weigh(scatterers: Scatterers, amplitude: Map) -> Map:
    """Scale scatterers by a map of the body.

    Parameters
    ----------
    scatterers : Scatterers
        With as many rows and columns as the map has, or fewer.
    amplitude : ndarray, shape (500, 500)
        Echo amplitude, 1 in the gland.

    Returns
    -------
    ndarray of float32
        Amplitudes, shape of the scatterers'.
    """
    rows, columns = scatterers.amplitude.shape
    left = max(scatterers.first // PARTS - 1, 0)
    right = (scatterers.first + columns) // PARTS + 1
    fine = _double(amplitude[: rows // PARTS + 1, left:right])
    start = scatterers.first - left * PARTS
    return scatterers.amplitude * fine[:rows, start : start + columns]


def splat(
    x: NDArray, z: NDArray, amplitude: NDArray, shape: tuple[int, int], x0: float, steps: tuple
) -> Map:
    """Add reflectors to the nearest points of a lattice.

    Parameters
    ----------
    x, z, amplitude : ndarray
        Reflectors; places in mm.
    shape : tuple of int
        Lines and samples.
    x0 : float
        Position of the first line in mm.
    steps : tuple of float
        Distance of lines and of samples in mm.

    Returns
    -------
    ndarray of float32, shape `shape`
        Reflectors outside are left out.
    """
    # One line and one sample on each side take what is outside.
    lines, samples = shape[0] + 2, shape[1] + 2
    line = _cell(x, -x0 / steps[0] + 1.5, steps[0], lines)
    sample = _cell(z, 1.0, steps[1], samples)
    # Reflectors come in rows of about a depth: so their sums lie close together in memory.
    sample *= lines
    sample += line
    total = np.bincount(sample, weights=amplitude, minlength=lines * samples)
    return total.reshape(samples, lines)[1:-1, 1:-1].T.astype(np.float32)


def _cell(place: NDArray, offset: float, step: float, count: int) -> NDArray[np.intp]:
    """Number the cells that places lie in, the first and the last taking what is outside."""
    cell = place * place.dtype.type(1 / step)
    cell += place.dtype.type(offset)
    return np.clip(cell, 0, count - 1, out=cell).astype(np.intp)


def _double(coarse: Map) -> Map:
    """Interpolate a map linearly to half its step."""
    for _ in (0, 1):
        size = len(coarse)
        fine = np.empty((2 * size, coarse.shape[1]), np.float32)
        near = coarse * np.float32(0.75)
        far = coarse * np.float32(0.25)
        fine[0::2], fine[1::2] = near, near
        fine[2::2] += far[:-1]
        fine[1:-1:2] += far[1:]
        fine[0] += far[0]
        fine[-1] += far[-1]
        coarse = fine.T
    return coarse

"""Scatterers: single random reflectors, finer than any machine resolves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptclnm.cohorts.simulate.fields import CELLS, SIDE_MM, STEP_MM, Map

# Parts of a cell of the body's map along each side; a scatterer lies in each, at random.
PARTS = 2
DENSITY = PARTS**2 / STEP_MM**2


@dataclass(frozen=True, eq=False)
class Scatterers:
    """Random reflectors of unit mean square, on a jittered lattice.

    Parameters
    ----------
    amplitude : ndarray of float32, shape (rows, columns)
        Standard normal; 20 rows and 20 columns a mm.
    x, z : ndarray of float32, same shape
        Places in mm.
    """

    amplitude: Map
    x: Map
    z: Map


def draw_scatterers(rng: np.random.Generator, depth_mm: float = SIDE_MM) -> Scatterers:
    """Draw the scatterers of a body down to a depth.

    Parameters
    ----------
    rng : Generator
        Source of three streams, of amplitudes and of places.
    depth_mm : float
        A deeper body has the same scatterers and more below.

    Returns
    -------
    Scatterers
        400 per square mm: 15 and more in a resolution cell of 10 MHz at f/2.5.
    """
    step = np.float32(STEP_MM / PARTS)
    shape = (int(np.ceil(depth_mm / STEP_MM)) * PARTS, CELLS * PARTS)
    streams = [np.random.default_rng(seed) for seed in rng.integers(0, 2**62, 3)]
    z, x = (stream.random(shape, dtype=np.float32) for stream in streams[1:])
    z += np.arange(shape[0], dtype=np.float32)[:, None]
    z *= step
    x += np.arange(shape[1], dtype=np.float32)[None, :]
    x *= step
    x -= np.float32(SIDE_MM / 2)
    return Scatterers(streams[0].standard_normal(shape, dtype=np.float32), x, z)


def weigh(scatterers: Scatterers, amplitude: Map) -> Map:
    """Scale scatterers by a map of the body.

    Parameters
    ----------
    scatterers : Scatterers
        With as many rows as the map has, or fewer.
    amplitude : ndarray, shape (500, 500)
        Echo amplitude, 1 in the gland.

    Returns
    -------
    ndarray of float32
        Amplitudes, shape of the scatterers'.
    """
    rows = len(scatterers.amplitude)
    return scatterers.amplitude * _double(amplitude[: rows // PARTS + 1])[:rows]


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
    line = (x - x.dtype.type(x0)) * x.dtype.type(1 / steps[0])
    # One line and one sample on each side take what is outside.
    padded = (shape[0] + 2, shape[1] + 2)
    np.clip(line + x.dtype.type(1.5), 0, padded[0] - 1, out=line)
    sample = np.clip(z * z.dtype.type(1 / steps[1]) + z.dtype.type(1), 0, padded[1] - 1)
    place = line.astype(np.int32)
    place *= padded[1]
    place += sample.astype(np.int32)
    total = np.bincount(place, weights=amplitude, minlength=padded[0] * padded[1])
    return total.reshape(padded)[1:-1, 1:-1].astype(np.float32)


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

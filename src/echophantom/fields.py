"""Grid of the simulated body and correlated random fields on it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

# The body is drawn whatever the scanner sees of it, so that the same seed is the same body.
SIDE_MM = 50.0
STEP_MM = 0.1
CELLS = round(SIDE_MM / STEP_MM)

Map = NDArray[np.float32]


@lru_cache(maxsize=1)
def grid() -> tuple[Map, Map]:
    """Give lateral position and depth of the body's cells.

    Returns
    -------
    x, z : ndarray of float32, shapes (1, cells) and (cells, 1)
        In mm; `x` is 0 at the middle of the array, `z` is 0 at the skin.
    """
    centres = (np.arange(CELLS, dtype=np.float32) + 0.5) * np.float32(STEP_MM)
    return (centres - np.float32(SIDE_MM / 2))[None, :], centres[:, None]


@dataclass(frozen=True)
class Window:
    """A part of the body's grid: what lies outside need not be computed.

    Parameters
    ----------
    rows, columns : tuple of int
        First cell and the one after the last.
    """

    rows: tuple[int, int] = (0, CELLS)
    columns: tuple[int, int] = (0, CELLS)

    @property
    def cut(self) -> tuple[slice, slice]:
        """Slices of the window in a map of the body."""
        return slice(*self.rows), slice(*self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        return self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]

    def grid(self) -> tuple[Map, Map]:
        """Give x and z of the window's cells, shapes (1, columns) and (rows, 1)."""
        x, z = grid()
        return x[:, slice(*self.columns)], z[slice(*self.rows)]

    def within(self, other: "Window") -> tuple[slice, slice]:
        """Slices of this window in an array of the shape of a window around it."""
        ends = ((self.rows, other.rows), (self.columns, other.columns))
        return tuple(slice(mine[0] - its[0], mine[1] - its[0]) for mine, its in ends)

    def meet(self, other: "Window") -> "Window":
        """Give the part that lies in both; it may be empty."""
        ends = []
        for mine, its in ((self.rows, other.rows), (self.columns, other.columns)):
            low = max(mine[0], its[0])
            ends.append((low, max(min(mine[1], its[1]), low)))
        return Window(*ends)


WHOLE = Window()


def window(x_mm: tuple[float, float], z_mm: tuple[float, float]) -> Window:
    """Give the cells between two positions and two depths in mm, as far as there are any."""
    ends = []
    for (low, high), start in ((z_mm, 0.0), (x_mm, SIDE_MM / 2)):
        first = int(np.clip(np.floor((low + start) / STEP_MM), 0, CELLS))
        ends.append((first, int(np.clip(np.ceil((high + start) / STEP_MM), first, CELLS))))
    return Window(*ends)


def uniform(rng: np.random.Generator, shape: tuple[int, int], columns: slice = slice(None)) -> Map:
    """Draw numbers between -1/2 and 1/2, in 65,536 steps; several times faster than floats.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    shape : tuple of int
        Rows and columns that are drawn.
    columns : slice
        The columns that are wanted; each number is the same whatever is wanted.

    Returns
    -------
    ndarray of float32, shape (rows, wanted columns)
        Variance 1/12.
    """
    rows, width = shape
    drawn = np.frombuffer(rng.bytes(2 * rows * width), "<i2").reshape(rows, width)
    values = drawn[:, columns].astype(np.float32)
    values += np.float32(0.5)
    values *= np.float32(1 / 65536)
    return values


def line_field(rng: np.random.Generator, points: int, step_mm: float, length_mm: float) -> Map:
    """Draw a correlated Gaussian sequence, mean 0 and variance 1.

    Parameters
    ----------
    rng : Generator
        Source of randomness; `points` normal numbers are drawn.
    points : int
        Length.
    step_mm, length_mm : float
        Distance of the points, and SD of the Gaussian they are smoothed with.

    Returns
    -------
    ndarray of float32, shape (points,)
    """
    white = fft.rfft(rng.standard_normal(points, dtype=np.float32))
    wave = fft.rfftfreq(points, step_mm)
    white *= np.exp(-2 * (np.pi * length_mm * wave) ** 2).astype(np.float32) * (wave > 0)
    smooth = fft.irfft(white, points)
    return smooth / max(float(smooth.std()), 1e-12)


def field(rng: np.random.Generator, depth_mm: float, across_mm: float, part: Window = WHOLE) -> Map:
    """Draw a correlated Gaussian field on the body's grid, mean 0 and variance 1.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    depth_mm, across_mm : float
        SD of the Gaussian that the white noise is smoothed with, in depth and across.
    part : Window
        The cells that are wanted. The field is the same whatever is wanted of it.

    Returns
    -------
    ndarray of float32, shape of the window
    """
    sigma = np.array([depth_mm, across_mm]) / STEP_MM
    # Half of the SD is fine enough: a long correlation is drawn on few points.
    stride = np.maximum(sigma // 2, 1).astype(int)
    points = tuple(fft.next_fast_len(int(n), real=True) for n in CELLS // stride + 2)
    # Smoothing sums many points: the field is Gaussian though the numbers are not.
    drawn = _smooth(uniform(rng, points), tuple(sigma / stride))
    return resample(drawn, np.arange(*part.rows) / stride[0], np.arange(*part.columns) / stride[1])


def resample(values: Map, rows: NDArray, columns: NDArray) -> Map:
    """Interpolate a map linearly.

    Parameters
    ----------
    values : ndarray, shape (m, n)
        Values at whole rows and columns.
    rows, columns : ndarray, shapes (a,) and (b,)
        Where they are wanted; beyond the ends the last value holds.

    Returns
    -------
    ndarray of float32, shape (a, b)
    """
    for place in (rows, columns):
        last = values.shape[0] - 1
        low = np.clip(place.astype(int), 0, last - 1)
        share = np.clip(place - low, 0, 1).astype(np.float32)[:, None]
        if share.any():
            lower = values[low]
            rise = values[low + 1] - lower
            rise *= share
            rise += lower
            values = rise.T
        else:
            values = values[low].T
    return np.ascontiguousarray(values, dtype=np.float32)


def soft_step(distance_mm: Map, width_mm: float) -> Map:
    """Give 0 to 1 across an edge.

    Parameters
    ----------
    distance_mm : ndarray
        Signed distance to the edge, positive inside.
    width_mm : float
        Width over which the step rises.

    Returns
    -------
    ndarray of float32
    """
    return np.clip(distance_mm / np.float32(width_mm) + np.float32(0.5), 0, 1).astype(np.float32)


def _smooth(white: Map, sigmas: tuple[float, ...]) -> Map:
    """Smooth white noise with a Gaussian, in cells and around the edges, and bring to SD 1."""
    spectrum = fft.rfft2(white)
    rows = np.exp(-2 * (np.pi * sigmas[0] * fft.fftfreq(white.shape[0])) ** 2)
    columns = np.exp(-2 * (np.pi * sigmas[1] * fft.rfftfreq(white.shape[1])) ** 2)
    spectrum *= (rows[:, None] * columns[None, :]).astype(np.float32)
    spectrum[0, 0] = 0
    smooth = fft.irfft2(spectrum, s=white.shape)
    return smooth / max(float(smooth.std()), 1e-12)

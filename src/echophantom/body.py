"""What the sound meets: maps on a grid, correlated random fields on it, thin interfaces."""

from dataclasses import dataclass
from dataclasses import field as made
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

# The body is drawn whatever the scanner sees of it, so that the same seed is the same body.
SIDE_MM = 50.0
STEP_MM = 0.1
CELLS = round(SIDE_MM / STEP_MM)

Map = NDArray[np.float32]
ANECHOIC_DB = -45.0
# Points of every interface, so that as much is drawn for a short one as for a long one.
INTERFACE_POINTS = 1200
POINT_STEP_MM = 0.05
# With this weight a point, a thin interface of 20 points a mm is about as bright as the gland.
COHERENT = 0.6


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


def _smooth(white: Map, sigmas: tuple[float, ...]) -> Map:
    """Smooth white noise with a Gaussian, in cells and around the edges, and bring to SD 1."""
    spectrum = fft.rfft2(white)
    rows = np.exp(-2 * (np.pi * sigmas[0] * fft.fftfreq(white.shape[0])) ** 2)
    columns = np.exp(-2 * (np.pi * sigmas[1] * fft.rfftfreq(white.shape[1])) ** 2)
    spectrum *= (rows[:, None] * columns[None, :]).astype(np.float32)
    spectrum[0, 0] = 0
    smooth = fft.irfft2(spectrum, s=white.shape)
    return smooth / max(float(smooth.std()), 1e-12)


def _flat(value: float) -> Map:
    return np.full((CELLS, CELLS), value, np.float32)


@dataclass(eq=False)
class Body:
    """Acoustic maps, each of shape (500, 500) and 0.1 mm a cell, painted in place.

    Parameters
    ----------
    echo_db : ndarray of float32
        Mean echo in dB relative to the gland.
    attenuation : ndarray of float32
        Attenuation relative to the tissue that the machine compensates for.
    loss_db : ndarray of float32
        Loss there and back in dB per mm, of any frequency: calcification, air, edges.
    points : list of ndarray, shapes (n, 4)
        Single reflectors: x and z in mm, amplitude relative to one scatterer of the gland, and
        1 where what lies above weakens it, 0 where not (an echo that took another way).
    echo_mm : float
        Depth between which and the array sound goes to and fro: all is seen again as much deeper.
    seen : Window
        What a machine looks at; the rest may stay unpainted.
    """

    echo_db: Map = made(default_factory=lambda: _flat(0))
    attenuation: Map = made(default_factory=lambda: _flat(1))
    loss_db: Map = made(default_factory=lambda: _flat(0))
    points: list[NDArray[np.float64]] = made(default_factory=list)
    echo_mm: float = 4.0
    seen: Window = WHOLE

    def paint(
        self,
        where: Map,
        echo_db: Map | float,
        attenuation: float | None = None,
        part: Window = WHOLE,
    ) -> None:
        """Lay tissue over what is there.

        Parameters
        ----------
        where : ndarray
            0 to 1, shape of `part`: how much of a cell is the new tissue.
        echo_db : ndarray or float
            Its echo.
        attenuation : float, optional
            Its attenuation; kept where none is given.
        part : Window
            The cells that are painted.
        """
        echo = self.echo_db[part.cut]
        echo += where * (echo_db - echo)
        if attenuation is not None:
            there = self.attenuation[part.cut]
            there += where * (np.float32(attenuation) - there)

    def drop_lines(self, where: NDArray[np.bool_], part: Window = WHOLE) -> None:
        """Take away single reflectors in the cells given, of the shape of `part`."""
        rows, columns = part.shape
        for points in self.points:
            row, column = cells(points[:, 0], points[:, 1])
            row, column = row - part.rows[0], column - part.columns[0]
            near = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
            hit = np.flatnonzero(near)
            points[hit[where[row[hit], column[hit]]], 2] = 0

    def reflectors(self) -> NDArray[np.float64]:
        """Give all single reflectors, shape (n, 4)."""
        return np.concatenate(self.points) if self.points else np.zeros((0, 4))

    def interface(
        self,
        rng: np.random.Generator,
        x: NDArray,
        z: NDArray,
        level_db: float,
        broken: float = 0.5,
        behind: bool = True,
    ) -> None:
        """Lay a thin bright line along a curve.

        Parameters
        ----------
        rng : Generator
            Draws roughness and gaps.
        x, z : ndarray, shape (n,)
            The curve in mm, in order, n of any size.
        level_db : float
            Echo where sound meets it squarely; where it slopes its points cancel.
        broken : float
            SD of the amplitude along the line, of a mean of 1.
        behind : bool
            Whether what lies above weakens it.
        """
        line = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
        step = line[-1] / INTERFACE_POINTS
        along = (np.arange(INTERFACE_POINTS) + 0.5) * step
        patches = line_field(rng, INTERFACE_POINTS, step, 1.1) * broken
        rough = line_field(rng, INTERFACE_POINTS, step, 0.6) * 0.03
        grain = 1 + rng.standard_normal(INTERFACE_POINTS) * 0.6
        amplitude = COHERENT * 10 ** (level_db / 20) * np.clip(1 + patches, 0, None) * grain
        amplitude *= step / POINT_STEP_MM
        places = (np.interp(along, line, x), np.interp(along, line, z) + rough)
        self.points.append(
            np.column_stack([*places, amplitude, np.full(INTERFACE_POINTS, float(behind))])
        )

    def fascia(
        self, middle: Map, thickness_mm: float, level_db: float, patches: Map, part: Window
    ) -> None:
        """Brighten a band of tissue along a curve.

        Parameters
        ----------
        middle : ndarray, shape (1, 500)
            Depth of the band's middle in mm.
        thickness_mm : float
            SD of the band across.
        level_db : float
            Mean rise in its middle.
        patches : ndarray, shape of `part`
            Field of SD 1 that makes the band uneven.
        part : Window
            The cells that may be painted.
        """
        reach = 4.5 * thickness_mm
        depths = (float(middle.min()) - reach, float(middle.max()) + reach)
        near = window((-SIDE_MM, SIDE_MM), depths).meet(part)
        _, z = near.grid()
        away = z - middle[:, slice(*near.columns)]
        band = np.exp(np.float32(-0.5 / thickness_mm**2) * away**2)
        uneven = np.clip(1 + np.float32(0.7) * patches[near.within(part)], -0.5, 2.5)
        self.echo_db[near.cut] += band * np.float32(level_db) * uneven


def cells(x: NDArray, z: NDArray) -> tuple[NDArray, NDArray]:
    """Give row and column of the cells that places in mm lie in, or nearest to."""
    row, column = (z / STEP_MM).astype(int), ((x + SIDE_MM / 2) / STEP_MM).astype(int)
    return np.clip(row, 0, CELLS - 1), np.clip(column, 0, CELLS - 1)


def shade(
    body: Body, at: tuple[float, float], width_mm: float, loss_db: float, edge_mm: float = 0.3
) -> None:
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
    edge_mm : float
        Width over which the shadow's side sets in.
    """
    x, z = grid()
    row = int(np.clip((at[1] + 0.3) / STEP_MM, 0, len(z) - 1))
    across = inside(np.float32(width_mm / 2) - np.abs(x - np.float32(at[0])), edge_mm)
    body.loss_db[row] += across[0] * np.float32(loss_db / STEP_MM)


def ellipse(
    x: Map, z: Map, centre: tuple[float, float], axes: tuple[float, float], lean: float = 0.0
) -> Map:
    """Give about the signed distance into an ellipse in mm, positive inside.

    Parameters
    ----------
    x, z : ndarray
        Places in mm; they are broadcast.
    centre, axes : tuple of float
        x and z of the centre; half width and half height.
    lean : float
        Slope of its long axis in mm of depth per mm to the right.

    Returns
    -------
    ndarray
    """
    dx = x - np.float32(centre[0])
    u = dx / np.float32(axes[0])
    v = (z - np.float32(centre[1]) - np.float32(lean) * dx) / np.float32(axes[1])
    # np.hypot guards against overflow and is several times slower.
    return (1 - np.sqrt(u * u + v * v)) * np.float32(min(axes))


def ellipse_window(
    centre: tuple[float, float], axes: tuple[float, float], lean: float = 0.0, reach: float = 1.0
) -> Window:
    """Give the cells that :func:`ellipse` says are not farther outside than `reach` mm."""
    grown = 1 + reach / min(axes)
    across, deep = axes[0] * grown, axes[1] * grown + abs(lean) * axes[0] * grown
    return window((centre[0] - across, centre[0] + across), (centre[1] - deep, centre[1] + deep))


def arc(
    centre: tuple[float, float], axes: tuple[float, float], degrees: tuple[float, float]
) -> tuple[NDArray, NDArray]:
    """Give points x, z of an ellipse between two angles, from the right, downwards."""
    angle = np.radians(np.linspace(*degrees, 160))
    return centre[0] + axes[0] * np.cos(angle), centre[1] + axes[1] * np.sin(angle)


def inside(distance_mm: Map, edge_mm: float = 0.3) -> Map:
    """Give the share of each cell inside an edge.

    Parameters
    ----------
    distance_mm : ndarray
        Signed distance to the edge, positive inside.
    edge_mm : float
        Width over which the share rises from 0 to 1.

    Returns
    -------
    ndarray of float32
    """
    return np.clip(distance_mm / np.float32(edge_mm) + np.float32(0.5), 0, 1).astype(np.float32)

"""A nodule's outline: an ellipse with lobules and spicules."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from echophantom.drivers import Drivers

ANGLES = 1024
SPICULES = 9
SPICULED_MM = 12.0  # diameter above which spicules grow no longer: they are some mm in all nodules


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

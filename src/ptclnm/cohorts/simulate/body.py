"""What the sound meets: maps on the body's grid and thin interfaces."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ptclnm.cohorts.simulate.fields import CELLS, Map, line_field, soft_step

ANECHOIC_DB = -45.0
POINT_STEP_MM = 0.05
# A thin interface of 20 coherent points a mm is as bright as gland with this weight a point.
COHERENT = 0.6


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
    """

    echo_db: Map = field(default_factory=lambda: _flat(0))
    attenuation: Map = field(default_factory=lambda: _flat(1))
    loss_db: Map = field(default_factory=lambda: _flat(0))
    points: list[NDArray[np.float64]] = field(default_factory=list)

    def paint(self, where: Map, echo_db: Map | float, attenuation: float | None = None) -> None:
        """Lay tissue over what is there.

        Parameters
        ----------
        where : ndarray
            0 to 1, shape (500, 500): how much of a cell is the new tissue.
        echo_db : ndarray or float
            Its echo.
        attenuation : float, optional
            Its attenuation; kept where none is given.
        """
        self.echo_db += where * (echo_db - self.echo_db)
        if attenuation is not None:
            self.attenuation += where * (np.float32(attenuation) - self.attenuation)

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
        count = int(SIDE_POINTS)
        along = np.linspace(0, line[-1], count)
        step = max(line[-1] / count, 1e-6)
        patches = line_field(rng, count, step, 0.9) * broken
        rough = line_field(rng, count, step, 0.35) * 0.018
        grain = rng.standard_normal(count) * 0.35
        amplitude = COHERENT * 10 ** (level_db / 20) * np.clip(1 + patches, 0, None) * (1 + grain)
        amplitude *= step / POINT_STEP_MM
        self.points.append(
            np.column_stack(
                [
                    np.interp(along, line, x),
                    np.interp(along, line, z) + rough,
                    amplitude,
                    np.full(count, float(behind)),
                ]
            )
        )


# Points of every interface, so that as much is drawn for a short one as for a long one.
SIDE_POINTS = 1200


def ellipse(x: Map, z: Map, centre: tuple[float, float], axes: tuple[float, float]) -> Map:
    """Give about the signed distance into an ellipse in mm, positive inside."""
    u = (x - np.float32(centre[0])) / np.float32(axes[0])
    v = (z - np.float32(centre[1])) / np.float32(axes[1])
    return (1 - np.hypot(u, v)) * np.float32(min(axes))


def arc(
    centre: tuple[float, float], axes: tuple[float, float], degrees: tuple[float, float]
) -> tuple[NDArray, NDArray]:
    """Give points x, z of an ellipse between two angles, from the right, downwards."""
    angle = np.radians(np.linspace(*degrees, 160))
    return centre[0] + axes[0] * np.cos(angle), centre[1] + axes[1] * np.sin(angle)


def inside(distance: Map, edge_mm: float = 0.2) -> Map:
    """Give the share of each cell inside an edge."""
    return soft_step(distance, edge_mm)

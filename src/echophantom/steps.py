"""One frame, kept at every step of its making."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from echophantom.acoustics import envelope, lattice, transmission_db
from echophantom.body import SIDE_MM, STEP_MM, Map, resample
from echophantom.drivers import Drivers, Scanner
from echophantom.render import Picture, display, draw, listen, reflectors, render_plane


@dataclass(frozen=True, eq=False)
class Steps:
    """What a frame is made from, in order; depth runs downwards and all extents are in mm.

    Parameters
    ----------
    echogenicity_db : ndarray of float32, shape (rows, columns)
        Mean echo relative to the gland, on the frame's pixels.
    transmission_db : ndarray of float32, same shape
        What shadows and uneven attenuation take from it.
    scatterers : ndarray of float32, shape (samples, lines)
        Their summed amplitudes on the signal's lattice.
    rf : ndarray of float32, same shape
        Radio-frequency signal after time-gain compensation.
    envelope : ndarray of float32, same shape
        Its envelope.
    level_db : ndarray of float32, shape (rows, columns)
        The envelope in dB on the frame's pixels; 0 is the gland.
    picture : Picture
        The stored frame with its mask.
    depth_mm : ndarray of float, shape (samples,)
        Depth of the samples.
    line_mm : ndarray of float, shape (lines,)
        Lateral position of the lines.
    scanner : Scanner
        The machine.
    """

    echogenicity_db: Map
    transmission_db: Map
    scatterers: Map
    rf: Map
    envelope: Map
    level_db: Map
    picture: Picture
    depth_mm: NDArray[np.float64]
    line_mm: NDArray[np.float64]
    scanner: Scanner

    @property
    def nodule_line(self) -> int:
        """The line that passes nearest the middle of the nodule."""
        columns = np.flatnonzero(self.picture.mask.any(axis=0))
        width = self.picture.mask.shape[1]
        middle = columns.mean() + 0.5 if len(columns) else width / 2
        place = (middle - width / 2) * self.picture.spacing_mm
        return int(np.abs(self.line_mm - place).argmin())


def explain(drivers: Drivers, scanner: Scanner, seed: int, plane: str = "transverse") -> Steps:
    """Make one frame and keep every step.

    Parameters
    ----------
    drivers : Drivers
        The nodule's appearance.
    scanner : Scanner
        The machine's settings.
    seed : int
        The frame is the one that ``render_plane`` gives for ``default_rng(seed)``.
    plane : {"transverse", "longitudinal", "oblique"}
        Plane of the picture.

    Returns
    -------
    Steps
    """
    grid = lattice(scanner)
    scene, noise_rng = draw(drivers, scanner, np.random.default_rng(seed), plane)
    summed = reflectors(scene, scanner, grid)
    signal = listen(scene, scanner, noise_rng, grid)
    amplitude = envelope(signal)
    level_db, _ = display(amplitude, scanner, grid)
    picture = render_plane(drivers, scanner, np.random.default_rng(seed), plane)
    rows, columns = picture.frame.shape
    z = (np.arange(rows) + 0.5) * scanner.pixel_mm / STEP_MM - 0.5
    x = (np.arange(columns) + 0.5 - columns / 2) * scanner.pixel_mm
    passed = resample(transmission_db(scene.body, scanner), z, (x + SIDE_MM / 2) / STEP_MM - 0.5)
    return Steps(
        picture.truth.echogenicity_db,
        passed,
        summed.T,
        signal.T,
        amplitude.T,
        level_db,
        picture,
        grid.depth,
        grid.x0 + np.arange(grid.lines) * grid.pitch,
        scanner,
    )

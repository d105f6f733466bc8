"""One plane of one nodule, as a machine would store it, with the truth behind it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from echophantom.acoustics import (
    Lattice,
    Scatterers,
    compensate,
    draw_scatterers,
    electronic_noise,
    envelope,
    lattice,
    receive,
    reverberate,
    splat,
    transmission_db,
    weigh,
)
from echophantom.body import SIDE_MM, STEP_MM, Body, Map, cells, resample, window
from echophantom.drivers import Drivers, Scanner
from echophantom.neck import PLANES, REFERENCE_MM, draw_layout, draw_neck, place
from echophantom.nodule import Calcifications, Contour, draw_contour, paint_nodule

RESOLUTIONS = (1, 2, 4)
BESIDE_MM = 2.0  # beyond the frame: the outermost lines hear what lies beside them


def decibels(amplitude: Map) -> Map:
    """Give an envelope in dB; 0 is the root mean square of the gland's."""
    return np.float32(20) * np.log10(np.maximum(amplitude, 1e-6) / np.float32(np.sqrt(2)))


def scan_convert(picture: Map, scanner: Scanner, grid: Lattice) -> Map:
    """Bring lines and samples to the frame's pixels.

    Parameters
    ----------
    picture : ndarray, shape (lines, samples)
        Values along lines.
    scanner : Scanner
        Pixel and width are used.
    grid : Lattice
        The lattice.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        Mean of the samples of a pixel's depth; across, linear between the two nearest lines.
    """
    pixel = scanner.pixel_mm / grid.resolution
    per_pixel = round(pixel / grid.dz)
    columns = round(scanner.width_mm / scanner.pixel_mm) * grid.resolution
    rows = sum(picture[:, k::per_pixel] for k in range(per_pixel)) / np.float32(per_pixel)
    x = (np.arange(columns) + 0.5) * pixel - columns * pixel / 2
    place = (x - grid.x0) / grid.pitch
    low = np.clip(place.astype(int), 0, grid.lines - 2)
    share = (place - low).astype(np.float32)[:, None]
    return np.ascontiguousarray((rows[low] * (1 - share) + rows[low + 1] * share).T)


def smooth(amplitude: Map, scanner: Scanner) -> Map:
    """Blur an envelope on the frame's pixels, as machines do to calm the speckle."""
    sigma = scanner.smoothing_mm / scanner.pixel_mm
    # In mm it shrinks with the response: the finer picture is the same machine's, scaled.
    return ndimage.gaussian_filter(amplitude, sigma) if sigma > 0 else amplitude


def quantise(level_db: Map, scanner: Scanner) -> NDArray[np.uint8]:
    """Map dB to grey levels 0 to 255.

    Parameters
    ----------
    level_db : ndarray
        0 is the gland.
    scanner : Scanner
        Gain, dynamic range, the gland's place in it and the grey map are used.

    Returns
    -------
    ndarray of uint8
    """
    share = scanner.gland_level + (level_db + scanner.gain_db) / scanner.dynamic_range_db
    grey = np.clip(share, 0, 1) ** np.float32(scanner.gamma)
    return np.rint(scanner.black + grey * (255 - scanner.black)).astype(np.uint8)


class RenderError(ValueError):
    """A picture that cannot be rendered.

    Parameters
    ----------
    problems : list of str
        All that is wrong, one line each.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, eq=False)
class Truth:
    """What the picture was made from.

    Parameters
    ----------
    echogenicity_db : ndarray of float32, shape (rows, columns)
        Mean echo without speckle, noise and shadow, on the frame's pixels; 0 is the gland.
    calcifications : ndarray of float, shape (n, 2)
        Row and column of the calcifications in the frame, outside it too.
    calcification_mm : ndarray of float, shape (n,)
        Their widths.
    contour : ndarray of float, shape (1024, 2)
        Row and column of the nodule's outline.
    """

    echogenicity_db: Map
    calcifications: NDArray[np.float64]
    calcification_mm: NDArray[np.float64]
    contour: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Picture:
    """A stored frame.

    Parameters
    ----------
    frame : ndarray of uint8, shape (rows, columns)
        Grey levels.
    mask : ndarray of bool, same shape
        The nodule's true outline, filled.
    spacing_mm : float
        Side of a pixel.
    truth : Truth
        What it was made from.
    """

    frame: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    spacing_mm: float
    truth: Truth


@dataclass(frozen=True, eq=False)
class Scene:
    """A patient's plane before any machine: drawn from the seed and the drivers alone.

    Parameters
    ----------
    body : Body
        Neck with the nodule.
    contour : Contour
        The nodule's outline.
    calcifications : Calcifications
        Where calcium is.
    scatterers : Scatterers
        Random reflectors of all of it.
    """

    body: Body
    contour: Contour
    calcifications: Calcifications
    scatterers: Scatterers


def render_plane(
    drivers: Drivers,
    scanner: Scanner,
    rng: np.random.Generator,
    plane: str = "transverse",
    resolution: int = 1,
) -> Picture:
    """Render one plane.

    Parameters
    ----------
    drivers : Drivers
        The nodule's appearance.
    scanner : Scanner
        The machine's settings.
    rng : Generator
        Source of all randomness. The same state gives the same body, whatever the scanner and
        the resolution.
    plane : {"transverse", "longitudinal", "oblique"}
        Plane of the picture.
    resolution : {1, 2, 4}
        2 and 4 give the same scatterers seen with a response 2 and 4 times finer in depth and
        across, on as many times more rows and columns.

    Returns
    -------
    Picture

    Raises
    ------
    RenderError
        If the plane, the resolution or the field of view is not among those allowed.
    """
    _check(drivers, scanner, plane, resolution)
    scene, noise_rng = draw(drivers, scanner, rng, plane)
    return image(scene, scanner, noise_rng, resolution)


def draw(
    drivers: Drivers, scanner: Scanner, rng: np.random.Generator, plane: str
) -> tuple[Scene, np.random.Generator]:
    """Draw a scene, and the generator of the machine's noise.

    Parameters
    ----------
    drivers, rng, plane
        As in :func:`render_plane`.
    scanner : Scanner
        How deep and wide it looks; no more is drawn than that needs.

    Returns
    -------
    tuple
    """
    scene_seed, noise_seed = rng.integers(0, 2**62, 2)
    layout_rng, contour_rng, neck_rng, nodule_rng, scatter_rng = map(
        np.random.default_rng, np.random.default_rng(scene_seed).integers(0, 2**62, 5)
    )
    layout = draw_layout(drivers, plane, layout_rng)
    contour = place(draw_contour(drivers, contour_rng), layout, drivers, contour_rng)
    half = max(scanner.width_mm / 2 + BESIDE_MM, REFERENCE_MM[0])
    seen = window((-half, half), (0, max(scanner.depth_mm, REFERENCE_MM[1])))
    body = draw_neck(layout, plane, neck_rng, seen)
    calcifications = paint_nodule(body, contour, drivers, nodule_rng)
    width = scanner.width_mm + 2 * BESIDE_MM
    scatterers = draw_scatterers(scatter_rng, scanner.depth_mm, width)
    return Scene(body, contour, calcifications, scatterers), np.random.default_rng(noise_seed)


def listen(scene: Scene, scanner: Scanner, rng: np.random.Generator, grid: Lattice) -> Map:
    """Give the compensated radio-frequency signal of a scene, shape (lines, samples)."""
    signal = receive(reflectors(scene, scanner, grid), scanner, grid)
    signal = reverberate(signal, scanner, grid, scene.body.echo_mm)
    return compensate(signal, scanner, grid, electronic_noise(rng, scanner, grid))


def display(amplitude: Map, scanner: Scanner, grid: Lattice) -> tuple[Map, NDArray[np.uint8]]:
    """Give an envelope of shape (lines, samples) as dB and as grey levels on the frame."""
    level_db = decibels(smooth(scan_convert(amplitude, scanner, grid), scanner))
    return level_db, quantise(level_db, scanner)


def image(scene: Scene, scanner: Scanner, rng: np.random.Generator, resolution: int) -> Picture:
    """See a scene with a machine.

    Parameters
    ----------
    scene : Scene
        What is there.
    scanner, resolution
        As in :func:`render_plane`.
    rng : Generator
        Source of the electronic noise.

    Returns
    -------
    Picture
    """
    grid = lattice(scanner, resolution)
    _, frame = display(envelope(listen(scene, scanner, rng, grid)), scanner, grid)
    return Picture(
        frame,
        _mask(scene.contour, frame.shape, scanner, resolution),
        scanner.pixel_mm / resolution,
        _truth(scene, frame.shape, scanner, resolution),
    )


def reflectors(scene: Scene, scanner: Scanner, grid: Lattice) -> Map:
    """Sum scatterers and interfaces on the lattice, weakened by what lies above.

    Parameters
    ----------
    scene : Scene
        What is there.
    scanner : Scanner
        Frequency and attenuation decide how much is weakened.
    grid : Lattice
        Lines and samples.

    Returns
    -------
    ndarray of float32, shape (lines, samples)
    """
    passed = transmission_db(scene.body, scanner)
    amplitude = np.power(np.float32(10), (scene.body.echo_db + passed) / np.float32(20))
    x, z, strength, behind = scene.body.reflectors().T
    strength = strength * 10 ** (behind * passed[cells(x, z)] / 20)
    many = scene.scatterers
    return splat(
        *(
            np.concatenate([a.ravel(), b.astype(np.float32)])
            for a, b in ((many.x, x), (many.z, z), (weigh(many, amplitude), strength))
        ),
        (grid.lines, grid.samples),
        grid.x0,
        (grid.pitch, grid.dz),
    )


def _pixels(shape: tuple[int, int], scanner: Scanner, resolution: int) -> tuple[NDArray, NDArray]:
    """Give x and z of the pixels' centres in mm, shapes (1, columns) and (rows, 1)."""
    pixel = scanner.pixel_mm / resolution
    x = (np.arange(shape[1]) + 0.5) * pixel - shape[1] * pixel / 2
    return x[None, :], ((np.arange(shape[0]) + 0.5) * pixel)[:, None]


def _mask(
    contour: Contour, shape: tuple[int, int], scanner: Scanner, resolution: int
) -> NDArray[np.bool_]:
    """Fill the outline; only its box is looked at."""
    x, z = _pixels(shape, scanner, resolution)
    points = contour.points()
    left, right = np.searchsorted(x[0], [points[:, 0].min(), points[:, 0].max()])
    top, bottom = np.searchsorted(z[:, 0], [points[:, 1].min(), points[:, 1].max()])
    mask = np.zeros(shape, bool)
    box = (slice(top, bottom + 1), slice(left, right + 1))
    mask[box] = contour.depth_inside(x[:, box[1]], z[box[0]]) > 0
    return mask


def _truth(scene: Scene, shape: tuple[int, int], scanner: Scanner, resolution: int) -> Truth:
    """Bring what is known to the frame's rows and columns."""
    x, z = _pixels(shape, scanner, resolution)
    pixel = scanner.pixel_mm / resolution
    left = shape[1] * pixel / 2
    calcium, outline = scene.calcifications, scene.contour.points()
    return Truth(
        resample(scene.body.echo_db, z[:, 0] / STEP_MM - 0.5, (x[0] + SIDE_MM / 2) / STEP_MM - 0.5),
        np.column_stack([calcium.z / pixel - 0.5, (calcium.x + left) / pixel - 0.5]),
        calcium.size_mm,
        np.column_stack([outline[:, 1] / pixel - 0.5, (outline[:, 0] + left) / pixel - 0.5]),
    )


def _check(drivers: Drivers, scanner: Scanner, plane: str, resolution: int) -> None:
    problems = []
    if plane not in PLANES:
        problems.append(f"plane is {plane!r}. Allowed: {', '.join(PLANES)}.")
    if resolution not in RESOLUTIONS:
        problems.append(f"resolution is {resolution!r}. Allowed: 1, 2, 4.")
    for name in ("depth_mm", "width_mm"):
        size = getattr(scanner, name)
        if not 10 <= size <= SIDE_MM:
            problems.append(f"{name} of the scanner is {size}. Allowed: 10 to {SIDE_MM:g} mm.")
    if not 1 <= drivers.diameter_mm <= SIDE_MM:
        problems.append(f"diameter_mm is {drivers.diameter_mm}. Allowed: 1 to {SIDE_MM:g} mm.")
    if problems:
        raise RenderError(problems)

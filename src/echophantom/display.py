"""From an envelope to a stored frame: pixels, log compression, grey levels."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from echophantom.acoustics import Lattice
from echophantom.drivers import Scanner
from echophantom.fields import Map


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

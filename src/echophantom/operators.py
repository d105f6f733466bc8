"""What people add: how an examination sets the machine, and how a reader draws the outline."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from echophantom.drivers import Scanner

LARGE_MM, WIDE_MM = 22.0, 50.0
# A reader's hand: SD of the outline and its coherence along it, SD of a whole contour's bias.
JITTER_MM, COHERENCE_MM, BIAS_MM = 0.22, 1.0, 0.1


def examination(
    machine: Scanner, habits: tuple[float, float, float], diameter_mm: float,
    rng: np.random.Generator,
) -> Scanner:  # fmt: skip
    """Set a hospital's machine for one patient.

    Parameters
    ----------
    machine : Scanner
        As the hospital has it.
    habits : tuple of float
        Between examinations: SD of the gain in dB, of the focus in mm, and of what the
        compensation leaves in dB/cm.
    diameter_mm : float
        Of the nodule; a large one is seen with a wider and deeper field.
    rng : Generator
        Of the operator and the neck.

    Returns
    -------
    Scanner
        Gain, focus, compensation and the neck's attenuation vary; frequency, dynamic range and
        size of the pixels are the hospital's.
    """
    gain, focus, compensation = habits
    drawn = rng.standard_normal(3)
    field = WIDE_MM if diameter_mm > LARGE_MM else machine.depth_mm
    return replace(
        machine,
        gain_db=round(machine.gain_db + gain * drawn[0], 2),
        focus_mm=round(float(np.clip(machine.focus_mm + focus * drawn[1], 8.0, 30.0)), 1),
        tgc_error_db=round(compensation * drawn[2], 2),
        attenuation_db=round(rng.uniform(0.42, 0.58), 3),
        depth_mm=field,
        width_mm=max(field, machine.width_mm),
    )


def drawn_outline(
    mask: NDArray[np.bool_], spacing_mm: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw a nodule as a reader would, a little off its true outline.

    Parameters
    ----------
    mask : array of bool, shape (rows, cols)
        The true nodule, one piece.
    spacing_mm : float
        Side of a pixel.
    rng : Generator
        Of the hand.

    Returns
    -------
    array of bool, same shape
        One piece without holes. Its outline wanders by about 0.2 mm, less in nodules below 4 mm.
    """
    rows, cols = np.nonzero(mask)
    pad = int(np.ceil(1.5 / spacing_mm))
    box = tuple(slice(max(v.min() - pad, 0), v.max() + pad + 1) for v in (rows, cols))
    part = mask[box]
    inside = ndimage.distance_transform_edt(np.pad(part, 1, mode="edge"))[1:-1, 1:-1]
    depth = (inside - ndimage.distance_transform_edt(~part)) * spacing_mm
    noise = ndimage.gaussian_filter(
        rng.standard_normal(part.shape, dtype=np.float32), COHERENCE_MM / spacing_mm
    )
    calm = min(1.0, np.sqrt(mask.sum()) * spacing_mm / 4.0)
    hand = JITTER_MM * noise / noise.std() + BIAS_MM * np.clip(rng.standard_normal(), -2, 2)
    pieces, _ = ndimage.label(depth + calm * hand > 0)
    largest = 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    drawn = np.zeros_like(mask)
    drawn[box] = ndimage.binary_fill_holes(pieces == largest)
    return drawn

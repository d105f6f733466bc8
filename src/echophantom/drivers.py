"""What drives a simulated picture: the nodule's appearance, and how the machine is set."""

from dataclasses import dataclass, replace

import numpy as np

LARGE_MM, WIDE_MM = 22.0, 50.0


@dataclass(frozen=True)
class Drivers:
    """Appearance of one nodule; the same in all planes of a patient.

    Parameters
    ----------
    diameter_mm : float
        Largest diameter in mm.
    taller_than_wide : float
        Height over width of the nodule's envelope; above 1 is taller than wide.
    irregularity : float
        0 smooth to 1 spiculated or lobulated margin.
    echogenicity_db : float
        Mean echo of the solid part relative to the gland in dB; negative is hypoechoic.
    heterogeneity : float
        0 to 1; SD of the echo inside the solid part over that of a coarse mixture.
    cystic_fraction : float
        0 to 1; share of the nodule's area that is anechoic.
    microcalcifications : int
        Bright spots below 1 mm.
    macrocalcifications : int
        Bright coarse plaques that shadow.
    halo : float
        0 to 1; strength of a dark rim.
    capsule_contact : float
        0 (deep in the gland) to 1 (bulging through the gland's capsule).
    """

    diameter_mm: float
    taller_than_wide: float = 0.8
    irregularity: float = 0.2
    echogenicity_db: float = -8.0
    heterogeneity: float = 0.3
    cystic_fraction: float = 0.0
    microcalcifications: int = 0
    macrocalcifications: int = 0
    halo: float = 0.0
    capsule_contact: float = 0.0


@dataclass(frozen=True)
class Scanner:
    """Settings of a centre's machine.

    Parameters
    ----------
    frequency_mhz : float
        Centre frequency of the pulse in MHz.
    bandwidth : float
        -6 dB bandwidth over the centre frequency.
    f_number : float
        Focal depth over aperture; a larger one has a wider focus.
    focus_mm : float
        Depth of the transmit focus in mm.
    gain_db : float
        Overall gain in dB.
    dynamic_range_db : float
        Range of the log compression in dB.
    attenuation_db : float
        Tissue attenuation in dB/cm/MHz, one way.
    tgc_error_db : float
        What the time-gain compensation leaves over, in dB per cm of depth.
    depth_mm, width_mm : float
        Field of view of the linear array in mm.
    pixel_mm : float
        Side of a pixel of the stored frame in mm.
    noise_db : float
        Electronic noise before compensation, in dB relative to the gland.
    tgc_max_db : float
        Most that the time-gain compensation can give; deeper down the picture darkens.
    gland_level : float
        Share of the dynamic range that lies below the gland's mean echo, at gain 0.
    gamma : float
        Exponent of the grey map that follows the log compression; above 1 darkens the middle.
    black : float
        Grey level of no echo at all, 0 to 255.
    clutter_db : float
        Energy of the side lobes relative to the main lobe's, in dB.
    reverberation_db : float
        Level of the first copy of all that sound between array and fascia brings, in dB.
    smoothing_mm : float
        SD of the Gaussian that speckle reduction blurs the envelope with; 0 is none.
    """

    frequency_mhz: float = 10.0
    bandwidth: float = 0.6
    f_number: float = 2.5
    focus_mm: float = 15.0
    gain_db: float = 0.0
    dynamic_range_db: float = 60.0
    attenuation_db: float = 0.5
    tgc_error_db: float = 0.0
    depth_mm: float = 40.0
    width_mm: float = 40.0
    pixel_mm: float = 0.09
    noise_db: float = -52.0
    tgc_max_db: float = 32.0
    gland_level: float = 0.69
    gamma: float = 3.0
    black: float = 12.0
    clutter_db: float = -20.0
    reverberation_db: float = -22.0
    smoothing_mm: float = 0.07


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

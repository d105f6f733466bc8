"""The machines of the simulated hospitals, and how an examination sets them."""

from dataclasses import replace

import numpy as np

from echophantom.drivers import Scanner

# Ni et al.: linear arrays of 5 to 12 MHz. Li et al.: one machine of 5 to 14 MHz with one preset.
MACHINES: dict[str, dict[str, Scanner]] = {
    "ni2024-sim": {
        "A": Scanner(frequency_mhz=10.0, gain_db=0.0, dynamic_range_db=60.0, focus_mm=15.0),
        "B": Scanner(
            frequency_mhz=8.5, bandwidth=0.55, f_number=2.8, focus_mm=18.0, gain_db=2.0,
            dynamic_range_db=66.0,
        ),
        "C": Scanner(
            frequency_mhz=11.5, bandwidth=0.65, f_number=2.2, focus_mm=13.0, gain_db=-2.0,
            dynamic_range_db=56.0, pixel_mm=0.085,
        ),
    },
    "li2024-sim": {
        "A": Scanner(frequency_mhz=11.0, bandwidth=0.65, f_number=2.2, pixel_mm=0.088),
    },
}  # fmt: skip
# Operators' habits: SD of gain in dB, of focus in mm, of what the compensation leaves in dB/cm.
HABITS = {"ni2024-sim": (1.5, 2.0, 0.4), "li2024-sim": (0.7, 1.5, 0.25)}
LARGE_MM, WIDE_MM = 22.0, 50.0


def examination(name: str, center: str, diameter_mm: float, rng: np.random.Generator) -> Scanner:
    """Set a hospital's machine for one patient.

    Parameters
    ----------
    name : str
        The cohort.
    center : str
        The hospital.
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
    machine = MACHINES[name][center]
    gain, focus, compensation = HABITS[name]
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

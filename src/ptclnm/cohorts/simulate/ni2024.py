"""Patients after Ni et al. 2024: Table 1 by class within set."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echophantom.drivers import Scanner
from echophantom.patients import (
    Block,
    Stratum,
    beta_between,
    between,
    by_rank,
    lognormal_between,
    spread,
)
from ptclnm.cohorts.simulate.table1 import levels, moments

STUDY, NAME, PREFIX = "ni2024", "ni2024-sim", "N"
MASK_VALUE, SUFFIX = 255, ".jpg"
SETS = {"train": "training", "internal": "internal", "external": "external"}
CLASSES = ("NLVLNM", "LVLNM")
PLANES = (0.25, 0.5, 0.25)
FIRST_HOSPITAL = 0.6

# Column: printed variable, whose label it follows, correlation with the aggressiveness.
COUNTED = {
    "sex": ("Sex", "clinical", 0.1),
    "multifocality": ("Multifocality", "clinical", 0.2),
    "capsular_invasion": ("Capsular invasion", "shape", 0.4),
}
MEASURED = {"age": ("Age", "clinical", -0.1), "size_mm": ("Size", "size", 0.4)}
SHAPES = {"age": (beta_between, (18.0, 85.0)), "size_mm": (lognormal_between, (2.5, 40.0))}
COLUMNS = ("sex", "age", "size_mm", "multifocality", "capsular_invasion")
PRINTED = {name: entry[0] for name, entry in (COUNTED | MEASURED).items()}

# Linear arrays of 5 to 12 MHz.
MACHINES = {
    "A": Scanner(frequency_mhz=10.0, gain_db=0.0, dynamic_range_db=60.0, focus_mm=15.0),
    "B": Scanner(
        frequency_mhz=8.5, bandwidth=0.55, f_number=2.8, focus_mm=18.0, gain_db=2.0,
        dynamic_range_db=66.0,
    ),
    "C": Scanner(
        frequency_mhz=11.5, bandwidth=0.65, f_number=2.2, focus_mm=13.0, gain_db=-2.0,
        dynamic_range_db=56.0, pixel_mm=0.085,
    ),
}  # fmt: skip
HABITS = (1.5, 2.0, 0.4)
# How far the classes lie apart, by family; set by bench/calibrate.py.
STRENGTH = {"shape": 1.05, "texture": 1.05}

TITLE = "Ni et al. 2024, simulated"
ENDPOINT = (
    "A simulated label in the place of more than five metastatic lymph nodes (large-volume "
    "metastasis). Not: any finding in a patient"
)
CHOICES = (
    "The text counts 374 patients in the external set and 854 in all; Table 1's classes add up "
    "to 354 there, and 350, 150 and 354 to 854. Table 1's classes are taken.",
    "The text's mean age (45.89 ± 12.19 years) does not follow from Table 1's groups; its numbers "
    "of patients by metastatic nodes add up to 874. Table 1's groups are taken.",
    "Models' printed metrics imply other classes in the internal set (42 and 220) than Table 1 "
    "(22 and 128). Table 1's are taken.",
    "Which hospitals gave which set is not printed: two share training and internal set, a third "
    "is the external one. One to three pictures a patient: a quarter, a half, a quarter.",
)


@cache
def strata() -> tuple[Stratum, ...]:
    """Classes within sets, in the numbers of Table 1."""
    return tuple(
        Stratum(split, label, sum(levels(STUDY, "Sex", f"{group}_{name}").values()))
        for split, group in SETS.items()
        for label, name in enumerate(CLASSES)
    )


def centers(block: Block) -> NDArray[np.object_]:
    """Hospital of each patient, independent of the label within a set."""
    inside = np.where(block.rng("hospital").random(len(block)) < FIRST_HOSPITAL, "A", "B")
    return np.where(block.split == "external", "C", inside).astype(object)


def planes(block: Block) -> list[tuple[str, ...]]:
    """One to three planes of each patient, in turn transverse and longitudinal."""
    counts = block.rng("planes").choice([1, 2, 3], size=len(block), p=PLANES)
    first = block.rng("first plane").integers(2, size=len(block))
    names = ("transverse", "longitudinal")
    return [
        tuple(names[(start + k) % 2] for k in range(count))
        for start, count in zip(first, counts, strict=True)
    ]


def clinical(block: Block) -> pd.DataFrame:
    """Draw the clinical columns, each within set and shown class as Table 1 has them.

    Parameters
    ----------
    block : Block
        The patients.

    Returns
    -------
    DataFrame
        Counts are exact. Age is in whole years, 18 to 85, the size in mm with one decimal.
    """
    made = pd.DataFrame(index=range(len(block)), columns=list(COLUMNS), dtype=object)
    for column, (printed, family, loading) in (COUNTED | MEASURED).items():
        liability = block.within(column, loading)
        for split, group in SETS.items():
            for label, name in enumerate(CLASSES):
                inside = (block.split == split) & (block.shown[family] == label)
                about = (STUDY, printed, f"{group}_{name}")
                if column in COUNTED:
                    made.loc[inside, column] = by_rank(liability[inside], levels(*about))
                else:
                    make, ends = SHAPES[column]
                    share = spread(liability[inside], block.rng(column, about[2]))
                    made.loc[inside, column] = make(*ends, *moments(*about))(share)
    made["age"] = made["age"].astype(float).round()
    made["size_mm"] = made["size_mm"].astype(float).round(1)
    return made


def drivers(block: Block, table: pd.DataFrame) -> pd.DataFrame:
    """Draw what the pictures show.

    Parameters
    ----------
    block : Block
        The patients.
    table : DataFrame
        Their clinical columns; diameter and contact with the capsule agree with them.

    Returns
    -------
    DataFrame
        The fields of `Drivers`.
    """
    invades = table["capsular_invasion"].eq("Yes").to_numpy()
    touch = block.within("capsule contact", 0.3)
    echo = block.liability("echogenicity", "texture", 0.5)
    grain = block.liability("heterogeneity", "texture", 0.5)
    specks = block.liability("microcalcifications", "texture", 0.5, 0.8)
    outline = block.liability("irregularity", "shape", 0.6)
    upright = block.liability("taller than wide", "shape", 0.3, 0.5)
    rng = block.rng("rare findings")
    cystic = rng.random(len(block)) < 0.04
    number = 2 + rng.poisson(np.exp(0.8 + 0.6 * np.clip(specks, 0.0, 3.0)))
    plaques = rng.random(len(block)) < 0.12
    return pd.DataFrame(
        {
            "diameter_mm": table["size_mm"].to_numpy(),
            "taller_than_wide": np.clip(0.88 * np.exp(0.2 * upright), 0.5, 1.7),
            "irregularity": between(outline - 0.3, 0.02, 0.98),
            "echogenicity_db": np.clip(-8.0 - 3.0 * echo, -18.0, 3.0),
            "heterogeneity": between(grain - 0.3, 0.05, 0.95),
            "cystic_fraction": np.where(cystic, 0.3, 0.0),
            "microcalcifications": np.where(specks > 0, np.minimum(number, 30), 0),
            "macrocalcifications": plaques.astype(int),
            "halo": between(block.within("halo", -0.3) - 1.0, 0.0, 0.8),
            "capsule_contact": np.where(
                invades, between(touch, 0.6, 1.0), between(touch, 0.0, 0.55)
            ),
        }
    )

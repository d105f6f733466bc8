"""Patients after Ni et al. 2024: Table 1 by class within set."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echophantom.patients import Block, Stratum, between
from ptclnm.cohorts.simulate.study import read_study

STUDY = read_study("ni2024")
PLANES = (0.25, 0.5, 0.25)
FIRST_HOSPITAL = 0.6


@cache
def strata() -> tuple[Stratum, ...]:
    """Classes within sets, in the numbers of Table 1."""
    return tuple(
        Stratum(split, label, sum(STUDY.levels("sex", f"{group}_{name}").values()))
        for split, group in STUDY.sets.items()
        for label, name in enumerate(STUDY.classes)
    )


def centers(block: Block) -> NDArray[np.object_]:
    """Hospital of each patient, independent of the label within a set."""
    inside = np.where(block.rng("hospital").random(len(block)) < FIRST_HOSPITAL, "A", "B")
    return np.where(block.split == "external", "C", inside).astype(object)


def planes(block: Block) -> list[tuple[str, ...]]:
    """One to three planes of each patient, in turn transverse and longitudinal."""
    counts = block.rng("planes").choice([1, 2, 3], size=len(block), p=PLANES)
    first = block.rng("first plane").integers(2, size=len(block))
    names = ("transverse", "longitudinal") * 2
    return [names[start : start + count] for start, count in zip(first, counts, strict=True)]


def clinical(block: Block) -> pd.DataFrame:
    """Draw the clinical columns: all are printed by class, and none follows from another."""
    return STUDY.draw(block)


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
    contact = np.where(invades, between(touch, 0.6, 1.0), between(touch, 0.0, 0.55))
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
            "capsule_contact": contact,
        }
    )

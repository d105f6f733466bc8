"""Patients after Li et al. 2024: Table 1 by set."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echophantom.patients import Block, Stratum, between, by_rank
from ptclnm.cohorts.simulate.study import levels, printed, read_study

STUDY = read_study("li2024")


@cache
def strata() -> tuple[Stratum, ...]:
    """Classes within sets, in the numbers of Table 1."""
    return tuple(
        Stratum(split, label, levels(STUDY.study, "CLNM", split)[name])
        for split in STUDY.sets
        for label, name in enumerate(("No", "Yes"))
    )


def centers(block: Block) -> NDArray[np.object_]:
    """One hospital."""
    return np.full(len(block), "A", dtype=object)


def planes(block: Block) -> list[tuple[str, ...]]:
    """Both planes of each patient."""
    return [("longitudinal", "transverse")] * len(block)


def clinical(block: Block) -> pd.DataFrame:
    """Draw the clinical columns, each within its set as Table 1 has it.

    Parameters
    ----------
    block : Block
        The patients.

    Returns
    -------
    DataFrame
        Counts are exact, save the radiologist's (see the study's choices).
    """
    made = STUDY.draw(block)
    for split in STUDY.sets:
        inside = block.split == split
        part = made[inside]
        # A tumour that fills the lobe is among the largest.
        counts = STUDY.levels("location", split)
        full = np.zeros(len(part), dtype=bool)
        full[np.argsort(part["diameter_mm"], kind="stable")[len(part) - counts.pop("Full") :]] = (
            True
        )
        place = np.full(len(part), "Full", dtype=object)
        place[~full] = by_rank(_lean(block, "location")[inside][~full], counts)
        # Nodules in both lobes are several.
        several = np.where(part["multifocality"] == "Yes", 100.0, 0.0)
        lobes = _lean(block, "bilaterality")[inside] + several
        ties = block.rng("ties", split).random(len(part))
        rank = points(part) + ties
        made.loc[inside, "location"] = place
        made.loc[inside, "bilaterality"] = by_rank(lobes, STUDY.levels("bilaterality", split))
        made.loc[inside, "acr_tirads"] = by_rank(rank, STUDY.levels("acr_tirads", split))
        made.loc[inside, "radiologist"] = _reading(block, split)
    return made


def _lean(block: Block, column: str) -> NDArray[np.float64]:
    return block.liability(column, *STUDY.findings[column][1:])


def points(findings: pd.DataFrame) -> NDArray[np.int64]:
    """Add up the points of ACR TI-RADS 2017."""
    return sum(findings[name].map(given).to_numpy() for name, given in STUDY.points.items())


def _reading(block: Block, split: str) -> NDArray[np.object_]:
    """Read the nodes as a radiologist of the printed sensitivity and specificity does."""
    inside = block.split == split
    shown, doubt = block.shown["clinical"][inside], block.within("radiologist", 0.3)[inside]
    read = np.full(len(shown), "No", dtype=object)
    about = {"where": "Table 2", "model": "Radiologist", "evaluation_set": split}
    for label, metric in ((1, "sensitivity"), (0, "specificity")):
        share = float(printed(STUDY.study, "performance", **about, metric=metric)["value"].iloc[0])
        group = np.flatnonzero(shown == label)
        positive = round((share if label else 1 - share) * len(group))
        read[group] = by_rank(doubt[group], {"No": len(group) - positive, "Yes": positive})
    return read


def drivers(block: Block, table: pd.DataFrame) -> pd.DataFrame:
    """Draw what the pictures show, in agreement with the clinical columns.

    Parameters
    ----------
    block : Block
        The patients.
    table : DataFrame
        Their clinical columns.

    Returns
    -------
    DataFrame
        The fields of `Drivers`.
    """
    outline, upright = block.within("outline", 0.4), block.within("upright", 0.2)
    echo, touch = block.within("echo", 0.3), block.within("capsule contact", 0.3)
    grain = block.liability("heterogeneity", "texture", 0.5)
    rate = np.exp(1.2 + 0.5 * np.clip(block.liability("specks", "texture", 0.4, 0.4), -2.0, 3.0))
    specks = np.minimum(2 + block.rng("number of specks").poisson(rate), 30)
    plaques = block.rng("plaques").integers(1, 3, size=len(table))
    calcium = table["calcification"].str
    rim = np.where(calcium.contains("Peripheral"), 3, 0)
    mixed, outside = table["composition"] == "Cystic and solid", table["margin"].str[0] == "E"
    contact = np.where(outside, between(touch, 0.8, 1.0), between(touch, 0.0, 0.6))
    return pd.DataFrame(
        {
            "diameter_mm": table["diameter_mm"].to_numpy(),
            "taller_than_wide": _look(table["shape"], upright),
            "irregularity": _look(table["margin"], outline),
            "echogenicity_db": _look(table["echoes"], -echo),
            "heterogeneity": between(grain - 0.3, 0.05, 0.95),
            "cystic_fraction": np.where(mixed, between(touch, 0.15, 0.45), 0.0),
            "microcalcifications": np.where(calcium.contains("micro", case=False), specks, 0),
            "macrocalcifications": np.where(calcium.contains("Stubby"), plaques, rim),
            "halo": between(block.within("halo", -0.3) - 1.0, 0.0, 0.8),
            "capsule_contact": contact,
        }
    )


def _look(found: pd.Series, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map a standard normal variable onto the interval that each patient's level looks like."""
    ends = np.array([STUDY.looks[str(found.name)][level] for level in found])
    return between(x, ends[:, 0], ends[:, 1])

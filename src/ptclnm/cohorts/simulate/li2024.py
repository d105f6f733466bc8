"""Patients after Li et al. 2024: Table 1 by set."""

from collections.abc import Mapping
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
from ptclnm.cohorts.simulate.table1 import levels, moments, printed

STUDY, NAME, PREFIX = "li2024", "li2024-sim", "L"
MASK_VALUE, SUFFIX = 1, ".dcm"
SETS = ("train", "test")
CLASSES = ("no CLNM", "CLNM")

# Column: printed variable, whose label it follows, correlation with the aggressiveness, weight
# of the label. Levels are given by rank of the liability in the order of ORDER.
MEASURED = {
    "age": ("Age", "clinical", -0.1, -0.6),
    "diameter_mm": ("Diameter", "size", 0.4, 0.9),
}
SPREADS = {"age": (beta_between, (18.0, 85.0)), "diameter_mm": (lognormal_between, (2.5, 40.0))}
COUNTED = {
    "gender": ("Gender", "clinical", 0.1, 0.25),
    "bilaterality": ("Bilaterality", "clinical", 0.2, 0.7),
    "multifocality": ("Multifocality", "clinical", 0.2, 0.7),
    "location": ("Location", "clinical", 0.0, 0.0),
    "ht": ("HT", "clinical", -0.1, 0.0),
    "composition": ("Composition", "texture", -0.1, 0.0),
    "calcification": ("Calcify", "texture", 0.4, 0.8),
    "margin": ("Margin", "shape", 0.5, 0.9),
    "echoes": ("Echoes", "texture", 0.4, 0.8),
    "shape": ("Shape", "shape", 0.2, 0.3),
}
ORDER = {
    "calcification": (
        "No", "Peripheral", "Stubby", "Micro", "Stubby and micro", "Peripheral and micro",
    ),
    "composition": ("Solid", "Cystic and solid"),
}  # fmt: skip
COLUMNS = (
    "age", "diameter_mm", "gender", "bilaterality", "multifocality", "location", "ht",
    "composition", "calcification", "margin", "echoes", "shape", "acr_tirads", "radiologist",
)  # fmt: skip
PRINTED = {name: entry[0] for name, entry in (MEASURED | COUNTED).items()} | {
    "acr_tirads": "ACR_TIRADS",
    "radiologist": "Radiologist",
}

# ACR TI-RADS 2017: points of each finding.
POINTS: dict[str, dict[str, int]] = {
    "composition": {"Cystic and solid": 1, "Solid": 2},
    "echoes": {"Hyper- or Isoechoic": 1, "Hypoechoic": 2, "Very hypoechoic": 3},
    "shape": {"No taller-than-wide": 0, "Taller-than-wide": 3},
    "margin": {
        "Smooth or ill defined": 0, "Irregular or lobulated": 2, "Extrathyroidal extension": 3,
    },
    "calcification": {
        "No": 0, "Stubby": 1, "Peripheral": 2, "Micro": 3, "Stubby and micro": 4,
        "Peripheral and micro": 5,
    },
}  # fmt: skip

# What each level is on the picture: height over width, irregularity, echo in dB.
SHAPES = {"No taller-than-wide": (0.55, 0.97), "Taller-than-wide": (1.04, 1.5)}
MARGINS = {
    "Smooth or ill defined": (0.02, 0.4),
    "Irregular or lobulated": (0.5, 0.9),
    "Extrathyroidal extension": (0.4, 0.95),
}
ECHOES = {
    "Hyper- or Isoechoic": (-2.0, 4.0),
    "Hypoechoic": (-9.0, -4.0),
    "Very hypoechoic": (-16.0, -10.0),
}

# One machine of 5 to 14 MHz with one preset.
MACHINES = {"A": Scanner(frequency_mhz=11.0, bandwidth=0.65, f_number=2.2, pixel_mm=0.088)}
HABITS = (0.7, 1.5, 0.25)
# How far the classes lie apart, by family; set by bench/calibrate.py.
STRENGTH = {"clinical": 1.29, "size": 1.29, "shape": 1.29, "texture": 1.04}

TITLE = "Li et al. 2024, simulated"
ENDPOINT = (
    "A simulated label in the place of cervical lymph-node metastasis. Not: any finding in a "
    "patient"
)
CHOICES = (
    "The radiologist's reading has the sensitivity and specificity of Table 2, which give 118 and "
    "46 positive readings in training and test set; Table 1 prints 125 and 57.",
    "Table 1 has no counts by outcome: age, diameter, margin and multifocality carry as much of "
    "it as the reported AUC of Nomogram C needs, in shares of our choosing.",
    "The category of ACR TI-RADS follows the rank of its points, in the printed numbers, which "
    "the points themselves do not give.",
    "Patients with nodules in both lobes are among those with several nodules.",
    "Surgical methods and the location of metastases are left out: both are known after surgery, "
    "and the latter (379 without) contradicts the endpoint (382 without).",
)


@cache
def strata() -> tuple[Stratum, ...]:
    """Classes within sets, in the numbers of Table 1."""
    return tuple(
        Stratum(split, label, levels(STUDY, "CLNM", split)[name])
        for split in SETS
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
        Counts are exact, save the radiologist's (see ``CHOICES``). Age is in whole years, the
        diameter in mm with one decimal.
    """
    made = pd.DataFrame(index=range(len(block)), columns=list(COLUMNS), dtype=object)
    leans = {
        name: block.liability(name, family, loading, weight)
        for name, (_, family, loading, weight) in (MEASURED | COUNTED).items()
    }
    for split in SETS:
        inside = block.split == split
        part = {name: values[inside] for name, values in leans.items()}
        columns = _measured(block, split, part)
        columns |= _counted(split, part, columns["diameter_mm"])
        ties = block.rng("ties", split).random(len(columns["age"]))
        columns["acr_tirads"] = by_rank(points(columns) + ties, levels(STUDY, "ACR_TIRADS", split))
        columns["radiologist"] = _reading(block, split)
        for name, values in columns.items():
            made.loc[inside, name] = values
    made["age"] = made["age"].astype(float).round()
    made["diameter_mm"] = made["diameter_mm"].astype(float).round(1)
    return made


def _measured(
    block: Block, split: str, leans: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray]:
    made = {}
    for name, (make, ends) in SPREADS.items():
        quantiles = make(*ends, *moments(STUDY, MEASURED[name][0], split))
        made[name] = quantiles(spread(leans[name], block.rng(name, split)))
    return made


def _counted(
    split: str, leans: Mapping[str, NDArray[np.float64]], diameter: NDArray[np.float64]
) -> dict[str, NDArray]:
    made: dict[str, NDArray] = {}
    for name, (variable, *_) in COUNTED.items():
        counts = levels(STUDY, variable, split)
        made[name] = by_rank(leans[name], {k: counts[k] for k in ORDER.get(name, tuple(counts))})
    # A tumour that fills the lobe is among the largest.
    counts = levels(STUDY, "Location", split)
    full = np.argsort(diameter, kind="stable")[len(diameter) - counts.pop("Full") :]
    elsewhere = np.setdiff1d(np.arange(len(diameter)), full)
    made["location"][full] = "Full"
    made["location"][elsewhere] = by_rank(leans["location"][elsewhere], counts)
    # Nodules in both lobes are several.
    several = np.where(made["multifocality"] == "Yes", 100.0, 0.0)
    both = levels(STUDY, "Bilaterality", split)
    made["bilaterality"] = by_rank(leans["bilaterality"] + several, both)
    return made


def points(findings: Mapping[str, NDArray]) -> NDArray[np.int64]:
    """Add up the points of ACR TI-RADS 2017."""
    return np.sum([[POINTS[name][level] for level in findings[name]] for name in POINTS], axis=0)


def _reading(block: Block, split: str) -> NDArray[np.object_]:
    """Read the nodes as a radiologist of the printed sensitivity and specificity does."""
    inside = block.split == split
    shown, doubt = block.shown["clinical"][inside], block.within("radiologist", 0.3)[inside]
    read = np.full(len(shown), "No", dtype=object)
    about = {"where": "Table 2", "model": "Radiologist", "evaluation_set": split}
    for label, metric in ((1, "sensitivity"), (0, "specificity")):
        share = float(printed(STUDY, "performance", **about, metric=metric)["value"].iloc[0])
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
    return pd.DataFrame(
        {
            "diameter_mm": table["diameter_mm"].to_numpy(),
            "taller_than_wide": _by_level(table["shape"], SHAPES, upright),
            "irregularity": _by_level(table["margin"], MARGINS, outline),
            "echogenicity_db": _by_level(table["echoes"], ECHOES, -echo),
            "heterogeneity": between(grain - 0.3, 0.05, 0.95),
            "cystic_fraction": np.where(mixed, between(touch, 0.15, 0.45), 0.0),
            "microcalcifications": np.where(calcium.contains("micro", case=False), specks, 0),
            "macrocalcifications": np.where(calcium.contains("Stubby"), plaques, rim),
            "halo": between(block.within("halo", -0.3) - 1.0, 0.0, 0.8),
            "capsule_contact": np.where(
                outside, between(touch, 0.8, 1.0), between(touch, 0.0, 0.6)
            ),
        }
    )


def _by_level(
    found: pd.Series, limits: Mapping[str, tuple[float, float]], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Map a standard normal variable onto the interval of each patient's level."""
    ends = np.array([limits[level] for level in found])
    return between(x, ends[:, 0], ends[:, 1])

"""Patients after Li et al. 2024: Table 1 by set."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echophantom.block import Block, Stratum
from echophantom.latent import between, by_rank, spread
from ptclnm.cohorts.simulate.marginals import (
    beta_between,
    lognormal_between,
    printed_metric,
    read_table1,
)

STUDY, NAME, PREFIX = "li2024", "li2024-sim", "L"
MASK_VALUE, SUFFIX = 1, ".dcm"
SETS = ("train", "test")
CLASSES = ("no CLNM", "CLNM")
AGES, DIAMETERS = (18.0, 85.0), (2.5, 40.0)
NOMOGRAM_C = ("age", "diameter_mm", "margin", "multifocality")

# Column: printed variable, whose label it follows, correlation with the aggressiveness, weight
# of the label. Levels are given by rank of the liability in the order of ORDER.
MEASURED = {
    "age": ("Age", "clinical", -0.1, -0.6),
    "diameter_mm": ("Diameter", "size", 0.4, 0.9),
}
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
    table = read_table1(STUDY)
    return tuple(
        Stratum(split, label, table.levels("CLNM", split)[name])
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
    leans = liabilities(block)
    for split in SETS:
        inside = block.split == split
        part = {name: values[inside] for name, values in leans.items()}
        columns = _measured(block, split, part)
        columns |= _counted(split, part, columns["diameter_mm"])
        columns["acr_tirads"] = _tirads(block, split, columns)
        columns["radiologist"] = _reading(block, split)
        for name, values in columns.items():
            made.loc[inside, name] = values
    made["age"] = made["age"].astype(float).round()
    made["diameter_mm"] = made["diameter_mm"].astype(float).round(1)
    return made


def liabilities(block: Block) -> dict[str, NDArray[np.float64]]:
    """Liability of each patient to the higher levels of each column."""
    return {
        name: block.liability(name, family, loading, weight)
        for name, (_, family, loading, weight) in (MEASURED | COUNTED).items()
    }


def _measured(
    block: Block, split: str, leans: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray]:
    table = read_table1(STUDY)
    shapes = {"age": (beta_between, AGES), "diameter_mm": (lognormal_between, DIAMETERS)}
    made = {}
    for name, (make, ends) in shapes.items():
        quantiles = make(*ends, *table.moments(MEASURED[name][0], split))
        made[name] = quantiles(spread(leans[name], block.streams.rng(name, split)))
    return made


def _counted(
    split: str, leans: Mapping[str, NDArray[np.float64]], diameter: NDArray[np.float64]
) -> dict[str, NDArray]:
    table = read_table1(STUDY)
    made: dict[str, NDArray] = {}
    for name, (printed, *_) in COUNTED.items():
        levels = table.levels(printed, split)
        made[name] = by_rank(leans[name], {k: levels[k] for k in ORDER.get(name, tuple(levels))})
    # A tumour that fills the lobe is among the largest.
    levels = table.levels("Location", split)
    full = np.argsort(diameter, kind="stable")[len(diameter) - levels.pop("Full") :]
    elsewhere = np.setdiff1d(np.arange(len(diameter)), full)
    made["location"][full] = "Full"
    made["location"][elsewhere] = by_rank(leans["location"][elsewhere], levels)
    # Nodules in both lobes are several.
    several = np.where(made["multifocality"] == "Yes", 100.0, 0.0)
    both = table.levels("Bilaterality", split)
    made["bilaterality"] = by_rank(leans["bilaterality"] + several, both)
    return made


def points(findings: Mapping[str, NDArray]) -> NDArray[np.int64]:
    """Add up the points of ACR TI-RADS 2017."""
    return np.sum([[POINTS[name][level] for level in findings[name]] for name in POINTS], axis=0)


def _tirads(block: Block, split: str, columns: Mapping[str, NDArray]) -> NDArray[np.object_]:
    ties = block.streams.rng("ties", split).random(len(columns["age"]))
    return by_rank(points(columns) + ties, read_table1(STUDY).levels("ACR_TIRADS", split))


def _reading(block: Block, split: str) -> NDArray[np.object_]:
    """Read the nodes as a radiologist of the printed sensitivity and specificity does."""
    inside = block.split == split
    shown, doubt = block.shown["clinical"][inside], block.within("radiologist", 0.3)[inside]
    read = np.full(len(shown), "No", dtype=object)
    for label, metric in ((1, "sensitivity"), (0, "specificity")):
        printed = printed_metric(STUDY, "Radiologist", split, metric)
        group = np.flatnonzero(shown == label)
        positive = round((printed if label else 1 - printed) * len(group))
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
    mixed, outside = table["composition"] == "Cystic and solid", table["margin"].str[0] == "E"
    return pd.DataFrame(
        {
            "diameter_mm": table["diameter_mm"].to_numpy(),
            "taller_than_wide": _by_level(table["shape"], SHAPES, upright),
            "irregularity": _by_level(table["margin"], MARGINS, outline),
            "echogenicity_db": _by_level(table["echoes"], ECHOES, -echo),
            "heterogeneity": between(grain - 0.3, 0.05, 0.95),
            "cystic_fraction": np.where(mixed, between(touch, 0.15, 0.45), 0.0),
            "microcalcifications": _specks(block, table["calcification"]),
            "macrocalcifications": _plaques(block, table["calcification"]),
            "halo": between(block.within("halo", -0.3) - 1.0, 0.0, 0.8),
            "capsule_contact": np.where(
                outside, between(touch, 0.8, 1.0), between(touch, 0.0, 0.6)
            ),
        }
    )


def _by_level(
    levels: pd.Series, limits: Mapping[str, tuple[float, float]], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Map a standard normal variable onto the interval of each patient's level."""
    ends = np.array([limits[level] for level in levels])
    return between(x, ends[:, 0], ends[:, 1])


def _specks(block: Block, levels: pd.Series) -> NDArray[np.int64]:
    rate = np.exp(1.2 + 0.5 * np.clip(block.liability("specks", "texture", 0.4, 0.4), -2.0, 3.0))
    counts = np.minimum(2 + block.rng("number of specks").poisson(rate), 30)
    return np.where(levels.str.contains("micro", case=False), counts, 0)


def _plaques(block: Block, levels: pd.Series) -> NDArray[np.int64]:
    counts = block.rng("plaques").integers(1, 3, size=len(levels))
    rim = levels.str.contains("Peripheral")
    return np.where(levels.str.contains("Stubby"), counts, np.where(rim, 3, 0))

"""Patients that R has worked on; see tests/oracles/nomogram.R."""

from pathlib import Path

import pandas as pd
import pytest

ORACLES = Path(__file__).parents[1] / "oracles"
PREDICTORS = {
    "all": ["age", "size", "foci", "margin", "signature"],
    "two": ["age", "margin"],
    "one": ["size"],
}


def oracle(name: str) -> pd.DataFrame:
    """Read what R wrote."""
    return pd.read_csv(ORACLES / f"nomogram_{name}.csv")


@pytest.fixture(scope="session")
def patients() -> pd.DataFrame:
    """260 invented patients; the levels of the margin in R's order."""
    table = oracle("input")
    levels = ["smooth", "irregular", "extrathyroidal"]
    return table.assign(margin=pd.Categorical(table["margin"], levels))

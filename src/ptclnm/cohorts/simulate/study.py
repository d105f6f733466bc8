"""A simulated study: what was chosen, in ``data_manifest/simulated``, and the printed numbers.

The numbers are read straight from the files, which ``ptclnm.published.load`` checks against their
schema: importing the checker takes longer than opening a cohort.
"""

from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel

from echophantom.drivers import Scanner
from echophantom.patients import Block, beta_between, by_rank, lognormal_between, spread
from ptclnm.errors import PublishedTableError
from ptclnm.paths import DATA_MANIFEST, PUBLISHED

FOLDER = DATA_MANIFEST / "simulated"


@cache
def printed(study: str, table: str, **where: str) -> pd.DataFrame:
    """Read rows of a study's printed numbers.

    Parameters
    ----------
    study, table : str
        Folder below ``data_manifest/published``, and file in it without its ending.
    **where : str
        The value that a column must have.

    Raises
    ------
    PublishedTableError
        If there is no such row.
    """
    file = PUBLISHED / study / f"{table}.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    found = rows[np.logical_and.reduce([rows[name] == value for name, value in where.items()])]
    if found.empty:
        raise PublishedTableError(str(file), [f"no row of {', '.join(where.values())}"])
    return found


def levels(study: str, variable: str, group: str) -> dict[str, int]:
    """Patients of a group of Table 1 by level of a variable, in printed order."""
    about = {"variable": variable, "group": group, "statistic": "count"}
    found = printed(study, "counts", where="Table 1", **about)
    return dict(zip(found["level"], found["value"].astype(int), strict=True))


def moments(study: str, variable: str, group: str) -> tuple[float, float]:
    """Mean and SD of a variable in a group of Table 1."""
    about = {"where": "Table 1", "variable": variable, "group": group}
    mean, sd = (printed(study, "counts", **about, statistic=s)["value"] for s in ("mean", "sd"))
    return float(mean.iloc[0]), float(sd.iloc[0])


class Finding(NamedTuple):
    """A clinical column: printed variable, family, correlation with the latent, label's weight."""

    variable: str
    family: str
    loading: float
    weight: float = 0.0


class Study(BaseModel, frozen=True, extra="forbid"):
    """What a file of ``data_manifest/simulated`` says; there each key is explained."""

    name: str
    study: str
    title: str
    endpoint: str
    choices: tuple[str, ...]
    prefix: str
    mask_value: int
    suffix: str
    dicom: dict[str, str | int] = {}
    sets: dict[str, str]
    classes: tuple[str, str]
    by_class: bool
    columns: tuple[str, ...]
    findings: dict[str, Finding]
    derived: dict[str, str] = {}
    order: dict[str, tuple[str, ...]] = {}
    spreads: dict[str, tuple[Literal["beta", "lognormal"], float, float]]
    decimals: dict[str, int]
    points: dict[str, dict[str, int]] = {}
    looks: dict[str, dict[str, tuple[float, float]]] = {}
    machines: dict[str, Scanner]
    habits: tuple[float, float, float]
    strength: dict[str, float]

    @property
    def variables(self) -> dict[str, str]:
        """The printed variable of each column."""
        return {name: finding.variable for name, finding in self.findings.items()} | self.derived

    def levels(self, column: str, group: str) -> dict[str, int]:
        """Patients of a group by level of a column, in the order that liabilities rise."""
        found = levels(self.study, self.variables[column], group)
        return {level: found[level] for level in self.order.get(column, tuple(found))}

    def draw(self, block: Block) -> pd.DataFrame:
        """Draw the findings, each within the groups that Table 1 gives them for.

        Parameters
        ----------
        block : Block
            The patients.

        Returns
        -------
        DataFrame
            All columns of the study, those that are derived still empty. Counts are exact; what is
            measured is not rounded yet.
        """
        made = pd.DataFrame(index=range(len(block)), columns=list(self.columns), dtype=object)
        for column, (_, family, loading, weight) in self.findings.items():
            liability = block.liability(column, family, loading, weight)
            for group, inside in self._groups(block, family):
                if column in self.spreads:
                    values = self._measured(block, column, group, liability[inside])
                else:
                    values = by_rank(liability[inside], self.levels(column, group))
                made.loc[inside, column] = values
        return made

    def _groups(self, block: Block, family: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Groups of Table 1, and who is in each: a set, or those who show a class within it."""
        for split, printed_set in self.sets.items():
            if not self.by_class:
                yield printed_set, block.split == split
                continue
            for label, name in enumerate(self.classes):
                shown = block.shown[family] == label
                yield f"{printed_set}_{name}", (block.split == split) & shown

    def _measured(
        self, block: Block, column: str, group: str, liability: NDArray
    ) -> NDArray[np.float64]:
        """Draw a column that is measured, of a group's mean and SD, by rank of the liability."""
        shape, low, high = self.spreads[column]
        make = beta_between if shape == "beta" else lognormal_between
        quantiles = make(low, high, *moments(self.study, self.variables[column], group))
        return quantiles(spread(liability, block.rng(column, group)))


@cache
def read_study(name: str) -> Study:
    """Read ``data_manifest/simulated/<name>.yml``."""
    return Study(**yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8")))

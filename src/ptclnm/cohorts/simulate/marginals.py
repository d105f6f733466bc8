"""The printed Table 1 as numbers to draw from."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from ptclnm.errors import PublishedTableError
from ptclnm.paths import PUBLISHED

TABLE1 = "Table 1"


@dataclass(frozen=True)
class Table1:
    """The counts, means and SDs that a study's Table 1 prints.

    Parameters
    ----------
    file : Path
        Where they come from.
    values : mapping
        The text of each number by variable, group and statistic, then by level.
    """

    file: Path
    values: Mapping[tuple[str, str, str], Mapping[str, str]]

    def levels(self, variable: str, group: str) -> dict[str, int]:
        """Patients of a group by level of a variable, in printed order."""
        return {level: int(n) for level, n in self._of(variable, group, "count").items()}

    def moments(self, variable: str, group: str) -> tuple[float, float]:
        """Mean and SD of a variable in a group."""
        mean, sd = (float(self._of(variable, group, s)[""]) for s in ("mean", "sd"))
        return mean, sd

    def _of(self, variable: str, group: str, statistic: str) -> Mapping[str, str]:
        found = self.values.get((variable, group, statistic))
        if found is None:
            problem = f"no {statistic} of {variable!r} in the group {group!r} of {TABLE1}"
            raise PublishedTableError(str(self.file), [problem])
        return found


@cache
def read_table1(study: str) -> Table1:
    """Read a study's Table 1.

    Parameters
    ----------
    study : str
        Folder below ``data_manifest/published``.

    Returns
    -------
    Table1
        Read straight from ``counts.csv``, which `ptclnm.published.load` checks against its
        schema: importing the checker takes longer than opening a cohort.

    Raises
    ------
    PublishedTableError
        If there is no such file; on use, if a number is not in it.
    """
    file = PUBLISHED / study / "counts.csv"
    if not file.is_file():
        raise PublishedTableError(str(file), ["there is no such file"])
    rows = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    values: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows[rows["where"] == TABLE1].itertuples():
        values.setdefault((row.variable, row.group, row.statistic), {})[row.level] = row.value
    return Table1(file, values)


def apportion(sizes: Sequence[int], total: int) -> list[int]:
    """Divide a total in the proportions of `sizes`, by largest remainder.

    Parameters
    ----------
    sizes : sequence of int
        Sizes of the groups.
    total : int
        What the parts are to add up to.

    Returns
    -------
    list of int
        The parts; `sizes` itself where `total` is its sum. Of equal remainders the first of the
        groups is served.
    """
    whole = sum(sizes)
    parts = [size * total // whole for size in sizes]
    remainders = [size * total % whole for size in sizes]
    served = sorted(range(len(sizes)), key=lambda i: -remainders[i])[: total - sum(parts)]
    return [part + (i in served) for i, part in enumerate(parts)]


def enough(sizes: Sequence[int]) -> int:
    """Smallest total from which on each group gets at least one, by :func:`apportion`."""
    short = [n for n in range(sum(sizes)) if min(apportion(sizes, n)) == 0]
    return short[-1] + 1


Quantiles = Callable[[ArrayLike], NDArray[np.float64]]


def beta_between(low: float, high: float, mean: float, sd: float) -> Quantiles:
    """Quantile function of a beta distribution on an interval, by its mean and SD."""
    m, v = (mean - low) / (high - low), (sd / (high - low)) ** 2
    nu = m * (1 - m) / v - 1
    return stats.beta(m * nu, (1 - m) * nu, loc=low, scale=high - low).ppf


@cache
def lognormal_between(low: float, high: float, mean: float, sd: float) -> Quantiles:
    """Quantile function of a log-normal distribution cut to an interval.

    Parameters
    ----------
    low, high : float
        Ends of the interval, above 0.
    mean, sd : float
        Mean and SD after the cut.

    Returns
    -------
    callable
        From probabilities to values.
    """
    spread = math.log1p((sd / mean) ** 2)
    start = (math.log(mean) - spread / 2, math.log(spread) / 2)

    def miss(x: NDArray[np.float64]) -> list[float]:
        first, second = _cut_moments(x[0], math.exp(x[1]), low, high)
        return [first / mean - 1, math.sqrt(max(second - first**2, 0.0)) / sd - 1]

    mu, log_sigma = optimize.root(miss, start).x
    sigma = math.exp(log_sigma)
    ends = stats.norm.cdf((np.log([low, high]) - mu) / sigma)

    def quantiles(p: ArrayLike) -> NDArray[np.float64]:
        inside = ends[0] + np.asarray(p) * (ends[1] - ends[0])
        return np.clip(np.exp(mu + sigma * stats.norm.ppf(inside)), low, high)

    return quantiles


def _cut_moments(mu: float, sigma: float, low: float, high: float) -> tuple[float, float]:
    """First two moments of a log-normal distribution cut to an interval."""
    a, b = (np.log([low, high]) - mu) / sigma
    whole = stats.norm.cdf(b) - stats.norm.cdf(a)
    first, second = (
        math.exp(k * mu + (k * sigma) ** 2 / 2)
        * (stats.norm.cdf(b - k * sigma) - stats.norm.cdf(a - k * sigma))
        / whole
        for k in (1, 2)
    )
    return float(first), float(second)


@cache
def printed_metric(study: str, model: str, evaluation_set: str, metric: str) -> float:
    """Read one metric of a study's Table 2.

    Raises
    ------
    PublishedTableError
        If it is not printed there.
    """
    file = PUBLISHED / study / "performance.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    wanted = {"where": "Table 2", "model": model, "evaluation_set": evaluation_set}
    wanted["metric"] = metric
    found = rows[np.logical_and.reduce([rows[k] == v for k, v in wanted.items()])]
    if found.empty:
        raise PublishedTableError(str(file), [f"no {metric} of {model}, {evaluation_set}"])
    return float(found["value"].iloc[0])

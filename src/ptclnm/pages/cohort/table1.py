"""Table 1: who is in the cohort, group against group."""

import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from tableone import TableOne

ALPHA = 0.05
RESAMPLES = 9_999
MANY_LEVELS = 6
OVERALL = "overall"


class Tested(NamedTuple):
    """A test's name and p-value; p is NaN where nothing can be tested."""

    test: str
    p: float


NOT_TESTED = Tested("not tested", float("nan"))


def is_normal(groups: Sequence[np.ndarray]) -> bool:
    """Tell whether Shapiro–Wilk leaves normality standing in every group, at 0.05.

    Parameters
    ----------
    groups : sequence of ndarray, each shape (n,)
        Values without missing ones.

    Returns
    -------
    bool
        False also where a group has fewer than three values or one value only: the test then
        says nothing, and the rank test needs no normality.
    """
    testable = all(len(g) > 2 and np.ptp(g) > 0 for g in groups)
    return testable and all(stats.shapiro(g).pvalue >= ALPHA for g in groups)


def compare_numbers(groups: Sequence[np.ndarray], normal: bool) -> Tested:
    """Compare a number between two groups, with the tests that Li et al. 2024 name (2.10).

    Parameters
    ----------
    groups : sequence of ndarray, each shape (n,)
        Values without missing ones; with one group only, there is nothing to test.
    normal : bool
        Whether to use the parametric test.

    Returns
    -------
    Tested
        Student's t (equal variances) or Mann–Whitney U.
    """
    if len(groups) < 2 or min(map(len, groups)) < 2 or np.ptp(np.concatenate(groups)) == 0:
        return NOT_TESTED
    if normal:
        return Tested("Student's t", stats.ttest_ind(*groups).pvalue)
    return Tested("Mann–Whitney U", stats.mannwhitneyu(*groups).pvalue)


def compare_counts(counts: np.ndarray) -> Tested:
    """Compare a category between groups.

    Parameters
    ----------
    counts : ndarray, shape (levels, groups)
        Contingency table.

    Returns
    -------
    Tested
        Pearson's chi-square without continuity correction; Fisher's exact test where an
        expected count is below 5. Fisher's test of a table larger than 2 × 2 is estimated by
        9,999 permutations with a fixed seed, and named so.
    """
    if min(counts.shape) < 2 or (counts.sum(axis=0) == 0).any():
        return NOT_TESTED
    chi2 = stats.chi2_contingency(counts, correction=False)
    if chi2.expected_freq.min() >= 5:
        return Tested("chi-square", chi2.pvalue)
    if counts.shape == (2, 2):
        return Tested("Fisher's exact", stats.fisher_exact(counts).pvalue)
    draws = stats.PermutationMethod(n_resamples=RESAMPLES, rng=np.random.default_rng(0))
    p = stats.fisher_exact(counts, method=draws).pvalue
    return Tested("Fisher's exact (permutations)", p)


def table1(
    patients: pd.DataFrame, by: str, numeric: Sequence[str], categorical: Sequence[str]
) -> pd.DataFrame:
    """Describe and compare two groups of patients (Li et al. 2024, Table 1 and 2.10).

    Parameters
    ----------
    patients : DataFrame
        One row a patient.
    by : str
        Column of the groups, one for each patient.
    numeric, categorical : sequence of str
        Variables, e.g. by :func:`variable_kinds`; a category without any value is left out.

    Returns
    -------
    DataFrame
        Columns ``variable, level, overall``, one per group, ``missing, test, p, smd``. The first
        row holds the numbers of patients. A number is one row, mean ± SD where Shapiro–Wilk lets
        normality stand in every group, otherwise median (Q1–Q3); a category is one row per
        level, n (%). `missing`, `test`, `p` and `smd` stand in a variable's first row. `smd` is
        the standardised mean difference (Austin 2009, doi:10.1002/sim.3697; for categories Yang
        and Dalton 2012), without sign.
    """
    patients = patients.astype({by: str})
    categorical = [name for name in categorical if patients[name].notna().any()]
    groups = {OVERALL: patients, **dict(list(patients.groupby(by)))}
    sizes = {group: f"{len(part):,}" for group, part in groups.items()}
    rows = [{"variable": "patients", "level": "n", **sizes, "missing": 0}]
    rows += [_number_row(groups, name) for name in numeric]
    rows += [row for name in categorical for row in _category_rows(groups, name)]
    table = pd.DataFrame(rows, columns=["variable", "level", *groups, "missing", "test", "p"])
    table = table.astype({"missing": "Int64", "p": float}).fillna({"test": ""})
    smd = _smd(patients, by, numeric, categorical)
    first = ~table["variable"].duplicated()
    return table.assign(smd=table["variable"].map(smd).where(first))


def variable_kinds(table: pd.DataFrame, columns: Sequence[str]) -> tuple[list[str], list[str]]:
    """Sort columns into numbers and categories.

    Parameters
    ----------
    table : DataFrame
        Holds the columns.
    columns : sequence of str
        The columns to sort.

    Returns
    -------
    numeric, categorical : list of str
        A number is a column of numeric type, not boolean, with more than six distinct values.
    """
    numbers = table[list(columns)].select_dtypes("number").nunique() > MANY_LEVELS
    numeric = [name for name in columns if numbers.get(name, False)]
    return numeric, [name for name in columns if name not in numeric]


def _number_row(groups: Mapping[str, pd.DataFrame], name: str) -> dict:
    values = {group: part[name].dropna().to_numpy(float) for group, part in groups.items()}
    compared = [part for group, part in values.items() if group != OVERALL]
    normal = is_normal(compared)
    describe = _mean_sd if normal else _median_quartiles
    return {
        "variable": name, "level": "mean ± SD" if normal else "median (Q1–Q3)",
        **{group: describe(part) for group, part in values.items()},
        "missing": groups[OVERALL][name].isna().sum(),
        **compare_numbers(compared, normal)._asdict(),
    }  # fmt: skip


def _category_rows(groups: Mapping[str, pd.DataFrame], name: str) -> list[dict]:
    """Describe a category, one row a level; the first row holds its test."""
    counted = {group: part[name].value_counts() for group, part in groups.items()}
    counts = pd.DataFrame(counted).fillna(0).astype(int).sort_index()
    test = compare_counts(counts.drop(columns=OVERALL).to_numpy())
    share = counts / counts.sum().clip(lower=1)
    rows = [
        {"variable": name, "level": str(level)}
        | {group: f"{n:,} ({share.at[level, group]:.1%})" for group, n in row.items()}
        for level, row in counts.iterrows()
    ]
    missing = groups[OVERALL][name].isna().sum()
    return [row | {"missing": missing, **test._asdict()} for row in rows[:1]] + rows[1:]


def _mean_sd(values: np.ndarray) -> str:
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}" if len(values) > 1 else "–"


def _median_quartiles(values: np.ndarray) -> str:
    if not len(values):
        return "–"
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def _smd(
    patients: pd.DataFrame, by: str, numeric: Sequence[str], categorical: Sequence[str]
) -> pd.Series:
    """Take tableone's standardised mean differences, without sign."""
    variables = [*numeric, *categorical]
    if not variables:
        return pd.Series(dtype=float)
    with warnings.catch_warnings():
        # a variable that does not vary has no difference; tableone divides 0 by 0 on the way
        warnings.simplefilter("ignore", RuntimeWarning)
        made = TableOne(
            patients[[by, *variables]].reset_index(drop=True), columns=variables,
            categorical=list(categorical), continuous=list(numeric), groupby=by, smd=True,
            include_null=False, pval=False,
        )  # fmt: skip
    return made.smd_table.astype(float).abs().max(axis=1)

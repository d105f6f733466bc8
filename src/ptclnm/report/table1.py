"""Table 1: who is in the cohort, group against group."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from tableone import TableOne

from ptclnm.cohorts.schema import COLUMNS, Cohort
from ptclnm.errors import ParameterError

ALPHA = 0.05
RESAMPLES = 9_999
MANY_LEVELS = 6


@dataclass(frozen=True)
class Test:
    """A test's name and p-value; p is NaN where nothing can be tested."""

    __test__ = False

    name: str
    p: float


NOT_TESTED = Test("not tested", float("nan"))


def is_normal(groups: Sequence[np.ndarray], alpha: float = ALPHA) -> bool:
    """Tell whether Shapiro–Wilk leaves normality standing in every group.

    Parameters
    ----------
    groups : sequence of ndarray, each shape (n,)
        Values without missing ones.
    alpha : float
        Level of each group's test.

    Returns
    -------
    bool
        False also where a group has fewer than three values or one value only: the test then
        says nothing, and the rank test needs no normality.
    """
    testable = all(len(g) > 2 and np.ptp(g) > 0 for g in groups)
    return testable and all(stats.shapiro(g).pvalue >= alpha for g in groups)


def compare_numbers(groups: Sequence[np.ndarray], normal: bool) -> Test:
    """Compare a number between groups, with the tests that Li et al. 2024 name (2.10).

    Parameters
    ----------
    groups : sequence of ndarray, each shape (n,)
        Values without missing ones.
    normal : bool
        Whether to use the parametric test.

    Returns
    -------
    Test
        Student's t (equal variances) or Mann–Whitney U for two groups, one-way ANOVA or
        Kruskal–Wallis for more.
    """
    if len(groups) < 2 or min(map(len, groups)) < 2 or np.ptp(np.concatenate(groups)) == 0:
        return NOT_TESTED
    if len(groups) == 2 and normal:
        return Test("Student's t", float(stats.ttest_ind(*groups).pvalue))
    if len(groups) == 2:
        return Test("Mann–Whitney U", float(stats.mannwhitneyu(*groups).pvalue))
    if normal:
        return Test("one-way ANOVA", float(stats.f_oneway(*groups).pvalue))
    return Test("Kruskal–Wallis", float(stats.kruskal(*groups).pvalue))


def compare_counts(counts: np.ndarray) -> Test:
    """Compare a category between groups.

    Parameters
    ----------
    counts : ndarray, shape (levels, groups)
        Contingency table.

    Returns
    -------
    Test
        Pearson's chi-square without continuity correction; Fisher's exact test where an
        expected count is below 5. Fisher's test of a table larger than 2 × 2 is estimated by
        9,999 permutations with a fixed seed, and named so.
    """
    if min(counts.shape) < 2 or (counts.sum(axis=0) == 0).any():
        return NOT_TESTED
    chi2 = stats.chi2_contingency(counts, correction=False)
    if chi2.expected_freq.min() >= 5:
        return Test("chi-square", float(chi2.pvalue))
    if counts.shape == (2, 2):
        return Test("Fisher's exact", float(stats.fisher_exact(counts).pvalue))
    draws = stats.PermutationMethod(n_resamples=RESAMPLES, rng=np.random.default_rng(0))
    p = stats.fisher_exact(counts, method=draws).pvalue
    return Test("Fisher's exact (permutations)", float(p))


def table1(
    data: Cohort | pd.DataFrame,
    by: str = "label",
    numeric: Sequence[str] | None = None,
    categorical: Sequence[str] | None = None,
    names: Mapping[object, str] | None = None,
) -> pd.DataFrame:
    """Describe and compare groups of patients (Li et al. 2024, Table 1 and 2.10).

    Parameters
    ----------
    data : Cohort or DataFrame
        A cohort, of which the patients are taken, or a frame with one row per patient.
    by : str
        Column of the groups.
    numeric, categorical : sequence of str, optional
        Variables. Where both are left out, the clinical columns, by :func:`variable_kinds`.
    names : mapping, optional
        Headings of the groups by their value in `by`.

    Returns
    -------
    DataFrame
        Columns ``variable, level, overall``, one per group, ``missing, test, p, smd``. The first
        row holds the numbers of patients. A number is one row, mean ± SD where Shapiro–Wilk lets
        normality stand in every group, otherwise median (Q1–Q3); a category is one row per
        level, n (%). `missing`, `test`, `p` and `smd` stand in a variable's first row. `smd` is
        the standardised mean difference (Austin 2009, doi:10.1002/sim.3697; for categories Yang
        and Dalton 2012), without sign; the largest over pairs where there are several groups.

    Raises
    ------
    ParameterError
        If a column is not there, a numeric one holds text, or `by` has fewer than two groups.
    """
    frame, numeric, categorical = _resolve(data, numeric, categorical)
    _check(frame, by, numeric, categorical)
    levels = sorted(frame[by].dropna().unique())
    frame = frame.loc[frame[by].notna(), [by, *numeric, *categorical]].assign(
        **{by: lambda f: f[by].map(str)}
    )
    groups = [str(level) for level in levels]
    smd = _smd(frame, by, numeric, categorical)
    blocks = [_head(frame[by], groups)]
    blocks += [_number_rows(frame, by, groups, v) for v in numeric]
    blocks += [_category_rows(frame, by, groups, v) for v in categorical]
    table = pd.concat(blocks, ignore_index=True).astype({"missing": "Int64"})
    first = ~table["variable"].duplicated()
    table["smd"] = table["variable"].map(smd).where(first)
    return table.rename(columns={str(k): v for k, v in (names or {}).items()})


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

    def counts(column: str) -> bool:
        values = table[column]
        is_number = pd.api.types.is_numeric_dtype(values) and values.dtype != bool
        return is_number and values.nunique() > MANY_LEVELS

    numeric = [c for c in columns if counts(c)]
    return numeric, [c for c in columns if c not in numeric]


def _resolve(
    data: Cohort | pd.DataFrame,
    numeric: Sequence[str] | None,
    categorical: Sequence[str] | None,
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Take a cohort's patients, and choose the variables where none are named."""
    frame = data.patients if isinstance(data, Cohort) else data
    if numeric is None and categorical is None:
        named = data.clinical if isinstance(data, Cohort) else frame.columns.difference(COLUMNS)
        return frame, *variable_kinds(frame, list(named))
    return frame, list(numeric or ()), list(categorical or ())


def _check(frame: pd.DataFrame, by: str, numeric: list[str], categorical: list[str]) -> None:
    """Raise every reason why the table cannot be made, at once."""
    absent = [c for c in (by, *numeric, *categorical) if c not in frame]
    problems = [f"no column {c!r}; there are: {', '.join(map(str, frame))}" for c in absent]
    problems += [
        f"{c!r} is listed as numeric and holds {frame[c].dtype}; list it as categorical"
        for c in numeric
        if c in frame and not pd.api.types.is_numeric_dtype(frame[c])
    ]
    if by in frame and frame[by].nunique() < 2:
        problems.append(f"{by!r} has {frame[by].nunique()} group(s); a comparison needs two")
    if problems:
        raise ParameterError("Table 1", problems)


def _head(by: pd.Series, groups: list[str]) -> pd.DataFrame:
    """Make the first row: how many patients."""
    counts = {g: f"{(by == g).sum():,}" for g in groups}
    row = {"variable": "patients", "level": "n", "overall": f"{len(by):,}", **counts}
    return pd.DataFrame([row | {"missing": 0, "test": "", "p": np.nan}])


def _number_rows(frame: pd.DataFrame, by: str, groups: list[str], name: str) -> pd.DataFrame:
    """Make the row of a number."""
    values = frame[name].astype(float)
    parts = [values[frame[by] == g].dropna().to_numpy() for g in groups]
    normal = is_normal(parts)
    test = compare_numbers(parts, normal)
    describe = _mean_sd if normal else _median_quartiles
    cells = {g: describe(part) for g, part in zip(groups, parts, strict=True)}
    level = "mean ± SD" if normal else "median (Q1–Q3)"
    row = {"variable": name, "level": level, "overall": describe(values.dropna().to_numpy())}
    row |= cells | {"missing": int(values.isna().sum()), "test": test.name, "p": test.p}
    return pd.DataFrame([row])


def _category_rows(frame: pd.DataFrame, by: str, groups: list[str], name: str) -> pd.DataFrame:
    """Make one row per level of a category."""
    counts = pd.crosstab(frame[name], frame[by]).reindex(columns=groups, fill_value=0)
    test = compare_counts(counts.to_numpy())
    rows = pd.DataFrame({"variable": name, "level": counts.index.map(str)})
    rows["overall"] = _n_percent(counts.sum(axis=1))
    for group in groups:
        rows[group] = _n_percent(counts[group])
    first = np.arange(len(rows)) == 0
    rows["missing"] = np.where(first, int(frame[name].isna().sum()), np.nan)
    rows["test"] = np.where(first, test.name, "")
    rows["p"] = np.where(first, test.p, np.nan)
    return rows


def _mean_sd(values: np.ndarray) -> str:
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}" if len(values) > 1 else "–"


def _median_quartiles(values: np.ndarray) -> str:
    if not len(values):
        return "–"
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def _n_percent(counts: pd.Series) -> list[str]:
    total = max(int(counts.sum()), 1)
    return [f"{n:,} ({100 * n / total:.1f}%)" for n in counts]


def _smd(frame: pd.DataFrame, by: str, numeric: list[str], categorical: list[str]) -> pd.Series:
    """Take tableone's standardised mean differences, the largest over pairs of groups."""
    if not [*numeric, *categorical]:
        return pd.Series(dtype=float)
    with warnings.catch_warnings():
        # a variable that does not vary has no difference; tableone divides 0 by 0 on the way
        warnings.simplefilter("ignore", RuntimeWarning)
        made = TableOne(
            frame.reset_index(drop=True),
            columns=[*numeric, *categorical],
            categorical=list(categorical),
            continuous=list(numeric),
            groupby=by,
            smd=True,
            include_null=False,
            pval=False,
        )
    return made.smd_table.astype(float).abs().max(axis=1)

"""Which test gives a printed p-value; the p-values and differences that are not printed."""

from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import gammaln

from recount.printed import decimals, interval, rounds_to
from recount.tables import Study
from recount.verdicts import AGREES, CONFLICTS, OPEN

# R's fisher.test counts tables as equally likely within this relative difference.
FISHER_TOLERANCE = 1e-7
# More ways to fill half of the rows than this would not fit in memory; none here comes near.
FISHER_LIMIT = 10_000_000
P_COLUMNS = [
    "key",
    "study",
    "where",
    "variable",
    "group_a",
    "group_b",
    "kind",
    "test",
    "p",
    "p_low",
    "p_high",
    "smd",
    "printed",
    "reproduces",
    "premise",
    "verdict",
]
OF_COUNTS = "it is a chi-square or Fisher's exact test of these counts"  # fmt: skip


def fisher_exact(table: NDArray[np.int64]) -> float:
    """Two-sided Fisher's exact test of an r x 2 table, by full enumeration.

    The rows are enumerated in two halves, which are then joined by their column total.

    Parameters
    ----------
    table : ndarray of int, shape (r, 2)
        Counts.

    Returns
    -------
    float
        Sum of the probabilities of all tables with these margins that are no likelier than the
        observed one, as R's ``fisher.test``; NaN where there are too many tables to enumerate.
    """
    rows = np.sort(table.sum(axis=1))
    total = int(table[:, 0].sum())
    first, second = _weights(rows[::2], total), _weights(rows[1::2], total)
    if first is None or second is None:
        return float("nan")
    observed = _log_choose(table.sum(axis=1), table[:, 0]).sum() + FISHER_TOLERANCE
    found = sum(
        _pairs_below(first[1][first[0] == part], second[1][second[0] == total - part], observed)
        for part in np.unique(first[0])
    )
    return float(min(1.0, found / np.exp(_log_choose(int(rows.sum()), np.array(total)) - observed)))


def _weights(rows: NDArray[np.int64], total: int) -> tuple[NDArray, NDArray] | None:
    """Every way to fill some rows: how many patients it takes, and its log weight."""
    taken, weight = np.zeros(1, dtype=np.int64), np.zeros(1)
    for size in rows:
        if taken.size * (size + 1) > FISHER_LIMIT:
            return None
        choice = np.arange(size + 1)
        taken = (taken[:, None] + choice).ravel()
        weight = (weight[:, None] + _log_choose(size, choice)).ravel()
        keep = taken <= total
        taken, weight = taken[keep], weight[keep]
    return taken, weight


def _pairs_below(first: NDArray, second: NDArray, limit: float) -> float:
    """Sum of exp(a + b - limit) over all pairs with a + b <= limit."""
    second = np.sort(second)
    if not len(second):
        return 0.0
    shift = second[-1]
    below = np.concatenate([[0.0], np.cumsum(np.exp(second - shift))])
    count = np.searchsorted(second, limit - first, side="right")
    return float((np.exp(first + shift - limit) * below[count]).sum())


def _log_choose(n: NDArray[np.int64] | int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    return gammaln(np.asarray(n) + 1) - gammaln(k + 1) - gammaln(np.asarray(n) - k + 1)


def count_tests(table: NDArray[np.int64]) -> dict[str, float]:
    """P-values of the tests of association for an r x 2 table of counts.

    Parameters
    ----------
    table : ndarray of int, shape (r, 2)
        Counts; rows without any patient are left out.

    Returns
    -------
    dict of float
        ``chi-square``, for 2 x 2 also ``chi-square, Yates``, and ``Fisher``.
    """
    table = table[table.sum(axis=1) > 0]
    found = {"chi-square": stats.chi2_contingency(table, correction=False).pvalue}
    if table.shape == (2, 2):
        found["chi-square, Yates"] = stats.chi2_contingency(table, correction=True).pvalue
    return {name: float(p) for name, p in found.items()} | {"Fisher": fisher_exact(table)}


def mean_tests(
    first: tuple[float, float, int], second: tuple[float, float, int]
) -> dict[str, float]:
    """P-values of Student's and Welch's t-test from mean, SD and n of two groups."""
    return {
        name: float(stats.ttest_ind_from_stats(*first, *second, equal_var=equal).pvalue)
        for name, equal in (("Student", True), ("Welch", False))
    }


def mean_test_bounds(
    first: tuple[str, str, int], second: tuple[str, str, int]
) -> dict[str, tuple[float, float]]:
    """Smallest and largest p-value that the rounding of means and SDs allows.

    Parameters
    ----------
    first, second : tuple
        Mean and SD as printed, and n.

    Returns
    -------
    dict of tuple of float
        For ``Student`` and ``Welch``.
    """
    choices = [interval(text) for group in (first, second) for text in group[:2]]
    corners = [
        mean_tests((m1, max(s1, 0), first[2]), (m2, max(s2, 0), second[2]))
        for m1, s1, m2, s2 in product(*choices)
    ]
    low1, high1, low2, high2 = *choices[0], *choices[2]
    overlap = low1 <= high2 and low2 <= high1
    return {
        name: (min(c[name] for c in corners), 1.0 if overlap else max(c[name] for c in corners))
        for name in corners[0]
    }


def smd_means(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Standardised mean difference of two groups given as (mean, SD) (Austin 2009)."""
    pooled = np.sqrt((first[1] ** 2 + second[1] ** 2) / 2)
    return float(abs(first[0] - second[0]) / pooled) if pooled > 0 else float("nan")


def smd_counts(table: NDArray[np.int64]) -> float:
    """Standardised difference of an r x 2 table of counts (Austin 2009, several levels).

    Parameters
    ----------
    table : ndarray of int, shape (r, 2)
        Counts of each level in the two groups.

    Returns
    -------
    float
        Mahalanobis distance between the two vectors of proportions, first level left out.
    """
    share = table[table.sum(axis=1) > 0] / table.sum(axis=0)
    if len(share) < 2:
        return 0.0
    difference = share[1:, 0] - share[1:, 1]
    spread = sum(np.diag(part) - np.outer(part, part) for part in share[1:].T) / 2
    return float(np.sqrt(difference @ np.linalg.pinv(spread) @ difference))


# A printed p-value for which no test can be redone from what is printed.
NOTHING = {"kind": "none", "test": "none", "p": np.nan, "p_low": np.nan, "p_high": np.nan,
           "smd": np.nan}  # fmt: skip


def _variable_table(part: pd.DataFrame, pair: tuple[str, str]) -> NDArray[np.int64]:
    counts = part[part["statistic"] == "count"].assign(value=lambda f: f["value"].astype(int))
    wide = counts.pivot_table(
        index="level", columns="group", values="value", sort=False, aggfunc="first"
    )
    if not set(pair) <= set(wide.columns):
        return np.empty((0, 2), dtype=np.int64)
    return wide[list(pair)].fillna(0).to_numpy(dtype=np.int64)


def _variable_means(study: Study, part: pd.DataFrame, group: str) -> tuple[str, str, int] | None:
    rows = part[part["group"] == group].set_index("statistic")["value"]
    size = study.size(group)
    if size is None or not {"mean", "sd"} <= set(rows.index):
        return None
    return rows["mean"], rows["sd"], size


def _comparisons(study: Study) -> list[tuple[str, str]]:
    """Pairs of sibling groups, in the order of printing."""
    pairs = []
    for _, siblings in study.groups[study.groups["parent"] != ""].groupby("parent", sort=False):
        names = list(siblings["group"])
        if len(names) == 2:
            pairs.append((names[0], names[1]))
    return pairs


def _count_rows(study: Study, part: pd.DataFrame, pair: tuple[str, str]) -> list[dict]:
    table = _variable_table(part, pair)
    sizes = [study.size(group) for group in pair]
    if len(table) == 1 and None not in sizes:
        table = np.vstack([table, np.array(sizes) - table[0]])  # "Male, n (%)" alone
    # A level that is larger than its group is found by the sums; no test follows from it.
    if (table < 0).any() or (table.sum(axis=1) > 0).sum() < 2 or not table.sum(axis=0).all():
        return []
    smd = smd_counts(table)
    return [
        {"kind": "count", "test": name, "p": p, "p_low": p, "p_high": p, "smd": smd}
        for name, p in count_tests(table).items()
    ]


def _mean_rows(study: Study, part: pd.DataFrame, pair: tuple[str, str]) -> list[dict]:
    first, second = (_variable_means(study, part, group) for group in pair)
    if first is None or second is None:
        return []
    exact = [(float(mean), float(sd), size) for mean, sd, size in (first, second)]
    bounds = mean_test_bounds(first, second)
    smd = smd_means(exact[0][:2], exact[1][:2])
    return [
        {
            "kind": "mean", "test": name, "p": p, "smd": smd,
            "p_low": bounds[name][0], "p_high": bounds[name][1],
        }
        for name, p in mean_tests(*exact).items()
    ]  # fmt: skip


def reproduces(row: dict, printed: str, cut: bool = False) -> bool:
    """Tell whether a test gives the printed p-value to its printed digits.

    Parameters
    ----------
    row : dict
        ``p, p_low, p_high`` of the test.
    printed : str
        The p-value as printed.
    cut : bool
        Whether further digits were cut off, not rounded.
    """
    if rounds_to(row["p"], printed):
        return True
    if printed.startswith("<") or not decimals(printed):
        return False
    low, high = interval(printed)
    step = (high - low) / 2 if cut else 0.0
    return row["p_low"] <= high + step and row["p_high"] >= low + step


def _printed_p(part: pd.DataFrame, pair: tuple[str, str]) -> str:
    rows = part[part["statistic"] == "p"]
    match = [value for group, value in zip(rows["group"], rows["value"], strict=True)
             if set(group.split(";")) == set(pair)]  # fmt: skip
    return match[0] if match else ""


def _verdict(rows: list[dict]) -> dict[str, str]:
    """Judge a variable by its tests; rank tests cannot be redone from means and SDs."""
    if not rows[0]["printed"]:
        return {"premise": "", "verdict": OPEN}
    if any(row["reproduces"] for row in rows):
        return {"premise": "", "verdict": AGREES}
    if rows[0]["kind"] == "count":
        return {"premise": OF_COUNTS, "verdict": CONFLICTS}
    return {"premise": "", "verdict": OPEN}


def p_values(study: Study) -> pd.DataFrame:
    """Recompute the p-value of every variable between sibling groups.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row for each variable, pair of groups and test: ``key, study, where, variable,
        group_a, group_b, kind, test, p, p_low, p_high, smd, printed, reproduces, premise,
        verdict``. `p_low` and `p_high` bound what the rounding of means and SDs allows; where no
        test gives the printed digits rounded, `reproduces` tells which gives them cut off. The
        verdict is of the variable: a mean's p-value that neither t-test gives may come from a rank
        test, which means and SDs cannot decide.
    """
    counts = study.counts.drop_duplicates(["variable", "level", "group", "statistic"])
    records = []
    for pair in _comparisons(study):
        for (where, variable), part in counts.groupby(["where", "variable"], sort=False):
            printed = _printed_p(part, pair)
            rows = _mean_rows(study, part, pair) or _count_rows(study, part, pair)
            rows = rows or ([NOTHING] if printed else [])
            head = {"study": study.name, "where": where, "variable": variable}
            records += _tested(head, pair, rows, printed)
    records += _beyond_pairs(study)
    return pd.DataFrame(records, columns=P_COLUMNS)


def _tested(head: dict, pair: tuple[str, str], rows: list[dict], printed: str) -> list[dict]:
    """Lay out the tests of a variable, each with whether it gives the printed p-value."""
    fits = [[bool(printed) and reproduces(row, printed, cut) for row in rows]
            for cut in (False, True)]  # fmt: skip
    found = [
        {
            **head, **row, "group_a": pair[0], "group_b": pair[1], "printed": printed,
            "key": f"{head['variable']}@{';'.join(pair)}", "reproduces": fit,
        }
        for row, fit in zip(rows, fits[0] if any(fits[0]) else fits[1], strict=True)
    ]  # fmt: skip
    return [row | _verdict(found) for row in found]


def _beyond_pairs(study: Study) -> list[dict]:
    """Printed p-values of more than two groups, which no test here redoes."""
    pairs = [set(pair) for pair in _comparisons(study)]
    rows = study.counts[study.counts["statistic"] == "p"]
    rows = rows[[set(group.split(";")) not in pairs for group in rows["group"]]]
    records = []
    for row in rows.itertuples():
        head = {"study": study.name, "where": row.where, "variable": row.variable}
        records += _tested(head, (row.group, ""), [NOTHING], row.value)
    return records


def one_row_a_variable(p_values: pd.DataFrame) -> pd.DataFrame:
    """Lay out the p-values with a column for each test.

    Parameters
    ----------
    p_values : DataFrame
        From ``p_values``.

    Returns
    -------
    DataFrame
        Columns ``variable, groups``, where p-values are printed ``printed, reproduced by``, one
        for each test, then ``smd``.
    """
    keys = ["variable", "group_a", "group_b"]
    if p_values.empty:
        return pd.DataFrame(columns=["variable", "groups", "smd"])
    wide = p_values.pivot(index=keys, columns="test", values="p")
    wide = wide.reindex(columns=list(dict.fromkeys(p_values["test"])))
    first = p_values.drop_duplicates(keys).set_index(keys)
    good = p_values[p_values["reproduces"]].groupby(keys)["test"].agg(", ".join)
    wide = wide.reindex(first.index).assign(smd=first["smd"]).reset_index()
    pairs = zip(wide.pop("group_a"), wide.pop("group_b"), strict=True)
    wide.insert(1, "groups", [pair_name(a, b) for a, b in pairs])
    if first["printed"].any():
        wide.insert(2, "printed", first["printed"].to_numpy())
        wide.insert(3, "reproduced by", good.reindex(first.index).fillna("").to_numpy())
    return wide


def pair_name(first: str, second: str) -> str:
    """Name two groups, with what their names share said once: ``training: LVLNM / NLVLNM``."""
    head, _, tail = first.partition("_")
    other, _, rest = second.partition("_")
    same = head == other and tail and rest
    names = f"{head}: {tail} / {rest}" if same else f"{first} / {second}"
    return names.replace("_", " ")

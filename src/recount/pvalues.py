"""Which test gives a printed p-value, and are sets drawn from one as alike as chance has it."""

from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import gammaln
from scipy.stats.contingency import expected_freq

from recount.printed import decimals, interval, rounds_to
from recount.tables import Study
from recount.totals import pooled
from recount.verdicts import ALPHA, judged, lay_out

# R's fisher.test counts tables as equally likely within this relative difference.
FISHER_TOLERANCE = 1e-7
# More ways to fill half of the rows than this would not fit in memory; none here comes near.
FISHER_LIMIT = 10_000_000
# With fewer patients expected in a cell the chi-square distribution is a poor guide.
FEWEST_EXPECTED = 5
OF_COUNTS = "it is a chi-square or Fisher's exact test of these counts"
CHANCE = "chance is ruled out"
AT_RANDOM = f"the sets were drawn at random and {CHANCE}"
P_COLUMNS = [
    "key", "study", "where", "variable", "group_a", "group_b", "kind", "test", "p", "p_low",
    "p_high", "smd", "printed", "reproduces", "premise", "verdict",
]  # fmt: skip
BALANCE_COLUMNS = "variable set_a set_b value_a value_b test p p_holm smd"
# A printed p-value for which no test can be redone from what is printed.
NOTHING = {"kind": "none", "test": "none", "p": np.nan, "p_low": np.nan, "p_high": np.nan,
           "smd": np.nan}  # fmt: skip


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


def _count_rows(study: Study, part: pd.DataFrame, pair: list[str]) -> list[dict]:
    counts = part[part["statistic"] == "count"]
    if not set(pair) <= set(counts["group"]):
        return []
    cells = {(row.level, row.group): int(row.value) for row in counts.itertuples()}
    levels = counts["level"].unique()
    table = np.array([[cells.get((level, group), 0) for group in pair] for level in levels])
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


def _mean_rows(study: Study, part: pd.DataFrame, pair: list[str]) -> list[dict]:
    printed = []
    for group in pair:
        values = part[part["group"] == group].set_index("statistic")["value"]
        if study.size(group) is None or not {"mean", "sd"} <= set(values.index):
            return []
        printed.append((values["mean"], values["sd"], study.size(group)))
    bounds = mean_test_bounds(*printed)
    exact = [(float(mean), float(sd), size) for mean, sd, size in printed]
    smd = smd_means(exact[0][:2], exact[1][:2])
    return [
        {"kind": "mean", "test": name, "p": p, "p_low": low, "p_high": high, "smd": smd}
        for (name, p), (low, high) in zip(mean_tests(*exact).items(), bounds.values(), strict=True)
    ]


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
    pairs = [parts for parts in study.parts.values() if len(parts) == 2]
    records = []
    for pair in pairs:
        for (where, variable), part in counts.groupby(["where", "variable"], sort=False):
            values = part[part["statistic"] == "p"][["group", "value"]].to_numpy()
            printed = next((p for group, p in values if set(group.split(";")) == set(pair)), "")
            rows = _mean_rows(study, part, pair) or _count_rows(study, part, pair)
            rows = rows or ([NOTHING] if printed else [])
            head = {"study": study.name, "where": where, "variable": variable}
            records += _tested(head, pair, rows, printed)
    # No test here redoes a p-value of more than two groups.
    for row in study.counts[study.counts["statistic"] == "p"].itertuples():
        if set(row.group.split(";")) not in map(set, pairs):
            head = {"study": study.name, "where": row.where, "variable": row.variable}
            records += _tested(head, [row.group, ""], [NOTHING], row.value)
    return pd.DataFrame(records, columns=P_COLUMNS)


def _tested(head: dict[str, str], pair: list[str], rows: list[dict], printed: str) -> list[dict]:
    """Lay out the tests of a variable, each with whether it gives the printed p-value.

    A rank test cannot be redone from means and SDs.
    """
    fits = [[bool(printed) and reproduces(row, printed, cut) for row in rows]
            for cut in (False, True)]  # fmt: skip
    given = fits[0] if any(fits[0]) else fits[1]
    wrong = bool(printed) and bool(rows) and rows[0]["kind"] == "count"
    verdict = judged(True if any(given) else False if wrong else None, OF_COUNTS)
    key = f"{head['variable']}@{';'.join(pair)}"
    about = head | verdict | {"key": key, "group_a": pair[0], "group_b": pair[1]}
    return [
        row | about | {"printed": printed, "reproduces": fit}
        for row, fit in zip(rows, given, strict=True)
    ]


def _counts_compared(table: NDArray[np.int64], levels: list[str]) -> dict[str, object]:
    tests = count_tests(table)
    rare = expected_freq(table).min() < FEWEST_EXPECTED and not np.isnan(tests["Fisher"])
    test = "Fisher" if rare else "chi-square"
    shares = [[f"{100 * share:.0f}" for share in column / column.sum()] for column in table.T]
    value_a, value_b = (
        f"{levels[-1]} {part[-1]} %" if len(part) == 2 else f"{' / '.join(part)} %"
        for part in shares
    )
    return {
        "value_a": value_a, "value_b": value_b, "test": test, "p": tests[test],
        "smd": smd_counts(table),
    }  # fmt: skip


def _means_compared(sets: list[tuple[float, float, int]]) -> dict[str, object]:
    first, second = sets
    value_a, value_b = (f"{mean:.1f} ± {sd:.1f}" for mean, sd, _ in sets)
    return {
        "value_a": value_a, "value_b": value_b, "test": "Welch",
        "p": mean_tests(first, second)["Welch"], "smd": smd_means(first[:2], second[:2]),
    }  # fmt: skip


def _variable(study: Study, rows: pd.DataFrame, sets: list[str]) -> dict[str, object] | None:
    """Compare a variable between two sets, over the sets' parts where need be."""
    variable = rows["variable"].iloc[0]
    if "mean" in set(rows["statistic"]):
        leaves = [study.means(variable, name) for name in sets]
        if None in leaves:
            return None
        exact = [[(float(mean), float(sd), n) for mean, sd, n in part] for part in leaves]
        return _means_compared([(*pooled(part), sum(n for *_, n in part)) for part in exact])
    levels = list(dict.fromkeys(rows.loc[rows["statistic"] == "count", "level"]))
    found = [[study.level(variable, level, name) for name in sets] for level in levels]
    if len(levels) < 2 or any(None in row for row in found):
        return None
    table = np.array(found)
    table = table[table.sum(axis=1) > 0]
    return _counts_compared(table, levels) if len(table) > 1 and table.sum(axis=0).all() else None


def _outcome(study: Study, sets: list[str]) -> dict[str, object] | None:
    """Share with the outcome of two sets, where their classes are printed."""
    splits = [study.stated_split(name) for name in sets]
    if any(None in split for split in splits):
        return None
    return _counts_compared(
        np.array(splits).T[::-1], [study.about["negative"], study.about["positive"]]
    )


def holm(p: pd.Series) -> pd.Series:
    """Correct p-values by Holm's method; missing ones are not counted and stay missing.

    statsmodels' ``multipletests`` gives the same, and collects garbage at each call, which takes
    a tenth of a second.
    """
    known = p.dropna().sort_values(kind="stable")
    steps = known * np.arange(len(known), 0, -1)
    return steps.cummax().clip(upper=1.0).reindex(p.index)


def balance(study: Study) -> pd.DataFrame:
    """Compare the two sets that ``study.yml`` names as drawn at random, variable by variable.

    Counts by the chi-square test, or by Fisher's where few are expected; means by Welch's test.
    The p-values are adjusted over the variables (Holm 1979).

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a variable that is printed for both sets or their classes, the outcome among them:
        columns ``BALANCE_COLUMNS``. `smd` is the standardised difference (Austin 2009).
    """
    drawn = study.about.get("random_split")
    if not drawn:
        return lay_out([], BALANCE_COLUMNS)
    sets = drawn["sets"]
    found = {
        variable: (rows["where"].iloc[0], _variable(study, rows, sets))
        for variable, rows in study.counts.groupby("variable", sort=False)
    }
    found.setdefault(study.about["positive"], (drawn["where"], _outcome(study, sets)))
    known = [(name, where, row) for name, (where, row) in found.items() if row]
    adjusted = holm(pd.Series([row["p"] for *_, row in known], dtype=float))
    records = [
        {
            "key": f"{name}@{';'.join(sets)}", "study": study.name, "where": where,
            "variable": name, "set_a": sets[0], "set_b": sets[1], **row, "p_holm": p,
            **judged(p >= ALPHA, CHANCE if drawn["stated"] else AT_RANDOM,
                     f"{row['value_a']} against {row['value_b']}; p = {row['p']:.2g}, "
                     f"over all variables {p:.2g}"),
        }
        for (name, where, row), p in zip(known, adjusted, strict=True)
    ]  # fmt: skip
    return lay_out(records, BALANCE_COLUMNS)

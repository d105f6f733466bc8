"""McNemar's test between two printed models, over every pairing of patients that is possible."""

from collections.abc import Iterator
from itertools import product

import pandas as pd
from scipy.stats import binom

from recount.tables import Study
from recount.verdicts import OPEN

ALPHA = 0.05
PAIR = ["model_a", "set_a", "model_b", "set_b"]
DISCORDANCE_COLUMNS = [
    "key", "study", "where", "evaluation_set", "model_a", "model_b", "metric", "count_a", "count_b",
    "of", "p_low", "p_high", "premise", "verdict", "follows",
]  # fmt: skip


def mcnemar_exact(first: int, second: int) -> float:
    """Two-sided exact McNemar test, from the patients whom only one of two models gets right."""
    both = first + second
    return float(min(1.0, 2 * binom.cdf(min(first, second), both, 0.5)))


def only_second(a: int, b: int, of: int) -> tuple[int, int]:
    """Fewest and most patients whom the second of two models gets right, and the first does not.

    Parameters
    ----------
    a, b : int
        Patients whom each model gets right.
    of : int
        Patients in all.
    """
    return max(0, b - a), min(b, of - a)


def mcnemar_bounds(a: int, b: int, ranges: list[tuple[int, int]]) -> tuple[float, float]:
    """Smallest and largest exact p-value over every possible number of discordant patients.

    Parameters
    ----------
    a, b : int
        Patients whom each model gets right, over all strata.
    ranges : list of tuple
        From ``only_second``, of each stratum.
    """
    low, high = (sum(ends) for ends in zip(*ranges, strict=True))
    found = [mcnemar_exact(a - b + second, second) for second in range(low, high + 1)]
    return min(found), max(found)


def _strata(table) -> dict[str, tuple[int, int]]:
    """Patients whom a model gets right, and all, with and without the outcome."""
    return {"sensitivity": (table.tp, table.tp + table.fn),
            "specificity": (table.tn, table.tn + table.fp)}  # fmt: skip


def _bounds(first, second) -> Iterator[tuple[str, int, int, int, float, float]]:
    """Bounds of one pair of 2x2 tables of the same patients."""
    a, b = _strata(first), _strata(second)
    ranges = {name: only_second(a[name][0], b[name][0], a[name][1]) for name in a}
    for name, room in ranges.items():
        right_a, right_b, of = a[name][0], b[name][0], a[name][1]
        yield name, right_a, right_b, of, *mcnemar_bounds(right_a, right_b, [room])
    right = [sum(n for n, _ in strata.values()) for strata in (a, b)]
    of = sum(n for _, n in a.values())
    yield "accuracy", *right, of, *mcnemar_bounds(*right, list(ranges.values()))


def _tables(confusion: pd.DataFrame, name: str, model: str) -> list:
    rows = confusion[(confusion["evaluation_set"] == name) & (confusion["model"] == model)]
    return list(rows.itertuples())


def _words(row: pd.Series) -> str:
    low, high = row["p_low"], row["p_high"]
    settled = "differ at any pairing" if high < ALPHA else "depends on the pairing"
    settled = "no significant difference at any pairing" if low >= ALPHA else settled
    return (
        f"{row['count_a']} against {row['count_b']} of {row['of']}; McNemar's p from {low:.2g} to "
        f"{high:.2g}: {settled}"
    )


def discordance(study: Study, confusion: pd.DataFrame) -> pd.DataFrame:
    """Bound McNemar's exact test for the models that the paper compares within one set.

    Two rows of metrics do not tell which patients both models get right. Every number of
    discordant patients that the two 2x2 tables allow is tried.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    confusion : DataFrame
        2x2 tables, columns ``evaluation_set, model, tp, fp, fn, tn``; several rows of a model where
        several tables are possible.

    Returns
    -------
    DataFrame
        Three rows a pair (sensitivity, specificity, accuracy): columns ``DISCORDANCE_COLUMNS``.
        `count_a` and `count_b` are the patients whom each model gets right, out of `of`. Pairs
        without a 2x2 table of the same patients are left out. No claim is judged.
    """
    pairs = study.comparisons.drop_duplicates(PAIR)
    records = []
    for pair in pairs[pairs["set_a"] == pairs["set_b"]].itertuples():
        tables = [_tables(confusion, pair.set_a, model) for model in (pair.model_a, pair.model_b)]
        same = [(first, second) for first, second in product(*tables)
                if first.tp + first.fn == second.tp + second.fn
                and first.fp + first.tn == second.fp + second.tn]  # fmt: skip
        head = {
            "study": study.name, "where": pair.where, "evaluation_set": pair.set_a,
            "model_a": pair.model_a, "model_b": pair.model_b,
        }  # fmt: skip
        for rows in zip(*(_bounds(first, second) for first, second in same), strict=True):
            metric, count_a, count_b, of = rows[0][:4]
            low, high = min(row[4] for row in rows), max(row[5] for row in rows)
            records.append(
                head
                | {
                    "key": f"{pair.set_a}/{pair.model_a}~{pair.model_b}/{metric}",
                    "metric": metric, "count_a": count_a, "count_b": count_b, "of": of,
                    "p_low": low, "p_high": high, "premise": "", "verdict": OPEN,
                }
            )  # fmt: skip
    frame = pd.DataFrame(records, columns=DISCORDANCE_COLUMNS)
    return frame.assign(follows=[_words(row) for _, row in frame.iterrows()])

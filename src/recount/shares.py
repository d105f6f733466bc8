"""The share with the outcome that a row of metrics implies, whatever it counts."""

import pandas as pd

from recount.splits import ModelRow, Splits
from recount.totals import MISSING
from recount.verdicts import AGREES, CONFLICTS, CONTRADICTS, OPEN

NEEDED = ("sensitivity", "specificity", "ppv")
COMPLETE = "no case is missing from either row"
SHARE_COLUMNS = [
    "study", "evaluation_set", "set_stated", "model", "where", "low", "high", "sets",
]  # fmt: skip
PAIR_COLUMNS = [
    "key", "study", "where", "model_a", "set_a", "model_b", "set_b", "low_a", "high_a", "low_b",
    "high_b", "premise", "verdict", "follows",
]  # fmt: skip


def share_bounds(row: ModelRow) -> tuple[float, float]:
    """Smallest and largest share with the outcome that a printed row allows.

    By Bayes' rule the odds of the outcome are those of the PPV divided by the likelihood ratio of
    a positive call, sensitivity / (1 - specificity).

    Returns
    -------
    tuple of float
        From 0 to 1; NaN where sensitivity, specificity or PPV is not printed, or is 0 or 1.
    """
    if not set(NEEDED) <= row.cells.keys():
        return float("nan"), float("nan")
    bounds = [row.bounds[name] for name in NEEDED]
    if any(low <= 0 or high >= 1 for low, high in bounds):
        return float("nan"), float("nan")
    (low_sen, high_sen), (low_spe, high_spe), (low_ppv, high_ppv) = bounds
    low = low_ppv / (1 - low_ppv) * (1 - high_spe) / high_sen
    high = high_ppv / (1 - high_ppv) * (1 - low_spe) / low_sen
    return low / (1 + low), high / (1 + high)


def shares(splits: Splits) -> pd.DataFrame:
    """Share with the outcome behind every row of metrics.

    Returns
    -------
    DataFrame
        Columns ``SHARE_COLUMNS``; `low` and `high` bound the share, `sets` names the evaluation
        sets whose stated share lies between.
    """
    study = splits.study
    stated = {name: study.stated_split(name) for name in study.groups["group"]}
    known = {name: p / (p + n) for name, (p, n) in stated.items() if None not in (p, n) and p + n}
    records = []
    for row in splits.rows:
        low, high = share_bounds(row)
        if low == low:
            sets = ";".join(name for name, share in known.items() if low <= share <= high)
            head = (study.name, row.evaluation_set, row.set_stated, row.model, row.where)
            records.append((*head, low, high, sets))
    return pd.DataFrame(records, columns=SHARE_COLUMNS)


def compared_shares(splits: Splits) -> pd.DataFrame:
    """Hold the shares of rows that the paper compares on one set against each other.

    Two rows of the same cases have the same share. Where the shares cannot be the same the rows
    contradict, unless a fifth of either class, missing from either row, could make up for it.

    Returns
    -------
    DataFrame
        One row a pair of models that ``comparisons.csv`` compares within one set: columns
        ``PAIR_COLUMNS``.
    """
    study, records = splits.study, []
    rows = {(row.evaluation_set, row.model): row for row in splits.rows}
    pairs = study.comparisons.drop_duplicates(["model_a", "set_a", "model_b", "set_b"])
    for pair in pairs[pairs["set_a"] == pairs["set_b"]].itertuples():
        a, b = (rows.get((pair.set_a, model)) for model in (pair.model_a, pair.model_b))
        if a is None or b is None:
            continue
        bounds = (*share_bounds(a), *share_bounds(b))
        records.append(
            (f"{pair.set_a}/{pair.model_a}~{pair.model_b}", study.name, pair.where, pair.model_a,
             pair.set_a, pair.model_b, pair.set_b, *bounds, *_verdict(*bounds))
        )  # fmt: skip
    return pd.DataFrame(records, columns=PAIR_COLUMNS)


def _verdict(low_a: float, high_a: float, low_b: float, high_b: float) -> tuple[str, str, str]:
    if not all(value == value for value in (low_a, low_b)):
        return "", OPEN, "no share with the outcome follows from both rows"
    words = f"{_percent(low_a, high_a)} against {_percent(low_b, high_b)}"
    if low_a <= high_b and low_b <= high_a:
        return "", AGREES, words
    lower, upper = (high_a, low_b) if high_a < low_b else (high_b, low_a)
    ratio = upper / (1 - upper) * (1 - lower) / lower
    if ratio > 1 / (1 - MISSING) ** 2:
        return "", CONTRADICTS, words
    return COMPLETE, CONFLICTS, words


def _percent(low: float, high: float) -> str:
    first, last = f"{100 * low:.2f}", f"{100 * high:.2f}"
    return f"{first} %" if first == last else f"{first} to {last} %"

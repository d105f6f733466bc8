"""What the printed comparisons of two models need in order to hold."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from recount.auc import auc_checks
from recount.printed import decimals, interval
from recount.splits import Split, Splits
from recount.tables import Study
from recount.verdicts import AGREES, CONFLICTS, OPEN, judged

ALPHA = 0.05
TESTS = ("p", "p_below", "not_significant")
FROM_INTERVALS = "the printed intervals give the standard errors"
COMPARISON_COLUMNS = [
    "key", "study", "where", "model_a", "set_a", "model_b", "set_b", "statistic", "printed",
    "auc_a", "auc_b", "difference", "accuracy_a", "accuracy_b", "se_a", "se_b", "p_unpaired",
    "correlation_needed", "rounding", "split_a", "split_b", "paired", "premise", "verdict",
    "follows",
]  # fmt: skip


def correlation_for_p(difference: float, se_a: float, se_b: float, p: float) -> float:
    """Correlation of two AUC estimates at which a paired z-test gives a p-value.

    Parameters
    ----------
    difference : float
        Difference of the two AUCs.
    se_a, se_b : float
        Their standard errors.
    p : float
        Two-sided p-value.

    Returns
    -------
    float
        The correlation; above 1 or below -1 where none gives this p-value. A larger correlation
        gives a smaller p-value. NaN at a p-value of 1 or a standard error of 0.
    """
    if p >= 1 or not se_a * se_b:
        return float("nan")
    spread = difference / norm.isf(p / 2)
    return float((se_a**2 + se_b**2 - spread**2) / (2 * se_a * se_b))


def paired_p(difference: float, se_a: float, se_b: float, correlation: float) -> float:
    """Two-sided p-value of a z-test of two correlated AUCs; correlation 0 is the unpaired test."""
    variance = se_a**2 + se_b**2 - 2 * correlation * se_a * se_b
    return float(2 * norm.sf(abs(difference) / np.sqrt(variance)))


def power(difference: float, se_a: float, se_b: float, correlation: float) -> float:
    """Chance of p < 0.05 in that test if a difference of two AUCs is the true one."""
    se = np.sqrt(se_a**2 + se_b**2 - 2 * correlation * se_a * se_b)
    reach = norm.isf(ALPHA / 2)
    return float(norm.sf(reach - difference / se) + norm.cdf(-reach - difference / se))


def _needs(statistic: str, rho: float) -> tuple[str, str, str]:
    """Premise, verdict and correlation that a printed p-value of a paired test needs."""
    if np.isnan(rho):
        return "", OPEN, "p-value and intervals leave no correlation to compute"
    bound = {"p": "", "p_below": "at least "}.get(statistic, "at most ")
    certain = {"p": False, "p_below": rho <= -1}.get(statistic, rho >= 1)
    possible = {"p": -1 <= rho <= 1, "p_below": rho <= 1}.get(statistic, rho >= -1)
    words = f"a correlation of {bound}{rho:.2f}"
    if certain:
        return "", AGREES, "follows at any correlation between the two models' AUCs"
    if not possible:
        return FROM_INTERVALS, CONFLICTS, f"needs {words}, which does not exist"
    return "", OPEN, f"needs {words} between the two models' AUCs"


def _unpaired(row, values: dict) -> tuple[str, str, str]:
    """Judge a comparison of two named sets, which share no patient."""
    p = values["p_unpaired"]
    low, high = interval(row.value) if row.value else (ALPHA, ALPHA)
    holds = {"p": low <= p <= high, "p_below": p < high}.get(row.statistic, p >= ALPHA)
    verdict = judged(bool(holds), FROM_INTERVALS)
    return verdict["premise"], verdict["verdict"], f"the sets differ; the unpaired p is {p:.3f}"


def _of_values(row, values: dict) -> tuple[str, str, str]:
    """Judge a comparison of two printed values, without a test."""
    if row.statistic == "auc_difference":
        exact, room = abs(values["auc_a"] - values["auc_b"]), values["rounding"]
        low, high = interval(row.value)
        return _simple(low - room <= exact <= high + room, f"{exact:.3f}")
    name = row.statistic.removeprefix("greater_")
    a, b = values[f"{name}_a"], values[f"{name}_b"]
    if a == b or pd.isna(a) or pd.isna(b):
        return "", OPEN, "both are printed alike" if a == b else "they are not both printed"
    return _simple(a > b, f"{a:.3f} against {b:.3f}")


def _of_test(row, values: dict, same: bool | None) -> tuple[str, str, str]:
    """Judge a comparison that is printed with a test."""
    if row.set_a != row.set_b:
        return _unpaired(row, values)
    if same is None:
        return "", OPEN, "no class split explains both rows"
    premise, verdict, words = _needs(row.statistic, values["correlation_needed"])
    if same or verdict == AGREES:
        return premise, verdict, words
    p = values["p_unpaired"]
    words += f"; as printed the rows are not of the same cases, and the unpaired p is {p:.2f}"
    return premise, verdict, words


def _simple(holds: bool, follows: str) -> tuple[str, str, str]:
    verdict = judged(holds)
    return verdict["premise"], verdict["verdict"], follows


def _accuracy(study: Study) -> dict[tuple[str, str], float]:
    rows = study.performance[study.performance["metric"] == "accuracy"]
    rows = rows.drop_duplicates(["evaluation_set", "model"])
    keys = zip(rows["evaluation_set"], rows["model"], strict=True)
    return dict(zip(keys, rows["value"].astype(float), strict=True))


def _values(row, aucs: pd.DataFrame, accuracy: dict) -> dict[str, float]:
    a, b = (row.set_a, row.model_a), (row.set_b, row.model_b)
    first, second = aucs.loc[a], aucs.loc[b]
    difference = float(first["auc"]) - float(second["auc"])
    se_a, se_b = first["se_implied"], second["se_implied"]
    p = _p_in_question(row)
    return {
        "auc_a": float(first["auc"]), "auc_b": float(second["auc"]), "difference": difference,
        "accuracy_a": accuracy.get(a, np.nan), "accuracy_b": accuracy.get(b, np.nan),
        "se_a": se_a, "se_b": se_b, "p_unpaired": paired_p(difference, se_a, se_b, 0.0),
        "correlation_needed": correlation_for_p(difference, se_a, se_b, p) if p else np.nan,
        "rounding": sum(0.5 * 10.0 ** -decimals(side["auc"]) for side in (first, second)),
    }  # fmt: skip


def _p_in_question(row) -> float | None:
    """p-value that a comparison turns on; a printed 0.000 stands for its largest value."""
    if row.statistic == "not_significant":
        return ALPHA
    if row.statistic not in TESTS:
        return None
    return float(row.value) or interval(row.value)[1]


def comparisons(splits: Splits) -> pd.DataFrame:
    """Check the printed comparisons of two models.

    Parameters
    ----------
    splits : Splits
        From ``find_splits``.

    Returns
    -------
    DataFrame
        One row a comparison: columns ``COMPARISON_COLUMNS``. A DeLong test needs the same patients
        under both models. Where the printed rows imply different class splits, the test may have
        been done on others than those printed, so that the correlation it needs is still given.
    """
    study = splits.study
    aucs = auc_checks(splits).drop_duplicates(["evaluation_set", "model"])
    aucs = aucs.set_index(["evaluation_set", "model"])
    accuracy, records = _accuracy(study), []
    for row in study.comparisons.itertuples():
        if not {(row.set_a, row.model_a), (row.set_b, row.model_b)} <= set(aucs.index):
            continue
        split_a, split_b = splits.of(row.set_a, row.model_a), splits.of(row.set_b, row.model_b)
        known = split_a is not None and split_b is not None
        same = row.set_a == row.set_b and split_a == split_b if known else None
        values = _values(row, aucs, accuracy)
        premise, verdict, follows = (
            _of_test(row, values, same) if row.statistic in TESTS else _of_values(row, values)
        )
        key = f"{row.statistic}:{row.set_a}/{row.model_a}~{row.set_b}/{row.model_b}"
        records.append(
            {
                "key": key, "study": study.name, "where": row.where, "model_a": row.model_a,
                "set_a": row.set_a, "model_b": row.model_b, "set_b": row.set_b,
                "statistic": row.statistic, "printed": row.value, **values,
                "split_a": _pair(split_a), "split_b": _pair(split_b), "paired": same,
                "premise": premise, "verdict": verdict, "follows": follows,
            }
        )  # fmt: skip
    return pd.DataFrame(records, columns=COMPARISON_COLUMNS)


def _pair(split: Split | None) -> str:
    return f"{split[0]}/{split[1]}" if split else ""

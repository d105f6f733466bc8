"""What a printed AUC, its interval and its operating point say of each other."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from recount.printed import decimals, rounds_to
from recount.splits import Split, Splits
from recount.tables import Study
from recount.verdicts import AGREES, CONFLICTS, CONTRADICTS, OPEN

AUC_COLUMNS = [
    "key", "study", "where", "evaluation_set", "model", "auc", "low", "high", "offset", "symmetric",
    "se_implied", "se_hanley_mcneil", "se_ratio", "se_stated", "lowest", "highest", "yes_no_auc",
    "premise", "verdict", "follows",
]  # fmt: skip
POINT = ("sensitivity", "specificity")
MOSTLY = 0.9
ON_CURVE = "sensitivity and specificity are a point of the curve whose AUC is printed"
SYMMETRIC = "its interval is meant to be symmetric, as the others are"
Z95 = float(norm.ppf(0.975))


def hanley_mcneil_se(auc: float, n_positive: int, n_negative: int) -> float:
    """Standard error of an AUC under the exponential model (Hanley & McNeil 1982).

    Parameters
    ----------
    auc : float
        Area under the curve, 0 to 1.
    n_positive, n_negative : int
        Patients with and without the outcome.
    """
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    square = auc * (1 - auc) + (n_positive - 1) * (q1 - auc**2) + (n_negative - 1) * (q2 - auc**2)
    return float(np.sqrt(square / (n_positive * n_negative)))


def auc_bounds(sensitivity: float, specificity: float) -> tuple[float, float]:
    """Smallest and largest AUC of a curve that passes through one operating point.

    The curve never falls: it is lowest when it jumps only at the point and at the far corner,
    highest when it reaches the point's height at once and the top right after the point.
    """
    return sensitivity * specificity, 1 - (1 - sensitivity) * (1 - specificity)


def binary_auc(sensitivity: float, specificity: float) -> float:
    """AUC of a yes/no reading: its curve has one inner point."""
    return (sensitivity + specificity) / 2


def yes_no_se(sensitivity: float, specificity: float, split: Split) -> float:
    """DeLong's standard error of the AUC of a yes/no reading.

    Parameters
    ----------
    sensitivity, specificity : float
        Of the reading.
    split : tuple of int
        Patients with and without the outcome.
    """
    parts = zip((sensitivity, specificity), split, strict=True)
    return float(np.sqrt(sum(share * (1 - share) / (4 * (n - 1)) for share, n in parts)))


def yes_no_possible(row: pd.Series, split: Split) -> bool:
    """Whether some yes/no reading of a split has the printed AUC and DeLong's printed interval."""
    texts = [row[name] for name in ("auc", "auc_low", "auc_high")]
    sen, spe = (np.arange(n + 1) / n for n in split)
    sen, spe = sen[:, None], spe[None, :]
    auc = (sen + spe) / 2
    spread = sen * (1 - sen) / (4 * (split[0] - 1)) + spe * (1 - spe) / (4 * (split[1] - 1))
    half = Z95 * np.sqrt(spread)
    found = (auc, auc - half, np.minimum(auc + half, 1))
    fits = [rounds_to(value, text) for value, text in zip(found, texts, strict=True)]
    return bool(np.logical_and.reduce(fits).any())


def interval_se(low: float, high: float) -> float:
    """Standard error that a symmetric 95 % interval implies."""
    return (high - low) / (2 * Z95)


def printed_se(value: float, low: float, high: float) -> float:
    """Standard error that a printed 95 % interval implies; from its lower half if cut at 1."""
    return (value - low) / Z95 if high >= 1 else interval_se(low, high)


def _wide(study: Study) -> pd.DataFrame:
    """One row for each distinct printing of a model's AUC and interval."""
    keys = ["evaluation_set", "model", "where"]
    wide = study.performance.pivot(index=keys, columns="metric", values="value").reset_index()
    wide = wide.reindex(columns=[*keys, "auc", "auc_low", "auc_high", "sensitivity", "specificity"])
    points = wide.groupby(keys[:2])[["sensitivity", "specificity"]].transform("first")
    wide[["sensitivity", "specificity"]] = points
    wide = wide.dropna(subset=["auc", "auc_low", "auc_high"])
    table = wide["where"].str.startswith(("Table", "Figure"))
    order = study.performance["model"].drop_duplicates().tolist()
    wide = wide.assign(text=~table, rank=wide["model"].map(order.index))
    wide = wide.sort_values(["evaluation_set", "rank", "text", "where"], kind="stable")
    return wide.drop_duplicates(["evaluation_set", "model", "auc", "auc_low", "auc_high"])


def is_yes_no(study: Study, model: str) -> bool:
    """Whether the paper also prints the model as a variable of two levels."""
    rows = study.counts[(study.counts["variable"] == model) & (study.counts["level"] != "")]
    return rows["level"].nunique() == 2


def _symmetric(row: pd.Series) -> tuple[float, bool]:
    value, low, high = (float(row[name]) for name in ("auc", "auc_low", "auc_high"))
    half = {name: 0.5 * 10.0 ** -decimals(row[name]) for name in ("auc", "auc_low", "auc_high")}
    slack = half["auc"] + (half["auc_low"] + half["auc_high"]) / 2 + 1e-9
    offset = (low + high) / 2 - value
    return offset, abs(offset) <= slack or high >= 1


def _record(study: Study, row: pd.Series, split: Split | None) -> dict:
    value, low, high = (float(row[name]) for name in ("auc", "auc_low", "auc_high"))
    offset, symmetric = _symmetric(row)
    se = printed_se(value, low, high)
    expected = hanley_mcneil_se(value, *split) if split else np.nan
    stated = study.stated_split(row["evaluation_set"])
    known = pd.notna(row["sensitivity"]) and pd.notna(row["specificity"])
    point = (float(row["sensitivity"]), float(row["specificity"])) if known else (np.nan, np.nan)
    lowest, highest = auc_bounds(*point)
    reading = binary_auc(*point) if is_yes_no(study, row["model"]) else np.nan
    premise, verdict, follows = _judge(row, (lowest, highest), reading, split)
    return {
        "auc": row["auc"], "low": row["auc_low"], "high": row["auc_high"],
        "offset": offset, "symmetric": symmetric, "se_implied": se, "se_hanley_mcneil": expected,
        "se_ratio": se / expected if expected > 0 else np.nan,
        "se_stated": np.nan if None in stated else hanley_mcneil_se(value, *stated),
        "lowest": lowest, "highest": highest, "yes_no_auc": reading,
        "premise": premise, "verdict": verdict, "follows": follows,
    }  # fmt: skip


def _judge(
    row: pd.Series, bounds: tuple[float, float], reading: float, split: Split | None
) -> tuple[str, str, str]:
    """Premise, verdict and what follows, with the room that the row's rounding leaves."""
    value, low, high = (float(row[name]) for name in ("auc", "auc_low", "auc_high"))
    shown = [row["auc"], *(row[name] for name in POINT if pd.notna(row[name]))]
    slack = sum(10.0 ** -decimals(text) for text in shown) + 1e-9
    if value + 10.0 ** -decimals(row["auc"]) < low or value > high + 10.0 ** -decimals(
        row["auc_high"]
    ):
        return "", CONTRADICTS, "the interval does not hold the AUC"
    if value < bounds[0] - slack or value > bounds[1] + slack:
        return ON_CURVE, CONFLICTS, f"the operating point allows {bounds[0]:.3f} to {bounds[1]:.3f}"
    if abs(reading - value) > slack:
        return "", OPEN, _graded(row, reading, split)
    return "", AGREES, "interval and operating point allow it"


def _graded(row: pd.Series, reading: float, split: Split | None) -> str:
    """Say of a reader's AUC what its sensitivity and specificity have, and whom that favours."""
    side = "higher" if float(row["auc"]) > reading else "lower"
    words = f"sensitivity and specificity beside it have {reading:.3f}; the printed AUC is {side}"
    if split and not yes_no_possible(row, split):
        words += (
            f", and no yes/no reading of {sum(split)} patients has it with the printed interval; "
            "a graded reading could"
        )
    return words


def auc_checks(splits: Splits) -> pd.DataFrame:
    """Check every printed AUC against its interval, its operating point and its evaluation set.

    Parameters
    ----------
    splits : Splits
        From ``find_splits``; a model without a split of its own takes its set's first.

    Returns
    -------
    DataFrame
        One row for each distinct printing: ``key, study, where, evaluation_set, model, auc, low,
        high, offset`` (middle of the interval minus AUC), ``symmetric, se_implied,
        se_hanley_mcneil, se_ratio, se_stated, lowest, highest`` (bounds from the operating point),
        ``yes_no_auc`` (where the paper prints the model as a yes/no variable), ``premise, verdict,
        follows``.
    """
    study, records = splits.study, []
    for _, row in _wide(study).iterrows():
        name, model = row["evaluation_set"], row["model"]
        head = {
            "key": f"{name}/{model}/{row['where']}", "study": study.name, "where": row["where"],
            "evaluation_set": name, "model": model,
        }  # fmt: skip
        records.append(head | _record(study, row, splits.of(name, model)))
    return _lone_asymmetry(pd.DataFrame(records, columns=AUC_COLUMNS))


def _lone_asymmetry(frame: pd.DataFrame) -> pd.DataFrame:
    """Doubt an off-centre interval where nearly all others are centred.

    Intervals on another scale are off centre rightly, but then all of a paper's are.
    """
    if len(frame) and frame["symmetric"].mean() >= MOSTLY:
        odd = ~frame["symmetric"] & frame["verdict"].eq(AGREES)
        frame.loc[odd, ["premise", "verdict", "follows"]] = (
            SYMMETRIC, CONFLICTS, "the interval is not centred on the AUC, as the others are",
        )  # fmt: skip
    return frame

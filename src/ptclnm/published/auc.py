"""What a printed AUC, its interval and its operating point say of each other."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from ptclnm.published.printed import decimals
from ptclnm.published.splits import Group
from ptclnm.published.tables import Study

AUC_COLUMNS = [
    "key", "study", "where", "evaluation_set", "model", "auc", "low", "high", "offset", "symmetric",
    "se_implied", "se_hanley_mcneil", "se_ratio", "se_stated", "lowest", "highest", "yes_no_auc",
    "verdict", "follows",
]  # fmt: skip
POINT = ("sensitivity", "specificity")
MOSTLY = 0.9
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


def _record(study: Study, row: pd.Series, split: tuple[int, int] | None) -> dict:
    value, low, high = (float(row[name]) for name in ("auc", "auc_low", "auc_high"))
    offset, symmetric = _symmetric(row)
    se = printed_se(value, low, high)
    expected = hanley_mcneil_se(value, *split) if split else np.nan
    stated = study.stated_split(row["evaluation_set"])
    known = pd.notna(row["sensitivity"]) and pd.notna(row["specificity"])
    point = (float(row["sensitivity"]), float(row["specificity"])) if known else (np.nan, np.nan)
    lowest, highest = auc_bounds(*point)
    reading = binary_auc(*point) if is_yes_no(study, row["model"]) else np.nan
    return {
        "auc": row["auc"], "low": row["auc_low"], "high": row["auc_high"],
        "offset": offset, "symmetric": symmetric, "se_implied": se, "se_hanley_mcneil": expected,
        "se_ratio": se / expected if expected > 0 else np.nan,
        "se_stated": np.nan if None in stated else hanley_mcneil_se(value, *stated),
        "lowest": lowest, "highest": highest, "yes_no_auc": reading,
        **_judge(row, (lowest, highest), reading),
    }  # fmt: skip


def _judge(row: pd.Series, bounds: tuple[float, float], reading: float) -> dict[str, str]:
    """Judge an AUC, with the room that its own rounding and that of its row leaves."""
    value, low, high = (float(row[name]) for name in ("auc", "auc_low", "auc_high"))
    shown = [row["auc"], *(row[name] for name in POINT if pd.notna(row[name]))]
    slack = sum(0.5 * 10.0 ** -decimals(text) for text in (shown[0], *shown[1:])) + 1e-9
    if not low <= value <= high:
        return {"verdict": "contradicts", "follows": "the interval does not hold the AUC"}
    if value < bounds[0] - slack or value > bounds[1] + slack:
        found = f"{bounds[0]:.3f} to {bounds[1]:.3f}"
        return {"verdict": "contradicts", "follows": f"the operating point allows {found}"}
    if abs(reading - value) > slack:
        return {"verdict": "contradicts", "follows": f"a yes/no reading has {reading:.3f}"}
    return {"verdict": "agrees", "follows": "interval and operating point allow it"}


def auc_checks(study: Study, groups: list[Group]) -> pd.DataFrame:
    """Check every printed AUC against its interval, its operating point and its evaluation set.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    groups : list of Group
        From ``splits.find_groups``; a model without a split of its own takes its set's first.

    Returns
    -------
    DataFrame
        One row for each distinct printing: ``key, study, where, evaluation_set, model, auc, low,
        high, offset`` (middle of the interval minus AUC), ``symmetric, se_implied,
        se_hanley_mcneil, se_ratio, se_stated, lowest, highest`` (bounds from the operating point),
        ``yes_no_auc`` (where the paper prints the model as a yes/no variable), ``verdict,
        follows``.
    """
    splits = chosen_splits(groups)
    records = []
    for _, row in _wide(study).iterrows():
        name, model = row["evaluation_set"], row["model"]
        head = {
            "key": f"{name}/{model}/{row['where']}", "study": study.name, "where": row["where"],
            "evaluation_set": name, "model": model,
        }  # fmt: skip
        records.append(head | _record(study, row, split_of(splits, name, model)))
    return _lone_asymmetry(pd.DataFrame(records, columns=AUC_COLUMNS))


def _lone_asymmetry(frame: pd.DataFrame) -> pd.DataFrame:
    """Count an off-centre interval as wrong where nearly all others are centred.

    Intervals on another scale are off centre rightly, but then all of a paper's are.
    """
    if len(frame) and frame["symmetric"].mean() >= MOSTLY:
        odd = ~frame["symmetric"] & frame["verdict"].eq("agrees")
        frame.loc[odd, "verdict"] = "contradicts"
        frame.loc[odd, "follows"] = "the interval is not centred on the AUC, as the others are"
    return frame


def chosen_splits(groups: list[Group]) -> dict[tuple[str, str], tuple[int, int] | None]:
    """Chosen split of each (set, model); under (set, '') that of the set's first group."""
    found: dict[tuple[str, str], tuple[int, int] | None] = {}
    for group in groups:
        found.setdefault((group.evaluation_set, ""), group.chosen)
        for model in group.models:
            found[group.evaluation_set, model] = group.chosen
    return found


def split_of(splits: dict, name: str, model: str) -> tuple[int, int] | None:
    """Split of a model, or of its set where the model's own row does not tell."""
    return splits.get((name, model), splits.get((name, "")))

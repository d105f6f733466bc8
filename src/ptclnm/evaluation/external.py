"""Do scores travel? Calibration and discrimination by set, centre and machine setting."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ptclnm.evaluation.delong import delong
from ptclnm.evaluation.operating import TRAIN

CALIBRATION = (
    "model", "split", "n", "events", "expected", "intercept", "intercept_low", "intercept_high",
    "slope", "slope_low", "slope_high", "brier", "brier_scaled", "ici",
)  # fmt: skip
GROUPS = (
    "model", "setting", "group", "n", "positives", "auc", "low", "high", "score_without",
    "score_with", "mean_setting",
)  # fmt: skip


def calibration_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Measure the calibration of every model in every set but the training set.

    Parameters
    ----------
    predictions : DataFrame
        ``model, split, label, score``; scores from 0 to 1.

    Returns
    -------
    DataFrame
        Columns of ``CALIBRATION``; see ``ptclnm.evaluation.calibration.calibration``. A set of
        one class is left out.

    Raises
    ------
    RiskError
        If a score does not lie between 0 and 1.
    """
    from ptclnm.evaluation.calibration import calibration

    rows = []
    keys = ["split", "model"]
    for (split, model), part in _judged(predictions).groupby(keys, sort=False):
        found = calibration(part["label"], part["score"])
        rows.append({"model": model, "split": split} | found.to_dict())
    table = pd.DataFrame(rows, columns=list(CALIBRATION))
    return table.astype({"n": int, "events": int})


def _judged(predictions: pd.DataFrame) -> pd.DataFrame:
    """Patients that no model was fitted on, of sets with both classes."""
    part = predictions[predictions["split"] != TRAIN]
    return part[part.groupby("split")["label"].transform("nunique") == 2]


def by_setting(
    predictions: pd.DataFrame, settings: pd.DataFrame, names: Mapping[str, int]
) -> pd.DataFrame:
    """Judge every model in groups of patients whose machines were set alike.

    Parameters
    ----------
    predictions : DataFrame
        ``model, split, patient_id, label, score``; the training set is left out.
    settings : DataFrame
        ``patient_id``, then columns of numbers or words.
    names : mapping of str to int
        Which columns, and into how many groups of equal size a column of numbers is cut; 0 takes
        each value as a group.

    Returns
    -------
    DataFrame
        ``model, setting, group, n, positives, auc, low, high, score_without, score_with,
        mean_setting``: DeLong's interval, missing where a group has one class only or one patient
        of one; and the mean score by class, which a shift of all scores moves.
    """
    joined = predictions[predictions["split"] != TRAIN].merge(
        settings.astype({"patient_id": str}), on="patient_id", validate="m:1"
    )
    rows = []
    for name, groups in names.items():
        of_patient = joined.drop_duplicates("patient_id").set_index("patient_id")[name]
        group = _grouped(of_patient, groups)
        for model, part in joined.groupby("model", sort=False):
            placed = part.assign(group=part["patient_id"].map(group))
            for value, own in _in_order(placed, name):
                rows.append(
                    {"model": model, "setting": name, "group": str(value)} | _row(own, name)
                )
    return pd.DataFrame(rows, columns=list(GROUPS))


def _grouped(values: pd.Series, groups: int) -> pd.Series:
    """Name each patient's group; of numbers that are cut, by the group's range."""
    if not groups:
        return values.map(lambda v: f"{v:g}" if isinstance(v, float) else str(v))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, groups + 1)))
    at = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    last = np.minimum(at + 1, len(edges) - 1)
    texts = [f"{edges[i]:.1f} to {edges[j]:.1f}" for i, j in zip(at, last, strict=True)]
    return pd.Series(texts, index=values.index)


def _in_order(placed: pd.DataFrame, name: str) -> list[tuple[str, pd.DataFrame]]:
    """Groups by their least value, numbers as numbers."""
    groups = [(value, own) for value, own in placed.groupby("group", sort=True)]
    return sorted(groups, key=lambda each: each[1][name].min())


def _row(part: pd.DataFrame, name: str) -> dict[str, float]:
    counts = part["label"].value_counts()
    auc, low, high = np.nan, np.nan, np.nan
    if len(counts) == 2:
        curve = delong(part["label"], part["score"], ["model"], list(part["patient_id"]))
        found = curve.intervals().iloc[0]
        auc, low, high = found["auc"], found["low"], found["high"]
    means = part.groupby("label")["score"].mean()
    values = pd.to_numeric(part[name], errors="coerce")
    return {
        "n": len(part), "positives": int((part["label"] == 1).sum()), "auc": auc, "low": low,
        "high": high, "score_without": means.get(0, np.nan), "score_with": means.get(1, np.nan),
        "mean_setting": values.mean(),
    }  # fmt: skip


def drift(predictions: pd.DataFrame, settings: pd.DataFrame, name: str) -> pd.DataFrame:
    """Say how a setting moves the scores of patients without the outcome.

    Parameters
    ----------
    predictions, settings
        As in :func:`by_setting`.
    name : str
        A column of numbers.

    Returns
    -------
    DataFrame
        ``model, n, rho, p``: Spearman's correlation of setting and score. What a gain does to
        the score of a nodule it should not do.
    """
    from scipy import stats

    part = predictions[(predictions["split"] != TRAIN) & (predictions["label"] == 0)]
    joined = part.merge(settings.astype({"patient_id": str}), on="patient_id", validate="m:1")
    rows = []
    for model, own in joined.groupby("model", sort=False):
        pair = own[[name, "score"]].astype(float)
        known = len(own) > 2 and (pair.nunique() > 1).all()
        rho, p = stats.spearmanr(pair[name], pair["score"]) if known else (np.nan, np.nan)
        rows.append((model, len(own), float(rho), float(p)))
    return pd.DataFrame(rows, columns=["model", "n", "rho", "p"])

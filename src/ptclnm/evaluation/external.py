"""Do scores travel? By centre and machine setting, and to a centre that was not fitted on."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from ptclnm.evaluation.delong import delong
from ptclnm.evaluation.logistic import fit_logistic


def by_setting(
    predictions: pd.DataFrame, settings: pd.DataFrame, names: Mapping[str, int]
) -> pd.DataFrame:
    """Judge every model in groups of patients whose machines were set alike.

    Parameters
    ----------
    predictions : DataFrame
        ``model, patient_id, label, score`` of patients that nothing was fitted on.
    settings : DataFrame
        ``patient_id``, then columns of numbers or words.
    names : mapping of str to int
        Which columns, where they are there, and into how many groups of equal size a column of
        numbers is cut; 0 takes each value as a group.

    Returns
    -------
    DataFrame
        ``model, setting, group, n, positives, auc, low, high, score_without, score_with,
        mean_setting``: DeLong's interval, missing where a group has one class only or one patient
        of one; and the mean score by class, which a shift of all scores moves.
    """
    joined = predictions.merge(settings, on="patient_id", validate="m:1")
    rows = []
    for name, groups in ((name, n) for name, n in names.items() if name in settings):
        values = joined.drop_duplicates("patient_id").set_index("patient_id")[name]
        placed = joined.assign(group=joined["patient_id"].map(_grouped(values, groups)))
        for model, part in placed.groupby("model", sort=False):
            own = [(group, each) for group, each in part.groupby("group")]
            # By the least value, numbers as numbers.
            for group, each in sorted(own, key=lambda pair: pair[1][name].min()):
                head = {"model": model, "setting": name, "group": group}
                mean = pd.to_numeric(each[name], errors="coerce").mean()
                rows.append(head | _judged(each) | {"mean_setting": mean})
    return pd.DataFrame(rows)


def leave_one_center_out(
    table: pd.DataFrame, centers: pd.Series, predictors: Sequence[str], fewest: int = 5
) -> pd.DataFrame:
    """Fit a regression on all centres but one, and judge it on that one, for each in turn.

    Parameters
    ----------
    table : DataFrame
        ``patient_id, label`` and the predictors, one row a patient.
    centers : Series of str
        Centre by patient.
    predictors : sequence of str
        Columns of the regression; without any, nothing is judged.
    fewest : int
        A centre with fewer patients of either class is fitted on and not judged.

    Returns
    -------
    DataFrame
        ``center, n, positives, auc, low, high, expected, observed``, the largest first: DeLong's
        interval, the mean risk that was foretold, and the share with the outcome.

    Raises
    ------
    ModelError
        If the regression cannot be fitted.

    Notes
    -----
    Internal–external validation (Steyerberg and Harrell 2016, 10.1016/j.jclinepi.2015.04.005).
    """
    at, rows = table["patient_id"].map(centers), []
    for center in at.value_counts().index if len(predictors) else ():
        own, rest = table[at == center], table[at != center].reset_index(drop=True)
        if own["label"].value_counts().reindex([0, 1], fill_value=0).min() < fewest or rest.empty:
            continue
        scored = own.assign(score=fit_logistic(rest, rest["label"], predictors).probability(own))
        means = scored[["score", "label"]].mean()
        rows.append({"center": center, **_judged(scored), "expected": means["score"],
                     "observed": means["label"]})  # fmt: skip
    columns = ["center", "n", "positives", "auc", "low", "high", "expected", "observed"]
    return pd.DataFrame(rows, columns=columns)


def _grouped(values: pd.Series, groups: int) -> pd.Series:
    """Name each patient's group; of numbers that are cut, by the group's range."""
    if not groups:
        return values.map(lambda v: f"{v:g}" if isinstance(v, float) else str(v))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, groups + 1)))
    names = [f"{low:.1f} to {high:.1f}" for low, high in pairwise(edges)]
    return pd.cut(values, [*edges[:-1], np.inf], right=False, labels=names).astype(str)


def _judged(part: pd.DataFrame) -> dict[str, float]:
    positives = int(part["label"].sum())
    limits = dict.fromkeys(("auc", "low", "high"), np.nan)
    if 0 < positives < len(part):
        curve = delong(part["label"], part["score"], ["model"], list(part["patient_id"]))
        limits = curve.intervals()[list(limits)].iloc[0].to_dict()
    means = part.groupby("label")["score"].mean()
    return {"n": len(part), "positives": positives, **limits,
            "score_without": means.get(0, np.nan), "score_with": means.get(1, np.nan)}  # fmt: skip


def drift(predictions: pd.DataFrame, settings: pd.DataFrame, name: str) -> pd.DataFrame:
    """Say how a setting moves the scores of patients without the outcome.

    Parameters
    ----------
    predictions, settings
        As in :func:`by_setting`.
    name : str
        A column of numbers; where it is not there, nothing is.

    Returns
    -------
    DataFrame
        ``model, n, rho, p``: Spearman's correlation of setting and score. What a gain does to
        the score of a nodule it should not do.
    """
    if name not in settings:
        return pd.DataFrame(columns=["model", "n", "rho", "p"])
    joined = predictions[predictions["label"] == 0].merge(settings, on="patient_id", validate="m:1")
    rows = []
    for model, own in joined.groupby("model", sort=False):
        pair = own[[name, "score"]].astype(float)
        known = len(own) > 2 and (pair.nunique() > 1).all()
        rho, p = stats.spearmanr(pair[name], pair["score"]) if known else (np.nan, np.nan)
        rows.append((model, len(own), float(rho), float(p)))
    return pd.DataFrame(rows, columns=["model", "n", "rho", "p"])

"""Comparing AUCs: two, paired or not, and several correlated ones in one test."""

from collections.abc import Collection, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from ptclnm.evaluation.delong import LEVEL, ROUNDING, Curves, OneClassError, ScoresError, delong
from recount.pvalues import holm

COLUMNS = (
    "model_a", "model_b", "paired", "n", "auc_a", "auc_b", "difference", "low", "high", "z", "p",
)  # fmt: skip
# Share of the largest variance below which a direction has none, and of a difference likewise.
RANK, REST = 1e-10, 1e-9


def wide_scores(predictions: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Lay out scores with a row a patient and a column a model, all on the same patients.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, patient_id, label, score``.

    Returns
    -------
    labels : Series of int
        Label by patient.
    scores : DataFrame
        Patients by models, models in the order given.

    Raises
    ------
    ScoresError
        If a model scores a patient twice or lacks one that another has, or a patient has two
        labels.
    """
    twice = int(predictions.duplicated(["model", "patient_id"]).sum())
    if twice:
        raise ScoresError("curves", [f"{twice} rows repeat a model and patient"])
    wide = predictions.pivot(index="patient_id", columns="model", values="score")
    wide = wide[list(dict.fromkeys(predictions["model"]))]
    problems = []
    if wide.isna().any(axis=None):
        lost = wide.isna().sum()
        named = ", ".join(f"{name} ({count})" for name, count in lost[lost > 0].items())
        problems.append(f"models without a score of every patient: {named}")
    labels = predictions.groupby("patient_id")["label"].agg(["first", "nunique"]).loc[wide.index]
    if (labels["nunique"] > 1).any():
        problems.append(f"patients with two labels: {(labels['nunique'] > 1).sum()}")
    if problems:
        raise ScoresError("curves", problems)
    return labels["first"], wide


def curves_of(predictions: pd.DataFrame) -> Curves:
    """Draw the curves of models that were all evaluated on the same patients.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, patient_id, label, score``.

    Raises
    ------
    ScoresError
        As :func:`wide_scores`.
    """
    labels, wide = wide_scores(predictions)
    return delong(labels, wide.to_numpy(), list(wide.columns), list(wide.index))


def auc_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Estimate the AUC of every model in every set, with 95 % intervals on both scales.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``study, model, split, patient_id, label, score``.

    Returns
    -------
    DataFrame
        ``study, split``, then as ``Curves.intervals``.

    Raises
    ------
    OneClassError
        If a set has patients of one class only; the set is named.
    """
    parts = []
    for (study, split, model), part in predictions.groupby(["study", "split", "model"], sort=False):
        try:
            curves = delong(part["label"], part["score"], [model], list(part["patient_id"]))
        except OneClassError as error:
            raise OneClassError(f"{model}, set {split!r}", error.problems) from error
        table = curves.intervals()
        table.insert(0, "study", study)
        table.insert(1, "split", split)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def paired_tests(curves: Curves) -> pd.DataFrame:
    """Test every pair of models on the same patients, with Holm's correction.

    Parameters
    ----------
    curves : Curves
        From ``delong``.

    Returns
    -------
    DataFrame
        ``model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p, p_holm``, the
        limits of the difference's 95 % interval among them. Two models that order all pairs alike
        have z 0 and p 1. Where the estimated variance is 0 and the difference is not, the test
        cannot be done: z and p are missing.

    Notes
    -----
    The test does not hold where one model is nested in the other (Demler et al. 2012); see
    :func:`mark_nested`.
    """
    first, second = np.triu_indices(len(curves.names), 1)
    s = curves.covariance
    own = s[first, first] + s[second, second]
    variance = own - 2 * s[first, second]
    variance = np.where(variance > ROUNDING * own, variance, 0.0)
    names = np.array(curves.names, dtype=object)
    table = _tested(curves.auc[first], curves.auc[second], variance).assign(
        model_a=names[first], model_b=names[second], paired="paired", n=len(curves.labels)
    )
    return with_holm(table[list(COLUMNS)])


def compare(first: pd.DataFrame, second: pd.DataFrame) -> pd.Series:
    """Compare two models' AUCs, paired or not as their patients' ids say.

    Parameters
    ----------
    first, second : DataFrame
        Columns ``patient_id, label, score``, and ``model`` for the names.

    Returns
    -------
    Series
        ``model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p``. `paired` is
        ``paired`` where the patients are the same, ``unpaired`` where none is in both, and
        ``partly`` in between: then those in both are compared, and no others. `n` counts the
        patients compared. Unpaired, the distribution is Student's with Welch's degrees of freedom,
        as in pROC; otherwise normal.

    Raises
    ------
    ScoresError
        If a patient in both has two labels.
    """
    both = first.merge(second, on="patient_id", suffixes=("_a", "_b"))
    wrong = both.loc[both["label_a"] != both["label_b"], "patient_id"]
    if len(wrong):
        named = ", ".join(map(str, wrong[:5]))
        raise ScoresError("compare", [f"{len(wrong)} patients have two labels: {named}"])
    if len(both):
        scores, n = both[["score_a", "score_b"]], len(both)
        row = paired_tests(delong(both["label_a"], scores, None, both["patient_id"])).iloc[0]
        paired = "paired" if len(both) == len(first) == len(second) else "partly"
    else:
        row, n, paired = _unpaired(first, second), len(first) + len(second), "unpaired"
    names = [table["model"].iloc[0] if "model" in table else "model" for table in (first, second)]
    head = {"model_a": names[0], "model_b": names[1], "paired": paired, "n": n}
    return pd.Series(row.to_dict() | head)[list(COLUMNS)]


def _unpaired(first: pd.DataFrame, second: pd.DataFrame) -> pd.Series:
    a, b = (delong(t["label"], t["score"], None, t["patient_id"]) for t in (first, second))
    parts = np.concatenate([a.se, b.se]) ** 2
    own, freedom = parts.sum(), np.inf
    if own > 0:
        freedom = own**2 / np.sum(parts**2 / [len(first) - 1, len(second) - 1])
    return _tested(a.auc, b.auc, np.array([own]), freedom).iloc[0]


def pairs_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare every two models of a set, with Holm's correction over them.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, patient_id, label, score``, one set.

    Returns
    -------
    DataFrame
        As :func:`paired_tests`; models that were evaluated on different patients are compared as
        in :func:`compare`.
    """
    by = dict(list(predictions.groupby("model", sort=False)))
    rows = [compare(by[a], by[b]) for a, b in combinations(by, 2)]
    return with_holm(pd.DataFrame(rows, columns=list(COLUMNS)))


def with_holm(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``p_holm``, corrected over the rows whose p is known."""
    return table.assign(p_holm=holm(table["p"].astype(float))).reset_index(drop=True)


def _tested(auc_a, auc_b, variance, freedom: float = np.inf) -> pd.DataFrame:
    """Difference, interval and test of each pair of AUCs."""
    difference, se = auc_a - auc_b, np.sqrt(variance)
    difference = np.where(np.abs(difference) > ROUNDING, difference, 0.0)
    undone = np.where(difference == 0, 0.0, np.nan)
    z = np.divide(difference, se, out=undone.copy(), where=se > 0)
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * np.where(se > 0, se, undone)
    return pd.DataFrame(
        {
            "auc_a": auc_a, "auc_b": auc_b, "difference": difference,
            "low": np.clip(difference - reach, -1, 1), "high": np.clip(difference + reach, -1, 1),
            "z": z, "p": 2 * stats.t.sf(np.abs(z), freedom),
        }
    )  # fmt: skip


class Contrast(NamedTuple):
    """A chi-square test of several AUCs.

    Parameters
    ----------
    chi2 : float
        The statistic; missing where the test cannot be done.
    df : int
        Degrees of freedom: the rank of the contrasts' covariance.
    p : float
        Its upper tail.
    """

    chi2: float
    df: int
    p: float


def contrast_test(curves: Curves) -> Contrast:
    """Test that correlated AUCs are all equal.

    Parameters
    ----------
    curves : Curves
        From ``delong``.

    Returns
    -------
    Contrast
        For two models the chi-square is the square of the paired z. Models that order all pairs
        alike add no degree of freedom. Chi-square and p are missing where AUCs differ in a
        direction without variance, e.g. for two models with AUC 1 and 0.5 and constant scores, or
        where a class has one patient only. Nothing that varies: 0, 0 degrees, p 1.

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson 1988, equation 5, every model against the last, with the
    Moore-Penrose inverse in place of the inverse.
    """
    k = len(curves.names)
    rows = np.column_stack([np.eye(k - 1), -np.ones(k - 1)])
    values, variance = rows @ curves.auc, rows @ curves.covariance @ rows.T
    if not np.isfinite(variance).all():
        return Contrast(np.nan, 0, np.nan)
    own = float(np.max(rows**2 @ np.diag(curves.covariance), initial=0.0))
    size, directions = np.linalg.eigh(variance)
    kept = size > RANK * own
    along = directions.T @ values
    if np.any(np.abs(along[~kept]) > REST):
        return Contrast(np.nan, int(kept.sum()), np.nan)
    chi2, df = float(np.sum(along[kept] ** 2 / size[kept])), int(kept.sum())
    return Contrast(chi2, df, float(stats.chi2.sf(chi2, df)) if df else 1.0)


def mark_nested(pairs: pd.DataFrame, inputs: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """Mark pairs of which one model is nested in the other: has all its inputs, and others too.

    Where the additional inputs carry nothing, the difference of the AUCs is not normally
    distributed, and DeLong's test is conservative (Demler et al. 2012): test the inputs in the
    model instead, and read the difference with its interval.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``model_a, model_b``.
    inputs : mapping of str to collection of str
        What each model is given, e.g. ``{"clinical": ["age", "size"]}``; models without an entry
        are taken to be nested in none.

    Returns
    -------
    DataFrame
        The same with a column ``nested``.
    """
    sets = {name: set(own) for name, own in inputs.items() if own}

    def nested(a: str, b: str) -> bool:
        return a in sets and b in sets and (sets[a] < sets[b] or sets[b] < sets[a])

    sides = zip(pairs["model_a"], pairs["model_b"], strict=True)
    return pairs.assign(nested=[nested(*side) for side in sides])

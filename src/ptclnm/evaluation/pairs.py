"""Comparing AUCs: two, paired or not, and several correlated ones in one test."""

import warnings
from collections.abc import Collection, Mapping
from itertools import combinations, compress
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from ptclnm.errors import ParameterError
from ptclnm.evaluation.delong import ROUNDING, Curves, OneClassError, ScoresError, delong

PAIRED = {"same": "paired", "none": "unpaired", "some": "partly"}
COLUMNS = (
    "model_a", "model_b", "paired", "n", "auc_a", "auc_b", "difference", "low", "high", "z", "p",
)  # fmt: skip
# Share of the largest variance below which a direction has none, and of a difference likewise.
RANK, REST = 1e-10, 1e-9
Inputs = Mapping[str, Collection[str]]


class NestedModelsWarning(UserWarning):
    """Two models of which one has all inputs of the other, and more."""


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


def auc_table(predictions: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Estimate the AUC of every model in every set, with intervals on both scales.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``study, model, split, patient_id, label, score``.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        ``study, split, model, n, positives, auc, se, low, high, degenerate, logit_low,
        logit_high``.

    Raises
    ------
    OneClassError
        If a set has patients of one class only; the set is named.
    """
    parts = []
    for (study, split, model), part in predictions.groupby(["study", "split", "model"], sort=False):
        curves = _judged(part, model, split)
        logit = curves.intervals(level, "logit")
        table = curves.intervals(level).assign(
            study=study, split=split, logit_low=logit["low"], logit_high=logit["high"]
        )
        parts.append(table)
    table = pd.concat(parts, ignore_index=True)
    head = ["study", "split"]
    return table[head + [name for name in table if name not in head]]


def _judged(part: pd.DataFrame, model: str, split: str) -> Curves:
    try:
        return delong(part["label"], part["score"], [model], list(part["patient_id"]))
    except OneClassError as error:
        raise OneClassError(f"{model}, set {split!r}", error.problems) from error


def paired_tests(curves: Curves, level: float = 0.95) -> pd.DataFrame:
    """Test every pair of models on the same patients, with Holm's correction.

    Parameters
    ----------
    curves : Curves
        From ``delong``.
    level : float
        Confidence level of the differences' intervals.

    Returns
    -------
    DataFrame
        ``model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p, p_holm``. Two
        models that order all pairs alike have z 0 and p 1. Where the estimated variance is 0 and
        the difference is not, the test cannot be done: z and p are missing.

    Notes
    -----
    The test does not hold where one model is nested in the other (Demler et al. 2012); see
    :func:`pairs_table`.
    """
    first, second = np.triu_indices(len(curves.names), 1)
    s = curves.covariance
    own = s[first, first] + s[second, second]
    variance = _zero_or(own - 2 * s[first, second], own)
    names = np.array(curves.names, dtype=object)
    table = _tested(
        curves.auc[first], curves.auc[second], variance, np.full(len(first), np.inf), level
    )
    table = table.assign(
        model_a=names[first], model_b=names[second], paired="paired", n=len(curves.labels)
    )
    return with_holm(table[list(COLUMNS)])


def compare(first: pd.DataFrame, second: pd.DataFrame, level: float = 0.95) -> pd.Series:
    """Compare two models' AUCs, paired or not as their patients' ids say.

    Parameters
    ----------
    first, second : DataFrame
        Columns ``patient_id, label, score``, and ``model`` for the names.
    level : float
        Confidence level of the difference's interval.

    Returns
    -------
    Series
        ``model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p``. `paired` is
        ``paired`` where the patients are the same, ``unpaired`` where none is in both, and
        ``partly`` in between; `n` counts patients of either. Unpaired, the distribution is
        Student's with Welch's degrees of freedom, as in pROC; otherwise normal.

    Raises
    ------
    ScoresError
        If a patient in both has two labels.

    Notes
    -----
    The covariance is that of the placements of the patients in both, which is DeLong's where all
    are, and 0 where none is.
    """
    a, b = (_one_curve(table) for table in (first, second))
    shared = set(a.patients) & set(b.patients)
    _same_labels(a, b)
    variance_a, variance_b = float(a.covariance[0, 0]), float(b.covariance[0, 0])
    own = variance_a + variance_b
    variance = _zero_or(np.array([own - 2 * _shared_covariance(a, b)]), np.array([own]))
    whole = len(shared) == len(a.patients) == len(b.patients)
    freedom = np.inf
    if not shared and own > 0:
        parts = variance_a**2 / (len(a.labels) - 1) + variance_b**2 / (len(b.labels) - 1)
        freedom = own**2 / parts
    row = _tested(a.auc, b.auc, variance, np.array([freedom]), level).iloc[0]
    how = PAIRED["same" if whole else "some" if shared else "none"]
    total = len(set(a.patients) | set(b.patients))
    return pd.concat(
        [pd.Series({"model_a": a.names[0], "model_b": b.names[0], "paired": how, "n": total}), row]
    )[list(COLUMNS)]


def pairs_table(
    predictions: pd.DataFrame, level: float = 0.95, inputs: Inputs | None = None
) -> pd.DataFrame:
    """Compare every two models of a set, with Holm's correction over them.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, patient_id, label, score``, one set.
    level : float
        Confidence level of the differences' intervals.
    inputs : mapping of str to collection of str, optional
        What each model is given; pairs of which one is nested in the other are then marked in a
        column ``nested``, with a ``NestedModelsWarning``.

    Returns
    -------
    DataFrame
        As :func:`paired_tests`; where models were evaluated on different patients, their pairs
        are unpaired.
    """
    table = _pairs(predictions, level)
    return table if inputs is None else mark_nested(table, inputs)


def _pairs(predictions: pd.DataFrame, level: float) -> pd.DataFrame:
    by = dict(list(predictions.groupby("model", sort=False)))
    if len({frozenset(part["patient_id"]) for part in by.values()}) == 1:
        return paired_tests(curves_of(predictions), level)
    rows = [compare(by[a], by[b], level) for a, b in combinations(by, 2)]
    return with_holm(pd.DataFrame(rows, columns=list(COLUMNS)))


def with_holm(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``p_holm``, corrected over the rows whose p is known."""
    return table.assign(p_holm=holm(table["p"].to_numpy(dtype=float))).reset_index(drop=True)


def holm(p: np.ndarray) -> np.ndarray:
    """Correct p-values by Holm's method; missing ones are not counted and stay missing.

    statsmodels' ``multipletests`` gives the same, and collects garbage at each call, which takes
    a tenth of a second.
    """
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    corrected = np.full(len(p), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def _one_curve(table: pd.DataFrame) -> Curves:
    names = list(dict.fromkeys(table["model"])) if "model" in table else ["model"]
    if len(names) != 1:
        raise ScoresError("compare", [f"{len(names)} models in one table; needed: one"])
    return delong(table["label"], table["score"], names, list(table["patient_id"]))


def _same_labels(a: Curves, b: Curves) -> None:
    of_a, of_b = (dict(zip(c.patients, c.labels.tolist(), strict=True)) for c in (a, b))
    wrong = [name for name in of_a if name in of_b and of_a[name] != of_b[name]]
    if wrong:
        named = ", ".join(map(str, wrong[:5]))
        raise ScoresError("compare", [f"{len(wrong)} patients have two labels: {named}"])


def _shared_covariance(a: Curves, b: Curves) -> float:
    """Covariance of two AUCs through the patients that are in both."""
    total = 0.0
    for label, placed_a, placed_b in ((1, a.positive, b.positive), (0, a.negative, b.negative)):
        of_a, of_b = _deviations(a, placed_a, label), _deviations(b, placed_b, label)
        sizes = len(of_a) * (len(of_a) - 1) * len(of_b) * (len(of_b) - 1)
        together = sum(value * of_b[name] for name, value in of_a.items() if name in of_b)
        total += together / np.sqrt(sizes) if sizes else 0.0
    return total


def _deviations(curves: Curves, placed: np.ndarray, label: int) -> dict:
    names = [name for name, own in zip(curves.patients, curves.labels, strict=True) if own == label]
    return dict(zip(names, placed[0] - placed[0].mean(), strict=True))


def _zero_or(variance: np.ndarray, own: np.ndarray) -> np.ndarray:
    return np.where(variance > ROUNDING * own, variance, 0.0)


def _tested(auc_a, auc_b, variance, freedom, level: float) -> pd.DataFrame:
    """Difference, interval and test of each pair of AUCs."""
    difference, se = auc_a - auc_b, np.sqrt(variance)
    difference = np.where(np.abs(difference) > ROUNDING, difference, 0.0)
    undone = np.where(difference == 0, 0.0, np.nan)
    z = np.divide(difference, se, out=undone.copy(), where=se > 0)
    reach = stats.t.ppf((1 + level) / 2, freedom) * np.where(se > 0, se, undone)
    return pd.DataFrame(
        {
            "auc_a": auc_a, "auc_b": auc_b, "difference": difference,
            "low": np.clip(difference - reach, -1, 1), "high": np.clip(difference + reach, -1, 1),
            "z": z, "p": 2 * stats.t.sf(np.abs(z), freedom),
        }
    )  # fmt: skip


class Contrast(NamedTuple):
    """A chi-square test of linear contrasts of AUCs.

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


def contrast_test(curves: Curves, contrasts: ArrayLike | None = None) -> Contrast:
    """Test linear contrasts of correlated AUCs; by default, that all are equal.

    Parameters
    ----------
    curves : Curves
        From ``delong``.
    contrasts : array_like, shape (r, k), optional
        Rows L of the hypothesis L · AUC = 0; by default every model against the last.

    Returns
    -------
    Contrast
        For two models the chi-square is the square of the paired z. Rows of L that repeat others,
        and models that order all pairs alike, add no degree of freedom. Chi-square and p are
        missing where a contrast differs from 0 in a direction without variance, e.g. for two
        models with AUC 1 and 0.5 and constant scores, or where a class has one patient only.
        Nothing that varies: 0, 0 degrees, p 1.

    Raises
    ------
    ParameterError
        If `contrasts` does not have a column for each model.

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson 1988, equation 5, with the Moore-Penrose inverse in place of
    the inverse.
    """
    k = len(curves.names)
    rows = np.column_stack([np.eye(k - 1), -np.ones(k - 1)]) if contrasts is None else contrasts
    rows = np.atleast_2d(np.asarray(rows, dtype=float))
    if rows.shape[1] != k or not np.isfinite(rows).all():
        shape = " x ".join(map(str, rows.shape))
        raise ParameterError("contrasts", [f"shape {shape}; needed: {k} finite numbers a row"])
    values, variance = rows @ curves.auc, rows @ curves.covariance @ rows.T
    if not np.isfinite(variance).all():
        return Contrast(np.nan, 0, np.nan)
    own = float(np.max(rows**2 @ np.diag(curves.covariance), initial=0.0))
    size, directions = np.linalg.eigh(variance)
    kept = size > RANK * own
    along = directions.T @ values
    if np.any(np.abs(along[~kept]) > REST * max(1.0, float(np.abs(rows).max(initial=0.0)))):
        return Contrast(np.nan, int(kept.sum()), np.nan)
    chi2, df = float(np.sum(along[kept] ** 2 / size[kept])), int(kept.sum())
    return Contrast(chi2, df, float(stats.chi2.sf(chi2, df)) if df else 1.0)


def nested_pairs(inputs: Inputs) -> list[tuple[str, str]]:
    """List pairs of models of which the first is nested in the second.

    Parameters
    ----------
    inputs : mapping of str to collection of str
        What each model is given, e.g. ``{"clinical": ["age", "size"]}``; models without an entry
        are taken to be nested in none.

    Returns
    -------
    list of (str, str)
        Smaller and larger model: all inputs of the first are among those of the second, which
        has others too.
    """
    sets = {name: frozenset(own) for name, own in inputs.items() if own}
    return [(a, b) for a, first in sets.items() for b, second in sets.items() if first < second]


def mark_nested(pairs: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Mark tested pairs of which one model is nested in the other, and warn.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``model_a, model_b``.
    inputs : mapping of str to collection of str
        As in :func:`nested_pairs`.

    Returns
    -------
    DataFrame
        The same with a column ``nested``.

    Warns
    -----
    NestedModelsWarning
        Naming the pairs. Where the additional inputs carry nothing, the difference of the AUCs is
        not normally distributed, and DeLong's test is conservative (Demler et al. 2012): test the
        inputs in the model instead, and read the difference with its interval.
    """
    nested = set(map(frozenset, nested_pairs(inputs)))
    sides = list(zip(pairs["model_a"], pairs["model_b"], strict=True))
    marked = [frozenset(side) in nested for side in sides]
    if any(marked):
        named = "; ".join(" and ".join(side) for side in list(compress(sides, marked))[:5])
        warnings.warn(
            f"one model is nested in the other: {named}. DeLong's test does not hold for them "
            "(Demler et al. 2012); test the additional inputs in the model",
            NestedModelsWarning,
            stacklevel=3,
        )
    return pairs.assign(nested=marked)

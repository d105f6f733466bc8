"""Operating points: where a score is cut, what follows for each patient, and McNemar's test."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.metrics import roc_curve

from ptclnm.errors import ParameterError, nearest
from ptclnm.evaluation.delong import OneClassError
from ptclnm.evaluation.pairs import auc_table, holm, wide_scores
from recount.auc import intervals

RULES = ("youden-train", "youden-eval")
# Where training patients are scored by models that have not seen them; see `cutoffs`.
LEFT_OUT = "youden-cv"
TRAIN = "train"
METRICS = ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1", "kappa")
AMONG = ("all", "with outcome", "without outcome")
CALLS = ["model_a", "model_b", "among", "n", "only_a", "only_b", "p_exact", "chi2", "p_corrected",
         "p_holm"]  # fmt: skip


class Confusion(NamedTuple):
    """Numbers of patients: called and being positive or negative."""

    tp: int
    fp: int
    fn: int
    tn: int


def rule_of(text: str, left_out: bool = False) -> str | float:
    """Read a rule for the cut-off.

    Parameters
    ----------
    text : str
        ``youden-train``, ``youden-eval``, or a number.
    left_out : bool
        Whether ``youden-cv`` is allowed, too.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    rules = (*RULES, LEFT_OUT) if left_out else RULES
    if text in rules:
        return text
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        hint = nearest(text, rules).rstrip(".")
        raise ParameterError("cutoff", [f"is {text!r}; {hint}, or a number"])
    return number


def youden(labels: ArrayLike, scores: ArrayLike) -> float:
    """Score of the greatest sensitivity + specificity - 1.

    Parameters
    ----------
    labels : array_like, shape (n,)
        0 or 1, both present.
    scores : array_like, shape (n,)
        A patient is called positive at or above the cut-off.

    Returns
    -------
    float
        One of the scores; of equally good ones the lowest, which misses the fewest.

    Raises
    ------
    OneClassError
        If all labels are the same.
    """
    labels = np.asarray(labels)
    if len(set(labels.tolist())) < 2:
        raise OneClassError("cut-off", ["needed: patients of both classes"])
    false_positive, true_positive, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    gain = true_positive[1:] - false_positive[1:]  # the first threshold calls nobody
    best = np.flatnonzero(gain >= gain.max() - 1e-12)[-1]
    return float(thresholds[1:][best])


def confusion(labels: ArrayLike, scores: ArrayLike, cutoff: float) -> Confusion:
    """Count the patients at or above the cut-off and below it, by label."""
    positive, called = np.asarray(labels) == 1, np.asarray(scores, dtype=float) >= cutoff
    return Confusion(
        int((called & positive).sum()), int((called & ~positive).sum()),
        int((~called & positive).sum()), int((~called & ~positive).sum()),
    )  # fmt: skip


def metrics(table: Confusion) -> dict[str, float]:
    """Give every metric of a 2x2 table.

    Returns
    -------
    dict of str to float
        ``accuracy, sensitivity, specificity, ppv, npv, f1, kappa``; NaN where it is a share of
        nobody. Cohen's κ compares the calls with the labels.
    """
    tp, fp, fn, tn = table
    n = sum(table)
    accuracy = _share(tp + tn, n)
    chance = _share((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn), n * n)
    return {
        "accuracy": accuracy,
        "sensitivity": _share(tp, tp + fn),
        "specificity": _share(tn, tn + fp),
        "ppv": _share(tp, tp + fp),
        "npv": _share(tn, tn + fn),
        "f1": _share(2 * tp, 2 * tp + fp + fn),
        "kappa": _share(accuracy - chance, 1 - chance),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def cutoffs(
    predictions: pd.DataFrame,
    rule: str | float,
    left_out: pd.DataFrame | None = None,
    fit_on: str = TRAIN,
) -> dict[tuple[str, str, str], float]:
    """Cut-off of each study, model and set.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table.
    rule : str or float
        ``youden-train``: chosen on the model's training patients and kept for every set;
        ``youden-eval``: chosen on the very patients that it is then judged on, which flatters;
        ``youden-cv``: chosen on the training patients, too, each scored by a model that has not
        seen it, and kept for every set; a number: that score.
    left_out : DataFrame, optional
        Columns ``model, label, score``: the scores that ``youden-cv`` needs, all folds pooled.
    fit_on : str
        The set of the training patients.

    Raises
    ------
    ParameterError
        If the rule is unknown, or a model has no training patients that it needs.
    """
    rule = rule_of(str(rule), left_out is not None)
    groups = dict(list(predictions.groupby(["study", "model", "split"], sort=False)))
    if not isinstance(rule, str):
        return dict.fromkeys(groups, float(rule))
    unseen = dict(list(left_out.groupby("model"))) if left_out is not None else {}
    found, problems = {}, []
    for study, model, split in groups:
        own = groups.get((study, model, fit_on if rule == "youden-train" else split))
        source = unseen.get(model) if rule == LEFT_OUT else own
        if source is None:
            problems.append(f"{model} has no patients in the set {fit_on!r}; use youden-eval or "
                            "a number")  # fmt: skip
            continue
        found[study, model, split] = youden(source["label"], source["score"])
    if problems:
        raise ParameterError("cutoff", list(dict.fromkeys(problems)))
    return found


def operating_points(
    predictions: pd.DataFrame, at: Mapping[tuple[str, str, str], float]
) -> pd.DataFrame:
    """Give the 2x2 table and every metric at given cut-offs.

    Returns
    -------
    DataFrame
        ``study, model, split, cutoff, tp, fp, fn, tn``, then the metrics.
    """
    records = []
    for key, part in predictions.groupby(["study", "model", "split"], sort=False):
        table = confusion(part["label"], part["score"], at[key])
        head = dict(zip(("study", "model", "split"), key, strict=True))
        records.append(head | {"cutoff": at[key]} | table._asdict() | metrics(table))
    return pd.DataFrame(records)


def metrics_table(
    predictions: pd.DataFrame,
    rule: str | float = "youden-train",
    left_out: pd.DataFrame | None = None,
    fit_on: str = TRAIN,
) -> pd.DataFrame:
    """Judge every model in every set.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``study, model, split, patient_id, label, score``.
    rule : str or float
        Rule for the cut-off; see :func:`cutoffs`.
    left_out, fit_on
        As in :func:`cutoffs`.

    Returns
    -------
    DataFrame
        ``study, model, split, n, positives, auc, auc_low, auc_high, cutoff, tp, fp, fn, tn``,
        then the metrics; DeLong's 95 % interval on the AUC's own scale, missing where the
        estimated variance is 0 or cannot be had, as of an AUC of 1 or of equal scores.
    """
    auc = auc_table(predictions).rename(columns={"low": "auc_low", "high": "auc_high"})
    limits = ["auc_low", "auc_high"]
    auc[limits] = auc[limits].mask(auc["degenerate"].astype(bool))
    points = operating_points(predictions, cutoffs(predictions, rule, left_out, fit_on))
    head = ["study", "model", "split"]
    columns = [*head, "n", "positives", "auc", "auc_low", "auc_high"]
    return auc[columns].merge(points, on=head, how="inner")


def proportion_intervals(points: pd.DataFrame) -> pd.DataFrame:
    """95 % intervals of the proportions of each 2x2 table, Wilson and Clopper-Pearson.

    Parameters
    ----------
    points : DataFrame
        From :func:`operating_points` or :func:`metrics_table`.

    Returns
    -------
    DataFrame
        ``study, split, model, metric, count, of, value, method, low, high``.
    """
    found = intervals(points.rename(columns={"split": "evaluation_set"}))
    return found.rename(columns={"evaluation_set": "split"})


def mcnemar(only_a: ArrayLike, only_b: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Test whether two models are right equally often.

    Parameters
    ----------
    only_a, only_b : array_like of int, shape (pairs,)
        Patients that only the one model, and only the other, is right about.

    Returns
    -------
    dict of str to ndarray
        ``p_exact``, from the binomial distribution; ``chi2`` with continuity correction and
        its ``p_corrected``, as R's ``mcnemar.test`` gives them: missing where the models differ in
        no patient, 0 and 1 where the two numbers are the same.
    """
    a, b = np.asarray(only_a, dtype=float), np.asarray(only_b, dtype=float)
    total, apart = a + b, np.abs(a - b)
    exact = np.minimum(1.0, 2 * stats.binom.cdf(np.minimum(a, b), total, 0.5))
    corrected = np.where(apart > 0, apart - 1, 0.0) ** 2
    chi2 = np.divide(corrected, total, out=np.full_like(total, np.nan), where=total > 0)
    return {"p_exact": exact, "chi2": chi2, "p_corrected": stats.chi2.sf(chi2, 1)}


def mcnemar_table(predictions: pd.DataFrame, cutoffs: Mapping[str, float]) -> pd.DataFrame:
    """Compare every two models' calls at their cut-offs.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, patient_id, label, score``, one set, the same patients for every model.
    cutoffs : mapping of str to float
        Score from which each model calls a patient positive.

    Returns
    -------
    DataFrame
        ``model_a, model_b, among, n, only_a, only_b, p_exact, chi2, p_corrected, p_holm``. Among
        all patients the test compares accuracies, among those with the outcome sensitivities,
        among those without specificities; Holm's correction of the exact p is within each.

    Raises
    ------
    ScoresError
        If a model lacks a patient that another has.
    """
    labels, wide = wide_scores(predictions)
    positive = labels.to_numpy() == 1
    called = {name: wide[name].to_numpy() >= cutoffs[name] for name in wide}
    right = {name: calls == positive for name, calls in called.items()}
    groups = dict(zip(AMONG, (np.full(len(labels), True), positive, ~positive), strict=True))
    rows = [
        (a, b, among, int(at.sum()), int((right[a] & ~right[b] & at).sum()),
         int((right[b] & ~right[a] & at).sum()))
        for a, b in combinations(right, 2)
        for among, at in groups.items()
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=CALLS[:6])
    table = table.assign(**mcnemar(table["only_a"], table["only_b"]))
    return table.assign(p_holm=table.groupby("among", sort=False)["p_exact"].transform(holm))

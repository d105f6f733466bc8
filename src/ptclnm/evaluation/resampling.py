"""Paired bootstrap of AUCs: every model judged on the same resampled patients."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ptclnm.errors import ParameterError
from ptclnm.evaluation.delong import delong
from ptclnm.evaluation.pairs import wide_scores

Floats = NDArray[np.float64]
# Weights held in memory at once.
CELLS = 2_000_000


def bootstrap_aucs(labels: NDArray, scores: Floats, draws: int, seed: int) -> Floats:
    """AUCs of every model on resampled patients.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        0 or 1, both there.
    scores : ndarray, shape (n, k)
        Scores of k models.
    draws : int
        Number of resamples; as many patients of each class are drawn as there are.
    seed : int
        Seed.

    Returns
    -------
    ndarray, shape (draws, k)
        A tie counts one half. The result does not depend on how many are computed at once.
    """
    streams = {label: np.random.default_rng([seed, label]) for label in (0, 1)}
    sizes = {label: int((labels == label).sum()) for label in streams}
    at_once = max(1, CELLS // len(labels))
    parts = []
    for start in range(0, draws, at_once):
        weights = np.zeros((min(at_once, draws - start), len(labels)))
        for label, rng in streams.items():
            count = sizes[label]
            drawn = rng.multinomial(count, np.full(count, 1 / count), size=len(weights))
            weights[:, labels == label] = drawn
        parts.append(weighted_aucs(labels, scores, weights))
    return np.concatenate(parts)


def weighted_aucs(labels: NDArray, scores: Floats, weights: Floats) -> Floats:
    """AUCs where patients count several times.

    Parameters
    ----------
    labels, scores
        As in :func:`bootstrap_aucs`.
    weights : ndarray, shape (draws, n)
        How often each patient counts.

    Returns
    -------
    ndarray, shape (draws, k)
        One AUC a row of weights and model.
    """
    found = np.empty((len(weights), scores.shape[1]))
    for model, score in enumerate(scores.T):
        order = np.argsort(score, kind="stable")
        ranked, positive = score[order], labels[order] == 1
        own = weights[:, order]
        below = np.cumsum(np.where(positive, 0.0, own), axis=1)
        below = np.concatenate([np.zeros((len(own), 1)), below], axis=1)
        first, last = (np.searchsorted(ranked, ranked[positive], side=s) for s in ("left", "right"))
        placed = (below[:, first] + below[:, last]) / 2
        pairs = own[:, positive].sum(axis=1) * below[:, -1]
        found[:, model] = np.sum(own[:, positive] * placed, axis=1) / pairs
    return found


def bootstrap_pairs(
    predictions: pd.DataFrame, draws: int = 2000, seed: int = 0, level: float = 0.95
) -> pd.DataFrame:
    """Compare every two models by the bootstrap.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, patient_id, label, score``, one set, the same patients for every model.
    draws : int
        Resamples of patients, within each class.
    seed : int
        Seed.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        ``model_a, model_b, difference, se, low, high, p``: percentile limits; the p-value is that
        of the difference over its bootstrap SD, as in pROC, missing where that is 0 and the
        difference is not.

    Raises
    ------
    ScoresError
        If a model lacks a patient that another has, or patients are of one class.
    ParameterError
        If `draws` or `level` is not allowed.
    """
    if draws < 2 or not 0 < level < 1:
        raise ParameterError(
            "bootstrap", [f"draws {draws!r}, level {level!r}; allowed: from 2, and above 0 below 1"]
        )
    labels, wide = wide_scores(predictions)
    scores, label = wide.to_numpy(dtype=float), labels.to_numpy()
    auc = delong(label, scores, list(wide.columns)).auc
    drawn = bootstrap_aucs(label, scores, draws, seed)
    first, second = np.triu_indices(len(auc), 1)
    apart, difference = drawn[:, first] - drawn[:, second], auc[first] - auc[second]
    se = apart.std(axis=0, ddof=1)
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(apart, [tail, 100 - tail], axis=0)
    undone = np.where(difference == 0, 0.0, np.nan)
    z = np.divide(difference, se, out=undone, where=se > 0)
    names = np.array(wide.columns, dtype=object)
    return pd.DataFrame(
        {
            "model_a": names[first], "model_b": names[second], "difference": difference, "se": se,
            "low": low, "high": high, "p": 2 * stats.norm.sf(np.abs(z)),
        }
    )  # fmt: skip

"""DeLong's method on many drawn studies at once, and the drawing."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import norm

Floats = NDArray[np.float64]


def draw(
    rng: np.random.Generator,
    simulations: int,
    sizes: tuple[int, int],
    aucs: tuple[float, ...],
    correlation: float = 0.0,
) -> tuple[Floats, Floats]:
    """Draw the scores of models on studies' patients from the binormal model.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    simulations : int
        Number of studies.
    sizes : (int, int)
        Patients with the outcome, and without.
    aucs : tuple of float, length k
        True AUC of each model.
    correlation : float
        Correlation of two models' scores within a class, 0 to 1.

    Returns
    -------
    positive : ndarray, shape (simulations, positives, k)
        Scores of the patients with the outcome.
    negative : ndarray, shape (simulations, negatives, k)
        Those of the others.
    """
    shift = np.sqrt(2) * norm.ppf(aucs)
    parts = []
    for size, mean in zip(sizes, (shift, 0 * shift), strict=True):
        shared = rng.standard_normal((simulations, size, 1))
        own = rng.standard_normal((simulations, size, len(aucs)))
        parts.append(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own + mean)
    return parts[0], parts[1]


def batch_delong(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """Estimate the AUCs of every study, and their covariance; see ``delong``.

    Parameters
    ----------
    positive : ndarray, shape (simulations, positives, k)
        Scores of the patients with the outcome; two at least.
    negative : ndarray, shape (simulations, negatives, k)
        Those of the others; two at least.

    Returns
    -------
    auc : ndarray, shape (simulations, k)
        Areas; a tie counts one half.
    covariance : ndarray, shape (simulations, k, k)
        Their estimated covariance.
    """
    m, n = positive.shape[1], negative.shape[1]
    ranks = stats.rankdata(np.concatenate([positive, negative], axis=1), axis=1)
    above = (ranks[:, :m] - stats.rankdata(positive, axis=1)) / n
    below = 1 - (ranks[:, m:] - stats.rankdata(negative, axis=1)) / m
    return above.mean(axis=1), _covariance(above) + _covariance(below)


def _covariance(placed: Floats) -> Floats:
    count = placed.shape[1]
    centred = placed - placed.mean(axis=1, keepdims=True)
    return np.einsum("sij,sik->sjk", centred, centred) / (count - 1) / count


def paired_z(auc: Floats, covariance: Floats) -> Floats:
    """Statistic of the paired test of each study's first two models; 0 where nothing varies."""
    variance = covariance[:, 0, 0] + covariance[:, 1, 1] - 2 * covariance[:, 0, 1]
    difference = auc[:, 0] - auc[:, 1]
    se = np.sqrt(np.maximum(variance, 0))
    return np.divide(difference, se, out=np.zeros_like(difference), where=se > 0)

"""DeLong's covariance of the AUCs of many models on the same patients, all at once.

DeLong, DeLong and Clarke-Pearson 1988; by midranks after Sun and Xu 2014: k models on n patients
take O(k n log n + k² n) and no matrix of pairs of patients.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import expit, logit

from ptclnm.errors import ProblemsError

Floats = NDArray[np.float64]
LEVEL = 0.95
# A variance below this share of what it is the difference of is the rounding of zero.
ROUNDING = 1e-13


class ScoresError(ProblemsError):
    """Labels and scores that no ROC curve can be drawn from."""


class OneClassError(ScoresError):
    """Patients of one class only: there is no pair to be ordered."""


@dataclass(frozen=True)
class Curves:
    """AUCs of k models on the same patients, and their covariance.

    Parameters
    ----------
    names : tuple of str
        Names of the models.
    patients : tuple
        Ids of the patients, in the order of the rows given.
    labels : ndarray of int, shape (n,)
        0 or 1.
    auc : ndarray, shape (k,)
        Areas under the curves; a tie counts one half.
    covariance : ndarray, shape (k, k)
        Estimated covariance of the areas. A model with AUC 0 or 1, or with constant scores, has
        variance 0: the method cannot tell how uncertain it is. With one patient of a class it
        cannot be estimated at all, and is missing.
    """

    names: tuple[str, ...]
    patients: tuple
    labels: NDArray[np.int64]
    auc: Floats
    covariance: Floats

    @property
    def se(self) -> Floats:
        """Standard errors of the AUCs, shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlations(self) -> Floats:
        """Correlations of every two AUCs that both vary, at most k (k - 1) / 2."""
        a, b = np.triu_indices(len(self.names), 1)
        spread = self.se[a] * self.se[b]
        return self.covariance[a, b][spread > 0] / spread[spread > 0]

    def intervals(self) -> pd.DataFrame:
        """95 % confidence intervals of the AUCs.

        Returns
        -------
        DataFrame
            ``model, n, positives, auc, se, low, high, degenerate, logit_low, logit_high``.
            `low` and `high` are symmetric about the AUC and cut at 0 and 1, as in pROC; the logit
            ones are symmetric on that scale, stay inside, and are missing at an AUC of 0 or 1.
            `degenerate` is true where the variance is 0 or missing, so that no interval means
            anything.
        """
        low, high = limits(self.auc, self.se)
        logit_low, logit_high = logit_limits(self.auc, self.se)
        return pd.DataFrame(
            {
                "model": self.names, "n": len(self.labels), "positives": int(self.labels.sum()),
                "auc": self.auc, "se": self.se, "low": low, "high": high,
                "degenerate": ~(self.se > 0), "logit_low": logit_low, "logit_high": logit_high,
            }
        )  # fmt: skip


def delong(
    labels: ArrayLike,
    scores: ArrayLike,
    names: Sequence[str] | None = None,
    patients: Sequence | None = None,
) -> Curves:
    """Estimate the AUCs of several models on the same patients, and their covariance.

    Parameters
    ----------
    labels : array_like, shape (n,)
        0 or 1.
    scores : array_like, shape (n,) or (n, k)
        Scores of k models; higher means more likely 1. Ties are allowed.
    names : sequence of str, optional
        Names of the models; numbered where left out.
    patients : sequence, optional
        Ids of the patients; numbered where left out.

    Returns
    -------
    Curves
        Areas and covariance.

    Raises
    ------
    OneClassError
        If all labels are the same.
    ScoresError
        If shapes do not fit, labels are not 0 and 1, or a score is not finite.

    Examples
    --------
    >>> curves = delong([0, 0, 1, 1], [[0.1, 0.2], [0.4, 0.4], [0.35, 0.3], [0.8, 0.7]])
    >>> curves.auc
    array([0.75, 0.75])
    """
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=float)
    scores = scores[:, None] if scores.ndim == 1 else scores
    width = scores.shape[1] if scores.ndim == 2 else 0
    names = tuple(map(str, names if names is not None else range(1, width + 1)))
    patients = tuple(patients) if patients is not None else tuple(range(len(labels)))
    _check(labels, scores, names, patients)
    labels = labels.astype(np.int64)
    return Curves(names, patients, labels, *areas(scores[labels == 1], scores[labels == 0]))


def areas(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """Estimate AUCs and their covariance, of one study or of many of the same size at once.

    Parameters
    ----------
    positive : ndarray, shape (..., positives, k)
        Scores of the patients with the outcome by k models.
    negative : ndarray, shape (..., negatives, k)
        Those of the others.

    Returns
    -------
    auc : ndarray, shape (..., k)
        Areas; a tie counts one half.
    covariance : ndarray, shape (..., k, k)
        As in :class:`Curves`.

    Notes
    -----
    A patient's midrank among all, less that among their own class, counts the patients of the
    other class below, ties for one half.
    """
    m, n = positive.shape[-2], negative.shape[-2]
    ranks = stats.rankdata(np.concatenate([positive, negative], axis=-2), axis=-2)
    above = (ranks[..., :m, :] - stats.rankdata(positive, axis=-2)) / n
    below = 1 - (ranks[..., m:, :] - stats.rankdata(negative, axis=-2)) / m
    return above.mean(axis=-2), _covariance(above) + _covariance(below)


def _covariance(placed: Floats) -> Floats:
    """Covariance of the means over the patients of a class; missing for one patient."""
    count, models = placed.shape[-2:]
    if count < 2:
        return np.full((*placed.shape[:-2], models, models), np.nan)
    varies = np.ptp(placed, axis=-2, keepdims=True) > 0
    centred = (placed - placed.mean(axis=-2, keepdims=True)) * varies
    return centred.swapaxes(-1, -2) @ centred / (count - 1) / count


def limits(auc: Floats, se: Floats) -> tuple[Floats, Floats]:
    """95 % limits, symmetric about the AUCs and cut at 0 and 1."""
    reach = stats.norm.ppf((1 + LEVEL) / 2) * se
    return np.clip(auc - reach, 0, 1), np.clip(auc + reach, 0, 1)


def logit_limits(auc: Floats, se: Floats) -> tuple[Floats, Floats]:
    """95 % limits, symmetric about the AUCs' logits; missing at 0 and 1."""
    inside = np.where((auc > 0) & (auc < 1), auc, np.nan)
    half = stats.norm.ppf((1 + LEVEL) / 2) * se / (inside * (1 - inside))
    return expit(logit(inside) - half), expit(logit(inside) + half)


def _check(labels: NDArray, scores: Floats, names: tuple, patients: tuple) -> None:
    problems = []
    if labels.ndim != 1 or scores.ndim != 2 or len(labels) != len(scores):
        shapes = f"labels {labels.shape}, scores {scores.shape}"
        raise ScoresError("DeLong", [f"{shapes}; needed: (patients,) and (patients, models)"])
    if odd := sorted({str(value) for value in labels.tolist() if value not in (0, 1)}):
        problems.append(f"labels are {', '.join(odd[:5])}; allowed: 0 and 1")
    if not np.isfinite(scores).all():
        bad = [names[i] for i in np.flatnonzero(~np.isfinite(scores).all(axis=0)) if i < len(names)]
        problems.append(f"scores that are not finite: of {', '.join(bad)}")
    if len(names) != scores.shape[1] or len(set(names)) != len(names):
        problems.append(f"{len(set(names))} different names for {scores.shape[1]} models")
    if len(patients) != len(labels) or len(set(patients)) != len(patients):
        problems.append(f"{len(set(patients))} different patients in {len(labels)} rows; "
                        "reduce a patient's images to one score first")  # fmt: skip
    if problems:
        raise ScoresError("DeLong", problems)
    if len(set(labels.tolist())) < 2:
        only = f"all {len(labels)} labels are {labels[0]}" if len(labels) else "no patient"
        raise OneClassError("DeLong", [f"{only}; needed: patients of both classes"])

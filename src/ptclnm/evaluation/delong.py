"""DeLong's covariance of the AUCs of many models on the same patients, all at once.

DeLong, DeLong and Clarke-Pearson 1988; by midranks after Sun and Xu 2014: k models on n patients
take O(k n log n + k² n) and no matrix of pairs of patients.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import expit, logit

from ptclnm.errors import ParameterError, ProblemsError, nearest

Floats = NDArray[np.float64]
SCALES = ("auc", "logit")
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
    positive : ndarray, shape (k, positives)
        Placement of each positive among the negatives: the share that it is above.
    negative : ndarray, shape (k, negatives)
        Placement of each negative among the positives: the share that it is below.
    """

    names: tuple[str, ...]
    patients: tuple
    labels: NDArray[np.int64]
    auc: Floats
    covariance: Floats
    positive: Floats
    negative: Floats

    @property
    def se(self) -> Floats:
        """Standard errors of the AUCs, shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def difference_se(self) -> Floats:
        """Standard errors of the differences of every two AUCs, shape (k (k - 1) / 2,)."""
        a, b = np.triu_indices(len(self.names), 1)
        s = self.covariance
        return np.sqrt(np.maximum(s[a, a] + s[b, b] - 2 * s[a, b], 0))

    @property
    def correlations(self) -> Floats:
        """Correlations of every two AUCs that both vary, at most k (k - 1) / 2."""
        a, b = np.triu_indices(len(self.names), 1)
        spread = self.se[a] * self.se[b]
        return self.covariance[a, b][spread > 0] / spread[spread > 0]

    def intervals(
        self, level: float = 0.95, scale: Literal["auc", "logit"] = "auc"
    ) -> pd.DataFrame:
        """Confidence intervals of the AUCs.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        scale : {"auc", "logit"}
            Scale on which the interval is symmetric. On ``auc`` it is cut at 0 and 1, as pROC
            does; on ``logit`` it stays inside, and has no limits at an AUC of 0 or 1.

        Returns
        -------
        DataFrame
            ``model, n, positives, auc, se, low, high, degenerate``; the last is true where the
            variance is 0 or missing, so that the interval means nothing.

        Raises
        ------
        ParameterError
            If `level` or `scale` is not allowed.
        """
        low, high = limits(self.auc, self.se, level, scale)
        return pd.DataFrame(
            {
                "model": self.names, "n": len(self.labels), "positives": int(self.labels.sum()),
                "auc": self.auc, "se": self.se, "low": low, "high": high,
                "degenerate": ~(self.se > 0),
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
        Areas, covariance and placements.

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
    positive, negative = placements(labels, scores)
    auc = positive.mean(axis=1)
    covariance = _covariance(positive) + _covariance(negative)
    return Curves(names, patients, labels, auc, covariance, positive, negative)


def placements(labels: NDArray, scores: Floats) -> tuple[Floats, Floats]:
    """Place each patient among those of the other class; see :class:`Curves`.

    The midrank among all, less that among one's own class, counts the patients of the other
    class below, ties for one half. Both classes sorted, a binary search counts the same, faster.
    """
    one, zero = scores[labels == 1].T, scores[labels == 0].T
    positive, negative = np.empty(one.shape), np.empty(zero.shape)
    for model, (above, below) in enumerate(zip(one, zero, strict=True)):
        positive[model] = _midcounts(above, below) / len(below)
        negative[model] = 1 - _midcounts(below, above) / len(above)
    return positive, negative


def _midcounts(values: Floats, among: Floats) -> Floats:
    """Count for each value those of `among` that are smaller, and half of those that are equal."""
    order, ranked = np.argsort(values), np.sort(among)
    keys = values[order]  # in order, the search stays where it was
    low, high = (np.searchsorted(ranked, keys, side=side) for side in ("left", "right"))
    counts = np.empty(len(values))
    counts[order] = (low + high) / 2
    return counts


def _covariance(placed: Floats) -> Floats:
    """Covariance of the means of the rows of `placed`; missing for one column."""
    count = placed.shape[1]
    if count < 2:
        return np.full((len(placed), len(placed)), np.nan)
    centred = placed - placed.mean(axis=1, keepdims=True)
    covariance = centred @ centred.T / (count - 1) / count
    varies = np.ptp(placed, axis=1) > 0
    return covariance * np.outer(varies, varies)


def limits(auc: Floats, se: Floats, level: float, scale: str) -> tuple[Floats, Floats]:
    """Limits of normal intervals around AUCs; see :meth:`Curves.intervals`."""
    problems = []
    if not 0 < level < 1:
        problems.append(f"level is {level!r}; allowed: above 0, below 1, e.g. 0.95")
    if scale not in SCALES:
        problems.append(f"no scale {scale!r}; {nearest(str(scale), SCALES)}")
    if problems:
        raise ParameterError("interval", problems)
    reach = stats.norm.ppf((1 + level) / 2)
    if scale == "auc":
        return np.clip(auc - reach * se, 0, 1), np.clip(auc + reach * se, 0, 1)
    inside = np.where((auc > 0) & (auc < 1), auc, np.nan)
    half = reach * se / (inside * (1 - inside))
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

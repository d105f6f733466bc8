"""The papers' feature selection, each step a transformer that is fitted on training rows."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.base import BaseEstimator

from ptclnm.errors import ParameterError, nearest
from ptclnm.models.components import DeepComponents
from ptclnm.models.lasso import Floats, GroupedLasso, Keep

ALPHA, RHO = 0.05, 0.9
CONSTANT = 1e-10
# Ni name LASSO alone; Li describe all four steps (section 2.7). Of the combined features Ni say
# that "a screening process" went before; Li's two screens stand for it.
METHODS: dict[str, tuple[str, ...]] = {
    "ni2024": ("zscore", "lasso"),
    "li2024": ("zscore", "mannwhitney", "spearman", "lasso"),
    "fusion": ("components", "zscore", "mannwhitney", "spearman", "lasso"),
}


class ZScore(Keep):
    """Drop constant columns, then subtract the mean and divide by the standard deviation.

    Attributes
    ----------
    kept_ : ndarray of int
        Columns that vary: whose range exceeds 1e-10 of their largest absolute value.
    mean_, sd_ : ndarray
        Of the kept columns; the standard deviation divides by the number of rows.
    """

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit on `X`, shape (rows, features)."""
        X = np.asarray(X, dtype=float)
        self.n_features_in_ = X.shape[1]
        largest = np.abs(X).max(axis=0, initial=0.0)
        self.kept_ = np.flatnonzero(np.ptp(X, axis=0) > CONSTANT * largest)
        self.mean_ = X[:, self.kept_].mean(axis=0)
        self.sd_ = X[:, self.kept_].std(axis=0)
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Give the kept columns of `X`, scaled."""
        return (super().transform(X) - self.mean_) / self.sd_


def mann_whitney(X: Floats, y: NDArray) -> Floats:
    """p-value of the Mann-Whitney test of each column between the classes.

    Parameters
    ----------
    X : ndarray, shape (rows, features)
        Values; ties are allowed.
    y : ndarray, shape (rows,)
        0 or 1, both present.

    Returns
    -------
    ndarray, shape (features,)
        Two-sided, normal approximation with corrections for ties and continuity.
    """
    positive = np.asarray(y) == 1
    test = stats.mannwhitneyu(X[positive], X[~positive], axis=0, method="asymptotic")
    return np.atleast_1d(test.pvalue)


def spearman(X: Floats) -> Floats:
    """Matrix of Spearman's rank correlations between the columns of `X`, midranks for ties."""
    if X.shape[1] < 2:
        return np.eye(X.shape[1])
    return np.corrcoef(stats.rankdata(X, axis=0), rowvar=False)


class MannWhitney(Keep):
    """Keep the columns that differ between the classes with p below `alpha`.

    Rows are images, as in the paper: images of one patient count as if they were independent.

    Attributes
    ----------
    p_values_ : ndarray, shape (features,)
        See :func:`mann_whitney`.
    """

    def __init__(self, alpha: float = ALPHA) -> None:
        self.alpha = alpha

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit on `X`, shape (rows, features), and `y` of 0 and 1."""
        X = np.asarray(X, dtype=float)
        self.n_features_in_ = X.shape[1]
        self.p_values_ = mann_whitney(X, np.asarray(y)) if X.shape[1] else np.zeros(0)
        self.kept_ = np.flatnonzero(self.p_values_ < self.alpha)
        return self


class SpearmanFilter(Keep):
    """Of two columns whose absolute rank correlation exceeds `threshold` keep one.

    The paper does not say which. Here the columns are gone through by rising p of the
    Mann-Whitney test (of equal ones, in their order), and each that is still there removes all
    later ones that correlate with it.
    """

    def __init__(self, threshold: float = RHO) -> None:
        self.threshold = threshold

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit on `X`, shape (rows, features), and `y` of 0 and 1."""
        X = np.asarray(X, dtype=float)
        self.n_features_in_ = X.shape[1]
        p = mann_whitney(X, np.asarray(y)) if X.shape[1] else np.zeros(0)
        close = np.abs(spearman(X)) > self.threshold
        left = np.ones(X.shape[1], dtype=bool)
        kept = []
        for column in np.argsort(p, kind="stable"):
            if left[column]:
                kept.append(column)
                left &= ~close[column]
        self.kept_ = np.array(sorted(kept), dtype=np.int64)
        return self


def selection(
    method: str, folds: int = 5, seed: int = 0, names: Sequence[str] = ()
) -> list[tuple[str, BaseEstimator]]:
    """Steps of a paper's selection, for a scikit-learn ``Pipeline``.

    Parameters
    ----------
    method : str
        A name of ``METHODS``.
    folds, seed : int
        Of the LASSO's cross-validation.
    names : sequence of str
        Names of the columns; the components need them to tell which are deep features.

    Returns
    -------
    list of (str, transformer)
        Not fitted. The step ``lasso`` takes the patients as ``groups``: fit the pipeline with
        ``fit(X, y, lasso__groups=patients)``.

    Raises
    ------
    ParameterError
        If there is no such method.
    """
    if method not in METHODS:
        raise ParameterError("selection", [f"no method {method!r}; {nearest(method, METHODS)}"])
    steps = {
        "components": DeepComponents(tuple(names)),
        "zscore": ZScore(),
        "mannwhitney": MannWhitney(),
        "spearman": SpearmanFilter(),
        "lasso": GroupedLasso(folds=folds, seed=seed),
    }
    return [(name, steps[name]) for name in METHODS[method]]

"""LASSO whose cross-validation keeps a patient's images together."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import lars_path
from sklearn.utils.validation import check_is_fitted

from ptclnm.models.validation import by_patient, dealt_folds, train_test

Floats = NDArray[np.float64]
# Columns that correlate beyond 1 - SAME are one: which of them a path takes would be rounding.
SAME = 1e-4
# How far down the grid of penalties the search goes at first, then, and at last; it ends where
# the least error has PATIENCE penalties after it.
STOPS, PATIENCE = (0.45, 0.65, 1.0), 5


class Keep(TransformerMixin, BaseEstimator):
    """Base of the selecting steps: after ``fit``, keep the columns ``kept_`` in their order."""

    def transform(self, X: ArrayLike) -> Floats:
        """Give the kept columns of `X`, shape (rows, features)."""
        check_is_fitted(self, "kept_")
        X = np.asarray(X, dtype=float)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"{X.shape[1]} columns, but {self.n_features_in_} were fitted")
        return X[:, self.kept_]

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Names of the kept columns, given those of the columns that were fitted."""
        check_is_fitted(self, "kept_")
        if input_features is None:
            input_features = [f"x{i}" for i in range(self.n_features_in_)]
        return np.asarray(input_features, dtype=object)[self.kept_]


def path_at(X: Floats, y: Floats, alphas: Floats) -> Floats:
    """Coefficients of the LASSO at given penalties, from its exact piecewise linear path.

    Parameters
    ----------
    X : ndarray, shape (rows, features)
        Centred columns.
    y : ndarray, shape (rows,)
        Centred outcome.
    alphas : ndarray, shape (k,)
        Penalties λ, falling: ``||y - X b||² / (2 rows) + λ |b|`` is least.

    Returns
    -------
    ndarray, shape (features, k)
        Coefficients; where columns are linear combinations of others so that the path ends
        early, those at its end.

    Notes
    -----
    Least-angle regression with the LASSO's modification (Efron et al. 2004); at a hundredth of
    the time of coordinate descent for a thousand features of a few hundred patients.
    """
    if not X.shape[1]:
        return np.zeros((0, len(alphas)))
    knots, _, coefficients = lars_path(
        X, y, method="lasso", alpha_min=float(alphas[-1]), max_iter=8 * min(X.shape)
    )
    right = np.clip(np.searchsorted(-knots, -alphas, side="left"), 1, max(len(knots) - 1, 1))
    if len(knots) == 1:
        return np.repeat(coefficients, len(alphas), axis=1)
    step = knots[right - 1] - knots[right]
    share = np.clip((knots[right - 1] - alphas) / np.where(step > 0, step, 1.0), 0.0, 1.0)
    return coefficients[:, right - 1] * (1 - share) + coefficients[:, right] * share


def first_of_identical(X: Floats) -> NDArray[np.int64]:
    """Columns that do not follow an earlier one, |correlation| > 0.9999; the first stands.

    Parameters
    ----------
    X : ndarray, shape (rows, features)
        Centred columns, none constant.
    """
    unit = X / np.linalg.norm(X, axis=0)
    same = np.abs(unit.T @ unit) > 1 - SAME
    return np.flatnonzero(~np.triu(same, 1).any(axis=0))


class GroupedLasso(Keep):
    """LASSO on the 0/1 label with the penalty of least cross-validated error, by patient.

    Parameters
    ----------
    folds : int
        Folds of the cross-validation; as many as patients where those are fewer.
    n_alphas : int
        Penalties on the grid, from the least that keeps nothing downwards in equal ratios.
    eps : float
        Ratio of the smallest to the largest penalty.
    seed : int
        Seed of the folds.

    Attributes
    ----------
    alphas_ : ndarray, shape (tried,)
        Penalties tried, falling: the first 45 %, 65 % or all of the grid; see Notes.
    error_, error_sd_ : ndarray, shape (tried,)
        Mean over folds of the mean squared error, and its standard deviation.
    alpha_ : float
        The penalty of least mean error among those tried; of equal ones the largest.
    coefs_ : ndarray, shape (features, tried)
        The path on all rows.
    coef_ : ndarray, shape (features,)
        Coefficients at ``alpha_``.
    kept_ : ndarray of int
        Columns whose coefficient is not zero; none is a possible result.

    Notes
    -----
    Li et al. 2024, section 2.7; Ni et al. 2024, "Radiomics feature extraction and selection":
    five folds, minimum error. Of columns that correlate beyond 0.9999 the first stands for all:
    the path jumps between them otherwise.

    Our rule, for speed: the search goes down 45 % of the grid, then 65 %, then all of it, and ends
    at the first of these where the least error has five penalties after it. A lower minimum further
    down is not seen.
    """

    def __init__(
        self, folds: int = 5, n_alphas: int = 100, eps: float = 1e-3, seed: int = 0
    ) -> None:
        self.folds = folds
        self.n_alphas = n_alphas
        self.eps = eps
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit on `X`, shape (rows, features), and `y` of 0 and 1; `groups` names the patients."""
        X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
        patients = np.arange(len(y)) if groups is None else np.asarray(groups)
        self.n_features_in_ = X.shape[1]
        centred = X - X.mean(axis=0)
        at = np.flatnonzero(np.linalg.norm(centred, axis=0) > 0)
        at = at[first_of_identical(centred[:, at])] if len(at) else at
        self._search(X[:, at], y, patients, self._grid(centred[:, at], y - y.mean()))
        self.coefs_ = np.zeros((X.shape[1], len(self.alphas_)))
        self.coefs_[at] = path_at(centred[:, at], y - y.mean(), self.alphas_)
        best = int(np.argmin(self.error_))
        self.alpha_ = float(self.alphas_[best])
        self.coef_ = self.coefs_[:, best]
        self.kept_ = np.flatnonzero(self.coef_)
        return self

    def _grid(self, X: Floats, y: Floats) -> Floats:
        top = np.abs(X.T @ y).max(initial=0.0) / len(y)
        if top == 0:
            return np.ones(1)
        return np.geomspace(top, top * self.eps, self.n_alphas)

    def _search(self, X: Floats, y: Floats, patients: NDArray, grid: Floats) -> None:
        folds = min(self.folds, len(by_patient(patients, y)))
        parts = train_test(dealt_folds(patients, y, folds, self.seed))
        for share in STOPS:
            self.alphas_ = grid[: max(round(share * len(grid)), 1)]
            errors = [_error(X, y, train, test, self.alphas_) for train, test in parts]
            self.error_ = np.mean(errors, axis=0)
            self.error_sd_ = np.std(errors, axis=0, ddof=1)
            if np.argmin(self.error_) < len(self.alphas_) - PATIENCE:
                break


def _error(X: Floats, y: Floats, train: NDArray, test: NDArray, alphas: Floats) -> Floats:
    """Mean squared error on the rows `test` of the path fitted on `train`."""
    middle, mean = X[train].mean(axis=0), y[train].mean()
    coefs = path_at(X[train] - middle, y[train] - mean, alphas)
    residual = (X[test] - middle) @ coefs + mean - y[test, None]
    return (residual**2).mean(axis=0)

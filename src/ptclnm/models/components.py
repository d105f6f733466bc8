"""Principal components of the deep features, the other features passed through."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_is_fitted

DEEP, COMPONENT = "dl_", "dl_pc"
COMPONENTS = 128  # Ni et al. 2024, "The construction of a DL model and DL feature extraction"


def is_deep(name: str) -> bool:
    """Tell whether a feature, or a component, comes from a network."""
    return str(name).startswith(DEEP)


class DeepComponents(TransformerMixin, BaseEstimator):
    """Reduce the columns that are named ``dl_…`` to principal components.

    The others come first, as they are; then the components, as many as asked for or as the rows
    and columns allow.

    Parameters
    ----------
    names : sequence of str
        Names of the columns that are fitted.
    components : int
        How many, at most.

    Attributes
    ----------
    kept_ : ndarray of int
        One number for each column that is given out.
    pca_ : PCA or None
        Fitted on the deep columns of the training rows; None where there are none.
    """

    def __init__(self, names: Sequence[str] = (), components: int = COMPONENTS) -> None:
        self.names = names
        self.components = components

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit on `X`, shape (rows, features)."""
        X = np.asarray(X, dtype=float)
        self.n_features_in_ = X.shape[1]
        self.deep_ = np.array([is_deep(name) for name in self.names], dtype=bool)
        most = min(self.components, len(X) - 1, int(self.deep_.sum()))
        self.pca_ = PCA(most, svd_solver="full").fit(X[:, self.deep_]) if most > 0 else None
        self.kept_ = np.arange(int((~self.deep_).sum()) + max(most, 0))
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give the other columns of `X`, then the components."""
        check_is_fitted(self, "kept_")
        X = np.asarray(X, dtype=float)
        parts = [X[:, ~self.deep_]]
        if self.pca_ is not None:
            parts.append(self.pca_.transform(X[:, self.deep_]))
        return np.hstack(parts)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Names of the other columns, then ``dl_pc000`` and so on."""
        check_is_fitted(self, "kept_")
        given = self.names if input_features is None else input_features
        others = np.asarray(given, dtype=object)[~self.deep_]
        made = 0 if self.pca_ is None else self.pca_.n_components_
        return np.concatenate([others, np.array([f"{COMPONENT}{i:03d}" for i in range(made)],
                                                dtype=object)])  # fmt: skip

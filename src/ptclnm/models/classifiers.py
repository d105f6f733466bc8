"""The eight classifiers, declared in one table with their settings."""

import warnings
from collections.abc import Iterable
from pkgutil import resolve_name
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning

from ptclnm.errors import ParameterError, nearest

# The papers print no settings: the libraries' defaults, with one thread so that results do not
# depend on the number of workers. Ni, "Combined radiomics and DL features"; Li 2.7: SVM and KNN.
# Each is imported where it is made: LightGBM alone takes more than a second.
CLASSIFIERS: dict[str, tuple[str, dict[str, Any]]] = {
    "LR": ("sklearn.linear_model:LogisticRegression", {"max_iter": 1000}),
    "SVM": ("sklearn.svm:SVC", {}),
    "KNN": ("sklearn.neighbors:KNeighborsClassifier", {}),
    "MLP": ("sklearn.neural_network:MLPClassifier", {}),
    "RF": ("sklearn.ensemble:RandomForestClassifier", {"n_jobs": 1}),
    "ExtraTrees": ("sklearn.ensemble:ExtraTreesClassifier", {"n_jobs": 1}),
    "XGBoost": ("xgboost:XGBClassifier", {"n_jobs": 1, "verbosity": 0}),
    "LightGBM": (
        "lightgbm:LGBMClassifier",
        {"n_jobs": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1},
    ),
}
NAMES = tuple(CLASSIFIERS)


def unknown(names: Iterable[str]) -> list[str]:
    """One line for each name that is not in the table, with the nearest that is."""
    return [
        f"no classifier {name!r}; {nearest(str(name), NAMES)}"
        for name in names
        if name not in CLASSIFIERS
    ]


class Scored(ClassifierMixin, BaseEstimator):
    """A classifier that scores from 0 to 1, and the share of the outcome where no feature is left.

    Parameters
    ----------
    estimator : classifier
        Gives probabilities, or else distances from its boundary: these go through the logistic
        function, so that 0.5 is the boundary and the order of patients is the classifier's. They
        are then no probabilities.
    """

    def __init__(self, estimator: BaseEstimator) -> None:
        self.estimator = estimator

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit on `X`, shape (rows, features), possibly without a column, and `y` of 0 and 1."""
        X, y = np.asarray(X, dtype=float), np.asarray(y)
        self.classes_ = np.array([0, 1])
        self.prior_ = float(y.mean())
        self.estimator_ = None
        if X.shape[1]:
            with warnings.catch_warnings():
                # The perceptron's number of passes is its setting, not a failure.
                warnings.simplefilter("ignore", ConvergenceWarning)
                self.estimator_ = self._fitting(len(X)).fit(X, y)
        return self

    def _fitting(self, rows: int) -> BaseEstimator:
        """Give a copy to fit; nearest neighbours cannot be more than there are rows."""
        estimator = clone(self.estimator)
        asked = estimator.get_params().get("n_neighbors", 0)
        return estimator.set_params(n_neighbors=rows) if asked > rows else estimator

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Scores of both classes, shape (rows, 2)."""
        X = np.asarray(X, dtype=float)
        if self.estimator_ is None:
            score = np.full(len(X), self.prior_)
        elif hasattr(self.estimator_, "predict_proba"):
            score = self.estimator_.predict_proba(X)[:, 1].astype(float)
        else:
            score = expit(self.estimator_.decision_function(X))
        return np.column_stack([1 - score, score])

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Class whose score is at least 0.5."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.int64)


def make(name: str, seed: int) -> Scored:
    """Make a classifier of the table, not fitted.

    Parameters
    ----------
    name : str
        A key of ``CLASSIFIERS``.
    seed : int
        Its seed, where it draws at random.

    Raises
    ------
    ParameterError
        If there is no such classifier; the nearest name is given.
    """
    if problems := unknown([name]):
        raise ParameterError("classifiers", problems)
    place, settings = CLASSIFIERS[name]
    estimator = resolve_name(place)(**settings)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    return Scored(estimator)

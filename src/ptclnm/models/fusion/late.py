"""Late fusion: the scores of two models are joined, not their features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from ptclnm.models.predictions import PredictionsError

KEY = ["split", "patient_id", "label"]
COLUMNS = ["model", "split", "patient_id", "label", "score"]
# A score of 0 or 1 has no log odds; a boosted tree gives nearly such.
EDGE = 1e-3


def mean_of_scores(predictions: pd.DataFrame, models: Sequence[str], name: str) -> pd.DataFrame:
    """Score every patient by the mean of several models' scores.

    Parameters
    ----------
    predictions : DataFrame
        ``model, split, patient_id, label, score``.
    models : sequence of str
        Whose scores.
    name : str
        What the result is called.

    Returns
    -------
    DataFrame
        The columns of `predictions`, one row a patient.

    Raises
    ------
    PredictionsError
        If a model lacks a patient that another has, or calls the patient's label another.
    """
    wide = _wide(predictions, models)
    return wide.mean(axis=1).rename("score").reset_index().assign(model=name)[COLUMNS]


@dataclass(frozen=True)
class Stack:
    """A logistic regression on the log odds of several models' scores.

    Parameters
    ----------
    models : tuple of str
        Whose scores.
    intercept : float
        Log odds where all scores are one half.
    weights : ndarray, shape (models,)
        Weight of each model's log odds.
    """

    models: tuple[str, ...]
    intercept: float
    weights: NDArray[np.float64]

    def score(self, predictions: pd.DataFrame, name: str) -> pd.DataFrame:
        """Score every patient: the columns of `predictions`."""
        wide = _wide(predictions, self.models)
        risk = expit(self.intercept + _log_odds(wide) @ self.weights)
        return wide.index.to_frame(index=False).assign(model=name, score=risk)[COLUMNS]


def stack(out_of_fold: pd.DataFrame, models: Sequence[str]) -> Stack:
    """Learn the weights of models from scores of patients that those have not seen.

    Parameters
    ----------
    out_of_fold : DataFrame
        ``model, split, patient_id, label, score`` of training patients. Scores that a model gives
        the patients it was fitted on would weigh its memory for its skill.
    models : sequence of str
        Whose scores.

    Returns
    -------
    Stack
        With weights that are not negative: a model that foretells the opposite out of fold is
        given none.

    Raises
    ------
    PredictionsError
        As :func:`mean_of_scores`.

    Notes
    -----
    Wolpert 1992. The ridge penalty of the regression is scikit-learn's default on log odds of
    unit variance.
    """
    wide = _wide(out_of_fold, models)
    odds = _log_odds(wide)
    scale = np.where(odds.std(axis=0) > 0, odds.std(axis=0), 1.0)
    labels = wide.index.get_level_values("label").to_numpy()
    used = np.arange(len(models))
    while len(used):
        fit = LogisticRegression().fit((odds / scale)[:, used], labels)
        if (fit.coef_[0] >= 0).all():
            weights = np.zeros(len(models))
            weights[used] = fit.coef_[0] / scale[used]
            return Stack(tuple(models), float(fit.intercept_[0]), weights)
        used = used[fit.coef_[0] > 0]
    return Stack(tuple(models), float(logit(labels.mean())), np.zeros(len(models)))


def _log_odds(wide: pd.DataFrame) -> NDArray[np.float64]:
    return logit(np.clip(wide.to_numpy(dtype=float), EDGE, 1 - EDGE))


def _wide(predictions: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Scores with a row a patient and a column a model, all there."""
    by = dict(list(predictions.set_index(KEY).groupby("model")["score"]))
    wide = pd.DataFrame({name: by.get(name, pd.Series(dtype=float)) for name in models})
    if lost := {name: n for name, n in wide.isna().sum().items() if n}:
        lines = [f"{n} patients have no score of {name!r}" for name, n in lost.items()]
        raise PredictionsError("late fusion", lines)
    return wide

"""Optimism by bootstrap: what a model loses on patients that it was not fitted on.

Harrell, Lee and Mark 1996, as R's ``rms::validate`` and ``rms::calibrate`` do it: the model is
fitted again on patients drawn with replacement, and judged on these and on all. The mean of the
differences is its optimism.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from statsmodels.nonparametric.smoothers_lowess import lowess

from ptclnm.errors import ParameterError
from ptclnm.evaluation.delong import areas
from ptclnm.evaluation.logistic import ModelError, checked_labels, fit_logistic

Floats = NDArray[np.float64]
Fit = Callable[[pd.DataFrame, NDArray], Callable[[pd.DataFrame], Floats]]
RESAMPLES = 3  # a stream of its own for this use of a seed
INDEXES = ("auc", "r2", "intercept", "slope", "brier")
GRID = 50
TOO_FEW = 0.5


def validate(
    table: pd.DataFrame, labels: ArrayLike, fit: Fit | Sequence[str], draws: int = 200,
    seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Correct a model's measures for optimism.

    Parameters
    ----------
    table : DataFrame
        The patients fitted on, one row each.
    labels : array_like, shape (n,)
        0 or 1.
    fit : callable or sequence of str
        The whole procedure from patients to a model, the choice of variables among it: takes a
        table and labels, returns a function from a table to log odds. Names of columns stand for
        the logistic regression on them.
    draws : int
        Bootstrap resamples.
    seed : int
        Seed of the draws.

    Returns
    -------
    DataFrame
        ``index, apparent, training, test, optimism, corrected, draws, se``. Indexes are the AUC,
        Nagelkerke's R², intercept and slope of the recalibration, and the Brier score; `se` is
        the Monte Carlo error of `corrected`. Draws on which the procedure fails, because a class
        or a level is not in them, are left out of `draws`.

    Raises
    ------
    ParameterError
        If `draws` is below 2.
    ModelError
        If the procedure fails on the patients themselves, or on most resamples.
    """
    labels = checked_labels(labels, len(table))
    data, fit = _prepared(table, labels, fit)
    apparent = indexes(labels, fit(data, labels)(data), own=True)
    pairs = _judged(
        data, labels, fit, draws, seed,
        lambda y, own, all_: (indexes(y, own, own=True), indexes(labels, all_)),
    )  # fmt: skip
    training, test = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    gap = training - test
    return pd.DataFrame(
        {
            "index": INDEXES, "apparent": apparent, "training": training.mean(axis=0),
            "test": test.mean(axis=0), "optimism": gap.mean(axis=0),
            "corrected": apparent - gap.mean(axis=0), "draws": len(pairs),
            "se": gap.std(axis=0, ddof=1) / np.sqrt(len(pairs)),
        }
    )  # fmt: skip


def corrected_calibration(
    table: pd.DataFrame, labels: ArrayLike, fit: Fit | Sequence[str], draws: int = 200,
    seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Correct a calibration curve for optimism.

    Parameters
    ----------
    table, labels, fit, draws, seed
        As in :func:`validate`.

    Returns
    -------
    DataFrame
        ``predicted, apparent, corrected, draws``: at fifty predicted risks, from the fifth lowest
        to the fifth highest of the patients, the smoothed share with the outcome as it appears
        and corrected; `draws` have a value there.

    Raises
    ------
    ParameterError, ModelError
        As in :func:`validate`; also with fewer than 11 patients.
    """
    labels = checked_labels(labels, len(table))
    if len(labels) < 11:
        raise ModelError("calibration", [f"{len(labels)} patients; needed: 11 or more"])
    data, fit = _prepared(table, labels, fit)
    own = expit(fit(data, labels)(data))
    ordered = np.sort(own)
    at = np.linspace(ordered[4], ordered[-5], GRID)
    gaps = _judged(
        data, labels, fit, draws, seed,
        lambda y, drawn, all_: smoothed(y, expit(drawn), at) - smoothed(labels, expit(all_), at),
    )  # fmt: skip
    known = np.isfinite(gaps)
    counts = known.sum(axis=0)
    sums = np.where(known, gaps, 0.0).sum(axis=0)
    optimism = np.divide(sums, counts, out=np.full(GRID, np.nan), where=counts > 0)
    apparent = smoothed(labels, own, at)
    return pd.DataFrame(
        {"predicted": at, "apparent": apparent, "corrected": apparent - optimism, "draws": counts}
    )


def smoothed(labels: NDArray, predicted: Floats, at: Floats) -> Floats:
    """Share with the outcome by predicted risk: lowess as in R, missing beyond the patients."""
    with np.errstate(invalid="ignore"):
        curve = lowess(labels, predicted, frac=2 / 3, it=0, delta=0.01 * np.ptp(predicted))
    _, first = np.unique(curve[:, 0], return_index=True)
    x, y = curve[first].T
    # Where all neighbours have one and the same risk, statsmodels has no number; R has their share.
    lost = np.isnan(y)
    y[lost] = [labels[np.isclose(predicted, here)].mean() for here in x[lost]]
    return np.interp(at, x, y, left=np.nan, right=np.nan)


def indexes(labels: NDArray, log_odds: Floats, own: bool = False) -> Floats:
    """Give the measures of ``INDEXES``.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        0 or 1.
    log_odds : ndarray, shape (n,)
        What the model says.
    own : bool
        Whether the model was fitted on these patients: then intercept and slope are 0 and 1.
    """
    auc = areas(log_odds[labels == 1, None], log_odds[labels == 0, None])[0][0]
    again = np.column_stack([np.ones(len(labels)), log_odds])
    start = np.array([0.0, 1.0])
    intercept, slope = start if own else newton(again, labels, start)
    fitted = log_odds if own else again @ np.array([intercept, slope])
    likelihood = _log_likelihood(labels, fitted)
    null = _log_likelihood(labels, np.full(len(labels), logit(labels.mean())))
    n = len(labels)
    r2 = (1 - np.exp(-2 * (likelihood - null) / n)) / (1 - np.exp(2 * null / n))
    brier = np.mean((expit(log_odds) - labels) ** 2)
    return np.array([auc, r2, intercept, slope, brier])


def newton(design: Floats, labels: NDArray, start: Floats | None = None) -> Floats:
    """Coefficients of a logistic regression, without anything else.

    Thousands of them are needed; statsmodels takes a hundred times as long over each.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a column follows from the others.
    """
    found = np.zeros(design.shape[1]) if start is None else start
    deviance = -2 * _log_likelihood(labels, design @ found)
    for _ in range(25):
        risk = expit(design @ found)
        weighted = design * (risk * (1 - risk))[:, None]
        step = np.linalg.solve(design.T @ weighted, design.T @ (labels - risk))
        before = deviance
        for _ in range(20):
            deviance = -2 * _log_likelihood(labels, design @ (found + step))
            if deviance <= before + 1e-9 * abs(before):
                break
            step = step / 2  # a step too long leads away, from patients of extreme log odds
        found = found + step
        # As in R's glm; where the draw separates the outcomes, this stops the endless growth.
        if abs(deviance - before) < 1e-8 * (abs(deviance) + 0.1):
            break
    return found


def _log_likelihood(labels: NDArray, log_odds: Floats) -> float:
    return float(-np.logaddexp(0, np.where(labels == 1, -log_odds, log_odds)).sum())


def _prepared(table: pd.DataFrame, labels: NDArray, fit: Fit | Sequence[str]) -> tuple:
    """Give the patients, and the procedure, in the form in which they are drawn and fitted.

    For named columns the design is made once, with all checks, and its rows are drawn.
    """
    if callable(fit):
        return table, fit
    design = fit_logistic(table, labels, list(fit)).design(table)

    def again(rows: Floats, own: NDArray) -> Callable[[Floats], Floats]:
        coefficients = newton(rows, own)
        return lambda other: other @ coefficients

    return design, again


def _judged(
    data: pd.DataFrame | Floats, labels: NDArray, fit: Fit, draws: int, seed: int, judge: Callable
) -> list:
    """Judge the model of each resample on the resample and on all patients."""
    if draws < 2:
        raise ParameterError("bootstrap", [f"{draws} draws; allowed: 2 or more"])
    found = []
    for draw in range(draws):
        rows = np.random.default_rng([seed, RESAMPLES, draw]).integers(
            len(labels), size=len(labels)
        )
        if len(set(labels[rows].tolist())) < 2:
            continue
        part = data.iloc[rows] if isinstance(data, pd.DataFrame) else data[rows]
        try:
            predict = fit(part, labels[rows])
            found.append(judge(labels[rows], predict(part), predict(data)))
        except (np.linalg.LinAlgError, ModelError):
            continue  # a level or a class is not in the draw; the count says how often
    if len(found) < max(2, TOO_FEW * draws):
        raise ModelError("bootstrap", [f"the model could be fitted on {len(found)} of {draws} "
                                       "resamples only; it has too many terms for so few "
                                       "patients"])  # fmt: skip
    return found

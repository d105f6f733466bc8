"""Decision curves: what acting on a risk gains over acting on all or on nobody.

Vickers and Elkin 2006, computed by the package dcurves; the band is a bootstrap of the patients.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from dcurves import dca
from numpy.typing import ArrayLike, NDArray

from ptclnm.errors import ParameterError
from ptclnm.evaluation.calibration import checked_risks
from ptclnm.evaluation.logistic import ModelError

Floats = NDArray[np.float64]
ALL, NONE, OUTCOME = "all", "none", "outcome"
DRAWS = 5  # a stream of its own for this use of a seed
BAND = (0.025, 0.975)
STEP = 0.01


def thresholds(low: float = 0.05, high: float = 0.6) -> Floats:
    """Threshold risks from `low` to `high`, in steps of 0.01.

    Raises
    ------
    ParameterError
        If they do not lie between 0 and 1 in ascending order.
    """
    if not 0 < low < high < 1:
        said = (
            f"from {low!r} to {high!r}; allowed: 0 < low < high < 1. At which risks would you act?"
        )
        raise ParameterError("threshold range", [said])
    return np.round(np.arange(low, high + STEP / 2, STEP), 10)


def decision_curves(
    labels: ArrayLike,
    risks: Mapping[str, ArrayLike],
    at: ArrayLike | None = None,
    draws: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Net benefit of each model, and of treating all and none.

    Parameters
    ----------
    labels : array_like, shape (n,)
        0 or 1.
    risks : mapping of str to array_like, shape (n,)
        Each model's predicted risks, of the same patients. A yes or no is 1 or 0.
    at : array_like, optional
        Threshold risks; those of :func:`thresholds` where left out.
    draws : int
        Bootstrap resamples of the patients, for the band; 0 for none.
    seed : int
        Seed of the resamples.

    Returns
    -------
    DataFrame
        ``model, threshold, net_benefit, low, high, avoided, avoided_low, avoided_high``, where
        ``all`` and ``none`` are models too. Net benefit is in patients with the outcome for each
        patient; `avoided` is how many interventions fewer than in treating all, for each patient,
        at no loss.

    Raises
    ------
    ParameterError
        If a threshold is not between 0 and 1, or a model has the name of a strategy.
    RiskError, OneClassError
        As in ``ptclnm.evaluation.calibration.checked_risks``.
    ModelError
        If there is no model.
    """
    at = thresholds() if at is None else np.asarray(at, dtype=float)
    _check(risks, at)
    checked = {name: checked_risks(labels, values) for name, values in risks.items()}
    label = next(iter(checked.values()))[0]
    table = pd.DataFrame({name: values for name, (_, values) in checked.items()})
    curves = dca(table.assign(outcome=label), OUTCOME, list(table), thresholds=list(at))
    curves = curves.rename(columns={"net_intervention_avoided": "avoided"})
    curves = curves[["model", "threshold", "net_benefit", "avoided"]].reset_index(drop=True)
    bands = _bands(label, table, at, draws, seed)
    found = curves.merge(bands, on=["model", "threshold"], how="left", validate="one_to_one")
    order = ["model", "threshold", "net_benefit", "low", "high",
             "avoided", "avoided_low", "avoided_high"]  # fmt: skip
    return found[order]


def _check(risks: Mapping[str, ArrayLike], at: Floats) -> None:
    if not risks:
        raise ModelError("decision curves", ["no model; give the risks of one at least"])
    problems = []
    if at.ndim != 1 or not len(at) or not ((at > 0) & (at < 1)).all():
        problems.append("thresholds must lie between 0 and 1, ends left out")
    taken = [name for name in risks if name in (ALL, NONE, OUTCOME)]
    problems += [f"no model may be called {name!r}; rename it" for name in taken]
    if problems:
        raise ParameterError("decision curves", problems)


def net_benefits(labels: NDArray, risks: Floats, at: Floats, weights: Floats) -> Floats:
    """Net benefit as dcurves defines it, of patients who count several times.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        0 or 1.
    risks : ndarray, shape (n,)
        Predicted risks; a patient is treated at or above the threshold.
    at : ndarray, shape (t,)
        Threshold risks.
    weights : ndarray, shape (draws, n)
        How often each patient was drawn.

    Returns
    -------
    ndarray, shape (draws, t)
        True positives less false positives at the odds of the threshold, for each patient.
    """
    treated = (risks[:, None] >= at[None, :]).astype(float)
    true = weights @ (treated * labels[:, None])
    false = weights @ (treated * (1 - labels)[:, None])
    return (true - false * (at / (1 - at))) / weights.sum(axis=1, keepdims=True)


def _bands(labels: NDArray, table: pd.DataFrame, at: Floats, draws: int, seed: int) -> pd.DataFrame:
    n = len(labels)
    rng = np.random.default_rng([seed, DRAWS])
    weights = rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    everyone = table.assign(**{ALL: 1.0, NONE: 0.0})
    of_all = net_benefits(labels, everyone[ALL].to_numpy(), at, weights)
    parts = []
    for name, risks in everyone.items():
        benefit = net_benefits(labels, risks.to_numpy(), at, weights)
        (low, high), avoided = _middle(benefit), _middle((benefit - of_all) * (1 - at) / at)
        band = {"low": low, "high": high, "avoided_low": avoided[0], "avoided_high": avoided[1]}
        parts.append(pd.DataFrame({"model": name, "threshold": at} | band))
    return pd.concat(parts, ignore_index=True)


def _middle(made: Floats) -> Floats:
    return np.quantile(made, BAND, axis=0) if len(made) else np.full((2, made.shape[1]), np.nan)

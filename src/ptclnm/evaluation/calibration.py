"""Calibration: whether as many have the outcome as the risks say.

Intercept and slope after Cox 1958 as in Van Calster et al. 2019, the integrated calibration index
after Austin and Steyerberg 2019, and the Hosmer-Lemeshow test, which the paper (Li 2024, 2.9)
relies on.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import logit

from ptclnm.errors import ProblemsError
from ptclnm.evaluation.logistic import FEW_VALUES, checked_labels
from ptclnm.evaluation.nomogram.resampling import smoothed

Floats = NDArray[np.float64]
GROUPS = tuple(range(5, 16))
HOSMER = ["g", "groups", "statistic", "df", "p"]
POINTS = 60
CURVE_DRAWS = 4  # a stream of its own for this use of a seed
BAND = (0.025, 0.975)


class RiskError(ProblemsError):
    """Risks that calibration cannot be judged of."""


def checked_risks(labels: ArrayLike, risks: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    """Check labels and risks.

    Raises
    ------
    RiskError
        If the risks are not one for each label, not finite, or not between 0 and 1.
    OneClassError
        If all labels are the same.
    """
    risks = np.asarray(risks, dtype=float)
    if risks.ndim != 1 or len(risks) != len(np.asarray(labels)):
        raise RiskError("calibration", [f"{risks.shape} risks for {len(np.asarray(labels))} labels;"
                                        " needed: one each"])  # fmt: skip
    bad = ~((risks >= 0) & (risks <= 1))
    if bad.any():
        first = np.flatnonzero(bad)[0]
        raise RiskError(
            "calibration",
            [f"{bad.sum()} risks are not between 0 and 1, the first {risks[first]!r} in row "
             f"{first + 1}; a score that is no probability has no calibration"],
        )  # fmt: skip
    return checked_labels(labels, len(risks)), risks


def calibration(labels: ArrayLike, risks: ArrayLike) -> pd.Series:
    """Measure calibration.

    Parameters
    ----------
    labels : array_like, shape (n,)
        0 or 1.
    risks : array_like, shape (n,)
        Predicted probabilities.

    Returns
    -------
    Series
        - ``n, events, expected``: patients, with the outcome, and the sum of the risks;
        - ``intercept, intercept_low, intercept_high``: calibration in the large, the intercept
          with the slope held at 1, and its 95 % limits; above 0 the risks are too low on the whole;
        - ``slope, slope_low, slope_high``: below 1 the risks are too extreme;
        - ``brier, brier_scaled``: mean squared error, and its gain over one risk for all;
        - ``ici, e50, e90``: mean, median and 90 % quantile of the distance between risk and
          smoothed share with the outcome.

        Intercept and slope are missing where a risk is 0 or 1, or all are the same.

    Raises
    ------
    RiskError, OneClassError
        As in :func:`checked_risks`.
    """
    labels, risks = checked_risks(labels, risks)
    brier, share = np.mean((risks - labels) ** 2), labels.mean()
    distance = np.abs(curve_at_patients(labels, risks) - risks)
    return pd.Series(
        {
            "n": len(labels), "events": int(labels.sum()), "expected": risks.sum(),
            **_recalibration(labels, risks), "brier": brier,
            "brier_scaled": 1 - brier / (share * (1 - share)), "ici": distance.mean(),
            "e50": np.median(distance), "e90": np.quantile(distance, 0.9),
        }
    )  # fmt: skip


def _recalibration(labels: NDArray, risks: Floats) -> dict[str, float]:
    names = ["intercept", "intercept_low", "intercept_high", "slope", "slope_low", "slope_high"]
    if ((risks <= 0) | (risks >= 1)).any() or np.ptp(risks) == 0:
        return dict.fromkeys(names, np.nan)
    odds = logit(risks)
    family = sm.families.Binomial()
    large = sm.GLM(labels, np.ones((len(odds), 1)), family=family, offset=odds).fit(tol=1e-12)
    both = sm.GLM(labels, sm.add_constant(odds), family=family).fit(tol=1e-12)
    values = [large.params[0], *large.conf_int()[0], both.params[1], *both.conf_int()[1]]
    return dict(zip(names, map(float, values), strict=True))


def curve_at_patients(labels: NDArray, risks: Floats) -> Floats:
    """Smoothed share with the outcome at each patient's own risk; with few risks, the share itself.

    Lowess has nothing to smooth over where most patients have the same risk.
    """
    if len(np.unique(risks)) <= FEW_VALUES:
        return pd.Series(labels).groupby(risks).transform("mean").to_numpy(dtype=float)
    return smoothed(labels, risks, risks)


def calibration_curve(
    labels: ArrayLike, risks: ArrayLike, draws: int = 200, seed: int = 0
) -> pd.DataFrame:
    """Smooth the share with the outcome over the risk, with a band.

    Parameters
    ----------
    labels, risks : array_like, shape (n,)
        As in :func:`calibration`.
    draws : int
        Bootstrap resamples of the patients, for the band; 0 for none.
    seed : int
        Seed of the resamples.

    Returns
    -------
    DataFrame
        ``predicted, observed, low, high`` at sixty risks, evenly from the least to the greatest:
        lowess, and the middle 95 % of the resamples.

    Raises
    ------
    RiskError, OneClassError
        As in :func:`checked_risks`; also if all risks are the same.
    """
    labels, risks = checked_risks(labels, risks)
    if np.ptp(risks) == 0:
        raise RiskError("calibration curve", [f"all risks are {risks[0]:g}; there is no curve"])
    at = np.linspace(risks.min(), risks.max(), POINTS)
    made = []
    for draw in range(draws):
        rng = np.random.default_rng([seed, CURVE_DRAWS, draw])
        rows = rng.integers(len(labels), size=len(labels))
        if np.ptp(risks[rows]) > 0:
            made.append(smoothed(labels[rows], risks[rows], at))
    low, high = _band(np.array(made)) if made else (np.full(POINTS, np.nan),) * 2
    observed = smoothed(labels, risks, at)
    return pd.DataFrame({"predicted": at, "observed": observed, "low": low, "high": high}).clip(
        lower=0.0, upper=1.0
    )


def _band(made: Floats) -> tuple[Floats, Floats]:
    """Middle 95 % of the draws at each point, where most draws reach it."""
    reached = np.isfinite(made).mean(axis=0) > 0.5
    low, high = (np.full(made.shape[1], np.nan) for _ in range(2))
    low[reached], high[reached] = np.nanquantile(made[:, reached], BAND, axis=0)
    return low, high


def grouped(labels: ArrayLike, risks: ArrayLike, groups: int = 10) -> pd.DataFrame:
    """Divide patients into groups of rising risk, cut at quantiles as R does.

    Returns
    -------
    DataFrame
        ``group, n, observed, expected``, the last two as numbers of patients. Patients of one
        risk stay together, so there may be fewer groups.

    Raises
    ------
    RiskError, OneClassError
        As in :func:`checked_risks`.
    """
    labels, risks = checked_risks(labels, risks)
    edges = np.unique(_quantiles(risks, groups))
    group = np.clip(np.searchsorted(edges, risks, side="left"), 1, max(len(edges) - 1, 1))
    n, observed, expected = (np.bincount(group, weights) for weights in (None, labels, risks))
    table = pd.DataFrame({"n": n, "observed": observed.astype(int), "expected": expected})
    return table.rename_axis("group")[table["n"].to_numpy() > 0].reset_index()


def _quantiles(values: Floats, groups: int) -> Floats:
    """Quantiles that cut into groups; one that falls on a patient is that patient's very value."""
    ordered = np.sort(values)
    whole, part = np.divmod(np.arange(groups + 1) * (len(values) - 1), groups)
    above = ordered[np.minimum(whole + 1, len(values) - 1)]
    return np.where(
        part == 0, ordered[whole], ordered[whole] + part / groups * (above - ordered[whole])
    )


def hosmer_lemeshow(
    labels: ArrayLike,
    risks: ArrayLike,
    development: bool = False,
    groups: Sequence[int] = GROUPS,
) -> pd.DataFrame:
    """Test risks against outcomes in groups of rising risk, for several numbers of groups.

    Parameters
    ----------
    labels, risks : array_like, shape (n,)
        As in :func:`calibration`.
    development : bool
        Whether the risks come from a model fitted on these very patients. Then two degrees of
        freedom are spent and g - 2 are left; on other patients all g are.
    groups : sequence of int
        How many groups: the choice moves the p.

    Returns
    -------
    DataFrame
        ``g, groups, statistic, df, p``. Numbers of groups beyond the patients of the rarer
        outcome, or that leave no degree of freedom, are left out.

    Raises
    ------
    RiskError, OneClassError
        As in :func:`checked_risks`.
    """
    labels, risks = checked_risks(labels, risks)
    fewer, rows = min(labels.sum(), len(labels) - labels.sum()), []
    for g in [g for g in groups if g <= fewer]:
        table = grouped(labels, risks, g)
        df = len(table) - (2 if development else 0)
        if df > 0:
            statistic = _statistic(table)
            rows.append((g, len(table), statistic, df, float(stats.chi2.sf(statistic, df))))
    return pd.DataFrame(rows, columns=HOSMER)


def _statistic(table: pd.DataFrame) -> float:
    """Sum over the groups; one of risk 0 or 1 fits exactly, or the risks are refuted."""
    variance = table["expected"] * (1 - table["expected"] / table["n"])
    gap = (table["observed"] - table["expected"]) ** 2
    refuted = np.where(gap > 0, np.inf, 0.0)
    return float(np.where(variance > 0, gap / variance.where(variance > 0, 1.0), refuted).sum())

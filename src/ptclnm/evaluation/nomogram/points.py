"""Points of a nomogram, as R's ``rms::nomogram`` gives them.

The variable with the widest reach on the log odds has an axis of 100 points; every other is in
proportion, and each begins at 0 where it lowers the risk most.
"""

from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from ptclnm.evaluation.logistic import LogisticModel, Variable

Floats = NDArray[np.float64]
MAXIMUM, STEPS = 100.0, 10  # points of the longest scale; about as many steps on each
EDGE = 1e-10
HIGH, HIGH_FIVE = 1.5, 2.75  # how much larger units are favoured


@dataclass(frozen=True)
class Axis:
    """One scale of a nomogram.

    Parameters
    ----------
    name : str
        The variable, or what the scale shows.
    labels : tuple of str
        What stands at the ticks.
    values : ndarray of float, shape (ticks,)
        Values of a number; the position among the levels of a categorical variable.
    points : ndarray of float, shape (ticks,)
        Points of each tick; for the scales below, total points.
    categorical : bool
        Whether the ticks are levels.
    """

    name: str
    labels: tuple[str, ...]
    values: Floats
    points: Floats
    categorical: bool = False


@dataclass(frozen=True)
class Nomogram:
    """A nomogram's scales, and the rule from values to risk.

    Parameters
    ----------
    model : LogisticModel
        The regression.
    axes : tuple of Axis
        A scale for each variable.
    total, linear_predictor, risk : Axis
        The scales below.
    scale : float
        Points for one unit of log odds.
    origin : float
        Log odds at 0 points.
    """

    model: LogisticModel
    axes: tuple[Axis, ...]
    total: Axis
    linear_predictor: Axis
    risk: Axis
    scale: float
    origin: float

    def points(self, table: pd.DataFrame) -> pd.DataFrame:
        """Points of each patient, a column a variable, and ``total``."""
        design, at, columns = self.model.design(table), 1, {}
        for variable, axis in zip(self.model.variables, self.axes, strict=True):
            stop = at + len(variable.terms)
            effect = design[:, at:stop] @ self.model.coefficients[at:stop]
            columns[axis.name] = (effect - self._lowest(variable, at)) * self.scale
            at = stop
        found = pd.DataFrame(columns, index=table.index)
        return found.assign(total=found.sum(axis=1))

    def _lowest(self, variable: Variable, at: int) -> float:
        return _effects(self.model, variable, at)[2].min()

    def table(self) -> pd.DataFrame:
        """Give every tick: ``axis, kind, label, value, points``.

        Points of the scales below the variables are total points.
        """
        kinds = [("variable", axis) for axis in self.axes]
        kinds += [("total", self.total), ("log odds", self.linear_predictor), ("risk", self.risk)]
        parts = [
            pd.DataFrame({"axis": axis.name, "kind": kind, "label": axis.labels,
                          "value": np.nan if axis.categorical else axis.values,
                          "points": axis.points})
            for kind, axis in kinds
        ]  # fmt: skip
        return pd.concat(parts, ignore_index=True)


def nomogram(model: LogisticModel, fitted_on: pd.DataFrame) -> Nomogram:
    """Turn a logistic regression into a nomogram.

    Parameters
    ----------
    model : LogisticModel
        The regression, of main effects.
    fitted_on : DataFrame
        The patients fitted on; their log odds span the scale of risk.

    Returns
    -------
    Nomogram
        With the ticks and points of ``rms::nomogram``: a number is drawn over the range of the
        patients, at round values, or at each of its values where there are ten or fewer.

    Raises
    ------
    ModelError
        If the table lacks a column of the model.
    """
    found, at = [], 1
    for variable in model.variables:
        found.append(_effects(model, variable, at))
        at += len(variable.terms)
    scale = MAXIMUM / max(np.ptp(effects) for _, _, effects in found)
    origin = float(model.coefficients[0] + sum(effects.min() for _, _, effects in found))
    axes = tuple(
        Axis(v.name, labels, values, (effects - effects.min()) * scale, bool(v.levels))
        for v, (labels, values, effects) in zip(model.variables, found, strict=True)
    )
    logs = model.linear_predictor(fitted_on)
    odds = pretty(logs.min(), logs.max(), STEPS)
    longest = MAXIMUM if len(axes) == 1 else max(MAXIMUM, scale * (odds.max() - origin))
    total = pretty(0.0, longest, STEPS)
    risks = pretty(expit(odds[0]), expit(odds[-1]), STEPS)
    risks = risks[(risks >= expit(odds[0])) & (risks <= expit(odds[-1]))]
    return Nomogram(
        model, axes,
        Axis("Total points", _texts(total), total, total),
        Axis("Log odds", _texts(odds), odds, (odds - origin) * scale),
        Axis("Risk", _texts(risks), risks, (logit(risks) - origin) * scale),
        scale, origin,
    )  # fmt: skip


def _effects(
    model: LogisticModel, variable: Variable, at: int
) -> tuple[tuple[str, ...], Floats, Floats]:
    """Labels, values and log odds at the ticks of a variable."""
    own = model.coefficients[at : at + len(variable.terms)]
    if variable.levels:
        return variable.levels, np.arange(len(variable.levels)), np.concatenate([[0.0], own])
    values = np.array(variable.values)
    if not variable.few:
        values = pretty(values[0], values[-1], STEPS)
    return _texts(values), values, own[0] * values


def _texts(values: Floats) -> tuple[str, ...]:
    return tuple(f"{value + 0.0:.6g}" for value in values)


def pretty(low: float, high: float, n: int = 5) -> NDArray[np.float64]:
    """Choose about `n` + 1 equally spaced round numbers that cover an interval.

    Parameters
    ----------
    low, high : float
        Ends of the interval, ``low <= high``.
    n : int
        Number of intervals wished for.

    Returns
    -------
    ndarray
        1, 2, 5 or 10 times a power of ten apart; the first is at or below `low`, the last at or
        above `high`.

    Notes
    -----
    R_pretty of R 4.2 with its defaults, since ``rms::nomogram`` takes its axes from there.
    """
    fewest = n // 3
    unit = _unit(low, high, n, fewest)
    first, last = floor(low / unit + EDGE), ceil(high / unit - EDGE)
    while first * unit > low + EDGE * unit:
        first -= 1
    while last * unit < high - EDGE * unit:
        last += 1
    if (lacking := fewest - (last - first)) > 0:
        half, rest = divmod(lacking, 2)
        below, above = (half + rest, half) if first >= 0 else (half, half + rest)
        first, last = first - below, last + above
    return np.round(np.arange(first, last + 1) * unit, 12)


def _unit(low: float, high: float, n: int, fewest: int) -> float:
    largest = max(abs(low), abs(high))
    width = high - low
    near = 1 / (1 + HIGH) if HIGH_FIVE >= 1.5 * HIGH + 0.5 else 1.5 / (1 + HIGH_FIVE)
    if largest == 0 or width < largest * near * max(1, n) * np.finfo(float).eps * 3:
        cell = largest or 1.0
        cell = (9 + cell / 10 if cell > 10 else cell) * 0.75 / max(fewest, 1)
    else:
        cell = width / n
    base = 10.0 ** floor(log10(cell))
    unit = base
    for factor, favour in ((2, HIGH), (5, HIGH_FIVE), (10, HIGH)):
        if factor * base - cell >= favour * (cell - unit):
            break
        unit = factor * base
    return unit

"""The clinical model: one variable at a time, then those that pass together (Li 2024, 2.9)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.outliers_influence import variance_inflation_factor

from ptclnm.errors import ParameterError
from ptclnm.evaluation.logistic import (
    LogisticModel,
    ModelError,
    SeparationError,
    checked_labels,
    fit_logistic,
)

P_ENTER = 0.1
SCREEN = (
    "variable", "level", "coefficient", "se", "odds_ratio", "low", "high", "p", "p_variable",
    "kept", "note",
)  # fmt: skip


def univariable(
    table: pd.DataFrame,
    labels: ArrayLike,
    candidates: Sequence[str] | None = None,
    p_enter: float = P_ENTER,
) -> pd.DataFrame:
    """Fit each candidate alone, and say which pass.

    Parameters
    ----------
    table : DataFrame
        One row a patient.
    labels : array_like, shape (n,)
        0 or 1.
    candidates : sequence of str, optional
        Columns; all where left out.
    p_enter : float
        A variable passes if its p lies below (the paper: 0.1).

    Returns
    -------
    DataFrame
        ``variable, level, coefficient, se, odds_ratio, low, high, p, p_variable, kept, note``,
        a row a coefficient. `p` is Wald's, of the coefficient; `p_variable` is that of the
        likelihood-ratio test of the whole variable, which decides. A variable that cannot be
        fitted has one row, is not kept, and the note says why.

    Raises
    ------
    KeyError
        If a column is not there.
    """
    labels = checked_labels(labels, len(table))
    names = list(candidates) if candidates is not None else list(table.columns)
    parts = [_one(table, labels, name, p_enter) for name in names]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SCREEN))


def _one(table: pd.DataFrame, labels: np.ndarray, name: str, p_enter: float) -> pd.DataFrame:
    if table[name].nunique() < 2:
        return _unfitted(name, "constant")
    try:
        model = fit_logistic(table, labels, [name])
    except SeparationError:
        return _unfitted(name, "separation: a level, or a range, has one outcome only")
    except ModelError as error:
        return _unfitted(name, "; ".join(error.problems))
    p = likelihood_ratio_p(model)
    rows = model.table().iloc[1:].assign(p_variable=p, kept=p < p_enter, note="")
    return rows[list(SCREEN)]


def _unfitted(name: str, note: str) -> pd.DataFrame:
    empty = dict.fromkeys(SCREEN, np.nan) | {"variable": name, "level": ""}
    return pd.DataFrame([empty | {"kept": False, "note": note}])


def likelihood_ratio_p(model: LogisticModel, smaller: LogisticModel | None = None) -> float:
    """P of the test of a model against a smaller one, or against the intercept alone."""
    share = model.events / model.n
    likelihood = model.events * np.log(share) + (model.n - model.events) * np.log(1 - share)
    terms = 1
    if smaller is not None:
        likelihood, terms = smaller.log_likelihood, len(smaller.coefficients)
    statistic = max(2 * (model.log_likelihood - likelihood), 0.0)
    return float(stats.chi2.sf(statistic, len(model.coefficients) - terms))


def join_rare(
    table: pd.DataFrame, columns: Sequence[str], counted: ArrayLike, fewest: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join levels of few patients with the commonest level.

    Parameters
    ----------
    table : DataFrame
        One row a patient.
    columns : sequence of str
        Columns to look at; numbers are left as they are.
    counted : array_like of bool, shape (n,)
        The patients that are counted: those to be fitted on.
    fewest : int
        A level of fewer patients is joined; 1 joins only levels that have none among those counted.

    Returns
    -------
    table : DataFrame
        With the levels joined.
    joined : DataFrame
        ``variable, level, into, n``: what was joined, and how many patients counted had it.

    Raises
    ------
    ParameterError
        If `fewest` is below 1.
    """
    if fewest < 1:
        raise ParameterError("fewest", [f"is {fewest!r}; allowed: 1 or more"])
    counted, made, rows = np.asarray(counted, dtype=bool), {}, []
    for name in dict.fromkeys(columns):
        column = table[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            continue
        numbers = column[counted].value_counts().reindex(column.dropna().unique(), fill_value=0)
        rare = [level for level, n in numbers.items() if n < fewest]
        if not rare or len(rare) == len(numbers):
            continue
        into = numbers.idxmax()
        made[name] = column.where(~column.isin(rare), into)
        rows += [(name, str(level), str(into), int(numbers[level])) for level in rare]
    return table.assign(**made), pd.DataFrame(rows, columns=["variable", "level", "into", "n"])


def passing(screen: pd.DataFrame) -> list[str]:
    """Names of the variables that passed, in the order of the table."""
    return list(dict.fromkeys(screen.loc[screen["kept"].astype(bool), "variable"]))


def regression_table(model: LogisticModel, table: pd.DataFrame) -> pd.DataFrame:
    """Give a regression's coefficients with variance inflation and a test of each variable.

    Parameters
    ----------
    model : LogisticModel
        The fitted model.
    table : DataFrame
        The patients fitted on, with their ``label``.

    Returns
    -------
    DataFrame
        ``variable, level, term, coefficient, se, z, p, odds_ratio, low, high, vif, p_variable``.
        `vif` is how much the other columns foretell a coefficient's own; above 5 or 10 is commonly
        called too much. `p_variable` is by the likelihood ratio of the model without the variable.
    """
    p = {}
    for name in model.names:
        rest = [other for other in model.names if other != name]
        smaller = fit_logistic(table, table["label"], rest) if rest else None
        p[name] = likelihood_ratio_p(model, smaller)
    design = model.design(table)
    inflation = [variance_inflation_factor(design, i) for i in range(1, design.shape[1])]
    found = model.table().assign(vif=[np.nan, *inflation])
    return found.assign(p_variable=found["variable"].map(p))

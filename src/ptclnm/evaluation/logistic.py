"""Logistic regression on named columns: fitted once, then asked for odds, risks and intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.optimize import linprog
from scipy.special import expit

from ptclnm.errors import ProblemsError, nearest
from ptclnm.evaluation.delong import OneClassError

Floats = NDArray[np.float64]
# A number with as few values is drawn at each of them, as rms's datadist does.
FEW_VALUES = 10
SMALL = 1e-7
Z95 = float(stats.norm.ppf(0.975))


class ModelError(ProblemsError):
    """Columns that no logistic regression can be fitted on, or applied to."""


class SeparationError(ModelError):
    """Columns that tell the outcomes apart without error: the estimates are infinite."""


@dataclass(frozen=True)
class Variable:
    """A column of the regression as it was in the patients fitted on.

    Parameters
    ----------
    name : str
        The column.
    levels : tuple of str
        Levels of a categorical variable, the reference first; empty for a number.
    values : tuple of float
        Values of a number that has few, ascending; otherwise its least and greatest.
    few : bool
        Whether `values` are all.
    """

    name: str
    levels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    few: bool = False

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of its coefficients."""
        return tuple(f"{self.name}: {v}" for v in self.levels[1:]) if self.levels else (self.name,)

    def columns(self, column: pd.Series) -> Floats:
        """Columns of the design, shape (n, terms)."""
        if self.levels:
            text = column.astype(str).to_numpy()
            return np.column_stack([text == level for level in self.levels[1:]]).astype(float)
        return column.to_numpy(dtype=float)[:, None]


@dataclass(frozen=True)
class LogisticModel:
    """A fitted logistic regression.

    Parameters
    ----------
    variables : tuple of Variable
        Its columns, in order.
    coefficients : ndarray, shape (k + 1,)
        The intercept, then a log odds ratio for each term.
    covariance : ndarray, shape (k + 1, k + 1)
        Estimated covariance of the coefficients, from the information matrix.
    n, events : int
        Patients fitted on, and those with the outcome.
    log_likelihood : float
        At the estimates.
    """

    variables: tuple[Variable, ...]
    coefficients: Floats
    covariance: Floats
    n: int
    events: int
    log_likelihood: float

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(variable.name for variable in self.variables)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients, the intercept first."""
        return ("Intercept", *(term for v in self.variables for term in v.terms))

    def design(self, table: pd.DataFrame) -> Floats:
        """Columns of the regression for other patients, the constant first.

        Raises
        ------
        ModelError
            Listing missing columns, missing values and levels that the model does not know.
        """
        problems = _columns_missing(table, self.names)
        for variable in self.variables if not problems else ():
            problems += _value_problems(table[variable.name], variable)
        if problems:
            raise ModelError("logistic regression", problems)
        parts = [variable.columns(table[variable.name]) for variable in self.variables]
        return np.column_stack([np.ones(len(table)), *parts])

    def linear_predictor(self, table: pd.DataFrame) -> Floats:
        """Log odds of each patient, shape (n,)."""
        return self.design(table) @ self.coefficients

    def probability(self, table: pd.DataFrame) -> Floats:
        """Risk of each patient, shape (n,)."""
        return expit(self.linear_predictor(table))

    def interval(self, table: pd.DataFrame) -> tuple[Floats, Floats]:
        """95 % confidence limits of each patient's risk, symmetric in the log odds."""
        design = self.design(table)
        centre = design @ self.coefficients
        half = Z95 * np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design))
        return expit(centre - half), expit(centre + half)

    def table(self) -> pd.DataFrame:
        """Give every coefficient with its odds ratio and Wald's 95 % interval.

        Returns
        -------
        DataFrame
            ``variable, level, term, coefficient, se, z, p, odds_ratio, low, high``; the limits
            are those of the odds ratio.
        """
        se = np.sqrt(np.diag(self.covariance))
        z = self.coefficients / se
        reach = Z95 * se
        of = [("Intercept", "")]
        of += [(v.name, part) for v in self.variables for part in (v.levels[1:] or ("",))]
        return pd.DataFrame(
            {
                "variable": [name for name, _ in of], "level": [part for _, part in of],
                "term": self.terms, "coefficient": self.coefficients, "se": se, "z": z,
                "p": 2 * stats.norm.sf(np.abs(z)), "odds_ratio": np.exp(self.coefficients),
                "low": np.exp(self.coefficients - reach), "high": np.exp(self.coefficients + reach),
            }
        )  # fmt: skip

    def equation(self) -> str:
        """Write the log odds as a sum, in plain text."""
        text = f"{self.coefficients[0]:.3g}"
        for value, term in zip(self.coefficients[1:], self.terms[1:], strict=True):
            name = f"[{term.replace(': ', ' = ')}]" if ": " in term else term
            text += f" {'−' if value < 0 else '+'} {abs(value):.3g} × {name}"
        return f"log odds = {text}"


def fit_logistic(
    table: pd.DataFrame, labels: ArrayLike, predictors: Sequence[str] | None = None
) -> LogisticModel:
    """Fit a logistic regression by maximum likelihood.

    Parameters
    ----------
    table : DataFrame
        One row a patient.
    labels : array_like, shape (n,)
        0 or 1.
    predictors : sequence of str, optional
        Columns to use; all where left out. A column of numbers is used as it is. Any other is
        categorical: the first level is the reference, in the order of a pandas categorical or,
        of text, the alphabet's.

    Returns
    -------
    LogisticModel
        Coefficients and covariance, equal to those of R's ``glm``.

    Raises
    ------
    ModelError
        Listing unknown, repeated and constant columns, missing values, and columns that repeat
        each other.
    SeparationError
        Naming the terms that tell the outcomes apart without error.
    OneClassError
        If all labels are the same.
    """
    labels = checked_labels(labels, len(table))
    names = list(predictors) if predictors is not None else list(table.columns)
    variables = _variables(table, names)
    parts = [v.columns(table[v.name]) for v in variables]
    design = np.column_stack([np.ones(len(table)), *parts])
    terms = ["Intercept", *(term for v in variables for term in v.terms)]
    _check_design(design, labels, terms)
    found = sm.Logit(labels, design).fit(disp=0, method="newton", maxiter=100, tol=1e-10)
    return LogisticModel(
        variables, np.asarray(found.params), np.asarray(found.cov_params()), len(labels),
        int(labels.sum()), float(found.llf),
    )  # fmt: skip


def checked_labels(labels: ArrayLike, rows: int) -> NDArray[np.int64]:
    """Check that there is a 0 or 1 for each row, and that both are there.

    Raises
    ------
    ModelError
        If there are other values, or not one for each row.
    OneClassError
        If all are the same.
    """
    array = np.asarray(labels)
    if array.ndim != 1 or len(array) != rows:
        raise ModelError("labels", [f"shape {array.shape}; needed: one for each of {rows} rows"])
    if odd := sorted({str(value) for value in array.tolist() if value not in (0, 1)}):
        raise ModelError("labels", [f"found {', '.join(odd[:5])}; allowed: 0 and 1"])
    if len(set(array.tolist())) < 2:
        only = f"all {rows} labels are {array[0]}" if rows else "no patient"
        raise OneClassError("labels", [f"{only}; needed: patients of both classes"])
    return array.astype(np.int64)


def _variables(table: pd.DataFrame, names: list[str]) -> tuple[Variable, ...]:
    problems = _columns_missing(table, names)
    problems += [f"column {n!r} is named more than once" for n in sorted(set(names))
                 if names.count(n) > 1]  # fmt: skip
    problems += [] if names else ["no column is named; name one at least"]
    if problems:
        raise ModelError("logistic regression", problems)
    variables = tuple(variable_of(table[name]) for name in names)
    for variable in variables:
        problems += _value_problems(table[variable.name], variable)
        if len(variable.levels or variable.values) < 2:
            problems.append(f"column {variable.name!r} is constant; leave it out")
    if problems:
        raise ModelError("logistic regression", problems)
    return variables


def variable_of(column: pd.Series) -> Variable:
    """Describe a column: a number with its values, or levels with the reference first."""
    name, known = str(column.name), column.dropna()
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = np.unique(known.to_numpy(dtype=float))
        values = values[np.isfinite(values)]
        few = len(values) <= FEW_VALUES
        return Variable(name, (), tuple((values if few else values[[0, -1]]).tolist()), few)
    if isinstance(column.dtype, pd.CategoricalDtype):
        there = set(known)
        return Variable(name, tuple(str(v) for v in column.cat.categories if v in there))
    return Variable(name, tuple(sorted(set(known.astype(str)))))


def _columns_missing(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    return [f"no column {name!r}; {nearest(str(name), map(str, table.columns))}"
            for name in names if name not in table]  # fmt: skip


def _value_problems(column: pd.Series, variable: Variable) -> list[str]:
    empty = int(column.isna().sum())
    if empty:
        return [f"column {variable.name!r}: {empty} values are missing; fill them or leave the "
                "patients out"]  # fmt: skip
    if variable.levels:
        odd = sorted(set(column.astype(str)) - set(variable.levels))
        allowed = ", ".join(variable.levels)
        return [f"column {variable.name!r}: no level {v!r} was fitted; known: {allowed}"
                for v in odd[:5]]  # fmt: skip
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    bad = int((~np.isfinite(numbers)).sum())
    return [f"column {variable.name!r}: {bad} values are no finite number"] if bad else []


def _check_design(design: Floats, labels: NDArray, terms: list[str]) -> None:
    """Find terms that follow from those before them, then separation."""
    scaled = design / np.linalg.norm(design, axis=0)
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r"))) if len(design) >= len(terms) else []
    if len(diagonal) < len(terms):
        raise ModelError(
            "logistic regression", [f"{len(terms)} coefficients for {len(design)} patients"]
        )
    if (repeated := diagonal < 1e-9).any():
        raise ModelError(
            "logistic regression",
            [f"{term!r} follows from the terms before it; leave one of them out"
             for term, bad in zip(terms, repeated, strict=True) if bad],
        )  # fmt: skip
    found = separating(design, labels)
    if found.any():
        raise SeparationError(
            "logistic regression",
            [f"{term!r} helps to tell the outcomes apart without error: its odds ratio is "
             "infinite; leave it out, join levels, or take more patients"
             for term, bad in zip(terms, found, strict=True) if bad and term != "Intercept"],
        )  # fmt: skip


def separating(design: ArrayLike, labels: ArrayLike) -> NDArray[np.bool_]:
    """Find the columns along which a logistic regression has no finite estimate.

    Parameters
    ----------
    design : array_like, shape (n, k)
        Columns of the regression, the constant among them.
    labels : array_like, shape (n,)
        0 or 1.

    Returns
    -------
    ndarray of bool, shape (k,)
        True for columns with a coefficient that grows without end; none where all estimates are
        finite.

    Notes
    -----
    A direction separates if no patient with the outcome lies below its plane and none without
    above it, and some patient lies off it. The linear programme of Konis (2007), which R's
    detectseparation solves, finds one wherever there is one, complete or quasi-complete.
    """
    design, labels = np.asarray(design, dtype=float), np.asarray(labels)
    scale = np.abs(design).max(axis=0)
    scale[scale == 0] = 1.0
    signed = design / scale * np.where(labels == 1, 1.0, -1.0)[:, None]
    found = linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1),
        method="highs",
    )  # fmt: skip
    if -found.fun <= SMALL * len(signed):
        return np.zeros(design.shape[1], dtype=bool)
    return np.abs(found.x) > SMALL

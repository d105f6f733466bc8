"""One test of several correlated AUCs at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ptclnm.errors import ParameterError
from ptclnm.evaluation.delong import Curves

# Share of the largest variance below which a direction has none, and of a difference likewise.
RANK, REST = 1e-10, 1e-9


class Contrast(NamedTuple):
    """A chi-square test of linear contrasts of AUCs.

    Parameters
    ----------
    chi2 : float
        The statistic; missing where the test cannot be done.
    df : int
        Degrees of freedom: the rank of the contrasts' covariance.
    p : float
        Its upper tail.
    """

    chi2: float
    df: int
    p: float


def contrast_test(curves: Curves, contrasts: ArrayLike | None = None) -> Contrast:
    """Test linear contrasts of correlated AUCs; by default, that all are equal.

    Parameters
    ----------
    curves : Curves
        From ``delong``.
    contrasts : array_like, shape (r, k), optional
        Rows L of the hypothesis L · AUC = 0; by default every model against the last.

    Returns
    -------
    Contrast
        For two models the chi-square is the square of the paired z. Rows of L that repeat others,
        and models that order all pairs alike, add no degree of freedom. Chi-square and p are
        missing where a contrast differs from 0 in a direction without variance, e.g. for two
        models with AUC 1 and 0.5 and constant scores, or where a class has one patient only.
        Nothing that varies: 0, 0 degrees, p 1.

    Raises
    ------
    ParameterError
        If `contrasts` does not have a column for each model.

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson 1988, equation 5, with the Moore-Penrose inverse in place of
    the inverse.
    """
    k = len(curves.names)
    rows = np.column_stack([np.eye(k - 1), -np.ones(k - 1)]) if contrasts is None else contrasts
    rows = np.atleast_2d(np.asarray(rows, dtype=float))
    if rows.shape[1] != k or not np.isfinite(rows).all():
        shape = " x ".join(map(str, rows.shape))
        raise ParameterError("contrasts", [f"shape {shape}; needed: {k} finite numbers a row"])
    values, variance = rows @ curves.auc, rows @ curves.covariance @ rows.T
    if not np.isfinite(variance).all():
        return Contrast(np.nan, 0, np.nan)
    own = float(np.max(rows**2 @ np.diag(curves.covariance), initial=0.0))
    size, directions = np.linalg.eigh(variance)
    kept = size > RANK * own
    along = directions.T @ values
    if np.any(np.abs(along[~kept]) > REST * max(1.0, float(np.abs(rows).max(initial=0.0)))):
        return Contrast(np.nan, int(kept.sum()), np.nan)
    chi2, df = float(np.sum(along[kept] ** 2 / size[kept])), int(kept.sum())
    return Contrast(chi2, df, float(stats.chi2.sf(chi2, df)) if df else 1.0)

"""Separation: outcomes that a set of columns predicts without error, so that no estimate exists."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

SMALL = 1e-7


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
    if not found.success:
        raise ArithmeticError(f"the search for separation failed: {found.message}")
    if -found.fun <= SMALL * len(signed):
        return np.zeros(design.shape[1], dtype=bool)
    return np.abs(found.x) > SMALL

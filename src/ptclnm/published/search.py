"""Which class splits a row of printed metrics admits: the exhaustive search."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ptclnm.published.printed import interval

# A row may have one cell that its split does not explain; with two it counts as unexplained.
UNEXPLAINED = 2
Ints = NDArray[np.int64]
Row = dict[str, tuple[float, float]]


def row_intervals(cells: dict[str, str], places: int) -> Row:
    """Bounds of each printed metric of a model, given the decimals of its table."""
    return {metric: interval(text, places) for metric, text in cells.items()}


def metrics_of(tp: Ints, fp: Ints, fn: Ints, tn: Ints) -> dict[str, NDArray[np.float64]]:
    """Metrics of 2x2 tables; NaN where a metric is undefined.

    Parameters
    ----------
    tp, fp, fn, tn : ndarray of int
        Counts, of one shape.

    Returns
    -------
    dict of ndarray
        ``accuracy, sensitivity, specificity, ppv, npv, f1``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "accuracy": (tp + tn) / (tp + fp + fn + tn),
            "sensitivity": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "ppv": tp / (tp + fp),
            "npv": tn / (tn + fn),
            "f1": 2 * tp / (2 * tp + fp + fn),
        }


def misses(row: Row, tp: Ints, fp: Ints, fn: Ints, tn: Ints) -> NDArray[np.int64]:
    """Count the printed cells that each 2x2 table does not give."""
    got = metrics_of(tp, fp, fn, tn)
    hits = [(got[name] >= low) & (got[name] <= high) for name, (low, high) in row.items()]
    return len(row) - np.sum(hits, axis=0)


def _spread(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Expand ranges: for each i every integer from first[i] to last[i], with its i."""
    width = np.maximum(last - first + 1, 0)
    owner = np.repeat(np.arange(len(first)), width)
    offset = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width, width)
    return owner, first[owner] + offset


def _whole(low: NDArray, high: NDArray, cap: Ints) -> tuple[Ints, Ints]:
    first = np.maximum(np.ceil(low), 0).astype(np.int64)
    return _spread(first, np.minimum(np.floor(high), cap).astype(np.int64))


def _fractions(bounds: tuple[float, float], limit: int) -> tuple[Ints, Ints]:
    """All (n, k) with n <= limit and k/n inside the bounds."""
    size = np.arange(1, limit + 1)
    owner, hits = _whole(size * bounds[0], size * bounds[1], size)
    return size[owner], hits


def _pairs(known: Ints, limit: int) -> tuple[Ints, Ints]:
    """For each known class size, every size of the other class within the limit."""
    return _spread(np.ones_like(known), limit - known)


Candidates = tuple[Ints, Ints, Ints, Ints]


def _hits_given_tn(row: Row, size: Ints, negative: Ints, tn: Ints) -> Iterator[tuple]:
    """Bounds on the true positives that each printed metric leaves, specificity being right."""
    if "accuracy" in row:
        yield tuple(bound * (size + negative) - tn for bound in row["accuracy"])
    if "f1" in row:
        yield tuple(bound * (negative - tn + size) / (2 - bound) for bound in row["f1"])
    if "npv" in row and row["npv"][0] > 0:
        yield tuple(size - tn * (1 / bound - 1) for bound in row["npv"])


def _right_given_tp(row: Row, size: Ints, positive: Ints, tp: Ints) -> Iterator[tuple]:
    """Bounds on the true negatives that each printed metric leaves, sensitivity being right."""
    if "accuracy" in row:
        yield tuple(bound * (size + positive) - tp for bound in row["accuracy"])
    if "f1" in row and row["f1"][0] > 0:
        yield tuple(size + positive - tp * (2 - bound) / bound for bound in row["f1"])
    if "ppv" in row and row["ppv"][0] > 0:
        yield tuple(size - tp * (1 / bound - 1) for bound in row["ppv"])


def _from_specificity(row: Row, limit: int) -> Iterator[Candidates]:
    size, right = _fractions(row["specificity"], limit)
    owner, positive = _pairs(size, limit)
    negative, tn = size[owner], right[owner]
    for low, high in _hits_given_tn(row, positive, negative, tn):
        at, tp = _whole(low, high, positive)
        yield positive[at], negative[at], tp, tn[at]


def _from_sensitivity(row: Row, limit: int) -> Iterator[Candidates]:
    size, hits = _fractions(row["sensitivity"], limit)
    owner, negative = _pairs(size, limit)
    positive, tp = size[owner], hits[owner]
    for low, high in _right_given_tp(row, negative, positive, tp):
        at, tn = _whole(low, high, negative)
        yield positive[at], negative[at], tp[at], tn


def _from_both(row: Row, limit: int) -> Iterator[Candidates]:
    size, hits = _fractions(row["sensitivity"], limit)
    other, right = _fractions(row["specificity"], limit)
    i, j = np.nonzero(size[:, None] + other[None, :] <= limit)
    yield size[i], other[j], hits[i], right[j]


def _candidates(row: Row, limit: int) -> Iterator[Candidates]:
    if {"sensitivity", "specificity"} <= row.keys():
        yield from _from_both(row, limit)
    if "sensitivity" in row:
        yield from _from_sensitivity(row, limit)
    if "specificity" in row:
        yield from _from_specificity(row, limit)


def cost_map(row: Row, limit: int) -> NDArray[np.uint8]:
    """Cells left unexplained by every class split.

    Parameters
    ----------
    row : dict of tuple
        Bounds of each printed metric; sensitivity or specificity must be among them.
    limit : int
        Largest number of patients to consider.

    Returns
    -------
    ndarray of uint8, shape (limit + 1, limit + 1)
        Entry ``[p, n]``: 0 where some integer 2x2 table with p positives and n negatives gives
        every printed cell, 1 where one gives all but one, 2 otherwise.

    Notes
    -----
    A table that misses at most one cell has sensitivity or specificity right, and one of
    accuracy, F1, PPV or NPV with it; the enumeration starts from every such pair. A row that
    prints only one of sensitivity and specificity is searched with that one taken as right.
    """
    cost = np.full((limit + 1, limit + 1), UNEXPLAINED, dtype=np.uint8)
    for positive, negative, tp, tn in _candidates(row, limit):
        missed = misses(row, tp, negative - tn, positive - tp, tn)
        for value in (1, 0):
            keep = missed == value
            at = (positive[keep], negative[keep])
            cost[at] = np.minimum(cost[at], value)
    return cost


def best_tables(row: Row, positive: int, negative: int) -> tuple[int, NDArray[np.int64]]:
    """The 2x2 tables that explain most of a row, for one class split.

    Parameters
    ----------
    row : dict of tuple
        Bounds of each printed metric.
    positive, negative : int
        Patients with and without the outcome.

    Returns
    -------
    missed : int
        Cells that the best tables do not give.
    tables : ndarray of int, shape (n_tables, 4)
        Columns ``tp, fp, fn, tn``.
    """
    tp, tn = (axis.ravel() for axis in np.mgrid[: positive + 1, : negative + 1])
    missed = misses(row, tp, negative - tn, positive - tp, tn)
    best = missed == missed.min()
    tables = np.column_stack([tp, negative - tn, positive - tp, tn])[best]
    return int(missed.min()), tables


def unexplained(row: Row, table: NDArray[np.int64]) -> list[str]:
    """Name the printed metrics that one 2x2 table (tp, fp, fn, tn) does not give."""
    got = metrics_of(*table)
    return [name for name, (low, high) in row.items() if not low <= got[name] <= high]

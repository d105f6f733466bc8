"""Which class splits a row of printed metrics admits: the exhaustive search."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

# A row may have one cell that its split does not explain; with two it counts as unexplained.
UNEXPLAINED = 2
Ints = NDArray[np.int64]
Row = dict[str, tuple[float, float]]
Candidates = tuple[Ints, Ints, Ints, Ints]
# Tables looked at in one go, so that memory stays flat when few digits leave many.
CHUNK = 2_000_000


METRIC = {
    "accuracy": lambda tp, fp, fn, tn: (tp + tn, tp + fp + fn + tn),
    "ppv": lambda tp, fp, fn, tn: (tp, tp + fp),
    "npv": lambda tp, fp, fn, tn: (tn, tn + fn),
    "f1": lambda tp, fp, fn, tn: (2 * tp, 2 * tp + fp + fn),
    "sensitivity": lambda tp, fp, fn, tn: (tp, tp + fn),
    "specificity": lambda tp, fp, fn, tn: (tn, tn + fp),
}


def metrics_of(
    tp: Ints, fp: Ints, fn: Ints, tn: Ints, only: str | None = None
) -> dict[str, NDArray[np.float64]]:
    """Metrics of 2x2 tables; NaN where a metric is undefined.

    Parameters
    ----------
    tp, fp, fn, tn : ndarray of int
        Counts, of one shape.
    only : str, optional
        Compute this metric alone.

    Returns
    -------
    dict of ndarray
        ``accuracy, sensitivity, specificity, ppv, npv, f1``.
    """
    counts = tuple(np.asarray(part) for part in (tp, fp, fn, tn))
    found = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for name in (only,) if only else METRIC:
            over, under = METRIC[name](*counts)
            found[name] = over / under
    return found


def misses(row: Row, tp: Ints, fp: Ints, fn: Ints, tn: Ints) -> NDArray[np.int64]:
    """Count the printed cells that each 2x2 table does not give.

    A metric that is undefined, because nobody is in its denominator, fits a printed 0, as
    software prints it.
    """
    got = metrics_of(tp, fp, fn, tn)
    hits = [_inside(got[name], bounds) for name, bounds in row.items()]
    return len(row) - np.sum(hits, axis=0)


def _inside(value: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    value = np.nan_to_num(value, nan=0.0)
    return (value >= bounds[0]) & (value <= bounds[1])


def _few_misses(row: Row, found: Candidates) -> tuple[Ints, Ints, NDArray[np.int64]]:
    """Class sizes of the 2x2 tables that miss fewer than two cells, and how many they miss.

    Metric by metric, so that most tables are dropped after the first few.
    """
    positive, negative, tp, tn = found
    missed = np.zeros(len(tp), dtype=np.int64)
    for name, bounds in row.items():
        got = metrics_of(tp, negative - tn, positive - tp, tn, only=name)[name]
        missed = missed + ~_inside(got, bounds)
        keep = missed < UNEXPLAINED
        positive, negative, tp, tn, missed = (
            part[keep] for part in (positive, negative, tp, tn, missed)
        )
    return positive, negative, missed


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


def _hits_given_tn(row: Row, size: Ints, negative: Ints, tn: Ints) -> Iterator[tuple]:
    """Bounds on the true positives that each printed metric leaves, specificity being right."""
    if "accuracy" in row:
        yield tuple(bound * (size + negative) - tn for bound in row["accuracy"])
    if "f1" in row:
        yield tuple(bound * (negative - tn + size) / (2 - bound) for bound in row["f1"])
    if "npv" in row and row["npv"][0] > 0:
        yield tuple(size - tn * (1 / bound - 1) for bound in row["npv"])
    if "ppv" in row and row["ppv"][1] < 1:
        yield tuple((negative - tn) * bound / (1 - bound) for bound in row["ppv"])


def _right_given_tp(row: Row, size: Ints, positive: Ints, tp: Ints) -> Iterator[tuple]:
    """Bounds on the true negatives that each printed metric leaves, sensitivity being right."""
    if "accuracy" in row:
        yield tuple(bound * (size + positive) - tp for bound in row["accuracy"])
    if "f1" in row and row["f1"][0] > 0:
        yield tuple(size + positive - tp * (2 - bound) / bound for bound in row["f1"])
    if "ppv" in row and row["ppv"][0] > 0:
        yield tuple(size - tp * (1 / bound - 1) for bound in row["ppv"])
    if "npv" in row and row["npv"][1] < 1:
        yield tuple((positive - tp) * bound / (1 - bound) for bound in row["npv"])


def _chunks(bounds: tuple[float, float], limit: int) -> Iterator[tuple[Ints, Ints]]:
    """All (n, k) with k/n inside the bounds, some at a time."""
    size, hits = _fractions(bounds, limit)
    step = max(CHUNK // (8 * limit), 1)
    for start in range(0, len(size), step):
        yield size[start : start + step], hits[start : start + step]


def _starts(row: Row, other: str) -> int:
    """How many metrics to start from: with `other` wrong, no further one can be."""
    return 1 if other in row else 2


def _from_specificity(row: Row, limit: int) -> Iterator[Candidates]:
    for size, right in _chunks(row["specificity"], limit):
        owner, positive = _pairs(size, limit)
        negative, tn = size[owner], right[owner]
        bounds = _hits_given_tn(row, positive, negative, tn)
        for low, high in islice(bounds, _starts(row, "sensitivity")):
            at, tp = _whole(low, high, positive)
            yield positive[at], negative[at], tp, tn[at]


def _from_sensitivity(row: Row, limit: int) -> Iterator[Candidates]:
    for size, hits in _chunks(row["sensitivity"], limit):
        owner, negative = _pairs(size, limit)
        positive, tp = size[owner], hits[owner]
        bounds = _right_given_tp(row, negative, positive, tp)
        for low, high in islice(bounds, _starts(row, "specificity")):
            at, tn = _whole(low, high, negative)
            yield positive[at], negative[at], tp[at], tn


def _from_both(row: Row, limit: int) -> Iterator[Candidates]:
    size, hits = _fractions(row["sensitivity"], limit)
    other, right = _fractions(row["specificity"], limit)
    step = max(CHUNK // max(len(other), 1), 1)
    for start in range(0, len(size), step):
        part, part_hits = size[start : start + step], hits[start : start + step]
        i, j = np.nonzero(part[:, None] + other[None, :] <= limit)
        yield part[i], other[j], part_hits[i], right[j]


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
    A table that misses at most one cell has sensitivity or specificity right, and one other
    metric with it; the enumeration starts from every such pair. Two cases are not searched: a row
    that prints only one of sensitivity and specificity has that one taken as right, and a PPV or
    NPV of exactly 0 or 1 does not serve as a start.
    """
    cost = np.full((limit + 1, limit + 1), UNEXPLAINED, dtype=np.uint8)
    for found in _candidates(row, limit):
        positive, negative, missed = _few_misses(row, found)
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
    return [name for name, bounds in row.items() if not _inside(got[name], bounds)]

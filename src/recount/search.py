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


def _others_right(row: Row, rate: str, other: Ints, known: Ints, right: Ints) -> Iterator[tuple]:
    """Bounds on the other class's patients called rightly that each printed metric leaves.

    The rate of one class is right: of `known` patients, `right` are called rightly.
    """
    own, opposite = ("ppv", "npv") if rate == "sensitivity" else ("npv", "ppv")
    if rate == "sensitivity" and "specificity" in row:
        yield tuple(bound * other for bound in row["specificity"])
    if "accuracy" in row:
        yield tuple(bound * (other + known) - right for bound in row["accuracy"])
    if "f1" in row and rate == "specificity":
        yield tuple(bound * (known - right + other) / (2 - bound) for bound in row["f1"])
    elif "f1" in row and row["f1"][0] > 0:
        yield tuple(other + known - right * (2 - bound) / bound for bound in row["f1"])
    if own in row and row[own][0] > 0:
        yield tuple(other - right * (1 / bound - 1) for bound in row[own])
    if opposite in row and row[opposite][1] < 1:
        yield tuple((known - right) * bound / (1 - bound) for bound in row[opposite])


def _chunks(bounds: tuple[float, float], limit: int) -> Iterator[tuple[Ints, Ints]]:
    """All (n, k) with n <= limit and k/n inside the bounds, some at a time."""
    size = np.arange(1, limit + 1)
    owner, hits = _whole(size * bounds[0], size * bounds[1], size)
    step = max(CHUNK // (8 * limit), 1)
    for start in range(0, len(hits), step):
        yield size[owner[start : start + step]], hits[start : start + step]


def _candidates(row: Row, rate: str, limit: int) -> Iterator[Candidates]:
    """Tables in which one rate is right, and one other metric with it."""
    # Both rates at once are started from sensitivity. With the other rate wrong no further cell
    # can be, and one metric is enough to start from.
    starts = 1 if rate == "specificity" and "sensitivity" in row else 2
    for size, hits in _chunks(row[rate], limit):
        owner, other = _spread(np.ones_like(size), limit - size)
        known, right = size[owner], hits[owner]
        for low, high in islice(_others_right(row, rate, other, known, right), starts):
            at, also = _whole(low, high, other)
            if rate == "sensitivity":
                yield known[at], other[at], right[at], also
            else:
                yield other[at], known[at], also, right[at]


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
    rates = [rate for rate in ("sensitivity", "specificity") if rate in row]
    for found in (table for rate in rates for table in _candidates(row, rate, limit)):
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

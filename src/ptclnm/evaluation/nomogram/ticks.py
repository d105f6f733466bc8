"""Round numbers for an axis, the very ones that R's ``pretty`` chooses."""

from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from ptclnm.errors import ParameterError

EDGE = 1e-10
HIGH, HIGH_FIVE = 1.5, 2.75  # how much larger units are favoured


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

    Raises
    ------
    ParameterError
        If an end is not finite, the ends are in the wrong order, or `n` is below 1.

    Notes
    -----
    R_pretty of R 4.2 with its defaults, since ``rms::nomogram`` takes its axes from there.
    """
    if not (np.isfinite(low) and np.isfinite(high) and low <= high and n >= 1):
        raise ParameterError("axis", [f"from {low} to {high} in {n} steps; allowed: finite ends in "
                                      "ascending order, one step or more"])  # fmt: skip
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

"""Numbers as printed: what a rounded figure can stand for."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Admits a value that lies exactly on a rounding boundary, whichever way it was rounded.
TIE = 1e-9
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?|[+-]?\.\d+")


def decimals(text: str) -> int:
    """Count the digits after the decimal point of a printed number."""
    return len(text.strip().partition(".")[2])


def common_decimals(texts: Iterable[str]) -> int:
    """Precision of a table: the most decimals that any of its cells shows.

    Statistical software drops trailing zeros (0.240 appears as 0.24), so the precision of a
    single cell understates what it was rounded to.
    """
    return max((decimals(text) for text in texts), default=0)


def interval(text: str, places: int | None = None, cut: bool = False) -> tuple[float, float]:
    """Bounds of the values that are printed as a number.

    Parameters
    ----------
    text : str
        The number as printed.
    places : int, optional
        Decimals it was rounded to; by default those that it shows.
    cut : bool
        Whether further digits were cut off, as some programs do, and not rounded.

    Returns
    -------
    tuple of float
        Lower and upper bound, both included.
    """
    step = 10.0 ** -(decimals(text) if places is None else places)
    below, above = (0.0, step) if cut else (step / 2, step / 2)
    return float(text) - below - TIE, float(text) + above + TIE


def rounds_to(values: ArrayLike, text: str, places: int | None = None) -> NDArray[np.bool_]:
    """Tell which values would be printed as `text`; NaN never would.

    Parameters
    ----------
    values : array_like
        Exact values, any shape.
    text : str
        The number as printed; ``<0.001`` stands for every value below.
    places : int, optional
        Decimals it was rounded to; by default those that it shows.

    Returns
    -------
    ndarray of bool
        Same shape as `values`.
    """
    exact = np.asarray(values, dtype=float)
    if text.startswith("<"):
        return exact < float(text[1:])
    low, high = interval(text, places)
    return (exact >= low) & (exact <= high)


def room(text: str) -> tuple[float, float]:
    """Bounds of the values that are printed as a number, whether rounded or cut off."""
    return interval(text)[0], float(text) + 10.0 ** -decimals(text) + TIE


def printed_as(value: float, text: str) -> bool:
    """Tell whether a value would be printed as `text`, rounded or cut off."""
    low, high = room(text)
    return low <= value < high - 2 * TIE


def alike(first: str, second: str) -> bool:
    """Tell whether two printings can be one number: to different digits, cut off, or bounded."""
    if first == second:
        return True
    bound, other = (first, second) if first.startswith("<") else (second, first)
    if bound.startswith("<"):
        return bool(rounds_to(float(other.removeprefix("<")), bound))
    return printed_as(float(first), second) or printed_as(float(second), first)

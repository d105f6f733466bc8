"""Limits of parameters: each check gives the line of an error, or nothing."""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real

from ptclnm.errors import ParameterError, nearest


def whole_problem(name: str, value: object, low: int) -> str:
    """Say what is wrong with a value that is to be a whole number.

    Parameters
    ----------
    name : str
        Of the parameter.
    value : object
        What was given; true and false are no numbers.
    low : int
        Least value that is allowed.

    Returns
    -------
    str
        E.g. ``epochs is 0; allowed: a whole number from 1``; empty where nothing is wrong.
    """
    good = isinstance(value, Integral) and not isinstance(value, bool) and value >= low
    return "" if good else f"{name} is {value!r}; allowed: a whole number from {low}"


def checked_whole(subject: str, name: str, value: object, low: int) -> int:
    """Return a whole number, or raise ParameterError with the line of `whole_problem`."""
    if problem := whole_problem(name, value, low):
        raise ParameterError(subject, [problem])
    return int(value)


def real_problem(name: str, value: object, low: float, high: float, above: bool = False) -> str:
    """Say what is wrong with a value that is to be a number between two limits.

    Parameters
    ----------
    name, value
        As for `whole_problem`.
    low, high : float
        Limits, both allowed.
    above : bool
        Whether `low` itself is not allowed.

    Returns
    -------
    str
        E.g. ``lr is 2; allowed: above 0 to 1``; empty where nothing is wrong. NaN is wrong.
    """
    good = isinstance(value, Real) and not isinstance(value, bool) and low <= value <= high
    if good and not (above and value == low):
        return ""
    return f"{name} is {value!r}; allowed: {'above ' if above else ''}{low:g} to {high:g}"


def choice_problem(name: str, value: object, allowed: Sequence[object]) -> str:
    """Say what is wrong with a value that is to be one of a few.

    Returns
    -------
    str
        E.g. ``policy is 'dorp': did you mean 'drop'? Allowed: drop, keep.``; empty where nothing
        is wrong.
    """
    return (
        "" if value in allowed else f"{name} is {value!r}: {nearest(str(value), map(str, allowed))}"
    )


def refuse(subject: str, *problems: str) -> None:
    """Raise ParameterError with the lines that are not empty, if there are any."""
    if lines := [line for line in problems if line]:
        raise ParameterError(subject, lines)


def number_problems(
    settings: object, whole: Mapping[str, int], real: Mapping[str, tuple] | None = None
) -> list[str]:
    """List what is wrong with the numbers among an object's settings.

    Parameters
    ----------
    settings : object
        With an attribute of each name.
    whole : mapping of str to int
        Least value of each whole number.
    real : mapping of str to tuple, optional
        Arguments of `real_problem` after the value: limits, and `above`.
    """
    lines = [whole_problem(name, getattr(settings, name), low) for name, low in whole.items()]
    for name, ends in (real or {}).items():
        lines.append(real_problem(name, getattr(settings, name), *ends))
    return [line for line in lines if line]

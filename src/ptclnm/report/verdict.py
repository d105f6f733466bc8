"""Rules that turn a reported and an obtained number into a verdict; each is written once, here."""

from collections.abc import Iterable, Mapping
from math import isfinite, nan
from typing import Any

from ptclnm.report.claims import CONSISTENT, NOT_CONSISTENT, TOO_WIDE
from ptclnm.report.sentences import count
from recount import OPEN

# What an AUC, and what a difference or a gain is where there is nothing to be found.
CHANCE, NO_DIFFERENCE = 0.5, 0.0
# Ratio of limits from which on a range of counts is called wide.
WIDE = 4
NO_INTERVAL = "No interval: the estimated variance of the AUC is 0 or cannot be had."


def within_interval(reported: float, low: float, high: float, nothing: float = nan) -> str:
    """Judge a reported number by an interval that was obtained.

    Parameters
    ----------
    reported : float
        What the paper prints.
    low, high : float
        Limits of a confidence interval, or of the values over resamples or seeds.
    nothing : float, optional
        What the number would be where there is nothing to be found: ``CHANCE``,
        ``NO_DIFFERENCE``, the accuracy of calling nobody positive. Left out where there is no
        such number.

    Returns
    -------
    str
        ``not consistent`` if the number lies outside; ``consistent`` if it lies inside, limits
        included, and ``too wide to tell`` if `nothing` does so too; ``cannot be checked`` where a
        number is missing or infinite.
    """
    if not all(map(isfinite, (reported, low, high))):
        return OPEN
    if not low <= reported <= high:
        return NOT_CONSISTENT
    return TOO_WIDE if low <= nothing <= high else CONSISTENT


def auc(row: Mapping[str, Any]) -> tuple[str, str]:
    """Judge a reported AUC by the row of the metrics table that it stands in.

    Parameters
    ----------
    row : mapping
        ``split, n, positives, auc_low, auc_high, reported_auc``.

    Returns
    -------
    verdict : str
        As :func:`within_interval`; an AUC of chance is where there is nothing to be found.
    note : str
        How many patients the AUC here rests on, and why it has no interval where it has none.
    """
    found = within_interval(row["reported_auc"], row["auc_low"], row["auc_high"], CHANCE)
    own = "The training patients' own scores: " if row["split"] == "train" else ""
    patients = f"{own}{count(row['n'], 'patient')}, {row['positives']} with the outcome."
    return found, patients if isfinite(row["auc_low"]) else f"{patients} {NO_INTERVAL}"


def difference(reported: float, low: float, high: float) -> tuple[str, str]:
    """Judge a reported difference of two AUCs by the interval that DeLong's test gives it.

    Parameters
    ----------
    reported : float
        The difference of what the paper prints.
    low, high : float
        Limits of the interval.

    Returns
    -------
    verdict : str
        As :func:`within_interval`; ``cannot be checked`` where the limits are the same, since the
        variance that was estimated is then 0.
    note : str
        Why there is no interval; else empty.
    """
    if low == high:
        return OPEN, "No interval: the estimated variance of the difference is 0."
    return within_interval(reported, low, high, NO_DIFFERENCE), ""


def kept_count(reported: float, low: float, high: float) -> tuple[str, str]:
    """Judge a reported number of kept features by those that resamples keep.

    Parameters
    ----------
    reported : float
        What the paper prints.
    low, high : float
        Limits of the numbers over resamples.

    Returns
    -------
    verdict : str
        As :func:`within_interval`; ``too wide to tell`` where the number lies inside a range whose
        upper limit is more than four times its lower.
    note : str
        Why it is too wide; else empty.
    """
    found = within_interval(reported, low, high)
    if found != CONSISTENT or high <= WIDE * low:
        return found, ""
    return TOO_WIDE, f"Resamples keep from {low:.0f} to {high:.0f}: few numbers would lie outside."


def ranges_meet(low: float, high: float, other_low: float, other_high: float) -> str:
    """Judge a range that a report needs by the range that was obtained.

    Parameters
    ----------
    low, high : float
        Values with which the report holds.
    other_low, other_high : float
        Values obtained.

    Returns
    -------
    str
        ``consistent`` if every value obtained is among those needed, limits included, ``not
        consistent`` if none is, ``too wide to tell`` in between; ``cannot be checked`` where a
        limit is missing or infinite.
    """
    if not all(map(isfinite, (low, high, other_low, other_high))):
        return OPEN
    if low <= other_low and other_high <= high:
        return CONSISTENT
    return TOO_WIDE if max(low, other_low) <= min(high, other_high) else NOT_CONSISTENT


def among(reported: str, obtained: Iterable[str], tried: int) -> str:
    """Judge a reported choice by those made on resamples of the same patients.

    Returns
    -------
    str
        ``consistent`` if it is among them, ``too wide to tell`` if all that were tried are,
        ``not consistent`` if it is not, ``cannot be checked`` if nothing was chosen.
    """
    found = set(obtained)
    if not found:
        return OPEN
    if reported not in found:
        return NOT_CONSISTENT
    return TOO_WIDE if len(found) == tried else CONSISTENT


def chosen(reported: str, first: str, others: Iterable[str]) -> tuple[str, str]:
    """Judge a reported choice by the one made on all patients, and by those made on parts of them.

    Parameters
    ----------
    reported : str
        What the paper chooses.
    first : str
        What the same rule chooses here on all patients.
    others : iterable of str
        What it chooses on the rest of each fold.

    Returns
    -------
    verdict : str
        ``consistent`` if the choice on all patients is the reported one, ``too wide to tell`` if
        only that of a part is, ``not consistent`` if none is.
    note : str
        Why it cannot be told; else empty.
    """
    if reported == first:
        return CONSISTENT, ""
    if reported in set(others):
        return TOO_WIDE, "The choice changes with the folds."
    return NOT_CONSISTENT, ""


def above_zero(low: float, high: float) -> str:
    """Judge a reported gain without a number by the interval of the gain that was obtained.

    Returns
    -------
    str
        ``consistent`` if all of the interval is above 0, ``not consistent`` if none is,
        ``too wide to tell`` in between, and ``cannot be checked`` where a limit is missing.
    """
    if not all(map(isfinite, (low, high))):
        return OPEN
    if high <= 0:
        return NOT_CONSISTENT
    return CONSISTENT if low > 0 else TOO_WIDE


def same_direction(reported: Iterable[float], low: float, high: float) -> str:
    """Judge differences that a paper prints by the AUC that their variable alone has elsewhere.

    Parameters
    ----------
    reported : iterable of float
        The difference between the classes in each of the paper's sets.
    low, high : float
        Limits of the AUC, above 0.5 where patients with the outcome have more.

    Returns
    -------
    str
        ``cannot be checked`` where the paper's sets point both ways, or nobody here differs; else
        as :func:`above_zero` of what the AUC is beyond chance in the paper's direction.
    """
    signs = {1 if value > 0 else -1 for value in reported}
    if len(signs) != 1 or low == high:
        return OPEN
    (sign,) = signs
    return above_zero(*sorted((sign * (low - CHANCE), sign * (high - CHANCE))))


def for_every_choice(holds: Iterable[bool]) -> str:
    """Judge a claim that rests on a choice the paper does not state, made in every way.

    Returns
    -------
    str
        ``consistent`` if it holds whatever is chosen, ``not consistent`` if it never does,
        ``cannot be checked`` in between.
    """
    found = list(map(bool, holds))
    if not found or any(found) != all(found):
        return OPEN
    return CONSISTENT if found[0] else NOT_CONSISTENT


def shown(p: float, level: float = 0.05) -> str:
    """Judge a claim that something has an effect by a test on other patients.

    Returns
    -------
    str
        ``consistent`` where p lies below the level; else ``too wide to tell``, since no effect
        found is not the same as none there; ``cannot be checked`` where p is missing.
    """
    if not isfinite(p):
        return OPEN
    return CONSISTENT if p < level else TOO_WIDE

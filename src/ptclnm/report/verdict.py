"""Rules that turn a reported and an obtained number into a verdict; each is written once, here."""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from ptclnm.report.claims import ALSO
from ptclnm.report.sentences import count

# Ratio of limits from which on a range of counts is called wide.
WIDE = 4
NO_INTERVAL = "No interval: the estimated variance of the AUC is 0 or cannot be had."
CONSISTENT, NOT_CONSISTENT, OPEN = "consistent", "not consistent", "cannot be checked"


def within_interval(reported: float, low: float, high: float) -> str:
    """Judge a reported number by an interval that was obtained.

    Parameters
    ----------
    reported : float
        What the paper prints.
    low, high : float
        Limits of a confidence interval, or of the values over resamples or seeds.

    Returns
    -------
    str
        ``consistent`` if the number lies inside, limits included; ``not consistent`` if it does
        not; ``cannot be checked`` where a number is missing or infinite.
    """
    if not all(map(isfinite, (reported, low, high))):
        return OPEN
    return CONSISTENT if low <= reported <= high else NOT_CONSISTENT


def reach(low: float, high: float, nothing: float) -> str:
    """Say where an interval also holds the value of no effect, so that it can contradict little.

    Parameters
    ----------
    low, high : float
        Limits of the interval that a report was judged by.
    nothing : {0.5, 0}
        An AUC of chance, or no difference.

    Returns
    -------
    str
        A sentence that begins with ``ALSO``; empty where the interval does not hold it.
    """
    if not low <= nothing <= high:
        return ""
    return f"{ALSO} {'0.5, chance' if nothing else '0, no difference'}."


def auc_note(row: Mapping[str, Any]) -> str:
    """Say of a row of the metrics table how many patients its AUC rests on, and how far it reaches.

    An AUC without an interval cannot judge a report; the note says why it has none.

    Parameters
    ----------
    row : mapping
        ``split, n, positives, auc_low, auc_high``.
    """
    own = "The training patients' own scores: " if row["split"] == "train" else ""
    patients = f"{own}{count(row['n'], 'patient')}, {row['positives']} with the outcome."
    if not isfinite(row["auc_low"]):
        return f"{patients} {NO_INTERVAL}"
    return f"{patients} {reach(row['auc_low'], row['auc_high'], 0.5)}".strip()


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
        How far the interval reaches, or why there is none; else empty.
    """
    if low == high:
        return OPEN, "No interval: the estimated variance of the difference is 0."
    return within_interval(reported, low, high), reach(low, high, 0)


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
        ``consistent`` if a value is in both, limits included, else ``not consistent``; ``cannot be
        checked`` where a limit is missing or infinite.
    """
    if not all(map(isfinite, (low, high, other_low, other_high))):
        return OPEN
    return CONSISTENT if max(low, other_low) <= min(high, other_high) else NOT_CONSISTENT


def among(reported: str, obtained: Iterable[str]) -> str:
    """Judge a reported choice by those made on resamples of the same patients."""
    found = set(obtained)
    if not found:
        return OPEN
    return CONSISTENT if reported in found else NOT_CONSISTENT


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
        ``consistent`` if the choice on all patients is the reported one, ``cannot be checked`` if
        only that of a part is, ``not consistent`` if none is.
    note : str
        Why it cannot be checked; else empty.
    """
    if reported == first:
        return CONSISTENT, ""
    if reported in set(others):
        return OPEN, "The choice changes with the folds."
    return NOT_CONSISTENT, ""


def wide(low: float, high: float) -> str:
    """Say where a range of counts over resamples is so wide that few numbers could contradict it.

    Returns
    -------
    str
        A sentence where the upper limit is more than four times the lower; else empty.
    """
    if not high > WIDE * low:
        return ""
    return f"Resamples keep from {low:.0f} to {high:.0f}: nearly any number would lie between."


def above_zero(low: float, high: float) -> str:
    """Judge a reported gain without a number by the interval of the gain that was obtained.

    Returns
    -------
    str
        ``consistent`` if all of the interval is above 0, ``not consistent`` if none is, and
        ``cannot be checked`` in between, or where a limit is missing.
    """
    if not all(map(isfinite, (low, high))) or low <= 0 < high:
        return OPEN
    return CONSISTENT if low > 0 else NOT_CONSISTENT


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
        ``consistent`` where p lies below the level; else ``cannot be checked``, since no effect
        found is not the same as none there.
    """
    return CONSISTENT if isfinite(p) and p < level else OPEN

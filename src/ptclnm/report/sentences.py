"""Phrases that several pages need: lists, numbers with their nouns, AUCs, counts of verdicts."""

from collections.abc import Iterable, Mapping

import pandas as pd

from ptclnm.report.claims import VERDICTS


def bullets(lines: Iterable[str], none: str = "Nothing.") -> str:
    """Lay out sentences as a Markdown list; `none` where there are none."""
    lines = list(lines)
    return "\n".join(f"- {line}" for line in lines) if lines else none


def count(number: int, noun: str, many: str = "") -> str:
    """Phrase a number with its noun, e.g. ``1 model``, ``9 models``."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def listing(words: Iterable[str]) -> str:
    """Join words as English does: ``a, b and c``; empty where there are none."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def auc_text(row: Mapping[str, float], prefix: str = "") -> str:
    """Phrase an AUC of a row of the metrics table with its interval.

    Parameters
    ----------
    row : mapping
        ``auc, auc_low, auc_high``, each after the prefix.
    prefix : str
        ``reported_`` for the paper's.

    Returns
    -------
    str
        Where ours has no interval it says so; where the paper prints none, its AUC alone.
    """
    value, low, high = (row[f"{prefix}{name}"] for name in ("auc", "auc_low", "auc_high"))
    if pd.isna(low) or pd.isna(high):
        return f"{value:.3f}" if prefix else f"{value:.3f} (no interval)"
    return f"{value:.3f} ({low:.3f}–{high:.3f})"


def verdicts(claims: pd.DataFrame) -> str:
    """Count the verdicts on a page's claims."""
    if claims.empty:
        return "No claims of this paper are transcribed."
    found = claims["verdict"].value_counts()
    phrases = {
        "agrees": ("agrees", "agree"),
        "contradicts": ("contradicts itself", "contradict themselves"),
        "consistent": ("is consistent", "are consistent"),
        "not consistent": ("is not consistent", "are not consistent"),
        "cannot be checked": ("cannot be checked", "cannot be checked"),
    }  # fmt: skip
    parts = [
        f"{found[name]} {phrases[name][int(found[name] > 1)]}" for name in VERDICTS if name in found
    ]
    return f"Of {count(len(claims), 'claim')} on this page, {listing(parts)}."

"""Phrases that several pages need: lists, numbers with their nouns, AUCs, counts of verdicts."""

from collections.abc import Iterable, Mapping

import pandas as pd

from ptclnm.report.claims import IF, VERDICTS

# A number that there is not, in sentences, tables and figures.
MISSING = "–"
NOTHING = "There is nothing to compare."


def bullets(lines: Iterable[str], none: str = "Nothing.") -> str:
    """Lay out sentences as a Markdown list; `none` where there are none."""
    lines = list(lines)
    return "\n".join(f"- {line}" for line in lines) if lines else none


def answer_box(lines: Iterable[str], none: str = "Nothing.") -> str:
    """Lay out a page's answer, which stands at its top, in at most five lines."""
    return f"::::{{div}} answer\n{bullets(lines, none)}\n::::"


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
    alone = pd.isna(low) and not prefix
    return f"{value:.3f} (no interval)" if alone else spread(value, low, high)


def spread(value: float, low: float, high: float, digits: int = 3, sign: bool = False) -> str:
    """Phrase a number with its interval, e.g. ``0.80 (0.75–0.85)``; alone where it has none.

    Parameters
    ----------
    value, low, high : float
        What was estimated, and its limits.
    digits : int
        Decimals.
    sign : bool
        Whether a plus is written, as of a difference.
    """
    if pd.isna(value):
        return MISSING
    style = f"{'+' if sign else ''}z.{digits}f"
    if pd.isna(low):
        return f"{value:{style}}"
    to = " to " if sign or low < 0 else "–"
    return f"{value:{style}} ({low:{style}}{to}{high:{style}})"


def signed(row: Mapping[str, float]) -> str:
    """Phrase the ``difference, low, high`` of a row."""
    return spread(row["difference"], row["low"], row["high"], sign=True)


def verdicts(table: pd.DataFrame, noun: str = "claim") -> str:
    """Count the rows of a table by their verdict, e.g. ``Verdicts on 9 sums: agrees 9.``."""
    if table.empty:
        return f"There is no {noun} to judge."
    found = table["verdict"].value_counts()
    parts = [f"{name.removesuffix(IF)} {found[name]:,}" for name in VERDICTS if name in found]
    return f"Verdicts on {count(len(table), noun)}: {', '.join(parts)}."


def p_text(p: float) -> str:
    """Give a p-value with three decimals, or as a bound."""
    if pd.isna(p):
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"

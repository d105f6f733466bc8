"""Words for what two printed numbers say of each other, and how several rows become one word."""

from collections.abc import Iterable

import pandas as pd

AGREES, CONTRADICTS, CONFLICTS, OPEN = (
    "agrees", "contradicts", "conflicts, if", "cannot be checked",
)  # fmt: skip
AND = "; and "
ALPHA = 0.05


def conflict(premise: str = "") -> str:
    """Word for printed values that exclude each other.

    Parameters
    ----------
    premise : str
        What must hold for them to do so and is not printed; empty where nothing but rounding is
        presupposed.
    """
    return CONFLICTS if premise else CONTRADICTS


def judged(holds: bool | None, premise: str = "", follows: object = "") -> dict[str, object]:
    """Give ``premise, verdict, follows`` of a row.

    Parameters
    ----------
    holds : bool or None
        Whether the printed values go together; None where that cannot be checked.
    premise : str
        What it presupposes that they do not; it stands only where they do not.
    follows : object
        What follows from the other values.
    """
    if holds is None or holds:
        return {"premise": "", "verdict": OPEN if holds is None else AGREES, "follows": follows}
    return {"premise": premise, "verdict": conflict(premise), "follows": follows}


def lay_out(records: Iterable[dict], columns: str) -> pd.DataFrame:
    """Lay out a check's rows: what each is and where it stands, own columns, and its verdict.

    Parameters
    ----------
    records : iterable of dict
        One a row; what they hold beside the columns is left out.
    columns : str
        The check's own columns, in order, with spaces between them.
    """
    every = ["key", "study", "where", *columns.split(), "premise", "verdict", "follows"]
    return pd.DataFrame(records, columns=every)


def together(premises: Iterable[str]) -> str:
    """Join the premises of several rows into one, each said once, in order."""
    parts = (part for premise in premises for part in premise.split(AND))
    return AND.join(dict.fromkeys(filter(None, parts)))


def combine(rows: pd.DataFrame, way: str = "parts") -> tuple[str, str]:
    """Premise and verdict of a claim from those of the rows that it rests on.

    Parameters
    ----------
    rows : DataFrame
        Columns ``verdict, premise``. A claim that rests on a table of problems, and finds none
        there, agrees.
    way : {"parts", "alternatives"}
        Of parts, any that conflicts makes the claim conflict, and any that agrees makes it agree
        as far as it can be checked. Of alternatives (a comparator that is not named, say) all must
        conflict, and one that agrees is enough if it is the one meant.
    """
    bad = rows[rows["verdict"].isin([CONTRADICTS, CONFLICTS])]
    good, total = int((rows["verdict"] == AGREES).sum()), len(rows)
    if way == "alternatives":
        if total and len(bad) == total:
            premise = together(bad["premise"])
            return premise, conflict(premise)
        meant = "" if good == total else f"one of the {good} of {total} readings that hold is meant"
        return (meant, AGREES) if good else ("", OPEN)
    if (bad["verdict"] == CONTRADICTS).any():
        return "", CONTRADICTS
    if len(bad):
        return together(bad["premise"]), CONFLICTS
    if good in (0, total):
        return "", AGREES if good or not total else OPEN
    verb = "holds" if total - good == 1 else "hold"
    return f"the {total - good} of {total} that cannot be checked {verb} too", AGREES

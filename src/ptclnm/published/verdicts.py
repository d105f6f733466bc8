"""Words for what two printed numbers say of each other, and how several rows become one word."""

from collections.abc import Iterable

AGREES, CONTRADICTS, CONFLICTS, OPEN = (
    "agrees", "contradicts", "conflicts, if", "cannot be checked",
)  # fmt: skip
AND = "; and "


def conflict(premise: str = "") -> str:
    """Word for printed values that exclude each other.

    Parameters
    ----------
    premise : str
        What must hold for them to do so and is not printed; empty where nothing but rounding is
        presupposed.
    """
    return CONFLICTS if premise else CONTRADICTS


def judged(holds: bool, premise: str = "") -> dict[str, str]:
    """Give ``verdict`` and ``premise`` of a row: a premise stands only where it is needed."""
    return {"verdict": AGREES if holds else conflict(premise), "premise": "" if holds else premise}


def together(premises: Iterable[str]) -> str:
    """Join the premises of several rows into one, each said once, in order."""
    parts = (part for premise in premises for part in premise.split(AND))
    return AND.join(dict.fromkeys(filter(None, parts)))

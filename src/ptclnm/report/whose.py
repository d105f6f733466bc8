"""Whose data a page shows, in the words that every page uses, and what it says without them."""

from collections.abc import Iterable

from ptclnm.cohorts.datasets import datasets
from ptclnm.report.sentences import answer_box, bullets, count, listing
from ptclnm.schema import SPLITS, Cohort

SIMULATED = "Simulated patients: what the protocol does, not what patients would show."
TOY = ", a **toy cohort**: it shows what the protocol does, not what patients would show"


def left_out(cohort: str, missing: str) -> str:
    """Say of a cohort by name whose data are not here whose these are, and how to get them."""
    entry = datasets().get(cohort)
    whom = f"Patients: {entry.title}. Endpoint: {entry.endpoint}.\n\n" if entry else ""
    return f"{whom}{missing}"


def patients(cohort: Cohort) -> str:
    """Name the patients, their evidence and endpoint, their sets, and what is wrong with them."""
    sets = dict(list(cohort.patients.groupby("split")["label"]))
    sizes = listing(
        f"{len(sets[s]):,} ({int(sets[s].sum()):,}) in {s}" for s in SPLITS if s in sets
    )
    return (
        f"**{cohort.title}** (evidence: {cohort.evidence}). Endpoint: "
        f"{cohort.endpoint.rstrip('.')}. Patients, with the outcome in brackets: {sizes}.\n\n"
        f"{bullets(cohort.warnings, none='')}"
    )


def answer(cohort: Cohort, lines: Iterable[str]) -> str:
    """Give the answer of a page about patients: on whom, then its lines but empty ones."""
    labels, toy = cohort.patients["label"], TOY if cohort.evidence == "simulated" else ""
    who = f"**{count(len(labels), 'patient')}, {int(labels.sum()):,} with the outcome**"
    return answer_box([f"{who}, of {cohort.title} (evidence: {cohort.evidence}{toy}).",
                       *filter(None, lines)])  # fmt: skip


def claim_note(cohort: Cohort) -> str:
    """Say beside a verdict on whom it was reached."""
    if cohort.evidence == "simulated":
        return SIMULATED
    return f"Endpoint here: {cohort.endpoint.rstrip('.')}."

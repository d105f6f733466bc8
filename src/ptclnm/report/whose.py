"""Whose data a page shows, in the words that every page uses, and what it says without them."""

from ptclnm.schema import Cohort

TITLE = "Left out of this run"
SIMULATED = "Simulated patients: what the protocol does, not what patients would show."


def left_out(missing: str) -> str:
    """Say in a box that the data are not here, and how to get them."""
    return f":::{{warning}} {TITLE}\n{missing}\n:::"


def introduced(cohort: Cohort) -> str:
    """Name the patients, the kind of evidence they give, and their endpoint."""
    endpoint = cohort.endpoint.rstrip(".")
    return f"**{cohort.title}** (evidence: {cohort.evidence}). Endpoint: {endpoint}."


def cautions(cohort: Cohort) -> str:
    """List what is wrong with the patients; empty where nothing is."""
    return "\n".join(f"- {line}" for line in cohort.warnings)


def claim_note(cohort: Cohort) -> str:
    """Say beside a verdict on whom it was reached."""
    if cohort.evidence == "simulated":
        return SIMULATED
    return f"Endpoint here: {cohort.endpoint.rstrip('.')}."

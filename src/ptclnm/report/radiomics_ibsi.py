"""The extraction's own proof on page 02: the digital phantom of the IBSI."""

import pandas as pd
from IPython.display import HTML

from ptclnm.book.page import Page
from ptclnm.cohorts.datasets import locate
from ptclnm.errors import MissingDataError
from ptclnm.imaging import ibsi
from ptclnm.report.sentences import count
from ptclnm.report.tables import show

HEADINGS = {
    "feature": "Feature", "reference": "Reference", "value": "Here", "why": "Why they differ",
}  # fmt: skip
EMPTY = pd.DataFrame(columns=[*HEADINGS, "ibsi_name", "difference", "matches"])


def phantom() -> tuple[pd.DataFrame, str]:
    """Compare the phantom's features with the reference values, where it is on this machine.

    Returns
    -------
    table : DataFrame
        From ``ptclnm.imaging.ibsi.table``; empty where the phantom is missing.
    missing : str
        Why it is missing, and how to get it; else empty.
    """
    try:
        return ibsi.table(locate("ibsi").parent), ""
    except MissingDataError as error:
        return EMPTY, str(error)


def text(table: pd.DataFrame, missing: str) -> str:
    """Say in Markdown how many reference values are met."""
    if missing:
        return f"The phantom is left out of this run. {missing}"
    compared = table[table["ibsi_name"] != ""]
    met, rest = int(compared["matches"].sum()), len(table) - len(compared)
    unknown = int((differing(table)["why"] == ibsi.UNEXPLAINED).sum())
    by_definition = len(compared) - met - unknown
    lines = [
        f"Of {len(compared)} features that the IBSI gives a reference value for, **{met} match**.",
        f"{_differ(by_definition)} by definition, as the table says." if by_definition else "",
        f"**{_differ(unknown)} and nothing explains it.**" if unknown else "",
        f"{count(rest, 'feature')} of pyradiomics {'has' if rest == 1 else 'have'} no reference.",
    ]
    return " ".join(filter(None, lines))


def _differ(number: int) -> str:
    return f"{count(number, 'value')} differ{'s' if number == 1 else ''}"


def lay_out(table: pd.DataFrame, missing: str) -> HTML:
    """Show what differs from its reference; without the phantom nothing was compared."""
    if missing:
        return HTML("<p>The phantom is left out of this run: no feature was compared.</p>")
    return show(differing(table), HEADINGS, "Features that differ from their reference.")


def differing(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that differ from their reference."""
    return table[~table["matches"].astype(bool) & (table["ibsi_name"] != "")]


def save(page: Page, table: pd.DataFrame) -> None:
    """Write the comparison among the page's results, where there is one."""
    if len(table):
        page.save_table(table, "ibsi")

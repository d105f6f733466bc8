"""Tables as a page shows them: few columns, few digits, verdicts marked."""

from collections.abc import Mapping
from html import escape

import pandas as pd
from IPython.display import HTML, Markdown
from matplotlib.figure import Figure

from ptclnm.report.claims import VERDICTS, badge, verdict_badge
from ptclnm.report.columns import heading
from ptclnm.report.page import Page
from ptclnm.report.sentences import MISSING, p_text, verdicts

ENOUGH_ROWS = 60
OTHER_ENDPOINT = "Claims about lymph nodes are not judged here: the endpoint is another."


def text(value: object, digits: int) -> str:
    """Give a cell as HTML: numbers with few digits, verdicts as badges, the rest escaped."""
    if value is None or value is pd.NA or value != value:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{digits}g}" if abs(value) < 10 ** (-digits) else f"{value:.{digits}f}"
    return badge(value) if value in VERDICTS else escape(str(value))


def show(
    frame: pd.DataFrame,
    columns: str,
    caption: str,
    digits: int = 3,
    fold: bool = False,
) -> HTML | None:
    """Lay out a frame for reading.

    Parameters
    ----------
    frame : DataFrame
        What to show; a long one is cut, and says so. A column ``premise`` is shown with that of
        the ``verdict``, in its cell.
    columns : str
        Columns to show, in order, with spaces between them; empty shows all. They are headed as
        :func:`ptclnm.report.columns.heading` says.
    caption : str
        A full sentence.
    digits : int
        Decimals of floating-point numbers.
    fold : bool
        Whether the table opens when its caption is chosen.

    Returns
    -------
    IPython.display.HTML or None
        The table; of an empty frame a line that says so, or nothing where it would be folded.
    """
    if frame.empty:
        return None if fold else HTML(f"<p>{escape(caption)} None.</p>")
    part = frame.head(ENOUGH_ROWS)
    names = columns.split() or list(frame)
    head = "".join(f"<th>{escape(heading(name))}</th>" for name in names)
    rows = (
        "".join(f"<td>{_cell(record, name, digits)}</td>" for name in names)
        for record in part.to_dict("records")
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    more = len(frame) - len(part)
    rest = f" The first {len(part)} of {len(frame)} rows; all are in the CSV." if more else ""
    said = escape(caption + rest)
    table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    if fold:
        summary = f'<details class="folded"><summary>{said}</summary><div class="scroll">'
        return HTML(f'{summary}<table class="table">{table}</div></details>')
    return HTML(f'<table class="table"><caption>{said}</caption>{table}')


def _cell(record: Mapping, name: str, digits: int) -> str:
    """Give a cell of a record as HTML; a verdict brings its premise with it."""
    if name == "verdict" and record.get("premise"):
        return verdict_badge(record["verdict"], record["premise"])
    value = record[name]
    is_p = isinstance(value, float) and (name == "p" or name.startswith("p_"))
    return escape(p_text(value)) if is_p else text(value, digits)


def keep(page: Page, drawn: Figure | str, name: str) -> Figure | Markdown | None:
    """Save a figure among the page's results and show it; show a sentence as it is."""
    return say(drawn) if isinstance(drawn, str) else page.save_figure(drawn, name)


def say(markdown: str) -> Markdown | None:
    """Show Markdown that a run wrote; nothing where it is empty."""
    return Markdown(markdown) if markdown else None


def show_claims(claims: pd.DataFrame, nodes: bool = True) -> HTML:
    """Show a page's rows of the claims table under the counts of their verdicts.

    Parameters
    ----------
    claims : DataFrame
        As saved.
    nodes : bool
        Whether the endpoint of the patients is lymph-node metastasis; else it says that none is
        judged.
    """
    if claims.empty:
        return HTML(f"<p>{verdicts(claims) if nodes else OTHER_ENDPOINT}</p>")
    named = claims.assign(claim=claims["quantity"] + " (" + claims["where"] + ")")
    table = show(named, "claim reported obtained verdict note", verdicts(claims)).data
    return HTML(f'<div class="box" role="region" aria-label="Claims" tabindex="0">{table}</div>')

"""Claims: what a paper reports, what was obtained, and the verdict; as tables and as text."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd

from ptclnm.errors import ProblemsError, nearest
from ptclnm.schema import EVIDENCE, Cohort
from recount import AGREES, CONFLICTS, CONTRADICTS, OPEN, Study

COLUMNS = (
    "claim_id",
    "study",
    "where",
    "quantity",
    "reported",
    "obtained",
    "evidence",
    "premise",
    "verdict",
    "note",
)
CONSISTENT, NOT_CONSISTENT, TOO_WIDE = "consistent", "not consistent", "too wide to tell"
VERDICTS = (AGREES, CONTRADICTS, CONFLICTS, CONSISTENT, NOT_CONSISTENT, TOO_WIDE, OPEN)
IF = ", if"
README_MARKERS = ("<!-- verdicts -->", "<!-- /verdicts -->")


class ClaimsError(ProblemsError):
    """Claims that do not follow their schema."""


def check_claims(claims: pd.DataFrame, where: str) -> pd.DataFrame:
    """Check claims against their schema.

    Parameters
    ----------
    claims : DataFrame
        Columns of ``COLUMNS``, and optionally ``headline`` (true for the front page).
    where : str
        Page or file that an error names.

    Returns
    -------
    DataFrame
        The columns of ``COLUMNS`` as text, then ``headline`` as a truth value.

    Raises
    ------
    ClaimsError
        Listing missing columns, or every repeated id, empty id, unknown verdict, unknown kind of
        evidence, and every premise that stands where it must not or is missing where it must.
    """
    missing = [name for name in COLUMNS if name not in claims]
    if missing:
        found = ", ".join(map(str, claims.columns))
        raise ClaimsError(where, [f"column {name!r} is missing; found {found}" for name in missing])
    table = claims[list(COLUMNS)].fillna("").astype(str)
    problems = [*_id_problems(table), *_word_problems(table, "verdict", VERDICTS)]
    problems += [*_word_problems(table, "evidence", EVIDENCE), *_premise_problems(table)]
    if problems:
        raise ClaimsError(where, problems)
    headline = claims.get("headline", pd.Series(False, claims.index))
    return table.assign(headline=headline.astype(str) == "True")


def _id_problems(table: pd.DataFrame) -> list[str]:
    empty = [f"row {i}: claim_id is empty" for i, v in enumerate(table.claim_id, 1) if not v]
    repeated = sorted(set(table.claim_id[table.claim_id.duplicated()]) - {""})
    return empty + [f"claim_id {name!r} is used more than once" for name in repeated]


def _word_problems(table: pd.DataFrame, column: str, allowed: Iterable[str]) -> list[str]:
    wrong = table[~table[column].isin(list(allowed))]
    return [
        f"claim {claim!r}: {column} is {word!r}; {nearest(word, allowed)}"
        for claim, word in zip(wrong["claim_id"], wrong[column], strict=True)
    ]


def _premise_problems(table: pd.DataFrame) -> list[str]:
    """List verdicts without the premise that they need, and premises that a verdict excludes."""
    bare = table["premise"].str.strip() == ""
    lost = table.loc[bare & (table["verdict"] == CONFLICTS), "claim_id"]
    given = table[~bare & (table["verdict"] == CONTRADICTS)]
    return [
        *(f"claim {claim!r}: verdict {CONFLICTS!r} has an empty premise; say what the paper does "
          f"not print, or call it {CONTRADICTS!r}" for claim in lost),
        *(f"claim {row.claim_id!r}: verdict {CONTRADICTS!r} has the premise {row.premise!r}; "
          f"leave it empty, or call it {CONFLICTS!r}" for row in given.itertuples()),
    ]  # fmt: skip


def claim_rows(
    rows: Sequence[tuple], page: str, paper: Study, cohort: Cohort, note: str
) -> pd.DataFrame:
    """Lay a page's claims out as rows of the claims table, without premises.

    The papers' claims are about lymph nodes: a cohort with another endpoint gives no row.

    Parameters
    ----------
    rows : sequence of tuple
        ``claim_id, where, quantity, reported, obtained, verdict, note``.
    page : str
        What the ids begin with.
    paper, cohort, note
        Whose claims, on which patients, and what ends every note.
    """
    columns = ["claim_id", "where", "quantity", "reported", "obtained", "verdict", "note"]
    table = pd.DataFrame(rows if cohort.nodes else [], columns=columns)
    prefix = slug(f"{page}-{paper.name}-{cohort.name}-")
    return table.assign(
        claim_id=prefix + table["claim_id"], study=paper.name, evidence=cohort.evidence, premise="",
        note=[" ".join(filter(None, (own, note))) for own in table["note"]],
        quantity=table["quantity"] + f", on {cohort.name}",
    )[list(COLUMNS)]  # fmt: skip


def no_claims() -> pd.DataFrame:
    """Give the claims of a page that judges none."""
    return pd.DataFrame(columns=list(COLUMNS))


def slug(text: str) -> str:
    """Give text as lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower())


def collect(folders: Mapping[str, Path]) -> pd.DataFrame:
    """Put the claims of several pages into one table.

    Parameters
    ----------
    folders : mapping of str to Path
        Results folder by page, in reading order; one without ``claims.csv`` adds nothing.

    Returns
    -------
    DataFrame
        Columns of ``COLUMNS``, then ``page`` and ``headline``.

    Raises
    ------
    ClaimsError
        If a page's claims break the schema, or two pages use the same ``claim_id``.
    """
    tables = []
    for page, folder in folders.items():
        path = folder / "claims.csv"
        if path.is_file():
            read = pd.read_csv(path, dtype=str, keep_default_na=False)
            tables.append(check_claims(read, str(path)).assign(page=page))
    columns = [*COLUMNS, "page", "headline"]
    claims = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    repeated = claims[claims.claim_id.duplicated(keep=False)].groupby("claim_id")["page"]
    if problems := [f"claim_id {name!r} is on pages {', '.join(p)}" for name, p in repeated]:
        raise ClaimsError("claims", problems)
    return claims[columns]


def verdict_counts(claims: pd.DataFrame) -> pd.DataFrame:
    """Count claims by study, evidence and verdict, the last two in their fixed order."""
    counts = pd.crosstab([claims["study"], claims["evidence"]], claims["verdict"])
    counts = counts.reindex(columns=list(VERDICTS), fill_value=0).rename_axis(columns=None)
    return counts.sort_index(
        key=lambda level: level.map(EVIDENCE.index) if level.name == "evidence" else level
    )


def verdict_words(verdict: str, premise: str) -> str:
    """Put a verdict and its premise into words.

    Examples
    --------
    >>> verdict_words("conflicts, if", "every patient is counted once")
    'conflicts, if every patient is counted once'
    >>> verdict_words("agrees", "the two that cannot be checked hold too")
    'agrees, if the two that cannot be checked hold too'
    """
    return f"{verdict.removesuffix(IF)}{IF} {premise}" if premise else verdict


def badge(word: str, kind: str = "verdict", text: str = "") -> str:
    """Give a word, or a text in its place, as HTML that the book's style sheet colours by it."""
    name = slug(word).strip("-")
    return f'<span class="badge-{kind} {kind}-{name}">{escape(text or word)}</span>'


def verdict_badge(verdict: str, premise: str, safe: Callable[[str], str] = escape) -> str:
    """Give :func:`verdict_words` as HTML, the premise behind the badge, made safe as asked."""
    word = verdict_words(verdict, premise).removesuffix(premise).strip()
    return f"{badge(verdict, text=word)} {safe(premise)}".strip()


def escape_markdown(text: str) -> str:
    """Escape what Markdown, or a table cell in it, would take for markup."""
    return re.sub(r"([\\`*_{}\[\]<>|$#~])", r"\\\1", " ".join(str(text).split()))


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Lay out cells, already Markdown, as a pipe table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def counts_markdown(claims: pd.DataFrame) -> str:
    """Lay out how many claims have which verdict, a column for each study and its evidence."""
    counts = verdict_counts(claims).T
    header = ["verdict", *(", ".join(whose) for whose in counts.columns)]
    return markdown_table(header, counts.reset_index().to_numpy())


def headline_markdown(claims: pd.DataFrame, *, for_book: bool) -> str:
    """Lay out the headline claims.

    Parameters
    ----------
    claims : DataFrame
        As `collect` gives them.
    for_book : bool
        With coloured badges and links to the pages, as the book shows them; else plain.
    """
    rows = []
    for claim in claims[claims["headline"]].itertuples():
        quantity, evidence = escape_markdown(claim.quantity), claim.evidence
        verdict = escape_markdown(verdict_words(claim.verdict, claim.premise))
        if for_book:
            quantity = f"[{quantity}]({claim.page}.ipynb)"
            evidence = badge(evidence, "evidence")
            verdict = verdict_badge(claim.verdict, claim.premise, escape_markdown)
        numbers = map(escape_markdown, (claim.reported, claim.obtained))
        rows.append([escape_markdown(claim.study), quantity, *numbers, evidence, verdict])
    header = ["study", "quantity", "reported", "obtained", "evidence", "verdict"]
    return markdown_table(header, rows)


def claims_html(claims: pd.DataFrame) -> str:
    """Lay out all claims as an HTML table whose rows a script can filter."""
    header = ["study", "where", "quantity", "reported", "obtained", "evidence", "verdict", "note"]
    head = "".join(f"<th>{name}</th>" for name in header)
    body = "\n".join(_claim_row(claim) for claim in claims.to_dict("records"))
    return (
        '<div class="claims-scroll"><table class="claims table" id="claims-table">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _claim_row(claim: Mapping[str, object]) -> str:
    text = {name: " ".join(escape(str(value)).split()) for name, value in claim.items()}
    verdict = " ".join(verdict_badge(str(claim["verdict"]), str(claim["premise"])).split())
    link = f'<a href="{text["page"]}.html">{text["quantity"]}</a>'
    cells = [text["study"], text["where"], link, text["reported"], text["obtained"],
             badge(str(claim["evidence"]), "evidence"), verdict, text["note"]]  # fmt: skip
    data = " ".join(f'data-{name}="{text[name]}"' for name in ("study", "evidence", "verdict"))
    return f'<tr id="{text["claim_id"]}" {data}><td>{"</td><td>".join(cells)}</td></tr>'


def replace_block(text: str, block: str) -> str:
    """Put `block` between the verdict markers of a README.

    Raises
    ------
    ClaimsError
        If the markers are not both there, in order.
    """
    start, end = README_MARKERS
    marked = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not marked.search(text):
        raise ClaimsError("README.md", [f"no line {start} followed by a line {end}"])
    return marked.sub(lambda _: f"{start}\n{block}\n{end}", text)

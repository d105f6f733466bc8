"""Claims: what a paper reports, what was obtained, and the verdict; as tables and as text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd

from ptclnm.cohorts.schema import EVIDENCE
from ptclnm.errors import ProblemsError, nearest
from ptclnm.published.tables import Study

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
VERDICTS = (
    "agrees", "contradicts", "conflicts, if", "consistent", "not consistent", "too wide to tell",
    "cannot be checked",
)  # fmt: skip
# How the note begins of a claim that the obtained interval could hardly have contradicted.
ALSO = "The interval also holds"
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
        Listing missing columns, or every repeated id, empty id, unknown verdict and unknown
        kind of evidence.
    """
    missing = [name for name in COLUMNS if name not in claims]
    if missing:
        found = ", ".join(map(str, claims.columns))
        raise ClaimsError(where, [f"column {name!r} is missing; found {found}" for name in missing])
    table = claims[list(COLUMNS)].fillna("").astype(str)
    problems = [*_id_problems(table), *_word_problems(table, "verdict", VERDICTS)]
    problems += _word_problems(table, "evidence", EVIDENCE)
    if problems:
        raise ClaimsError(where, problems)
    headline = claims["headline"] if "headline" in claims else pd.Series(False, claims.index)
    return table.assign(headline=headline.map(_truth))


def _truth(value: object) -> bool:
    return str(value).strip().lower() in {"true", "1", "yes"}


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


def claim_rows(
    rows: Sequence[tuple], page: str, paper: Study, cohort: str, evidence: str, note: str
) -> pd.DataFrame:
    """Lay a page's claims out as rows of the claims table.

    Parameters
    ----------
    rows : sequence of tuple
        ``claim_id, where, quantity, reported, obtained, verdict, note``.
    page : str
        What the ids begin with.
    paper, cohort, evidence, note
        Whose claims, on which cohort, what kind of evidence that is, and what ends every note.
    """
    columns = ["claim_id", "where", "quantity", "reported", "obtained", "verdict", "note"]
    table = pd.DataFrame(rows, columns=columns)
    prefix = slug(f"{page}-{paper.name}-{cohort}-")
    return table.assign(
        claim_id=prefix + table["claim_id"], study=paper.name, evidence=evidence,
        note=[" ".join(filter(None, (own, note))) for own in table["note"]],
        quantity=table["quantity"] + f", on {cohort}",
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


def reach_sentence(claims: pd.DataFrame) -> str:
    """Say how many claims are consistent with the data only as chance would be too."""
    consistent = claims[claims["verdict"] == "consistent"]
    weak = int(consistent["note"].str.contains(ALSO, regex=False).sum())
    if not weak:
        return ""
    rest = "rests" if weak == 1 else "rest"
    return (
        f"Of {len(consistent)} claims called *consistent*, {weak} {rest} on an interval that also "
        "holds chance, or no difference: these could hardly have failed."
    )


def verdict_counts(claims: pd.DataFrame) -> pd.DataFrame:
    """Count claims by study and verdict, verdicts in their fixed order."""
    counts = pd.crosstab(claims["study"], claims["verdict"])
    return counts.reindex(columns=list(VERDICTS), fill_value=0).rename_axis(columns=None)


def badge(word: str, kind: str = "verdict") -> str:
    """Give a word as an HTML element that the book's style sheet colours."""
    slug = re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")
    return f'<span class="badge-{kind} {kind}-{slug}">{escape(word)}</span>'


def escape_markdown(text: str) -> str:
    """Escape what Markdown, or a table cell in it, would take for markup."""
    return re.sub(r"([\\`*_{}\[\]<>|$#~])", r"\\\1", " ".join(str(text).split()))


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Lay out cells, already Markdown, as a pipe table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def counts_markdown(claims: pd.DataFrame) -> str:
    """Lay out how many claims of each study have which verdict."""
    counts = verdict_counts(claims)
    rows = [[study, *row] for study, row in zip(counts.index, counts.to_numpy(), strict=True)]
    return markdown_table(["study", *VERDICTS], rows)


def headline_markdown(claims: pd.DataFrame, *, for_book: bool) -> str:
    """Lay out the headline claims.

    Parameters
    ----------
    claims : DataFrame
        As `collect` gives them.
    for_book : bool
        With coloured badges and links to the pages, as the book shows them; else plain.
    """
    rows = [
        [
            escape_markdown(claim.study),
            f"[{escape_markdown(claim.quantity)}]({claim.page}.ipynb)"
            if for_book
            else escape_markdown(claim.quantity),
            escape_markdown(claim.reported),
            escape_markdown(claim.obtained),
            badge(claim.evidence, "evidence") if for_book else claim.evidence,
            badge(claim.verdict) if for_book else claim.verdict,
        ]
        for claim in claims[claims["headline"]].itertuples()
    ]
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
    cells = [
        text["study"],
        text["where"],
        f'<a href="{text["page"]}.html">{text["quantity"]}</a>',
        text["reported"],
        text["obtained"],
        badge(str(claim["evidence"]), "evidence"),
        badge(str(claim["verdict"])),
        text["note"],
    ]
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
    if not re.search(f"{re.escape(start)}.*{re.escape(end)}", text, re.DOTALL):
        raise ClaimsError("README.md", [f"no line {start} followed by a line {end}"])
    head, rest = text.split(start, 1)
    tail = rest.split(end, 1)[1]
    return f"{head}{start}\n{block}\n{end}{tail}"

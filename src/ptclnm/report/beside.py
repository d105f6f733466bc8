"""What stands beside a paper's printed numbers, as its ``beside.csv`` says, and judging it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from ptclnm.errors import ProblemsError, nearest
from ptclnm.evaluation.operating import TRAIN
from ptclnm.evaluation.pairs import compare
from ptclnm.models import choice
from ptclnm.paths import PUBLISHED
from ptclnm.report import verdict
from ptclnm.report.claims import slug
from ptclnm.report.sentences import auc_text, signed
from recount import Study

# Columns of a paper's beside.csv; rules that judge a page's claims, with the columns they need.
BESIDE = [
    "page", "rule", "claim", "ours", "printed", "set", "against", "against_set", "where", "note",
]  # fmt: skip
RULES = {
    "auc": ["ours", "printed", "set"],
    "difference": ["claim", "printed", "set", "against", "against_set", "where"],
    "best": ["ours", "where"], "chosen": ["ours"], "factor": ["ours", "printed", "where"],
    "edges": ["where"], "detail": ["where"], "weight": ["where"], "hosmer_lemeshow": ["where"],
    "net_benefit": ["ours", "where"], "direction": ["ours", "printed", "where"],
}  # fmt: skip
PAGES = ("cohort", "radiomics", "deep", "superres", "fusion", "nomogram")
# A claim's id, where it stands, quantity, reported, obtained, verdict and note.
Row = tuple[str, str, str, str, str, str, str]


class BesideError(ProblemsError):
    """A ``beside.csv`` that breaks its schema, or names what its paper does not print."""


def read_beside(paper: Study, page: str, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read which printed numbers stand beside which of a page's models, and what judges them.

    Parameters
    ----------
    paper : Study
        The transcribed paper, whose folder may hold a ``beside.csv``.
    page : str
        One of ``PAGES``.
    names : mapping of str to str, optional
        What the table's `ours` are called in this run's predictions; as in the table where not
        given.

    Returns
    -------
    DataFrame
        The page's rows with the columns of ``BESIDE`` as text, then ``model`` (ours as this run
        calls it, empty where it is not there) and ``split`` (our set, called as the paper's).
        Empty for a paper without the file.

    Raises
    ------
    BesideError
        Listing every unknown page, rule and column, every empty cell that a rule needs, and every
        model and set of which the paper prints no AUC.
    """
    path = PUBLISHED / paper.name / "beside.csv"
    table = pd.DataFrame(columns=BESIDE, dtype=str)
    if path.is_file():
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if problems := list(_problems(table, paper)):
        raise BesideError(str(path), problems)
    rows = table[table["page"] == page].reset_index(drop=True)
    model = rows["ours"] if names is None else rows["ours"].map(names).fillna("")
    return rows.assign(model=model, split=rows["set"])


def _problems(table: pd.DataFrame, paper: Study) -> Iterator[str]:
    if list(table.columns) != BESIDE:
        yield f"columns are {', '.join(table.columns)}; needed: {', '.join(BESIDE)}"
        return
    printed = paper.printed("auc")
    known = [f"{model} in {name}" for name, model in printed]
    for number, row in enumerate(table.to_dict("records"), 2):
        for column, allowed in (("page", PAGES), ("rule", RULES)):
            if row[column] not in allowed:
                yield f"row {number}, {column} {row[column]!r}: {nearest(row[column], allowed)}"
        for column in (name for name in RULES.get(row["rule"], ()) if not row[name]):
            yield f"row {number}: {column} is empty; {row['rule']} needs it"
        for name, model in ((row["set"], row["printed"]), (row["against_set"], row["against"])):
            if name and model and (name, model) not in printed:
                asked = f"{model} in {name}"
                yield f"row {number}: no AUC of {asked} is printed; {nearest(asked, known)}"


def judged_by(beside: pd.DataFrame, rule: str) -> Iterable[Any]:
    """Rows that a rule judges, as named tuples."""
    return beside[beside["rule"] == rule].itertuples()


def auc_claims(paper: Study, metrics: pd.DataFrame, beside: pd.DataFrame) -> Iterator[Row]:
    """Judge every AUC that the paper prints of a model that stands beside one of ours."""
    places = paper.performance.drop_duplicates(["evaluation_set", "model"])
    places = places.set_index(["evaluation_set", "model"])["where"]
    named = {(row.model, row.split): row for row in judged_by(beside, "auc")}
    for row in metrics[metrics["reported_auc"].notna()].to_dict("records"):
        own, split = named[row["model"], row["split"]], row["split"]
        here = f", here {row['model']}," if row["model"] != own.printed else ""
        yield (
            f"auc-{slug(own.printed)}-{split}", own.where or places[own.set, own.printed],
            f"AUC of {own.printed}{here} in the {split} set",
            auc_text(row, "reported_"), auc_text(row), *verdict.auc(row),
        )  # fmt: skip


def difference_claims(
    paper: Study, beside: pd.DataFrame, predictions: pd.DataFrame
) -> Iterator[Row]:
    """Judge differences of two printed AUCs by DeLong's interval of the same difference here.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    beside : DataFrame
        From :func:`read_beside`.
    predictions : DataFrame
        The predictions table; a difference of which a model or set is not there has no claim.
    """
    auc, by = paper.printed("auc"), dict(list(predictions.groupby(["model", "split"])))
    ours = {(r.set, r.printed): by.get((r.model, r.split)) for r in judged_by(beside, "auc")}
    for row in judged_by(beside, "difference"):
        pair = (row.set, row.printed), (row.against_set, row.against)
        if any(ours.get(one) is None for one in pair):
            continue
        found, (first, second) = compare(*map(ours.get, pair)), (float(auc[one]) for one in pair)
        reported = round(first - second, 6)
        what = f"less that of {row.against} in the {row.set} set"
        if row.printed == row.against:
            trained = row.set.replace(TRAIN, "training")
            what = f"in the {trained} set less that in the {row.against_set} set"
        word, note = verdict.difference(reported, found["low"], found["high"])
        yield (
            row.claim, row.where, f"AUC of {row.printed} {what}", f"{reported:+.3f}",
            signed(found), word, f"{row.note} {note}".strip(),
        )  # fmt: skip


def best_claims(
    beside: pd.DataFrame, cv: pd.DataFrame, within: Iterable[str], of: str = "classifiers"
) -> Iterator[Row]:
    """Judge the classifier that the paper calls best by the rule's choice here.

    Parameters
    ----------
    beside : DataFrame
        From :func:`read_beside`.
    cv : DataFrame
        ``classifier, fold, auc``.
    within : iterable of str
        What the rule chooses on the rest of each fold.
    of : str
        Of what it is the best.
    """
    tried, within = set(cv["classifier"]), list(within)
    for row in judged_by(beside, "best"):
        if row.ours in tried and len(tried) > 1:
            first = choice.chosen(cv)
            yield (
                "best", row.where, f"best of {len(tried)} {of}", row.ours,
                f"{first}; within the folds {', '.join(dict.fromkeys(within))}",
                *verdict.chosen(row.ours, first, within),
            )  # fmt: skip


def kept_claim(claim: str, where: str, quantity: str, counts: Any, draws: int) -> Row:
    """Judge a printed number of kept features by those that resamples keep.

    Parameters
    ----------
    claim, where, quantity : str
        End of the claim's id, where the paper prints the number, and of what it is.
    counts : Series
        ``reported, obtained``, and ``low, high`` of the resamples.
    draws : int
        Number of resamples.
    """
    low, high = counts["low"], counts["high"]
    spread = f" ({low:.0f}–{high:.0f} in {draws} resamples)" if draws else ""
    return (
        claim, where, quantity, f"{counts['reported']}", f"{counts['obtained']}{spread}",
        *verdict.kept_count(float(counts["reported"]), low, high),
    )  # fmt: skip

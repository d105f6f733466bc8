"""Variables alone: how a paper's Table 1 sets the classes apart, and how these patients do."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ptclnm.evaluation.delong import delong
from ptclnm.report import verdict, whose
from ptclnm.report.beside import Row, judged_by
from ptclnm.report.claims import claim_rows
from ptclnm.report.sentences import listing, spread
from ptclnm.schema import Cohort
from recount import Study

HERE = "here"
COLUMNS = ["variable", "printed", "level", "group", "difference", "auc", "low", "high", "n"]


def alone(contrasts: pd.DataFrame, beside: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Lay out what each variable alone would give, in the paper's sets and here.

    Parameters
    ----------
    contrasts : DataFrame
        From ``recount.audit``.
    beside : DataFrame
        From ``read_beside``; the rule ``direction`` names our column for a printed variable.
    cohort : Cohort
        The patients. Of a simulated cohort nothing is laid out: it was drawn from that table.

    Returns
    -------
    DataFrame
        ``variable, printed, level, group, difference, auc, low, high, n``: a row for each printed
        set and one for the patients here, whose AUC has DeLong's interval. The AUC is above 0.5
        where patients with the outcome have more of it, or have that level more often.
    """
    rows = []
    for row in judged_by(beside, "direction"):
        printed = contrasts[contrasts["variable"] == row.printed]
        if cohort.evidence == "simulated" or row.ours not in cohort.table or printed.empty:
            continue
        level = printed["level"].iloc[0]
        toward = np.sign(printed["difference"]) * (printed["auc"] - verdict.CHANCE)
        part = printed.assign(group=printed["evaluation_set"], auc=verdict.CHANCE + toward)
        part = pd.concat([part, pd.DataFrame([_here(cohort.patients, row.ours, level)])])
        rows.append(part.assign(variable=row.ours, printed=row.printed, level=level))
    return pd.concat(rows, ignore_index=True)[COLUMNS] if rows else pd.DataFrame(columns=COLUMNS)


def _here(patients: pd.DataFrame, column: str, level: str) -> dict[str, object]:
    known = patients.dropna(subset=[column])
    values = (known[column] == level if level else known[column]).astype(float)
    mean = values.groupby(known["label"]).mean()
    curve = delong(known["label"], values, [column], list(known["patient_id"])).intervals()
    found = curve.iloc[0][["auc", "low", "high", "n"]].to_dict()
    return {"group": HERE, "difference": mean[1] - mean[0], **found}


def directions(table: pd.DataFrame, beside: pd.DataFrame) -> Iterator[Row]:
    """Judge whether each printed difference points the same way here.

    Parameters
    ----------
    table : DataFrame
        From :func:`alone`.
    beside : DataFrame
        As there.
    """
    for row in judged_by(beside, "direction"):
        own = table[table["variable"] == row.ours]
        if own.empty:
            continue
        printed, here = own[own["group"] != HERE], own[own["group"] == HERE].iloc[0]
        unit = " in the share" if here["level"] else ""
        reported = (
            f"{r.difference:+.2f} in {r.group} (AUC {r.auc:.2f})" for r in printed.itertuples()
        )
        word = verdict.same_direction(printed["difference"], here["low"], here["high"])
        note = _beside(printed, here)
        what = f"{row.printed} ({here['level']})" if here["level"] else row.printed
        yield (
            f"direction-{row.ours}", row.where,
            f"{what} goes with the outcome in one direction",
            listing(reported),
            f"{here['difference']:+.2f}{unit}; alone it has an AUC of "
            f"{spread(here['auc'], here['low'], here['high'], 2)} among {here['n']:.0f} patients",
            word, " ".join(filter(None, (row.note, note))),
        )  # fmt: skip


def _beside(printed: pd.DataFrame, here: pd.Series) -> str:
    """Say where the paper's sets contradict each other, or all of them lie outside the interval."""
    if len(set(np.sign(printed["difference"]))) > 1:
        return "The paper's own sets point both ways."
    outside = ~printed["auc"].between(here["low"], here["high"])
    return "Every AUC of the paper's sets lies outside the interval here." if outside.all() else ""


def table(rows: Iterator[Row], paper: Study, cohort: Cohort) -> pd.DataFrame:
    """Lay out the page's rows of the claims table."""
    note = whose.claim_note(cohort)
    return claim_rows(list(rows), "cohort", paper, cohort, note)

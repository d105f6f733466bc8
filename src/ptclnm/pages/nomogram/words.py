"""Sentences of page 06 whose logic depends on the run."""

from collections.abc import Iterator, Sequence

import pandas as pd

from ptclnm.pages.nomogram.drawing import label_of
from ptclnm.report import whose
from ptclnm.report.claims import escape_markdown
from ptclnm.report.sentences import NOTHING, auc_text, count, listing, p_text, spread
from ptclnm.schema import Cohort


def answer(
    cohort: Cohort, fit_on: str, metrics: pd.DataFrame, measures: pd.DataFrame,
    differences: pd.DataFrame,
) -> str:  # fmt: skip
    """Give the page's answer in at most five lines: on whom, each nomogram, which differ.

    Parameters
    ----------
    cohort : Cohort
        The patients' cohort.
    fit_on : str
        The set fitted on.
    metrics, measures, differences : DataFrame
        Metrics beside the paper's of every model in every set; calibration of every nomogram in
        every set; differences of AUC in sets that were not fitted on.
    """
    found = _new_patients(metrics, measures, fit_on)
    return whose.answer(cohort, [*found, pairs(differences)])


def _new_patients(metrics: pd.DataFrame, measures: pd.DataFrame, fit_on: str) -> Iterator[str]:
    """Say how each nomogram does on the patients that it was not fitted on, a line for each."""
    slopes = measures.set_index(["model", "split"])
    new = metrics[(metrics["split"] != fit_on) & metrics["model"].isin(measures["model"])]
    if new.empty:
        yield "There is no other set to validate on."
    for model, rows in new.groupby("model", sort=False):
        sets = []
        for row in rows.to_dict("records"):
            own = slopes.loc[model, row["split"]]
            paper = row["reported_auc"]
            beside = f", the paper prints {paper:.3f}" if pd.notna(paper) else ""
            sets.append(
                f"{row['split']} AUC {auc_text(row)}{beside}, calibration slope "
                f"{spread(*own[['slope', 'slope_low', 'slope_high']], 2)}"
            )
        yield f"**{model}**: {'; '.join(sets)}."


def screen(
    screened: pd.DataFrame, joined: pd.DataFrame, p_enter: float, chosen: Sequence[str], named: bool
) -> str:
    """Say which variables passed, which could not be fitted, and what stands in the nomograms.

    Parameters
    ----------
    screened : DataFrame
        From ``ptclnm.evaluation.clinical.univariable``.
    joined : DataFrame
        Levels that had too few patients; from ``ptclnm.evaluation.clinical.join_rare``.
    p_enter : float
        The screen's level.
    chosen : sequence of str
        The nomograms' variables.
    named : bool
        Whether they were named beforehand.
    """
    if screened.empty:
        return "No clinical variable is here to screen."
    table = screened.drop_duplicates("variable")
    passed = [label_of(name) for name in table.loc[table["kept"].astype(bool), "variable"]]
    lost = [f"{label_of(row.variable)} ({row.note})" for row in table.itertuples() if row.note]
    lines = [
        f"Of {count(len(table), 'variable')}, {len(passed)} have p < {p_enter:g} alone: "
        f"{listing(passed) or 'none'}.",
        f"The nomograms hold {listing(map(label_of, chosen)) or 'none of them'}, "
        f"{'as named beforehand' if named else 'as the screen chose'}.",
    ]
    if len(joined):
        rows = joined.itertuples()
        names = listing(f"{label_of(row.variable)}: {row.level} ({row.n})" for row in rows)
        lines.append(f"Joined with the commonest level for want of patients: {names}.")
    if lost:
        lines.append(f"Without an estimate, and left out: {listing(lost)}.")
    return escape_markdown(" ".join(lines))


def pairs(differences: pd.DataFrame) -> str:
    """Say which models differ on new patients, by DeLong's test with Holm's correction."""
    if differences.empty:
        return NOTHING
    sure = differences[differences["p_holm"] < 0.05]
    named = [
        f"{row.model_a} and {row.model_b} in {row.split} ({row.difference:+.3f}, "
        f"p {p_text(row.p_holm)})"
        for row in sure.itertuples()
    ]
    found = f"{listing(named)} differ" if named else "no two models differ"
    return f"Of {count(len(differences), 'pair')}, {found} at 0.05 after Holm's correction."

"""What the papers say of their deep models, judged on the patients at hand."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from ptclnm.models.deep.plan import NONE, DeepPlan
from ptclnm.pages.deep.comparisons import best_in_draws
from ptclnm.report import verdict, whose
from ptclnm.report.beside import Row, judged_by, read_beside
from ptclnm.report.claims import claim_rows
from ptclnm.schema import Cohort
from recount import Study

RARE = 0.025
SCRATCH = "Networks from random weights here, from pretrained ones in the paper."


def beside(paper: Study, plans: Sequence[DeepPlan]) -> pd.DataFrame:
    """Read what the paper prints beside our models; see ``ptclnm.report.beside.read_beside``.

    Of two models of one architecture the first stands for it.
    """
    return read_beside(paper, "deep", {plan.architecture: plan.name for plan in reversed(plans)})


def chosen(beside: pd.DataFrame, plans: Sequence[DeepPlan]) -> DeepPlan:
    """Give the model that the paper goes on with, else the first."""
    names = {row.model for row in judged_by(beside, "chosen")}
    return next((plan for plan in plans if plan.name in names), plans[0])


def table(
    rows: Iterable[Row],
    paper: Study,
    beside: pd.DataFrame,
    cohort: Cohort,
    plans: Sequence[DeepPlan],
) -> pd.DataFrame:
    """Lay out the page's rows of the claims table.

    Parameters
    ----------
    rows : iterable of tuple
        Claims of ``ptclnm.report.beside`` and :func:`best`.
    paper : Study
        The transcribed paper.
    beside : DataFrame
        From :func:`beside`.
    cohort : Cohort
        Whose patients these are.
    plans : sequence of DeepPlan
        Our models.
    """
    models = {row.model for row in judged_by(beside, "auc")}
    scratch = any(plan.weights == NONE and plan.name in models for plan in plans)
    note = f"{SCRATCH if scratch else ''} {whose.claim_note(cohort)}".strip()
    return claim_rows(list(rows), "deep", paper, cohort, note)


def best(beside: pd.DataFrame, predictions: pd.DataFrame) -> Iterator[Row]:
    """Whether the paper's best network is the best of several here, over draws of patients."""
    for row in judged_by(beside, "best"):
        own = {one.model: one.ours for one in judged_by(beside, "auc") if one.set == row.set}
        part = predictions[(predictions["split"] == row.set) & predictions["model"].isin(own)]
        if not row.model or part["model"].nunique() < 2:
            continue
        share = best_in_draws(part, seed=0)
        often = share[share >= RARE]
        found = ", ".join(f"{own[model]} in {value:.0%}" for model, value in often.items())
        tried = len(own.keys() - {""})
        yield (
            "best", row.where, f"best of {tried} deep models in the {row.set} set", row.ours,
            f"best over draws of the patients: {found}",
            verdict.among(row.ours, [own[model] for model in often.index], tried), "",
        )  # fmt: skip

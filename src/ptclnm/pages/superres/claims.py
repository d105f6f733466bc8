"""What Li et al. say of super-resolution (2.5, 3.2, Table 2), judged on the patients at hand."""

from collections.abc import Iterable, Iterator
from itertools import product

import pandas as pd

from ptclnm.report import verdict, whose
from ptclnm.report.beside import Row, judged_by
from ptclnm.report.claims import claim_rows
from ptclnm.report.sentences import spread
from ptclnm.schema import Cohort
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.quality import GAN
from recount import Study


def table(rows: Iterable[Row], paper: Study, cohort: Cohort, plan: SRPlan) -> pd.DataFrame:
    """Lay out the page's rows of the claims table; a leak is said in every row."""
    note = f"{'LEAK: trained on all patients. ' if plan.leaks else ''}{whose.claim_note(cohort)}"
    return claim_rows(list(rows), "superres", paper, cohort, note)


def edges(beside: pd.DataFrame, quality: pd.DataFrame) -> Iterator[Row]:
    """Whether edges are clearer, by the slope at the nodule's outline."""
    row = quality.set_index(["task", "method", "metric"]).loc["apply", GAN, "sharpness"]
    limits = row["difference_low"], row["difference_high"]
    for asked in judged_by(beside, "edges"):
        yield (
            "edges", asked.where, "edges are clearer in the super-resolved picture: slope at the "
            "nodule's outline, in grey levels a pixel", "clearer",
            spread(row["difference"], *limits, 2, True), verdict.above_zero(*limits), "",
        )  # fmt: skip


def detail(beside: pd.DataFrame, table: pd.DataFrame) -> Iterator[Row]:
    """Whether what is added was missing; only simulated pictures can tell."""
    rows = table[table["method"] == GAN].to_dict("records")
    for row, asked in product(rows, judged_by(beside, "detail")):
        limits = row["low"], row["high"]
        yield (
            "detail", asked.where, "super-resolution restores detail that the original lacks: "
            "correlation of what it adds with what a finer machine would have added", "restores",
            spread(row["added"], *limits, 3, True), verdict.above_zero(*limits), "",
        )  # fmt: skip

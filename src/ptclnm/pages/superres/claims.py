"""What Li et al. say of super-resolution (2.5, 3.2, Table 2), judged on the patients at hand."""

from collections.abc import Iterable, Iterator

import pandas as pd

from ptclnm.report import verdict, whose
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.sentences import spread
from ptclnm.schema import Cohort
from ptclnm.superres.arms import called
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.quality import GAN
from recount import Study

Row = tuple[str, str, str, str, str, str, str]


def table(rows: Iterable[Row], paper: Study, cohort: Cohort, plan: SRPlan) -> pd.DataFrame:
    """Lay out the page's rows of the claims table; a leak is said in every row."""
    note = f"{'LEAK: trained on all patients. ' if plan.leaks else ''}{whose.claim_note(cohort)}"
    return claim_rows(list(rows), "superres", paper, cohort.name, cohort.evidence, note)


def gains(metrics: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Row]:
    """Differences of printed AUCs, super-resolved less original, by DeLong's interval here."""
    printed = metrics.set_index(["split", "model"])["reported_auc"]
    for row in pairs.to_dict("records"):
        sr, original = (called(arm, row["model"]) for arm in ("sr", "or"))
        reported = round(printed[row["split"], sr] - printed[row["split"], original], 6)
        if pd.isna(reported):
            continue
        found, note = verdict.difference(reported, row["low"], row["high"])
        yield (
            f"gain-{slug(row['model'])}-{row['split']}", "Results 3.2",
            f"AUC of {sr} less that of {original} in the {row['split']} set",
            f"{reported:+.3f}", spread(row["difference"], row["low"], row["high"], sign=True),
            found, f"By Table 2's AUCs. {note}".strip(),
        )  # fmt: skip


def edges(quality: pd.DataFrame) -> Iterator[Row]:
    """Whether edges are clearer, by the slope at the nodule's outline."""
    row = quality.set_index(["task", "method", "metric"]).loc["apply", GAN, "sharpness"]
    limits = row["difference_low"], row["difference_high"]
    yield (
        "edges", "Section 2.5", "edges are clearer in the super-resolved picture: slope at the "
        "nodule's outline, in grey levels a pixel", "clearer",
        spread(row["difference"], *limits, 2, True), verdict.above_zero(*limits), "",
    )  # fmt: skip


def detail(table: pd.DataFrame) -> Iterator[Row]:
    """Whether what is added was missing; only simulated pictures can tell."""
    for row in table[table["method"] == GAN].to_dict("records"):
        limits = row["low"], row["high"]
        yield (
            "detail", "Section 2.5", "super-resolution restores detail that the original lacks: "
            "correlation of what it adds with what a finer machine would have added", "restores",
            spread(row["added"], *limits, 3, True), verdict.above_zero(*limits), "",
        )  # fmt: skip

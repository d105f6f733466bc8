"""What the papers say of their deep models, judged on the patients at hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from ptclnm.evaluation.operating import TRAIN
from ptclnm.evaluation.pairs import compare
from ptclnm.models.deep.plan import NONE, DeepPlan
from ptclnm.pages.deep.comparisons import best_in_draws
from ptclnm.report import verdict, whose
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.sentences import signed
from ptclnm.schema import Cohort
from recount import Study

# How a paper calls a network, and in which sets it prints numbers of it: those of the images as
# they were taken, not of super-resolved ones.
PAPER_NAMES: dict[str, dict[str, str]] = {
    "ni2024": {
        "AlexNet": "AlexNet", "DenseNet121": "DenseNet121", "Inception_v3": "Inception_v3",
        "ResNet50": "ResNet50", "ViT-B/16": "ViT",
    },
    "li2024": {"ResNet101": "OR_ResNet101", "DenseNet121": "OR_DenseNet121"},
}  # fmt: skip
PAPER_SETS = {"ni2024": ("internal",), "li2024": ("train", "test")}
# The network that a paper goes on with: its best, or the one that its nomogram takes.
CHOSEN = {"ni2024": "DenseNet121", "li2024": "ResNet101"}
BEST = {"ni2024": ("DenseNet121", "internal", "Results, DL")}
AGAINST = {"li2024": ("OR_ResNet101", "OR_DenseNet121", "test", "Table 2")}
RARE = 0.025
SCRATCH = "Networks from random weights here, from pretrained ones in the paper."
Names = Mapping[tuple[str, str], str]
Row = tuple[str, str, str, str, str, str, str]


def beside(paper: Study, plans: Sequence[DeepPlan]) -> dict[tuple[str, str], str]:
    """Which of the paper's models ours stand beside: by set and our model's name.

    Of two models of one architecture the first stands for it.
    """
    first = {plan.architecture: plan.name for plan in reversed(plans)}
    return {
        (split, first[network]): name
        for network, name in PAPER_NAMES.get(paper.name, {}).items()
        if network in first
        for split in PAPER_SETS[paper.name]
    }


def chosen(paper: Study, plans: Sequence[DeepPlan]) -> DeepPlan:
    """Give the model that the paper goes on with, else the first."""
    name = CHOSEN.get(paper.name)
    return next((plan for plan in plans if plan.architecture == name), plans[0])


def table(
    rows: Iterable[Row], paper: Study, cohort: Cohort, plans: Sequence[DeepPlan]
) -> pd.DataFrame:
    """Lay out the page's rows of the claims table.

    Parameters
    ----------
    rows : iterable of tuple
        From the functions below.
    paper : Study
        The transcribed paper.
    cohort : Cohort
        Whose patients these are.
    plans : sequence of DeepPlan
        Our models.
    """
    models = {model for _, model in beside(paper, plans)}
    scratch = any(plan.weights == NONE and plan.name in models for plan in plans)
    note = f"{SCRATCH if scratch else ''} {whose.claim_note(cohort)}".strip()
    return claim_rows(list(rows), "deep", paper, cohort.name, cohort.evidence, note)


def best(paper: Study, plans: Sequence[DeepPlan], predictions: pd.DataFrame) -> Iterator[Row]:
    """Whether the paper's best network is the best of several here, over draws of patients."""
    name, split, where = BEST.get(paper.name, ("", "", ""))
    names = beside(paper, plans)
    own = {plan.name: plan.architecture for plan in plans if (split, plan.name) in names}
    part = predictions[(predictions["split"] == split) & predictions["model"].isin(own)]
    if name not in own.values() or part["model"].nunique() < 2:
        return
    share = best_in_draws(part, seed=0)
    often = share[share >= RARE]
    found = ", ".join(f"{own[model]} in {value:.0%}" for model, value in often.items())
    yield (
        "best", where, f"best of {len(own)} deep models in the {split} set", name,
        f"best over draws of the patients: {found}",
        verdict.among(name, [own[model] for model in often.index], len(own)), "",
    )  # fmt: skip


def difference(
    paper: Study, names: Names, metrics: pd.DataFrame, predictions: pd.DataFrame
) -> Iterator[Row]:
    """Judge the difference of two networks that the paper compares, by DeLong's interval.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    names : mapping
        From :func:`beside`.
    metrics, predictions : DataFrame
        Every model in every set beside the paper's numbers, and the predictions table.
    """
    *asked, split, where = AGAINST.get(paper.name, ("", "", "", ""))
    here = metrics[metrics["split"] == split]
    here = here.set_index(here["model"].map(lambda model: names.get((split, model))))
    if not set(asked) <= set(here.index):
        return
    first, second = (here.loc[name] for name in asked)
    reported = round(first["reported_auc"] - second["reported_auc"], 6)
    part = predictions[predictions["split"] == split]
    found = compare(*(part[part["model"] == row["model"]] for row in (first, second)))
    yield (
        "difference", where, f"AUC of {' less that of '.join(asked)} in the {split} set",
        f"{reported:+.3f}", signed(found),
        *verdict.difference(reported, found["low"], found["high"]),
    )  # fmt: skip


def gaps(names: Names, metrics: pd.DataFrame, found: pd.DataFrame) -> Iterator[Row]:
    """Judge how much lower the paper's AUC is on new patients than on those trained on.

    Parameters
    ----------
    names : mapping
        From :func:`beside`.
    metrics : DataFrame
        Every model in every set beside the paper's numbers.
    found : DataFrame
        From ``ptclnm.pages.deep.comparisons.gaps``.
    """
    printed = metrics.set_index(["model", "split"])["reported_auc"].dropna()
    for _, row in found.iterrows():
        trained, new = (row["model"], TRAIN), (row["model"], row["split"])
        if trained not in printed.index or new not in printed.index:
            continue
        reported = round(printed[trained] - printed[new], 6)
        model = names[row["split"], row["model"]]
        yield (
            f"gap-{slug(model)}", "Table 2",
            f"AUC of {model} in the training set less that in the {row['split']} set",
            f"{reported:+.3f}", signed(row), *verdict.difference(reported, row["low"], row["high"]),
        )  # fmt: skip

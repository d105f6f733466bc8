"""What the papers say of their radiomics models, judged on the patients at hand."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ptclnm.evaluation.pairs import compare
from ptclnm.features import load_settings
from ptclnm.models import choice
from ptclnm.report import verdict
from ptclnm.report.metrics import Beside
from recount import Study

# Which of the paper's models a classifier of ours stands beside, by set.
BESIDE: dict[str, Beside] = {
    "ni2024": {("internal", "ExtraTrees"): "Thy-Radiomics"},
    "li2024": {
        (split, name): f"OR_{name}" for split in ("train", "test") for name in ("SVM", "KNN")
    },
}
# What the papers say of their classifiers: the best one, or two that they compare.
BEST = {"ni2024": ("ExtraTrees", "Results, radiomics")}
AGAINST = {"li2024": ("SVM", "KNN", "test", "Table 2")}
MIDDLE = (2.5, 97.5)
# Why a number of features judges nothing.
MADE_TO_FIT = (
    "The settings were chosen to give this number, so that it could not fail; page 00 accounts for "
    "its parts."
)
OTHER_SETTINGS = "Extracted with other settings than the paper's."
Row = tuple[str, str, str, str, str, str, str]


def features(paper: Study, names: Sequence[str], types: pd.DataFrame) -> Iterator[Row]:
    """Number of features; `types` says which of them say nothing of what is inside the outline."""
    for printed in paper.features.query("quantity == 'total'").head(1).to_dict("records"):
        note, counts = OTHER_SETTINGS, types.groupby("finding")["empty"].sum()
        if tuple(names) == load_settings(paper.name).names:
            empty = [f"{number:,} are {finding}" for finding, number in counts.items() if finding]
            said = f" Of the features, {' and '.join(empty)}." if empty else ""
            note = f"{MADE_TO_FIT}{said}"
        yield (
            "features", printed["where"], "number of radiomics features", printed["value"],
            str(len(names)), verdict.OPEN, note,
        )  # fmt: skip


def selected(paper: Study, kept: Sequence[str], resamples: pd.DataFrame) -> Iterator[Row]:
    """Number of features that the selection keeps, by those that resamples keep."""
    rows = paper.features.query("quantity == 'selected_radiomics'")
    for printed in rows.head(1).to_dict("records"):
        low, high = np.percentile(resamples["kept"], MIDDLE)
        yield (
            "selected", printed["where"], "features that the selection keeps", printed["value"],
            f"{len(kept)} ({low:.0f}–{high:.0f} in {len(resamples)} resamples)",
            *verdict.kept_count(int(printed["value"]), low, high),
        )  # fmt: skip


def best(paper: Study, cv: pd.DataFrame, outer: pd.DataFrame) -> Iterator[Row]:
    """The classifier that the paper calls best, by the rule's choice here.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    cv : DataFrame
        ``classifier, fold, auc``.
    outer : DataFrame
        From ``ptclnm.models.choice.nested``.
    """
    name, where = BEST.get(paper.name, ("", ""))
    tried = set(cv["classifier"])
    if name in tried and len(tried) > 1:
        first, others = choice.chosen(cv), outer["chosen"]
        yield (
            "best", where, f"best of {len(tried)} classifiers", name,
            f"{first}; within the folds {', '.join(dict.fromkeys(others))}",
            *verdict.chosen(name, first, others),
        )  # fmt: skip


def difference(paper: Study, metrics: pd.DataFrame, predictions: pd.DataFrame) -> Iterator[Row]:
    """The difference of two classifiers that the paper compares, by DeLong's interval here.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    metrics : DataFrame
        From ``ptclnm.report.metrics.beside_paper``.
    predictions : DataFrame
        The predictions table.
    """
    if paper.name not in AGAINST:
        return
    *pair, split, where = AGAINST[paper.name]
    part = predictions[predictions["split"] == split]
    first, second = (part[part["model"] == name] for name in pair)
    if first.empty or second.empty:
        return
    printed = metrics[metrics["split"] == split].set_index("model")["reported_auc"]
    reported = round(printed[pair[0]] - printed[pair[1]], 6)
    found = compare(first, second)
    signed = [f"{round(found[name], 3) + 0.0:+.3f}" for name in ("difference", "low", "high")]
    ours = [BESIDE[paper.name][split, name] for name in pair]
    yield (
        "difference", where, f"AUC of {ours[0]} less that of {ours[1]} in the {split} set",
        f"{reported:+.3f}", f"{signed[0]} ({signed[1]} to {signed[2]})",
        *verdict.difference(reported, found["low"], found["high"]),
    )  # fmt: skip

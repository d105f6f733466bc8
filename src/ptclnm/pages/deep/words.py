"""Sentences of page 03 whose logic depends on the run."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.evaluation.operating import TRAIN
from ptclnm.models.deep.plan import NONE, DeepPlan
from ptclnm.report import whose
from ptclnm.report.sentences import auc_text, count, listing, p_text, signed
from ptclnm.schema import Cohort

# AUC on what was to be learnt below which a network has hardly learnt it.
LEARNT = 0.7


def answer(
    cohort: Cohort, metrics: pd.DataFrame, differences: pd.DataFrame, checks: pd.DataFrame
) -> str:
    """Give the page's answer: on whom, the best network, what is remembered, what maps show.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    metrics, differences, checks : DataFrame
        Every model in every set; train against other sets; the heatmaps' checks.
    """
    return whose.answer(cohort, [_highest(metrics), gaps(differences), _alike(checks)])


def _alike(checks: pd.DataFrame) -> str:
    """Say how alike the maps are to those of the checks; empty where all are flat."""
    others = {"random": "the map of random weights",
              "shuffled": "that of a network trained on shuffled labels"}  # fmt: skip
    mean = checks[list(others)].mean().dropna()
    parts = listing(f"{mean[name]:.2f} with {others[name]}" for name in mean.index)
    return f"The maps' mean rank correlation is {parts}." if parts else ""


def _highest(metrics: pd.DataFrame) -> str:
    new = metrics[metrics["split"] != TRAIN]
    best = [part.loc[part["auc"].idxmax()] for _, part in new.groupby("split", sort=False)]
    parts = [f"**{row['model']}**, {auc_text(row)} in {row['split']}" for row in best]
    models = count(metrics["model"].nunique(), "model")
    return f"Of {models}, the highest AUC has {listing(parts)}." if parts else ""


def start(plans: Sequence[DeepPlan]) -> str:
    """Say loudly which networks start from random weights, or learn their last layer only."""
    scratch = [plan.architecture for plan in plans if plan.weights == NONE]
    lines = []
    if scratch:
        lines.append(
            f"**No pretrained weights.** {listing(scratch)} start{'s' if len(scratch) == 1 else ''}"
            " from random weights and see these patients only: the protocol, not transfer learning."
        )
    if plans[0].freeze:
        lines.append("**Frozen.** Of each network the last layer alone is trained, a linear probe.")
    box = ":::{{admonition}} Not what the papers did\n:class: danger\n{}\n:::"
    return box.format(" ".join(lines)) if lines else ""


def gaps(table: pd.DataFrame) -> str:
    """Say how much better the models know the patients that they were trained on."""
    if table.empty:
        return "There is no other set than the training set."
    widest = table.loc[table["difference"].idxmax()]
    return (
        f"In {int((table['low'] > 0).sum())} of {count(len(table), 'comparison')} the AUC in the "
        f"training set is higher beyond chance. The widest gap is that of {widest['model']} in "
        f"{widest['split']}: {signed(widest)}."
    )


def transfer(table: pd.DataFrame) -> str:
    """Say whether pretraining helped, where a network is here both ways."""
    if table.empty:
        return (
            "No network is here both ways. Name one twice to compare, e.g. `models: "
            "[EfficientNet-Lite0@imagenet, EfficientNet-Lite0@none]`."
        )
    lines = []
    for _, row in table.iterrows():
        word = "helped" if row["low"] > 0 else "hurt" if row["high"] < 0 else "is not shown to help"
        lines.append(
            f"In {row['split']}, with the same budget, pretraining **{word}**: "
            f"{row['auc_a']:.3f} against {row['auc_b']:.3f} from scratch, a difference of "
            f"{signed(row)}, p {p_text(row['p'])} (DeLong, {row['paired']}, {row['n']} patients)."
        )
    return "\n\n".join(lines)


def maps(checks: pd.DataFrame, patients: NDArray, judged: pd.Series, memory: float) -> str:
    """Say where the maps lie, and whether they depend on what was learnt.

    Parameters
    ----------
    checks : DataFrame
        From ``ptclnm.models.deep.cam.checks``.
    patients : ndarray of str, shape (images,)
        Whose images these are.
    judged : Series
        ``model, split, auc_low`` of the network in their set.
    memory : float
        AUC of the network of shuffled labels on its training patients and those labels.
    """
    mean, name, split = checks.mean(numeric_only=True), judged["model"], judged["split"]
    if (empty := int(checks["inside"].isna().sum())) == len(checks):
        return f"All {empty} maps of **{name}** are empty."
    more = (checks["inside"] - checks["area"]).groupby(patients).mean().dropna()
    reach = 1.96 * more.std() / np.sqrt(len(more)) if len(more) else np.nan
    low, high = more.mean() - reach, more.mean() + reach
    word = "more" if low > 0 else "less" if high < 0 else "neither more nor less"
    text = (
        f"Maps of **{name}**, all {len(checks)} images of the set {split}. On average "
        f"{mean['inside']:.0%} of a map lies inside the nodule, which fills {mean['area']:.0%} of "
        f"the square: {word} than its area alone would give ({more.mean():+.3f} by patient, 95 % "
        f"from {low:+.3f} to {high:+.3f})."
    )
    if alike := _alike(checks):
        hardly = ": it has hardly learnt anything, and checks little" if memory < LEARNT else ""
        text += (
            f" {alike} The network of shuffled labels knows those labels of its training patients "
            f"with an AUC of {memory:.2f}{hardly}."
        )
    if judged["auc_low"] <= 0.5:
        text += (
            f" The interval of this network's own AUC in {split} also holds 0.5: its maps may show "
            "nothing that tells the patients apart."
        )
    return text + (f" {empty} maps are empty." if empty else "")

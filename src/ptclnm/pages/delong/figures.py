"""Figures of page 07: matrix of differences, what the method keeps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ptclnm.evaluation.study import ALPHA, AUCS, MEASURES
from ptclnm.report.figures import forest
from ptclnm.report.sentences import NOTHING, p_text
from ptclnm.report.style import BLUE, GREY, INK, ORANGE, RED, use_style

# A difference of AUCs that is drawn in full colour.
FULL = 0.4
# Inches beside each other that can still be read on a page.
WIDEST = 11


def matrix(pairs: pd.DataFrame, auc: pd.DataFrame) -> Figure | str:
    """Draw differences of AUCs above the diagonal, adjusted p-values below, a panel for each set.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``set_a, set_b, model_a, model_b, difference, p_holm``.
    auc : DataFrame
        Columns ``split, model, auc``; the largest AUC of a set comes first.

    Returns
    -------
    Figure or str
        A sentence where no set has two models.
    """
    sets = dict(list(pairs[pairs["set_a"] == pairs["set_b"]].groupby("set_a", sort=False)))
    if not sets:
        return NOTHING
    size = 0.55 * auc["model"].nunique() + 1.9
    down, across = (1, len(sets)) if size * len(sets) < WIDEST else (len(sets), 1)
    with use_style():
        figure = Figure(figsize=(size * across, size * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).flat
        for axes, (split, part) in zip(panels, sets.items(), strict=True):
            rows = auc[auc["split"] == split].sort_values("auc", ascending=False, kind="stable")
            _matrix(axes, part, list(rows["model"]))
            axes.set_title(split)
    return figure


def _matrix(axes: Axes, pairs: pd.DataFrame, order: Sequence[str]) -> None:
    difference, adjusted = square(pairs, order, "difference"), square(pairs, order, "p_holm")
    font = 8 if len(order) < 12 else 6
    axes.imshow(difference, cmap="Oranges", vmin=0, vmax=FULL)
    for i, j in zip(*np.triu_indices(len(order), 1), strict=True):
        p = adjusted[i, j]
        axes.text(j, i, f"{difference[i, j]:.3f}", ha="center", va="center", fontsize=font)
        axes.text(i, j, p_text(p), ha="center", va="center", fontsize=font, color=BLUE,
                  weight="bold" if p < ALPHA else "normal")  # fmt: skip
    axes.set_xticks(range(len(order)), order, rotation=40, ha="right", fontsize=font)
    axes.set_yticks(range(len(order)), order, fontsize=font)
    axes.grid(visible=False)


def square(pairs: pd.DataFrame, order: Sequence[str], name: str) -> np.ndarray:
    """Values by model and model, above the diagonal; a difference takes the sign of the order."""
    at = {model: i for i, model in enumerate(order)}
    table = np.full((len(order), len(order)), np.nan)
    for row in pairs.to_dict("records"):
        i, j = at[row["model_a"]], at[row["model_b"]]
        sign = -1 if name == "difference" and i > j else 1
        table[min(i, j), max(i, j)] = sign * row[name]
    return table


def promises(study: pd.DataFrame) -> Figure:
    """Draw error and coverage by set, with Monte-Carlo intervals.

    Parameters
    ----------
    study : DataFrame
        From ``ptclnm.evaluation.study.performance``.
    """
    sets = study.drop_duplicates("set").iloc[::-1]
    ticks = [f"{r.set}\n{r.positives} with, {r.negatives} without" for r in sets.itertuples()]
    with use_style():
        figure = Figure(figsize=(9, 0.62 * len(sets) + 1.7), layout="constrained")
        for axes, measure in zip(figure.subplots(1, 3, sharey=True), MEASURES, strict=True):
            part = study[study["measure"] == measure].set_index("set").loc[list(sets["set"])]
            for shift, auc, color in zip((0.13, -0.13), AUCS, (BLUE, ORANGE), strict=True):
                rows, at = part[part["auc"] == auc], np.arange(len(sets)) + shift
                axes.hlines(at, rows["low"], rows["high"], color=color, lw=2.4)
                axes.plot(rows["value"], at, "o", color=color, ms=5, label=f"true AUC {auc:.2f}")
            axes.axvline(part["nominal"].iloc[0], color=RED, lw=1.1, ls="--", label="as promised")
            axes.set(title=measure, xlabel="share of drawn studies", ylim=(-0.6, len(sets) - 0.4))
            axes.tick_params(axis="x", labelsize=8)
        figure.axes[0].set_yticks(range(len(sets)), ticks, fontsize=8)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def mispaired(errors: pd.DataFrame) -> Figure:
    """Draw how often each way of comparing different patients errs.

    Parameters
    ----------
    errors : DataFrame
        From ``ptclnm.evaluation.study.mispaired``.
    """
    with use_style():
        figure = Figure(figsize=(6, 2.2), layout="constrained")
        axes = figure.subplots()
        ways = [f"{row.way}: {row.value:.3f}" for row in errors.itertuples()]
        axes.barh(ways, errors["value"], color=[BLUE, ORANGE, RED], height=0.6)
        axes.hlines(ways, errors["low"], errors["high"], color=INK, lw=1.4)
        axes.axvline(ALPHA, color=GREY, lw=1.1, ls="--")
        axes.invert_yaxis()
        axes.set(xlabel=f"share of drawn studies with p < {ALPHA}, nothing differing")
    return figure


def sizes(drawn: pd.DataFrame) -> Figure | str:
    """Draw the AUCs that studies of the paper's size would report; nothing without a row.

    Parameters
    ----------
    drawn : DataFrame
        From ``ptclnm.evaluation.study.redrawn``.
    """
    names = drawn["model"] + ", " + drawn["split"]
    label = "AUC of drawn studies: median and middle 95 %"
    return (
        forest(drawn, names, drawn["size_of"], label, "median low high", 0.5) if len(drawn) else ""
    )

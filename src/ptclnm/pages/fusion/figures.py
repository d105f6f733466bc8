"""Figures of page 05: what is kept, differences, importance, calibration."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ptclnm.models.components import is_deep
from ptclnm.models.fusion.source import ALONE, FUSED, MEAN, NETWORK, STACKED
from ptclnm.pages.fusion.words import NO_SETS, NOTHING_KEPT, NOTHING_SHUFFLED
from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, PALETTE, PURPLE, RED, SKY, use_style

COLORS = {FUSED: RED, ALONE: BLUE, NETWORK: GREEN, MEAN: ORANGE, STACKED: PURPLE}
MOST = 12


def selected(coefficients: pd.DataFrame) -> Figure | str:
    """Draw the kept features, radiomics and deep in colours of their own (the paper's Figure 4A).

    Parameters
    ----------
    coefficients : DataFrame
        Columns ``feature, coefficient, survival``, the largest first.
    """
    if coefficients.empty:
        return NOTHING_KEPT
    part = coefficients.head(MOST).iloc[::-1]
    colors = [GREEN if is_deep(name) else BLUE for name in part["feature"]]
    with use_style():
        figure = Figure(figsize=(8, 0.27 * len(part) + 1.4), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, column in ((left, "coefficient"), (right, "survival")):
            axes.barh(part["feature"], part[column], color=colors, height=0.65)
        left.axvline(0, color=INK, lw=0.8)
        left.tick_params(axis="y", labelsize=7)
        left.set(xlabel="coefficient (per SD)")
        right.set(xlabel="share of resamples that keep it", xlim=(0, 1))
        key = [Patch(color=BLUE, label="radiomics"),
               Patch(color=GREEN, label="deep, a principal component")]  # fmt: skip
        figure.legend(handles=key, loc="outside upper center", ncols=2, fontsize=8)
    return figure


def differences(table: pd.DataFrame, names: pd.Series, xlabel: str) -> Figure | str:
    """Draw differences of AUC with their intervals, a row each, sets in colours.

    Parameters
    ----------
    table : DataFrame
        Columns ``split, difference, low, high``.
    names : Series of str
        Name of each of its rows; rows of one name stand on one line.
    xlabel : str
        Name of the axis.
    """
    if table.empty:
        return NO_SETS
    lines, splits = (list(dict.fromkeys(column)) for column in (names, table["split"]))
    with use_style():
        figure = Figure(figsize=(8, 0.34 * len(lines) + 1.3), layout="constrained")
        axes = figure.subplots()
        for order, split in enumerate(splits):
            part = table[table["split"] == split]
            at = names[part.index].map(lines.index) + (order + 0.5) * 0.7 / len(splits) - 0.35
            color = PALETTE[order]
            axes.hlines(at, part["low"], part["high"], color=color, lw=1.6)
            axes.plot(part["difference"], at, "o", color=color, ms=5, label=split)
        axes.axvline(0, color=GREY, lw=0.9, ls=":")
        axes.set_yticks(range(len(lines)), lines, fontsize=8)
        axes.set(xlabel=xlabel, ylim=(len(lines) - 0.4, -0.6))
        figure.legend(loc="outside upper center", ncols=len(splits), fontsize=8)
    return figure


def importance(table: pd.DataFrame) -> Figure | str:
    """Draw how far the AUC falls, a panel for each way of grouping.

    Parameters
    ----------
    table : DataFrame
        From ``ptclnm.models.fusion.apart.importance``: rows of whole groups.
    """
    if table.empty:
        return NOTHING_SHUFFLED
    panels = {kind: part.iloc[::-1] for kind, part in table.groupby("kind", sort=False)}
    sizes = [max(len(part), 2) for part in panels.values()]
    with use_style():
        figure = Figure(figsize=(8, 0.25 * sum(sizes) + 2), layout="constrained")
        grid = figure.subplots(len(panels), 1, height_ratios=sizes, sharex=True, squeeze=False)
        for axes, (kind, part) in zip(grid[:, 0], panels.items(), strict=True):
            colors = np.where(part["group"] == "DL", GREEN, BLUE)
            axes.barh(part["group"], part["drop"], color=colors, height=0.6)
            axes.hlines(part["group"], part["low"], part["high"], color=INK, lw=1)
            axes.axvline(0, color=GREY, lw=0.9)
            axes.tick_params(axis="y", labelsize=7)
            axes.grid(axis="y", visible=False)
            axes.set_title(f"by {kind}", fontsize=9)
        axes.set(xlabel="fall of the AUC when shuffled")
    return figure


def calibration(curves: pd.DataFrame) -> Figure | str:
    """Draw calibration curves, a panel for each set.

    Parameters
    ----------
    curves : DataFrame
        ``split, predicted, observed, low, high``.
    """
    if curves.empty:
        return "No set has two scores and both classes: no curve."
    sets = dict(list(curves.groupby("split", sort=False)))
    with use_style():
        figure = Figure(figsize=(3.4 * len(sets), 3.4), layout="constrained")
        grid = figure.subplots(1, len(sets), squeeze=False)[0]
        for axes, (split, part) in zip(grid, sets.items(), strict=True):
            axes.fill_between("predicted", "low", "high", data=part, color=SKY, alpha=0.3, lw=0)
            axes.plot("predicted", "observed", data=part, color=BLUE)
            axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
            axes.set(title=split, xlabel="score", ylabel="share with the outcome", aspect="equal",
                     xlim=(0, 1), ylim=(0, 1))  # fmt: skip
    return figure

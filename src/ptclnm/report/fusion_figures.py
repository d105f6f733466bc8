"""Figures of page 05: what is kept, the three models, what parts add, what the model rests on."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ptclnm.models.components import is_deep
from ptclnm.models.fusion.source import ALONE, FUSED, MEAN, NETWORK, STACKED
from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, RULE, SKY, use_style

COLORS = {FUSED: RED, ALONE: BLUE, NETWORK: GREEN, MEAN: ORANGE, STACKED: PURPLE}
SET_COLORS = (BLUE, ORANGE, GREEN, PURPLE)
WORDS = {"center": "centre", "frequency_mhz": "frequency in MHz,", "gain_db": "gain in dB,"}
MOST = 24


def selected_figure(coefficients: pd.DataFrame) -> Figure:
    """Draw the kept features, radiomics and deep in colours of their own (the paper's Figure 4A).

    Parameters
    ----------
    coefficients : DataFrame
        Columns ``feature, coefficient, survival``, not empty.
    """
    part = coefficients.head(MOST).iloc[::-1]
    at = np.arange(len(part))
    colors = [GREEN if is_deep(name) else BLUE for name in part["feature"]]
    with use_style():
        figure = Figure(figsize=(8, 0.27 * len(part) + 1.4), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        left.barh(at, part["coefficient"], color=colors, height=0.65)
        left.axvline(0, color=INK, lw=0.8)
        left.set_yticks(at, part["feature"], fontsize=7)
        left.set(xlabel="coefficient (per SD)")
        right.barh(at, part["survival"], color=colors, height=0.65)
        right.set(xlabel="share of resamples that keep it", xlim=(0, 1))
        _key(figure, {"radiomics": BLUE, "deep, a principal component": GREEN})
    return figure


def _key(figure: Figure, colors: dict[str, str]) -> None:
    """Set a legend of colours above a figure."""
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=name) for name, color in colors.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=8)


def counts_figure(resamples: pd.DataFrame, counts: pd.DataFrame) -> Figure:
    """Draw how many features of each part the resamples keep, the paper's numbers marked.

    Parameters
    ----------
    resamples : DataFrame
        Columns ``kept, deep``.
    counts : DataFrame
        Columns ``part, reported, obtained``.
    """
    values = {"radiomics": resamples["kept"] - resamples["deep"], "DL": resamples["deep"]}
    by = counts.set_index("part")
    with use_style():
        figure = Figure(figsize=(8, 3), layout="constrained")
        for axes, (part, drawn) in zip(figure.subplots(1, 2), values.items(), strict=True):
            edges = np.arange(drawn.max() + 2) - 0.5
            axes.hist(drawn, bins=edges, color=GREEN if part == "DL" else BLUE)
            axes.axvline(by.loc[part, "obtained"], color=INK, lw=1.4, label="all patients")
            if pd.notna(by.loc[part, "reported"]):
                axes.axvline(
                    by.loc[part, "reported"], color=RED, lw=1.4, ls="--", label="the paper"
                )
            axes.set(title=part, xlabel="features kept", ylabel="resamples")
            axes.legend(fontsize=8)
    return figure


def forest(table: pd.DataFrame, label: str, value: str, xlabel: str, zero: float) -> Figure:
    """Draw estimates with intervals, a row each, sets in colours.

    Parameters
    ----------
    table : DataFrame
        Columns ``split, low, high``, the label's and the value's.
    label, value : str
        Columns of the rows' names and of the estimates.
    xlabel : str
        Name of the axis.
    zero : float
        Where nothing is: a dotted line.
    """
    names = list(dict.fromkeys(table[label]))
    splits = list(dict.fromkeys(table["split"]))
    step = 0.7 / max(len(splits), 1)
    with use_style():
        figure = Figure(figsize=(8, 0.36 * len(names) + 1.3), layout="constrained")
        axes = figure.subplots()
        for order, split in enumerate(splits):
            part = table[table["split"] == split]
            at = np.array([len(names) - 1 - names.index(name) for name in part[label]])
            at = at + 0.35 - step * (order + 0.5)
            color = SET_COLORS[order % len(SET_COLORS)]
            axes.hlines(at, part["low"], part["high"], color=color, lw=1.6)
            axes.plot(part[value], at, "o", color=color, ms=5, label=split)
        axes.axvline(zero, color=GREY, lw=0.9, ls=":")
        axes.set_yticks(np.arange(len(names))[::-1], names, fontsize=8)
        axes.set(xlabel=xlabel, ylim=(-0.6, len(names) - 0.4))
        figure.legend(loc="outside upper center", ncols=max(len(splits), 1), fontsize=8)
    return figure


def importance_figure(table: pd.DataFrame) -> Figure:
    """Draw how far the AUC falls, a panel for each way of grouping.

    Parameters
    ----------
    table : DataFrame
        From ``ptclnm.models.fusion.importance.importance``, not empty.
    """
    kinds = list(dict.fromkeys(table["kind"]))
    sizes = [max(min(len(table[table["kind"] == kind]), MOST), 2) for kind in kinds]
    with use_style():
        figure = Figure(figsize=(8, 0.25 * sum(sizes) + 2), layout="constrained")
        panels = figure.subplots(len(kinds), 1, height_ratios=sizes, sharex=True, squeeze=False)
        for axes, kind in zip(panels[:, 0], kinds, strict=True):
            _bars(axes, table[table["kind"] == kind].head(MOST).iloc[::-1])
            axes.set_title(f"by {kind}", fontsize=9)
        axes.set(xlabel="fall of the AUC when shuffled")
    return figure


def _bars(axes: Axes, part: pd.DataFrame) -> None:
    at = np.arange(len(part))
    colors = [GREEN if is_deep(name) or name == "DL" else BLUE for name in part["group"]]
    axes.barh(at, part["drop"], color=colors, height=0.6)
    axes.hlines(at, part["low"], part["high"], color=INK, lw=1)
    axes.axvline(0, color=GREY, lw=0.9)
    axes.set_yticks(at, part["group"], fontsize=7)
    axes.grid(axis="y", visible=False)


def calibration_figure(curves: pd.DataFrame) -> Figure:
    """Draw calibration curves of the fused model, a panel for each set.

    Parameters
    ----------
    curves : DataFrame
        ``split, predicted, observed, low, high``.
    """
    splits = list(dict.fromkeys(curves["split"]))
    with use_style():
        figure = Figure(figsize=(4 * len(splits), 4), layout="constrained")
        for axes, split in zip(figure.subplots(1, len(splits), squeeze=False)[0], splits,
                               strict=True):  # fmt: skip
            part = curves[curves["split"] == split]
            axes.fill_between(part["predicted"], part["low"], part["high"], color=SKY, alpha=0.3,
                              lw=0)  # fmt: skip
            axes.plot(part["predicted"], part["observed"], color=BLUE)
            axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
            axes.set(title=split, xlabel="score", ylabel="share with the outcome", aspect="equal",
                     xlim=(0, 1), ylim=(0, 1))  # fmt: skip
    return figure


def settings_figure(table: pd.DataFrame) -> Figure:
    """Draw the fused model's AUC and mean scores by centre and machine setting.

    Parameters
    ----------
    table : DataFrame
        From ``ptclnm.evaluation.external.by_setting``, one model.
    """
    names = [f"{WORDS.get(row.setting, row.setting)} {row.group}" for row in table.itertuples()]
    at = np.arange(len(names))[::-1]
    with use_style():
        figure = Figure(figsize=(8, 0.36 * len(names) + 1.2), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        left.hlines(at, table["low"], table["high"], color=BLUE, lw=1.6)
        left.plot(table["auc"], at, "o", color=BLUE, ms=5)
        left.axvline(0.5, color=GREY, lw=0.9, ls=":")
        left.set(xlabel="AUC", xlim=(0, 1.02))
        left.set_yticks(at, names, fontsize=8)
        right.hlines(at, table["score_without"], table["score_with"], color=RULE, lw=1.2)
        right.plot(table["score_without"], at, "o", color=BLUE, ms=5, label="without the outcome")
        right.plot(table["score_with"], at, "o", color=RED, ms=5, label="with")
        right.set(xlabel="mean score")
        figure.legend(loc="outside upper center", ncols=2, fontsize=8)
    return figure


def three(models: Sequence[str]) -> list[str]:
    """The paper's models first, then the late fusions, of those that are there."""
    return [name for name in COLORS if name in set(models)]

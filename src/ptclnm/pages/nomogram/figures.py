"""Figures of page 06: odds ratios, calibration, Hosmer-Lemeshow, decision curves."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from ptclnm.pages.nomogram.drawing import label_of
from ptclnm.report.sentences import NOTHING
from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, use_style

COLORS = {"Nomogram_A": RED, "Nomogram_B": ORANGE, "Nomogram_C": BLUE, "Radiologist": PURPLE}
STRATEGIES = {"all": ("treat all", GREY, "--"), "none": ("treat none", INK, ":")}
WIDEST = (1 / 60, 60)  # beyond these odds ratios an interval is drawn as an arrow


def forest(screen: pd.DataFrame, coefficients: pd.DataFrame) -> Figure | str:
    """Draw odds ratios of variables alone and together; without a variable, a sentence says so.

    Parameters
    ----------
    screen : DataFrame
        ``variable, level, odds_ratio, low, high``; a row without an estimate says so.
    coefficients : DataFrame
        ``model, variable, level, odds_ratio, low, high``; the last model's are drawn.
    """
    if screen.empty:
        return NOTHING
    last = coefficients[coefficients["model"] == coefficients["model"].iloc[-1]]
    together = last.set_index(["variable", "level"])
    with use_style():
        figure = Figure(figsize=(7.6, 0.34 * len(screen) + 1.1), layout="constrained")
        axes = figure.subplots()
        at = np.arange(len(screen))[::-1]
        for y, row in zip(at, screen.to_dict("records"), strict=True):
            _ratio(axes, row, y + 0.13, BLUE, "o")
            if (key := (row["variable"], row["level"])) in together.index:
                _ratio(axes, together.loc[[key]].iloc[0], y - 0.13, RED, "s")
        axes.axvline(1, color=GREY, lw=0.9, ls=":")
        axes.set_yticks(at, map(_term, screen["variable"], screen["level"]))
        axes.set(xscale="log", xlabel="odds ratio (95 % interval)", ylim=(-0.6, len(at) - 0.4))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(axis="y", visible=False)
        for color, mark, text in ((BLUE, "o", "alone"), (RED, "s", "together")):
            axes.plot([], [], mark, color=color, ms=4, label=text)
        axes.legend(loc="lower right", ncols=2, fontsize=8, bbox_to_anchor=(1, 1))
    return figure


def _term(variable: str, level: str) -> str:
    return f"{label_of(variable)}: {level}" if level else label_of(variable)


def _ratio(axes: Axes, row: Mapping, y: float, color: str, mark: str) -> None:
    if pd.isna(row["odds_ratio"]):
        axes.annotate("no estimate: separation", (1, y), (6, 0), textcoords="offset points",
                      va="center", fontsize=7, color=GREY)  # fmt: skip
        return
    low, high = np.clip([row["low"], row["high"]], *WIDEST)
    axes.plot((low, high), (y, y), color=color, lw=1.2)
    for end, limit, arrow in ((row["low"], WIDEST[0], "<"), (row["high"], WIDEST[1], ">")):
        if end < WIDEST[0] or end > WIDEST[1]:
            axes.plot(limit, y, arrow, color=color, ms=4, clip_on=False)
    axes.plot(np.clip(row["odds_ratio"], *WIDEST), y, mark, color=color, ms=4)


def hosmer_lemeshow(table: pd.DataFrame) -> Figure | str:
    """Draw the p of the Hosmer-Lemeshow test over the number of groups, a panel for each set.

    Parameters
    ----------
    table : DataFrame
        ``model, split, g, p``.
    """
    if table.empty:
        return "Too few patients with the outcome for five groups."
    splits = list(dict.fromkeys(table["split"]))
    with use_style():
        figure = Figure(figsize=(4.4 * len(splits), 3.1), layout="constrained")
        panels = figure.subplots(1, len(splits), squeeze=False, sharey=True)[0]
        for axes, split in zip(panels, splits, strict=True):
            for model, part in table[table["split"] == split].groupby("model", sort=False):
                axes.plot(part["g"], part["p"], "o-", color=COLORS.get(model, GREEN), ms=4, lw=1.2,
                          label=model)  # fmt: skip
            axes.axhline(0.05, color=GREY, lw=1, ls="--")
            axes.set(title=split, xlabel="number of groups", ylim=(-0.03, 1.03))
        panels[0].set_ylabel("p")
        panels[-1].legend(loc="upper right", fontsize=7)
    return figure


def decision(table: pd.DataFrame) -> Figure:
    """Draw net benefit above and interventions avoided below, a column for each set.

    Parameters
    ----------
    table : DataFrame
        ``split, model, threshold, net_benefit, low, high, avoided, avoided_low, avoided_high``.
    """
    splits = list(dict.fromkeys(table["split"]))
    top = table["net_benefit"].max()
    with use_style():
        figure = Figure(figsize=(4.6 * len(splits), 6.4), layout="constrained")
        grid = figure.subplots(2, len(splits), squeeze=False, sharex=True, sharey="row")
        for column, split in zip(grid.T, splits, strict=True):
            part = table[table["split"] == split]
            _bands(column[0], part, ("net_benefit", "low", "high"), 1)
            avoided = part[~part["model"].isin(list(STRATEGIES))]
            _bands(column[1], avoided, ("avoided", "avoided_low", "avoided_high"), 100)
            column[0].set(title=split, ylim=(-0.25 * top, 1.1 * top))
            column[1].set(xlabel="threshold risk", ylim=_avoided_limits(table))
            column[1].axhline(0, color=GREY, lw=0.9, ls=":")
        grid[0, 0].set_ylabel("net benefit")
        grid[1, 0].set_ylabel("interventions avoided\nin 100 patients")
        grid[0, -1].legend(loc="upper right", fontsize=7)
    return figure


def _avoided_limits(table: pd.DataFrame) -> tuple[float, float]:
    curves = table.loc[~table["model"].isin(list(STRATEGIES)), "avoided"] * 100
    return max(float(curves.min()) - 10, -60.0), min(float(curves.max()) + 15, 100.0)


def _bands(axes: Axes, part: pd.DataFrame, names: Sequence[str], times: float) -> None:
    for model, rows in part.groupby("model", sort=False):
        label, color, line = STRATEGIES.get(model, (model, COLORS.get(model, GREEN), "-"))
        middle, low, high = (rows[name] * times for name in names)
        if model not in STRATEGIES:
            axes.fill_between(rows["threshold"], low, high, color=color, alpha=0.12, lw=0)
        axes.plot(rows["threshold"], middle, color=color, ls=line, lw=1.4, label=label)

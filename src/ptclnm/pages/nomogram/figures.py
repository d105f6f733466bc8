"""Figures of page 06: odds ratios, calibration, Hosmer-Lemeshow, decision curves."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from ptclnm.evaluation.calibration import grouped
from ptclnm.pages.nomogram.drawing import label_of
from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, use_style

COLORS = {"Nomogram_A": RED, "Nomogram_B": ORANGE, "Nomogram_C": BLUE, "Radiologist": PURPLE}
STRATEGIES = {"all": ("treat all", GREY, "--"), "none": ("treat none", INK, ":")}
WIDEST = (1 / 60, 60)  # beyond these odds ratios an interval is drawn as an arrow


def colors(models: Iterable[str]) -> dict[str, str]:
    """Colour by model, the same in every figure; signatures by themselves are green."""
    return {name: COLORS.get(name, GREEN) for name in models}


def forest(screen: pd.DataFrame, coefficients: pd.DataFrame) -> Figure:
    """Draw odds ratios of variables alone and together.

    Parameters
    ----------
    screen : DataFrame
        ``variable, level, odds_ratio, low, high``; a row without an estimate says so.
    coefficients : DataFrame
        ``model, variable, level, odds_ratio, low, high``; the last model's are drawn.
    """
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


def calibration(
    measures: pd.DataFrame,
    curves: pd.DataFrame,
    corrected: pd.DataFrame,
    risks: pd.DataFrame,
    fit_on: str,
) -> Figure:
    """Draw calibration curves, a row for each nomogram and a column for each set.

    Parameters
    ----------
    measures, curves : DataFrame
        From ``calibration`` and ``calibration_curve``, by ``model, split``.
    corrected : DataFrame
        Curves corrected for optimism, by ``model``, on the set fitted on.
    risks : DataFrame
        ``model, split, label, score``, for groups and for the distribution below.
    fit_on : str
        The set fitted on.
    """
    measure, parts = measures.set_index(["model", "split"]), risks.groupby(["model", "split"])
    models, splits = (list(dict.fromkeys(curves[name])) for name in ("model", "split"))
    with use_style():
        size = (3.4 * len(splits), 3.4 * len(models))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(models), len(splits), squeeze=False)
        for axes, (model, split) in zip(grid.flat, product(models, splits), strict=True):
            curve = curves[(curves["model"] == model) & (curves["split"] == split)]
            _curve(axes, curve, measure.loc[(model, split)])
            part = parts.get_group((model, split))
            _groups(axes, part["label"].to_numpy(), part["score"].to_numpy())
            if split == fit_on:
                own = corrected[corrected["model"] == model]
                axes.plot(own["predicted"], own["corrected"], color=GREEN, lw=1.4, ls="--",
                          label="corrected for optimism")  # fmt: skip
            axes.set_title(f"{model}, {split}")
            axes.legend(loc="upper left", fontsize=7)
    return figure


def _curve(axes: Axes, curve: pd.DataFrame, row: pd.Series) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
    axes.fill_between(curve["predicted"], curve["low"], curve["high"], color=SKY, alpha=0.3, lw=0)
    axes.plot(curve["predicted"], curve["observed"], color=BLUE, label="smoothed, 95 % band")
    text = (
        f"intercept {row['intercept'].round(2) + 0.0:.2f}\nslope {row['slope']:.2f}\n"
        f"Brier {row['brier']:.3f}\nICI {row['ici']:.3f}"
    )
    axes.annotate(text, (0.98, 0.08), xycoords="axes fraction", ha="right", fontsize=7)
    axes.set(xlabel="predicted risk", ylabel="share with the outcome", aspect="equal",
             xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip


def _groups(axes: Axes, labels: np.ndarray, risks: np.ndarray) -> None:
    """Mark tenths of the patients, and the distribution of risks by outcome."""
    table = grouped(labels, risks, min(10, len(labels)))
    axes.plot(table["expected"] / table["n"], table["observed"] / table["n"], "o", color=INK,
              ms=3.5, mfc="white", label="tenths of the patients")  # fmt: skip
    for label, y, up in ((1, 0.0, 1), (0, 0.0, -1)):
        counts, edges = np.histogram(risks[labels == label], bins=40, range=(0, 1))
        height = 0.05 * counts / max(counts.max(), 1)
        axes.vlines(edges[:-1] + 0.0125, y, y + up * height, color=RED if label else GREY, lw=1.2,
                    clip_on=False)  # fmt: skip


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

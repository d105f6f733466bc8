"""Figures of page 06: odds ratios, ROC curves, calibration, Hosmer-Lemeshow, decision curves."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from sklearn.metrics import roc_curve

from ptclnm.evaluation.calibration import grouped
from ptclnm.report.nomogram_drawing import label_of
from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, use_style

COLORS = {"Nomogram_A": RED, "Nomogram_B": ORANGE, "Nomogram_C": BLUE, "Radiologist": PURPLE}
STRATEGIES = {"all": ("treat all", GREY, "--"), "none": ("treat none", INK, ":")}
WIDEST = (1 / 60, 60)  # beyond these odds ratios an interval is drawn as an arrow


def color_of(model: str) -> str:
    """Colour of a model, the same in every figure; signatures by themselves are green."""
    return COLORS.get(model, GREEN)


def forest_figure(screen: pd.DataFrame, coefficients: pd.DataFrame) -> Figure:
    """Draw odds ratios of variables alone and together.

    Parameters
    ----------
    screen : DataFrame
        ``variable, level, odds_ratio, low, high, kept``; rows without an estimate are named.
    coefficients : DataFrame
        ``variable, level, odds_ratio, low, high`` of one model.
    """
    rows = screen[["variable", "level"]].copy()
    rows["label"] = [_term(v, level) for v, level in rows.itertuples(index=False)]
    alone = screen.set_index(["variable", "level"])
    together = coefficients.set_index(["variable", "level"])
    with use_style():
        figure = Figure(figsize=(7.6, 0.34 * len(rows) + 1.1), layout="constrained")
        axes = figure.subplots()
        at = np.arange(len(rows))[::-1]
        for y, key in zip(at, rows[["variable", "level"]].itertuples(index=False), strict=True):
            _ratio(axes, alone.loc[[tuple(key)]].iloc[0], y + 0.13, BLUE, "o")
            if tuple(key) in together.index:
                _ratio(axes, together.loc[[tuple(key)]].iloc[0], y - 0.13, RED, "s")
        axes.axvline(1, color=GREY, lw=0.9, ls=":")
        axes.set_yticks(at, rows["label"])
        axes.set(xscale="log", xlabel="odds ratio (95 % interval)", ylim=(-0.6, len(rows) - 0.4))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(axis="y", visible=False)
        for color, mark, text in ((BLUE, "o", "alone"), (RED, "s", "together")):
            axes.plot([], [], mark, color=color, ms=4, label=text)
        axes.legend(loc="lower right", ncols=2, fontsize=8, bbox_to_anchor=(1, 1))
    return figure


def _term(variable: str, level: str) -> str:
    return f"{label_of(variable)}: {level}" if level else label_of(variable)


def _ratio(axes: Axes, row: pd.Series, y: float, color: str, mark: str) -> None:
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


def roc_figure(predictions: pd.DataFrame, metrics: pd.DataFrame) -> Figure:
    """Draw ROC curves, a panel for each set; see ``radiomics_figures.roc_figure``."""
    auc = metrics.set_index(["split", "model"])
    splits = list(dict.fromkeys(predictions["split"]))
    with use_style():
        figure = Figure(figsize=(4.4 * len(splits), 4.6), layout="constrained")
        for axes, split in zip(figure.subplots(1, len(splits), squeeze=False)[0], splits,
                               strict=True):  # fmt: skip
            part = predictions[predictions["split"] == split]
            for name, model in part.groupby("model", sort=False):
                row = auc.loc[(split, name)]
                fpr, tpr, _ = roc_curve(model["label"], model["score"], drop_intermediate=False)
                paper = row["reported_auc"]
                note = f", paper {paper:.3f}" if pd.notna(paper) else ""
                axes.plot(fpr, tpr, color=color_of(name), lw=1.5,
                          label=f"{name} {row['auc']:.3f}{note}")  # fmt: skip
            axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
            axes.set(title=split, xlabel="1 − specificity", ylabel="sensitivity", aspect="equal",
                     xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
            axes.legend(loc="lower right", fontsize=7, title="AUC", title_fontsize=7)
    return figure


def calibration_figure(
    tables: Mapping[str, pd.DataFrame],
    risks: Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]],
    fit_on: str,
) -> Figure:
    """Draw calibration curves, a row for each nomogram and a column for each set.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``curves, corrected, calibration`` of the page.
    risks : mapping of (str, str) to (ndarray, ndarray)
        Labels and risks by nomogram and set, for groups and for the distribution below.
    fit_on : str
        The set fitted on; its optimism-corrected curve is drawn.
    """
    models = list(dict.fromkeys(tables["curves"]["model"]))
    splits = list(dict.fromkeys(tables["curves"]["split"]))
    with use_style():
        size = (4.2 * len(splits), 4.2 * len(models))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(models), len(splits), squeeze=False)
        for i, model in enumerate(models):
            for j, split in enumerate(splits):
                axes = grid[i, j]
                _curve(axes, tables, model, split)
                _groups(axes, *risks[model, split])
                if split == fit_on:
                    own = tables["corrected"].query("model == @model")
                    axes.plot(own["predicted"], own["corrected"], color=GREEN, lw=1.4, ls="--",
                              label="corrected for optimism")  # fmt: skip
                axes.set_title(f"{model}, {split}")
                axes.legend(loc="upper left", fontsize=7)
    return figure


def _curve(axes: Axes, tables: Mapping[str, pd.DataFrame], model: str, split: str) -> None:
    part = tables["curves"].query("model == @model and split == @split")
    row = tables["calibration"].query("model == @model and split == @split").iloc[0]
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
    axes.fill_between(part["predicted"], part["low"], part["high"], color=SKY, alpha=0.3, lw=0)
    axes.plot(part["predicted"], part["observed"], color=BLUE, label="smoothed, 95 % band")
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


def hosmer_figure(table: pd.DataFrame) -> Figure:
    """Draw the p of the Hosmer-Lemeshow test over the number of groups, a panel for each set.

    Parameters
    ----------
    table : DataFrame
        ``model, split, g, p``.
    """
    splits = list(dict.fromkeys(table["split"]))
    with use_style():
        figure = Figure(figsize=(4.4 * len(splits), 3.1), layout="constrained")
        panels = figure.subplots(1, len(splits), squeeze=False, sharey=True)[0]
        for axes, split in zip(panels, splits, strict=True):
            for model, part in table[table["split"] == split].groupby("model", sort=False):
                axes.plot(part["g"], part["p"], "o-", color=color_of(model), ms=4, lw=1.2,
                          label=model)  # fmt: skip
            axes.axhline(0.05, color=GREY, lw=1, ls="--")
            axes.set(title=split, xlabel="number of groups", ylim=(-0.03, 1.03))
        panels[0].set_ylabel("p")
        panels[-1].legend(loc="upper right", fontsize=7)
    return figure


def decision_figure(table: pd.DataFrame) -> Figure:
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
        label, color, line = STRATEGIES.get(model, (model, color_of(model), "-"))
        middle, low, high = (rows[name] * times for name in names)
        if model not in STRATEGIES:
            axes.fill_between(rows["threshold"], low, high, color=color, alpha=0.12, lw=0)
        axes.plot(rows["threshold"], middle, color=color, ls=line, lw=1.4, label=label)

"""Figures that several pages draw: ROC curves, forests, calibration curves, kept features."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from ptclnm.evaluation.calibration import grouped
from ptclnm.models.components import is_deep
from ptclnm.report.sentences import NOTHING
from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, PALETTE, RED, SKY, use_style

CYCLE, DASHES = (*PALETTE, INK), ("-", "--", ":", "-.")
MOST_FEATURES = 20
NOTHING_KEPT = (
    "No feature is kept: at the penalty of least cross-validated error every coefficient is zero. "
    "Every classifier then gives each patient the same score, and its AUC is 0.5."
)


def roc_figure(
    predictions: pd.DataFrame, metrics: pd.DataFrame, colors: Mapping[str, str] | None = None
) -> Figure:
    """Draw the ROC curves of every model, a panel for each set.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, split, label, score``.
    metrics : DataFrame
        Columns ``model, split, auc``, in the order of the legend. Where there, ``reported_auc``
        stands in the legend, and ``sensitivity, specificity`` are marked on the curves.
    colors : mapping of str to str
        Colour by model; others take their turn.
    """
    curves = dict(list(predictions.groupby(["split", "model"])))
    splits, models = list(predictions["split"].unique()), list(metrics["model"].unique())
    with use_style():
        size = 3.6 * len(splits), 4 + 0.16 * predictions["model"].nunique()
        figure = Figure(figsize=size, layout="constrained")
        panels = dict(zip(splits, figure.subplots(1, len(splits), squeeze=False)[0], strict=True))
        for row in metrics.to_dict("records"):
            if (part := curves.get((row["split"], row["model"]))) is None:
                continue
            at, axes = models.index(row["model"]), panels[row["split"]]
            color = (colors or {}).get(row["model"], CYCLE[at % len(CYCLE)])
            paper = row.get("reported_auc", np.nan)
            note = f", paper {paper:.3f}" if pd.notna(paper) else ""
            fpr, tpr, _ = roc_curve(part["label"], part["score"], drop_intermediate=False)
            axes.plot(fpr, tpr, DASHES[at // len(CYCLE) % len(DASHES)], color=color, lw=1.4,
                      label=f"{row['model']} {row['auc']:.3f}{note}")  # fmt: skip
            if "specificity" in row:
                axes.plot(1 - row["specificity"], row["sensitivity"], "o", color=color, ms=4,
                          mec="white", mew=0.6)  # fmt: skip
        for split, axes in panels.items():
            axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
            axes.set(title=split, xlabel="1 − specificity", ylabel="sensitivity", aspect="equal",
                     xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), fontsize=7, title="AUC",
                        title_fontsize=7)  # fmt: skip
    return figure


def forest(
    table: pd.DataFrame,
    names: pd.Series,
    groups: pd.Series,
    xlabel: str,
    columns: str = "difference low high",
    line: float = 0.0,
) -> Figure | str:
    """Draw values with their intervals, groups in colours.

    Parameters
    ----------
    table : DataFrame
        The columns named in `columns`. One ``reported_auc`` is marked by a bar. Without a row, a
        sentence says so.
    names, groups : Series of str
        Name and group of each of its rows; rows of one name stand on one line.
    xlabel : str
        Name of the axis.
    columns : str
        Value, lower and upper limit; a row without limits has no line.
    line : float
        Where the dotted line stands, e.g. at no difference.
    """
    if table.empty:
        return NOTHING
    value, low, high = columns.split()
    lines, kinds = (list(dict.fromkeys(column)) for column in (names, groups))
    with use_style():
        height = max(0.34, 0.2 * len(kinds)) * len(lines) + 1.3
        figure = Figure(figsize=(8, height), layout="constrained")
        axes = figure.subplots()
        for order, kind in enumerate(kinds):
            part, color = table[groups == kind], CYCLE[order % len(CYCLE)]
            at = names[part.index].map(lines.index) + (order + 0.5) * 0.7 / len(kinds) - 0.35
            axes.hlines(at, part[low], part[high], color=color, lw=1.6)
            axes.plot(part[value], at, "o", color=color, ms=5, label=kind)
            if "reported_auc" in part and table["reported_auc"].notna().any():
                axes.plot(part["reported_auc"], at, "|", color=INK, ms=11, mew=1.6,
                          label="the paper" if kind == kinds[-1] else "")  # fmt: skip
        axes.axvline(line, color=GREY, lw=0.9, ls=":")
        axes.set_yticks(range(len(lines)), lines, fontsize=8)
        axes.set(xlabel=xlabel, ylim=(len(lines) - 0.4, -0.6))
        figure.legend(loc="outside upper center", ncols=4, fontsize=8)
    return figure


def calibration_figure(
    curves: pd.DataFrame,
    measures: pd.DataFrame,
    risks: pd.DataFrame,
    corrected: pd.DataFrame | None = None,
) -> Figure | str:
    """Draw calibration curves, a row for each model and a column for each set.

    Parameters
    ----------
    curves, measures : DataFrame
        From ``calibration_curve`` and ``calibration``, by ``model, split``. Without a curve, a
        sentence says so.
    risks : DataFrame
        ``model, split, label, score``, for groups and for the distribution below.
    corrected : DataFrame
        ``model, split, predicted, corrected``: curves corrected for optimism.
    """
    if curves.empty:
        return "No set has two scores and both classes: no curve."
    measure, parts = measures.set_index(["model", "split"]), risks.groupby(["model", "split"])
    models, splits = (list(dict.fromkeys(curves[name])) for name in ("model", "split"))
    with use_style():
        size = (3.4 * len(splits), 3.4 * len(models))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(models), len(splits), squeeze=False)
        for axes, (model, split) in zip(grid.flat, product(models, splits), strict=True):
            own = "model == @model and split == @split"
            _curve(axes, curves.query(own), measure.loc[(model, split)])
            part = parts.get_group((model, split))
            _groups(axes, part["label"].to_numpy(), part["score"].to_numpy())
            if corrected is not None and len(line := corrected.query(own)):
                axes.plot(line["predicted"], line["corrected"], color=GREEN, lw=1.4, ls="--",
                          label="corrected for optimism")  # fmt: skip
            axes.set_title(f"{model}, {split}")
            axes.legend(loc="upper left", fontsize=7)
    return figure


def _curve(axes: Axes, curve: pd.DataFrame, row: pd.Series) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
    axes.fill_between(curve["predicted"], curve["low"], curve["high"], color=SKY, alpha=0.3, lw=0)
    axes.plot(curve["predicted"], curve["observed"], color=BLUE, label="smoothed, 95 % band")
    text = (
        f"intercept {row['intercept']:z.2f}\nslope {row['slope']:.2f}\n"
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


def coefficients_figure(table: pd.DataFrame) -> Figure | str:
    """Draw the kept features: coefficient, and share of resamples that keep it.

    Parameters
    ----------
    table : DataFrame
        Columns ``feature, coefficient, survival``; the largest are drawn, deep components in
        green. Without a row, a sentence says what that means.
    """
    if table.empty:
        return NOTHING_KEPT
    part = table.head(MOST_FEATURES)
    colors = [GREEN if is_deep(name) else BLUE for name in part["feature"]]
    with use_style():
        figure = Figure(figsize=(8, 0.28 * len(part) + 1.3), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        feature_bars(left, part, "coefficient", colors, "coefficient (per SD)")
        left.axvline(0, color=INK, lw=0.8)
        feature_bars(right, part, "survival", ORANGE, "share of resamples that keep it")
        right.set(xlim=(0, 1))
    return figure


def feature_bars(
    axes: Axes, table: pd.DataFrame, column: str, color: list[str] | str, label: str
) -> None:
    """Draw a bar for each feature, the first on top."""
    axes.barh(table["feature"], table[column], color=color, height=0.65)
    axes.set(xlabel=label, ylim=(len(table) - 0.4, -0.6))
    axes.tick_params(axis="y", labelsize=7)

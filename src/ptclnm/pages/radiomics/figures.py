"""Figures of page 02: what the selection keeps, and the cross-validated classifiers."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from ptclnm.models.zoo import kept as names_kept
from ptclnm.report.figures import MOST_FEATURES, feature_bars
from ptclnm.report.style import BLUE, GREY, INK, ORANGE, PALETTE, RED, RULE, SKY, use_style

ENTERING = 30
LABELLED = 6


def steps(table: pd.DataFrame) -> Figure:
    """Draw how many features are left after each step.

    Parameters
    ----------
    table : DataFrame
        Columns ``step, kept``.
    """
    with use_style():
        figure = Figure(figsize=(7, 0.5 * len(table) + 0.8), layout="constrained")
        axes = sns.barplot(table, x="kept", y="step", color=BLUE, ax=figure.subplots())
        axes.bar_label(axes.containers[0], fmt="{:,.0f}", padding=4)
        axes.set(xlabel="features left", ylabel="", xlim=(0, 1.12 * max(table["kept"].max(), 1)))
    return figure


def lasso(select: Pipeline, names: Collection[str]) -> Figure | str:
    """Draw the LASSO path above the cross-validation curve, λ marked.

    Parameters
    ----------
    select : Pipeline
        Fitted, its last step a ``GroupedLasso``; without one, a sentence says so.
    names : collection of str
        Names of all features.
    """
    last = select[-1]
    if not hasattr(last, "alphas_"):
        return "The last step of the selection is no LASSO: it has no path."
    with use_style():
        figure = Figure(figsize=(7, 5.6), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        _path(upper, last, names_kept(select[:-1], names))
        low, high = last.error_ - last.error_sd_, last.error_ + last.error_sd_
        lower.fill_between(last.alphas_, low, high, color=SKY, alpha=0.3, lw=0,
                           label="± 1 SD over folds")  # fmt: skip
        lower.plot(last.alphas_, last.error_, color=BLUE, label="mean over folds")
        for axes in (upper, lower):
            axes.axvline(last.alpha_, color=RED, lw=1.2, ls="--")
        lower.set(xscale="log", xlabel=f"λ (chosen: {last.alpha_:.3g})",
                  ylabel="mean squared error")  # fmt: skip
        lower.invert_xaxis()
        lower.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        lower.xaxis.set_major_formatter("{x:g}")
        lower.xaxis.set_minor_formatter(NullFormatter())
        lower.legend(loc="lower left")
    return figure


def _path(axes: Axes, last: BaseEstimator, names: ArrayLike) -> None:
    """Draw the features that enter first, then those that are kept, the largest named."""
    enter = np.flatnonzero(last.coefs_.any(axis=1))
    first = enter[np.argsort((last.coefs_[enter] != 0).argmax(axis=1), kind="stable")[:ENTERING]]
    largest = last.kept_[np.argsort(-np.abs(last.coef_[last.kept_]), kind="stable")[:LABELLED]]
    axes.plot(last.alphas_, last.coefs_[first].T, color=RULE, lw=0.8)
    axes.plot(last.alphas_, last.coefs_[last.kept_].T, color=GREY, lw=0.8)
    for at, color in zip(largest, PALETTE, strict=False):
        axes.plot(last.alphas_, last.coefs_[at], color=color, lw=1.6, label=names[at])
    axes.axhline(0, color=INK, lw=0.8)
    axes.set(ylabel="coefficient")
    if len(largest):
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2, fontsize=7)


def survival(table: pd.DataFrame, kept: Collection[str]) -> Figure | str:
    """Draw in which share of resamples features survive.

    Parameters
    ----------
    table : DataFrame
        Columns ``feature, share``, falling; without a row, a sentence says so.
    kept : collection of str
        Features kept on all training patients, drawn in another colour.
    """
    if table.empty:
        return "No feature is kept in any resample."
    part = table.head(MOST_FEATURES)
    with use_style():
        figure = Figure(figsize=(7, 0.26 * max(len(part), 4) + 1.3), layout="constrained")
        axes = figure.subplots()
        feature_bars(axes, part, "share", np.where(part["feature"].isin(list(kept)), ORANGE, RULE),
              "share of resamples that keep it")  # fmt: skip
        axes.set(xlim=(0, 1))
    return figure


def cross_validated(cv: pd.DataFrame, chosen: str, outer: pd.DataFrame) -> Figure:
    """Draw the AUC of each fold, mean and SD by classifier, and the nested estimate below.

    Parameters
    ----------
    cv : DataFrame
        Columns ``classifier, fold, auc``.
    chosen : str
        The classifier that the rule takes.
    outer : DataFrame
        From ``ptclnm.models.choice.nested``.
    """
    marked, nested = f"{chosen} (chosen)", "the choice itself, nested"
    rows = pd.concat([cv.replace({"classifier": {chosen: marked}}),
                      outer.assign(classifier=nested)])  # fmt: skip
    names = list(dict.fromkeys(rows["classifier"]))
    colors = dict.fromkeys(names, BLUE) | {marked: RED, nested: ORANGE}
    with use_style():
        figure = Figure(figsize=(7, 0.38 * len(names) + 1.1), layout="constrained")
        axes = figure.subplots()
        look = {"x": "auc", "y": "classifier", "hue": "classifier", "palette": colors, "ax": axes}
        sns.stripplot(rows, jitter=False, marker="$\\circ$", size=7, **look)
        sns.pointplot(rows, errorbar="sd", marker="D", markersize=5, linewidth=1.4, **look)
        axes.axvline(0.5, color=GREY, lw=0.9, ls=":")
        axes.set(xlabel="AUC, by patient", ylabel="")
    return figure

"""Figures of page 02: selection, cross-validation, ROC curves."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from sklearn.metrics import roc_curve

from ptclnm.models.classifiers import NAMES
from ptclnm.report.style import BLUE, GREY, INK, ORANGE, PALETTE, RED, RULE, SKY, use_style

COLORS = dict(zip(NAMES, (*PALETTE, INK), strict=True))
MOST_FEATURES = 20
LABELLED = 6


def steps_figure(steps: pd.DataFrame) -> Figure:
    """Draw how many features are left after each step.

    Parameters
    ----------
    steps : DataFrame
        Columns ``step, kept``.
    """
    with use_style():
        figure = Figure(figsize=(7, 0.5 * len(steps) + 0.8), layout="constrained")
        axes = figure.subplots()
        at = np.arange(len(steps))[::-1]
        axes.barh(at, steps["kept"], color=BLUE, height=0.6)
        for y, kept in zip(at, steps["kept"], strict=True):
            axes.annotate(f"{kept:,}", (kept, y), (4, 0), textcoords="offset points", va="center")
        axes.set_yticks(at, steps["step"])
        axes.set(xlabel="features left", xlim=(0, 1.12 * max(steps["kept"].max(), 1)))
        axes.grid(axis="y", visible=False)
    return figure


def lasso_figure(path: pd.DataFrame, error: pd.DataFrame) -> Figure:
    """Draw the LASSO path above the cross-validation curve, λ marked.

    Parameters
    ----------
    path : DataFrame
        Columns ``feature, alpha, coefficient``.
    error : DataFrame
        Columns ``alpha, error, sd, chosen``.
    """
    with use_style():
        figure = Figure(figsize=(7, 5.6), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        _path(upper, path, error)
        lower.fill_between(
            error["alpha"], error["error"] - error["sd"], error["error"] + error["sd"],
            color=SKY, alpha=0.3, lw=0, label="± 1 SD over folds",
        )  # fmt: skip
        lower.plot(error["alpha"], error["error"], color=BLUE, label="mean over folds")
        chosen = error.loc[error["chosen"], "alpha"].iloc[0]
        for axes in (upper, lower):
            axes.axvline(chosen, color=RED, lw=1.2, ls="--")
        lower.annotate(
            f"λ = {chosen:.3g}", (chosen, 0.97), (4, 0), xycoords=("data", "axes fraction"),
            textcoords="offset points", color=RED, va="top",
        )  # fmt: skip
        lower.set(xscale="log", xlabel="λ", ylabel="mean squared error")
        lower.invert_xaxis()
        lower.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        lower.xaxis.set_major_formatter("{x:g}")
        lower.xaxis.set_minor_formatter(NullFormatter())
        lower.legend(loc="lower left")
    return figure


def _path(axes: Axes, path: pd.DataFrame, error: pd.DataFrame) -> None:
    chosen = error.loc[error["chosen"], "alpha"].iloc[0]
    at_chosen = path[path["alpha"] == chosen].set_index("feature")["coefficient"]
    largest = list(at_chosen[at_chosen != 0].abs().nlargest(LABELLED).index)
    colors = dict(zip(largest, PALETTE, strict=False))
    for name, part in path.groupby("feature", sort=False):
        other = GREY if at_chosen.get(name, 0.0) else RULE
        axes.plot(
            part["alpha"], part["coefficient"], color=colors.get(name, other),
            lw=1.6 if name in colors else 0.8, label=name if name in colors else None,
            zorder=3 if name in colors else 2,
        )  # fmt: skip
    axes.axhline(0, color=INK, lw=0.8)
    axes.set(ylabel="coefficient")
    if largest:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2, fontsize=7)
    else:
        axes.set_title("no feature is kept at the λ of least error", fontsize=9)


def coefficients_figure(coefficients: pd.DataFrame) -> Figure:
    """Draw the kept features: coefficient, and share of resamples that keep it.

    Parameters
    ----------
    coefficients : DataFrame
        Columns ``feature, coefficient, survival``, not empty; the largest are drawn.
    """
    part = coefficients.head(MOST_FEATURES).iloc[::-1]
    at = np.arange(len(part))
    with use_style():
        figure = Figure(figsize=(8, 0.28 * len(part) + 1.3), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        colors = np.where(part["coefficient"] > 0, RED, BLUE)
        left.barh(at, part["coefficient"], color=colors, height=0.65)
        left.axvline(0, color=INK, lw=0.8)
        left.set_yticks(at, part["feature"], fontsize=7)
        left.set(xlabel="coefficient (per SD)")
        right.barh(at, part["survival"], color=ORANGE, height=0.65)
        right.set(xlabel="share of resamples that keep it", xlim=(0, 1))
    return figure


def survival_figure(survival: pd.DataFrame, resamples: pd.DataFrame, kept: Sequence[str]) -> Figure:
    """Draw how often features survive, and how many do in each resample.

    Parameters
    ----------
    survival : DataFrame
        Columns ``feature, share``, falling.
    resamples : DataFrame
        Columns ``draw, kept``.
    kept : sequence of str
        Features kept on all training patients, drawn in another colour.
    """
    part = survival.head(MOST_FEATURES).iloc[::-1]
    at = np.arange(len(part))
    with use_style():
        figure = Figure(figsize=(8, 0.26 * max(len(part), 4) + 1.3), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
        colors = [ORANGE if name in set(kept) else RULE for name in part["feature"]]
        left.barh(at, part["share"], color=colors, height=0.65)
        left.set_yticks(at, part["feature"], fontsize=7)
        left.set(xlabel="share of resamples that keep it", xlim=(0, 1))
        right.hist(resamples["kept"], bins=min(20, int(resamples["kept"].max()) + 1), color=BLUE)
        right.axvline(len(kept), color=RED, lw=1.4, ls="--")
        right.set(xlabel="features kept", ylabel="resamples")
    return figure


def cv_figure(cv: pd.DataFrame, choice: pd.DataFrame, outer: pd.DataFrame) -> Figure:
    """Draw the AUC of each fold, mean and SD by classifier, and the nested estimate below.

    Parameters
    ----------
    cv : DataFrame
        Columns ``classifier, fold, auc``.
    choice : DataFrame
        From ``ptclnm.models.choice.choose``.
    outer : DataFrame
        From ``ptclnm.models.choice.nested``.
    """
    names = [*choice["classifier"], "nested"]
    folds = {name: part["auc"] for name, part in cv.groupby("classifier")} | {
        "nested": outer["auc"]
    }
    chosen = choice.loc[choice["chosen"], "classifier"].iloc[0]
    with use_style():
        figure = Figure(figsize=(7, 0.38 * len(names) + 1.1), layout="constrained")
        axes = figure.subplots()
        for y, name in enumerate(names[::-1]):
            color = RED if name == chosen else ORANGE if name == "nested" else BLUE
            values = folds[name]
            axes.plot(values, np.full(len(values), y), "o", mfc="none", mec=color, ms=4)
            axes.errorbar(
                values.mean(), y, xerr=values.std(), fmt="D", color=color, ms=6, capsize=3, lw=1.4
            )
        axes.axvline(0.5, color=GREY, lw=0.9, ls=":")
        axes.set_yticks(range(len(names)), [
            f"{name} (chosen)" if name == chosen else
            "the choice itself, nested" if name == "nested" else name for name in names[::-1]
        ])  # fmt: skip
        axes.set(xlabel="AUC, by patient", ylim=(-0.6, len(names) - 0.4))
    return figure


def roc_figure(
    predictions: pd.DataFrame,
    metrics: pd.DataFrame,
    colors: Mapping[str, str] = COLORS,
    below: bool = False,
) -> Figure:
    """Draw the ROC curves of every model, a panel for each set.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, split, label, score``.
    metrics : DataFrame
        Columns ``model, split, auc, reported_auc, sensitivity, specificity``; the last two are
        marked on the curves.
    colors : mapping of str to str
        Colour by model.
    below : bool
        Whether the legends stand below the panels, where names are long.
    """
    splits = list(dict.fromkeys(predictions["split"]))
    auc = metrics.set_index(["split", "model"])
    with use_style():
        side = 3.3 if below else 4.3
        figure = Figure(figsize=(side * len(splits), 5.2 if below else 4.6), layout="constrained")
        for axes, split in zip(figure.subplots(1, len(splits), squeeze=False)[0], splits,
                               strict=True):  # fmt: skip
            part = predictions[predictions["split"] == split]
            for name, model in part.groupby("model", sort=False):
                row = auc.loc[(split, name)]
                fpr, tpr, _ = roc_curve(model["label"], model["score"], drop_intermediate=False)
                paper = row["reported_auc"]
                note = f", paper {paper:.3f}" if pd.notna(paper) else ""
                color = colors.get(name, GREY)
                axes.plot(fpr, tpr, color=color, lw=1.4, label=f"{name} {row['auc']:.3f}{note}")
                point = (1 - row["specificity"], row["sensitivity"])
                axes.plot(*point, "o", color=color, ms=4, mec="white", mew=0.6)
            axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
            axes.set(title=split, xlabel="1 − specificity", ylabel="sensitivity", aspect="equal",
                     xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
            place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.18)} if below else {}
            axes.legend(**({"loc": "lower right"} | place), fontsize=7, title="AUC",
                        title_fontsize=7)  # fmt: skip
    return figure

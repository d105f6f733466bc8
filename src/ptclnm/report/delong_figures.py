"""Figures of page 07: curves, matrix of differences, bootstrap, what the method keeps."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from sklearn.metrics import roc_curve

from ptclnm.evaluation.study import ALPHA, AUCS, MEASURES, WAYS
from ptclnm.report.style import BLUE, GREY, INK, ORANGE, PALETTE, RED, use_style

DASHES = ("-", "--", ":", "-.")
LEAST_P = 0.0005
# A difference of AUCs that is drawn in full colour.
FULL = 0.4


def roc_panel(predictions: pd.DataFrame, auc: pd.DataFrame) -> Figure:
    """Draw the curves of every model, a panel for each set, the largest AUC first.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, split, label, score``.
    auc : DataFrame
        Columns ``split, model, auc, low, high, degenerate``.
    """
    splits = list(dict.fromkeys(auc["split"]))
    models = list(dict.fromkeys(auc["model"]))
    looks = {
        name: (PALETTE[i % len(PALETTE)], DASHES[i // len(PALETTE) % len(DASHES)])
        for i, name in enumerate(models)
    }
    with use_style():
        height = 4.4 + 0.16 * len(models)
        figure = Figure(figsize=(4.4 * len(splits), height), layout="constrained")
        panels = figure.subplots(1, len(splits), squeeze=False)[0]
        for axes, split in zip(panels, splits, strict=True):
            rows = auc[auc["split"] == split].sort_values("auc", ascending=False, kind="stable")
            for row in rows.itertuples():
                part = predictions[predictions["split"] == split]
                part = part[part["model"] == row.model]
                fpr, tpr, _ = roc_curve(part["label"], part["score"], drop_intermediate=False)
                color, dash = looks[row.model]
                limits = "no interval" if row.degenerate else f"{row.low:.3f}–{row.high:.3f}"
                label = f"{row.model} {row.auc:.3f} ({limits})"
                axes.plot(fpr, tpr, dash, color=color, lw=1.4, label=label)
            axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
            axes.set(title=split, xlabel="1 − specificity", ylabel="sensitivity", aspect="equal",
                     xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=7)
    return figure


def matrix_figure(pairs: Mapping[str, pd.DataFrame], auc: pd.DataFrame) -> Figure:
    """Draw differences of AUCs above the diagonal, adjusted p-values below, a panel for each set.

    Parameters
    ----------
    pairs : mapping of str to DataFrame
        Columns ``model_a, model_b, difference, p_holm``, by set.
    auc : DataFrame
        Columns ``split, model, auc``; the largest AUC of a set comes first.
    """
    orders = {
        split: list(part.sort_values("auc", ascending=False, kind="stable")["model"])
        for split, part in auc.groupby("split", sort=False)
    }
    shown = {split: part for split, part in pairs.items() if len(part)}
    size = 0.55 * max(len(orders[split]) for split in shown) + 1.9
    with use_style():
        figure = Figure(figsize=(size, size * len(shown)), layout="constrained")
        panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
        for axes, (split, part) in zip(panels, shown.items(), strict=True):
            _matrix(axes, part, orders[split])
            axes.set_title(split)
    return figure


def _matrix(axes: Axes, pairs: pd.DataFrame, order: Sequence[str]) -> None:
    difference, adjusted = _square(pairs, order, "difference"), _square(pairs, order, "p_holm")
    upper = np.triu(np.ones_like(difference, dtype=bool), 1)
    font = 8 if len(order) < 12 else 6
    axes.imshow(np.where(upper, difference, np.nan), cmap="Oranges", vmin=0, vmax=FULL)
    for i, j in np.argwhere(upper):
        value, p = difference[i, j], adjusted[i, j]
        axes.text(j, i, f"{value:.3f}", ha="center", va="center", fontsize=font, color=INK)
        axes.text(i, j, p_text(p), ha="center", va="center", fontsize=font, color=BLUE,
                  weight="bold" if p < ALPHA else "normal")  # fmt: skip
    axes.set_xticks(range(len(order)), order, rotation=40, ha="right", fontsize=font)
    axes.set_yticks(range(len(order)), order, fontsize=font)
    axes.grid(visible=False)


def p_text(p: float) -> str:
    """Write a p-value in three decimals; a dash where there is none."""
    if np.isnan(p):
        return "–"
    return "<0.001" if p < LEAST_P else f"{p:.3f}"


def _square(pairs: pd.DataFrame, order: Sequence[str], name: str) -> np.ndarray:
    """Values by model and model, above the diagonal; a difference takes the sign of the order."""
    at = {model: i for i, model in enumerate(order)}
    table = np.full((len(order), len(order)), np.nan)
    for row in pairs.to_dict("records"):
        i, j = at[row["model_a"]], at[row["model_b"]]
        sign = -1 if name == "difference" and i > j else 1
        table[min(i, j), max(i, j)] = sign * row[name]
    return table


def bootstrap_figure(both: pd.DataFrame) -> Figure:
    """Draw the bootstrap's standard errors and p-values over DeLong's.

    Parameters
    ----------
    both : DataFrame
        Columns ``split, se, p, se_bootstrap, p_bootstrap``.
    """
    with use_style():
        figure = Figure(figsize=(7.6, 3.8), layout="constrained")
        panels = figure.subplots(1, 2)
        titles = {"se": "standard error of a difference", "p": "p-value"}
        for axes, (name, title) in zip(panels, titles.items(), strict=True):
            for color, (split, part) in zip(PALETTE, both.groupby("split", sort=False),
                                            strict=False):  # fmt: skip
                axes.plot(part[name], part[f"{name}_bootstrap"], "o", mfc="none", mec=color, ms=5,
                          label=split)  # fmt: skip
            top = 1.0 if name == "p" else 1.1 * both[["se", "se_bootstrap"]].max(axis=None)
            axes.plot([0, top], [0, top], color=GREY, lw=0.9, ls=":")
            axes.set(title=title, xlabel="DeLong", ylabel="bootstrap", xlim=(0, top),
                     ylim=(0, top), aspect="equal")  # fmt: skip
        panels[0].legend(loc="upper left")
    return figure


def study_figure(study: pd.DataFrame) -> Figure:
    """Draw error and coverage by set, with Monte-Carlo intervals.

    Parameters
    ----------
    study : DataFrame
        From ``ptclnm.evaluation.study.performance``.
    """
    sets = study.drop_duplicates("set")[["set", "positives", "negatives"]]
    names = list(sets["set"])[::-1]
    ticks = [f"{r.set}\n{r.positives} with, {r.negatives} without" for r in sets.itertuples()][::-1]
    colors = dict(zip(AUCS, (BLUE, ORANGE), strict=True))
    with use_style():
        figure = Figure(figsize=(9, 0.62 * len(names) + 1.7), layout="constrained")
        for axes, measure in zip(figure.subplots(1, 3, sharey=True), MEASURES, strict=True):
            part = study[study["measure"] == measure]
            for shift, (auc, color) in zip((0.13, -0.13), colors.items(), strict=True):
                rows = part[part["auc"] == auc]
                at = np.array([names.index(name) for name in rows["set"]]) + shift
                axes.hlines(at, rows["low"], rows["high"], color=color, lw=2.4)
                axes.plot(rows["value"], at, "o", color=color, ms=5)
            axes.axvline(part["nominal"].iloc[0], color=RED, lw=1.1, ls="--")
            axes.set(title=measure, xlabel="share of drawn studies", ylim=(-0.6, len(names) - 0.4))
            axes.tick_params(axis="x", labelsize=8)
        figure.axes[0].set_yticks(range(len(names)), ticks, fontsize=8)
        handles = [Line2D([], [], color=c, marker="o", label=f"true AUC {a:.2f}")
                   for a, c in colors.items()]  # fmt: skip
        handles.append(Line2D([], [], color=RED, ls="--", lw=1.1, label="as promised"))
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def strangers_figure(mispaired: pd.DataFrame, strangers: pd.DataFrame) -> Figure:
    """Draw how often each way of comparing different patients errs, and this run's p-values.

    Parameters
    ----------
    mispaired : DataFrame
        From ``ptclnm.evaluation.study.mispaired``.
    strangers : DataFrame
        From ``ptclnm.report.delong_tables.strangers``; if empty, the second panel is left out.
    """
    colors = dict(zip(WAYS, (BLUE, ORANGE, RED), strict=True))
    with use_style():
        height = max(0.3 * len(strangers) + 1.2, 2.2)
        figure = Figure(figsize=(8.6 if len(strangers) else 5.2, height), layout="constrained")
        panels = figure.subplots(1, 1 + bool(len(strangers)), squeeze=False)[0]
        rows = mispaired.set_index("way")
        for at, (way, color) in enumerate(colors.items()):
            value, low, high = rows.loc[way, ["value", "low", "high"]]
            panels[0].barh(-at, value, color=color, height=0.6)
            panels[0].hlines(-at, low, high, color=INK, lw=1.4)
        panels[0].axvline(ALPHA, color=GREY, lw=1.1, ls="--")
        panels[0].set_yticks([0, -1, -2], WAYS)
        panels[0].set(title="drawn studies", xlabel=f"share with p < {ALPHA}, nothing differing")
        if len(strangers):
            _p_values(panels[1], strangers, colors)
    return figure


def _p_values(axes: Axes, strangers: pd.DataFrame, colors: Mapping[str, str]) -> None:
    at = np.arange(len(strangers))[::-1]
    for way, color in colors.items():
        values = np.maximum(strangers[way].astype(float), 1e-6)
        axes.plot(values, at, "o", color=color, ms=6)
    axes.axvline(ALPHA, color=GREY, lw=1.1, ls="--")
    axes.set_yticks(at, strangers["model"], fontsize=8)
    sides = strangers.iloc[0]
    axes.set(xscale="log", xlabel="p-value", ylim=(-0.6, len(strangers) - 0.4),
             title=f"this run: {sides['set_a']} against {sides['set_b']}")  # fmt: skip

"""Figures of page 03: what the networks see, how they learn, where they look."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ptclnm.report.style import GREY, INK, LABEL_COLORS, ORANGE, PALETTE, RED, RULE, use_style

CELL = 1.35
MAP = "inferno"


def colors_of(models: Sequence[str]) -> dict[str, str]:
    """A colour for each model, in their order."""
    return {name: (*PALETTE, INK)[i % 8] for i, name in enumerate(models)}


def seen_figure(pixels: NDArray, varied: NDArray, labels: NDArray) -> Figure:
    """Draw rectangles as the networks get them, and the same as training varies them.

    Parameters
    ----------
    pixels : ndarray, shape (images, side, side)
        Rectangles.
    varied : ndarray, shape (images, variants, side, side)
        The same, varied.
    labels : ndarray of int, shape (images,)
        0 or 1.
    """
    rows = 1 + varied.shape[1]
    with use_style():
        figure = Figure(figsize=(CELL * len(pixels), CELL * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, len(pixels), squeeze=False)
        for column, (picture, others, label) in enumerate(zip(pixels, varied, labels, strict=True)):
            low, high = np.percentile(picture, [0.5, 99.5])
            for axes, shown in zip(grid[:, column], [picture, *others], strict=True):
                axes.imshow(shown, cmap="gray", vmin=low, vmax=high)
                axes.set_axis_off()
            title = "with" if label else "without"
            grid[0, column].set_title(title, fontsize=8, color=LABEL_COLORS[int(label)])
    return figure


def learning_figure(history: pd.DataFrame, columns: int = 3) -> Figure:
    """Draw the loss over epochs, a panel for each model.

    Parameters
    ----------
    history : DataFrame
        ``model, epoch, loss, inner_loss, kept``.
    columns : int
        Panels of a row.
    """
    models = list(dict.fromkeys(history["model"]))
    rows = -(-len(models) // columns)
    with use_style():
        figure = Figure(figsize=(8.4, 2.3 * rows + 0.4), layout="constrained")
        grid = figure.subplots(rows, min(columns, len(models)), squeeze=False)
        for axes in grid.ravel()[len(models) :]:
            axes.set_axis_off()
        for axes, name in zip(grid.ravel(), models, strict=False):
            _curves(axes, history[history["model"] == name])
            axes.set_title(name, fontsize=9)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _curves(axes: Axes, part: pd.DataFrame) -> None:
    epoch = part["epoch"] + 1
    axes.plot(epoch, part["loss"], color=GREY, marker="o", ms=3, label="patients trained on")
    axes.plot(
        epoch, part["inner_loss"], color=ORANGE, marker="o", ms=3, label="inner patients set aside"
    )
    kept = part[part["kept"]]
    axes.plot(kept["epoch"] + 1, kept["inner_loss"], "D", color=RED, ms=6, label="weights kept")
    top = float(np.nanmax([part["loss"].max(), part["inner_loss"].median() * 2, 1.0]))
    axes.set(xlabel="epoch", ylabel="loss", ylim=(0, 1.1 * top))
    axes.xaxis.get_major_locator().set_params(integer=True)


def gap_figure(metrics: pd.DataFrame) -> Figure:
    """Draw each model's AUC in every set with its interval, the training set's as a ring.

    Parameters
    ----------
    metrics : DataFrame
        Columns ``model, split, auc, auc_low, auc_high, reported_auc``.
    """
    models = list(dict.fromkeys(metrics["model"]))[::-1]
    sets = list(dict.fromkeys(metrics["split"]))
    colors = colors_of([name for name in sets if name != "train"])
    with use_style():
        figure = Figure(figsize=(7.6, 0.3 * len(models) * len(sets) + 1.1), layout="constrained")
        axes = figure.subplots()
        for row in metrics.to_dict("records"):
            at = models.index(row["model"]) - 0.8 * (sets.index(row["split"]) + 1) / len(sets)
            train = row["split"] == "train"
            color = GREY if train else colors[row["split"]]
            # No bar where there is no interval.
            ends = [[row["auc"] - row["auc_low"]], [row["auc_high"] - row["auc"]]]
            ends = None if pd.isna(row["auc_low"]) else ends
            first = row["model"] == models[-1]
            axes.errorbar(
                row["auc"], at, xerr=ends, fmt="o", color=color, ms=5, lw=1.4, capsize=2,
                mfc="white" if train else color, label=row["split"] if first else None,
            )  # fmt: skip
            if pd.notna(row["reported_auc"]):
                axes.plot(row["reported_auc"], at, "|", color=INK, ms=11, mew=1.6)
        axes.plot([], [], "|", color=INK, ms=9, mew=1.6, ls="", label="the paper")
        axes.axvline(0.5, color=RULE, lw=0.9, ls=":")
        middle = 0.4 * (1 + 1 / len(sets))
        lowest = metrics[["auc", "auc_low"]].min(axis=None)
        axes.set_yticks([i - middle for i in range(len(models))], models)
        axes.set(xlabel="AUC, by patient", xlim=(min(0.2, lowest - 0.02), 1.02))
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside lower center", ncols=len(sets) + 1, fontsize=8)
    return figure


def cam_figure(
    pixels: NDArray, masks: NDArray, maps: dict[str, NDArray], kinds: Sequence[str]
) -> Figure:
    """Draw pictures with the nodule's contour, and under each the maps of several networks.

    Parameters
    ----------
    pixels : ndarray, shape (images, side, side)
        Rectangles.
    masks : ndarray of bool, same shape
        The nodule.
    maps : dict of str to ndarray, same shape
        Maps from 0 to 1 by what they are called.
    kinds : sequence of str
        What each picture's call was.
    """
    rows = ["picture", *maps]
    with use_style():
        figure = Figure(figsize=(CELL * len(pixels) + 0.5, CELL * len(rows) + 0.5),
                        layout="constrained")  # fmt: skip
        grid = figure.subplots(len(rows), len(pixels), squeeze=False)
        for column, (picture, mask, kind) in enumerate(zip(pixels, masks, kinds, strict=True)):
            for axes, name in zip(grid[:, column], rows, strict=True):
                axes.imshow(picture, cmap="gray")
                if name in maps:
                    axes.imshow(maps[name][column], cmap=MAP, alpha=0.5, vmin=0, vmax=1)
                if mask.any() and not mask.all():
                    axes.contour(mask, levels=[0.5], colors=["white"], linewidths=0.9)
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                axes.grid(visible=False)
            grid[0, column].set_title(kind.replace(" ", "\n"), fontsize=8, loc="center")
        for axes, name in zip(grid[:, 0], rows, strict=True):
            axes.set_ylabel(name, fontsize=8)
    return figure

"""Figures of page 04: pictures, quality, detail against the truth, drift, cause."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from seaborn import boxplot, lineplot

from ptclnm.pages.superres.slider import surroundings
from ptclnm.report.columns import heading
from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, RED, SKY, use_style
from ptclnm.superres.drift import GOOD
from ptclnm.superres.quality import GAN, PIXEL

COLORS = {"original": INK, "bicubic": GREY, "unsharp": ORANGE, PIXEL: BLUE, GAN: RED}
CLOSE = 160  # pixels that are shown, so that single ones can be seen
PANELS = ("psnr", "ssim", "sharpness")


def close_ups(pictures: Mapping[str, np.ndarray], mask: np.ndarray) -> Figure:
    """Draw a nodule's surroundings in several pictures of it.

    Parameters
    ----------
    pictures : mapping of str to ndarray, each of shape (rows, cols)
        Pictures by what they are called.
    mask : ndarray of bool, same shape
        The nodule.
    """
    box = surroundings(mask, CLOSE)
    with use_style():
        figure = Figure(figsize=(2.4 * len(pictures), 2.7), layout="constrained")
        panels = figure.subplots(1, len(pictures))
        for axes, (name, picture) in zip(panels, pictures.items(), strict=True):
            axes.imshow(picture[box], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_title(name, fontsize=9)
            axes.set_axis_off()
    return figure


def quality(table: pd.DataFrame) -> Figure:
    """Draw how well each method undoes the degradation, a panel a metric.

    Parameters
    ----------
    table : DataFrame
        From ``ptclnm.superres.quality.summary``.
    """
    rows, order = table[table["task"] == "restore"], list(COLORS)
    with use_style():
        figure = Figure(figsize=(7.5, 2.5), layout="constrained")
        panels = figure.subplots(1, len(PANELS), sharey=True)
        for axes, metric in zip(panels, PANELS, strict=True):
            part = rows[rows["metric"] == metric]
            y, color = part["method"].map(order.index), part["method"].map(COLORS)
            axes.hlines(y, part["low"], part["high"], color=color, lw=1.4)
            axes.scatter(part["mean"], y, color=color, s=25)
            axes.set_xlabel(heading(metric), fontsize=8)
        panels[0].set_yticks(range(len(order)), order)
        panels[0].invert_yaxis()
    return figure


def detail(agreement: pd.DataFrame) -> Figure:
    """Draw agreement with the truth, and worth of what is added, by spatial frequency.

    Parameters
    ----------
    agreement : DataFrame
        From ``ptclnm.superres.detail.agreement``.
    """
    panels = {
        "correlation": "correlation with the truth",
        "added": "correlation of what is added\nwith what was missing",
    }
    with use_style():
        figure = Figure(figsize=(7.5, 3), layout="constrained")
        for axes, (column, label) in zip(figure.subplots(1, 2), panels.items(), strict=True):
            lineplot(agreement, x="frequency", y=column, hue="method", palette=COLORS, marker="o",
                     ax=axes, legend=column == "correlation")  # fmt: skip
            axes.set(xlabel="cycles a pixel", ylabel=label)
            axes.axhline(0, color=GREY, lw=0.8)
    return figure


def drift(icc: pd.Series) -> Figure:
    """Draw the agreement of features before and after, by class and by image type.

    Parameters
    ----------
    icc : Series
        From ``ptclnm.superres.drift.icc_a1``.
    """
    table = icc.clip(-1, 1).dropna().rename("icc").rename_axis("feature").reset_index()
    table[["image type", "class"]] = table["feature"].str.split("_").str[:2].tolist()
    with use_style():
        height = 0.22 * table["image type"].nunique() + 1.5
        figure = Figure(figsize=(7.5, height), layout="constrained")
        for axes, by in zip(figure.subplots(1, 2), ("class", "image type"), strict=True):
            boxplot(table, x="icc", y=by, ax=axes, whis=(5, 95), color=SKY, fliersize=2, width=0.6)
            axes.axvline(GOOD, color=GREEN, lw=1.2, ls="--")
            axes.set(xlabel="ICC(A,1)", ylabel="", xlim=(-1.05, 1.05))
            axes.tick_params(axis="y", labelsize=8)
    return figure

"""Figures of page 04: pictures, quality, detail against the truth, drift, cause."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from seaborn import boxplot

from ptclnm.pages.superres.slider import surroundings
from ptclnm.report.columns import heading
from ptclnm.report.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    use_style,
)
from ptclnm.superres.arms import called
from ptclnm.superres.drift import GOOD
from ptclnm.superres.quality import GAN, PIXEL

COLORS = {"original": INK, "bicubic": GREY, "unsharp": ORANGE, PIXEL: BLUE, GAN: RED}
CLOSE = 160  # pixels that are shown, so that single ones can be seen
PANELS = ("psnr", "ssim", "sharpness", "speckle_rows")
PAIRED = (BLUE, RED, GREEN, ORANGE, SKY, PURPLE, INK, YELLOW)


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
        figure = Figure(figsize=(7, 4.5), layout="constrained")
        panels = figure.subplots(2, len(PANELS) // 2, sharey=True).ravel()
        for axes, metric in zip(panels, PANELS, strict=True):
            part = rows[rows["metric"] == metric]
            y, color = part["method"].map(order.index), part["method"].map(COLORS)
            axes.hlines(y, part["low"], part["high"], color=color, lw=1.4)
            axes.scatter(part["mean"], y, color=color, s=25)
            axes.set_xlabel(heading(metric), fontsize=8)
        panels[0].set_yticks(range(len(order)), order)
        panels[0].invert_yaxis()
    return figure


def detail(agreement: pd.DataFrame) -> Figure | str:
    """Draw agreement with the truth, strength, and worth of what is added, by frequency.

    Parameters
    ----------
    agreement : DataFrame
        From ``ptclnm.superres.detail.agreement``.

    Returns
    -------
    Figure or str
        Nothing where there is no truth.
    """
    if agreement.empty:
        return ""
    rows = agreement[agreement["band"] != "all"]
    panels = {
        "correlation": "correlation with the truth",
        "power": "power over the truth's",
        "added": "correlation of what is added\nwith what was missing",
    }
    with use_style():
        figure = Figure(figsize=(7.5, 3), layout="constrained")
        for axes, (column, label) in zip(figure.subplots(1, 3), panels.items(), strict=True):
            for name, part in rows.groupby("method", sort=False):
                middle = (part["low"] + part["high"]) / 2
                axes.plot(middle, part[column], "o-", ms=3, color=COLORS[name], label=name)
            axes.set(xlabel="cycles a pixel", ylabel=label)
            axes.axhline(0, color=GREY, lw=0.8)
        figure.axes[0].legend(fontsize=7)
        strength = figure.axes[1]
        strength.axhline(1, color=GREY, lw=0.8, ls=":")
        strength.set_yscale("symlog", linthresh=0.1)
        strength.set_ylim(bottom=0)
    return figure


def drift(table: pd.DataFrame) -> Figure:
    """Draw the agreement of features before and after, by class and by image type.

    Parameters
    ----------
    table : DataFrame
        From ``ptclnm.superres.drift.drift_table``.
    """
    known = table.dropna(subset="icc").assign(icc=table["icc"].clip(-1, 1))
    with use_style():
        height = 0.22 * known["image_type"].nunique() + 1.5
        figure = Figure(figsize=(7.5, height), layout="constrained")
        for axes, by in zip(figure.subplots(1, 2), ("feature_class", "image_type"), strict=True):
            boxplot(known, x="icc", y=by, ax=axes, whis=(5, 95), color=SKY, fliersize=2, width=0.6)
            axes.axvline(GOOD, color=GREEN, lw=1.2, ls="--")
            axes.set(xlabel="ICC(A,1)", ylabel="", xlim=(-1.05, 1.05))
            axes.tick_params(axis="y", labelsize=8)
    return figure


def colors(models: Sequence[str]) -> dict[str, str]:
    """Cold colours for models on original pictures, warm ones for those on super-resolved."""
    names = [called(arm, model) for model in models for arm in ("or", "sr")]
    return dict(zip(names, PAIRED, strict=False))

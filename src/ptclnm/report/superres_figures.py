"""Figures of page 04: quality, detail against the truth, drift, ROC curves, cause."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from ptclnm.imaging.superres.drift import GOOD
from ptclnm.imaging.superres.study import GAN, PIXEL
from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, PALETTE, RED, use_style
from ptclnm.report.superres_slider import surroundings
from ptclnm.report.superres_tables import UNITS, plain

COLORS = {"original": INK, "bicubic": GREY, "unsharp": ORANGE, PIXEL: BLUE, GAN: RED}
CLOSE = 160  # pixels that are shown, so that single ones can be seen
PANELS = ("psnr", "ssim", "sharpness", "speckle_rows")
MODEL_COLORS = dict(zip(("SVM", "KNN", "ResNet101", "DenseNet121"), PALETTE, strict=False))


def quality_figure(quality: pd.DataFrame) -> Figure:
    """Draw how well each method undoes the degradation, a panel a metric.

    Parameters
    ----------
    quality : DataFrame
        From ``ptclnm.imaging.superres.study.summary``.
    """
    part = quality[quality["task"] == "restore"]
    names = [name for name in COLORS if name in set(part["method"])]
    with use_style():
        figure = Figure(figsize=(7, 0.5 * len(names) + 2), layout="constrained")
        panels = figure.subplots(2, len(PANELS) // 2, sharey=True).ravel()
        for axes, metric in zip(panels, PANELS, strict=True):
            rows = part[part["metric"] == metric].set_index("method")
            for y, name in enumerate(reversed(names)):
                if name in rows.index:
                    _dot(axes, rows.loc[name], y, COLORS[name], ("mean", "low", "high"))
            axes.set_xlabel(UNITS[metric], fontsize=8)
        panels[0].set_yticks(range(len(names)), names[::-1])
    return figure


def _dot(axes: Axes, row: pd.Series, y: float, color: str, keys: tuple[str, str, str]) -> None:
    value, low, high = (row[key] for key in keys)
    if pd.notna(low):
        axes.plot([low, high], [y, y], color=color, lw=1.4)
    axes.plot(value, y, "o", color=color, ms=5)


def detail_figure(agreement: pd.DataFrame) -> Figure:
    """Draw agreement with the truth, strength, and worth of what is added, by frequency.

    Parameters
    ----------
    agreement : DataFrame
        From ``ptclnm.imaging.superres.finer.agreement``.
    """
    rows = agreement[agreement["band"] != "all"]
    panels = (
        ("correlation", "correlation with the truth"),
        ("power", "power over the truth's"),
        ("added", "correlation of what is added\nwith what was missing"),
    )
    with use_style():
        figure = Figure(figsize=(7.5, 3), layout="constrained")
        for axes, (column, label) in zip(figure.subplots(1, 3), panels, strict=True):
            for name, part in rows.groupby("method", sort=False):
                middle = (part["low"] + part["high"]) / 2
                axes.plot(middle, part[column], "o-", ms=3, color=COLORS[name], label=name)
            axes.set(xlabel="cycles a pixel", ylabel=label)
            axes.axhline(0, color=GREY, lw=0.8)
            if column == "power":
                axes.axhline(1, color=GREY, lw=0.8, ls=":")
                axes.set_yscale("symlog", linthresh=0.1)
                axes.set_ylim(bottom=0)
        figure.axes[0].legend(fontsize=7)
    return figure


def truth_figure(shown: dict[str, np.ndarray], mask: np.ndarray) -> Figure:
    """Draw a nodule as stored, as made, and as a finer machine would have seen it.

    Parameters
    ----------
    shown : dict of str to ndarray, each of shape (rows, cols)
        Pictures by what they are called.
    mask : ndarray of bool, same shape
        The nodule.
    """
    box = surroundings(mask, CLOSE)
    with use_style():
        figure = Figure(figsize=(2.4 * len(shown), 2.7), layout="constrained")
        for axes, (name, picture) in zip(figure.subplots(1, len(shown)), shown.items(),
                                         strict=True):  # fmt: skip
            axes.imshow(picture[box], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_title(name, fontsize=9)
            axes.set_axis_off()
    return figure


def drift_figure(drift: pd.DataFrame) -> Figure:
    """Draw the agreement of features before and after, by class and by image type.

    Parameters
    ----------
    drift : DataFrame
        From ``ptclnm.imaging.superres.drift.drift_table``.
    """
    known = drift.dropna(subset="icc")
    types = list(dict.fromkeys(known["image_type"]))
    with use_style():
        figure = Figure(figsize=(7.5, 0.22 * len(types) + 1.5), layout="constrained")
        for axes, by in zip(figure.subplots(1, 2), ("feature_class", "image_type"), strict=True):
            names = list(dict.fromkeys(known[by]))[::-1]
            values = [known.loc[known[by] == name, "icc"].clip(-1, 1) for name in names]
            axes.boxplot(
                values, orientation="horizontal", widths=0.6, patch_artist=True,
                boxprops={"facecolor": "#D6E6F2", "edgecolor": BLUE}, whis=(5, 95),
                medianprops={"color": RED}, flierprops={"marker": ".", "markersize": 2,
                                                        "markeredgecolor": GREY},
            )  # fmt: skip
            axes.axvline(GOOD, color=GREEN, lw=1.2, ls="--")
            axes.set_yticks(range(1, len(names) + 1), names, fontsize=8)
            axes.set(xlabel="ICC(A,1)", xlim=(-1.05, 1.05))
    return figure


def roc_figure(predictions: pd.DataFrame, metrics: pd.DataFrame, models: list[str]) -> Figure:
    """Draw ROC curves, originals dashed, super-resolved solid; Li et al. 2024, Figure 4.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, split, label, score``.
    metrics : DataFrame
        Columns ``model, split, auc, reported_auc``.
    models : list of str
        Names without arm.
    """
    splits = list(dict.fromkeys(predictions["split"]))
    auc = metrics.set_index(["split", "model"])
    by = dict(list(predictions.groupby(["split", "model"], sort=False)))
    with use_style():
        figure = Figure(figsize=(4.3 * len(splits), 4.6), layout="constrained")
        panels = figure.subplots(1, len(splits), squeeze=False)[0]
        for axes, split in zip(panels, splits, strict=True):
            for name in models:
                for arm, style in (("OR", "--"), ("SR", "-")):
                    key = (split, f"{arm}_{name}")
                    fpr, tpr, _ = roc_curve(by[key]["label"], by[key]["score"],
                                            drop_intermediate=False)  # fmt: skip
                    paper = auc.loc[key, "reported_auc"]
                    note = f", paper {paper:.3f}" if pd.notna(paper) else ""
                    axes.plot(fpr, tpr, style, color=MODEL_COLORS.get(plain(name), GREY), lw=1.5,
                              label=f"{key[1]} {auc.loc[key, 'auc']:.3f}{note}")  # fmt: skip
            axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
            axes.set(title=split, xlabel="1 − specificity", ylabel="sensitivity", aspect="equal",
                     xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
            axes.legend(loc="lower right", fontsize=7, title="AUC", title_fontsize=7)
    return figure


def cause_figure(cause: pd.DataFrame) -> Figure:
    """Draw every arm's gain over the original, a panel for each model and set.

    Parameters
    ----------
    cause : DataFrame
        From ``superres_tables.cause``.
    """
    groups = list(cause.groupby(["split", "model"], sort=False))
    arms = list(dict.fromkeys(cause["arm"]))[::-1]
    with use_style():
        width = max(3.2 * len(groups), 5)
        figure = Figure(figsize=(width, 0.34 * len(arms) + 1.4), layout="constrained")
        panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
        for axes, ((split, model), part) in zip(panels, groups, strict=True):
            rows = part.set_index("arm")
            for y, arm in enumerate(arms):
                if arm in rows.index:
                    color = RED if arm == "SR" else BLUE
                    _dot(axes, rows.loc[arm], y, color, ("gain", "gain_low", "gain_high"))
            axes.axvline(0, color=GREY, lw=0.9, ls=":")
            axes.set_title(f"{model}, {split}", fontsize=9)
            axes.set_xlabel("AUC less that on originals", fontsize=8)
        panels[0].set_yticks(range(len(arms)), arms)
    return figure

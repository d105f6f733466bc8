"""Figures of habitats: how many, maps beside Grad-CAM, shares by class, stability, truth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ptclnm.imaging.habitats import OUTSIDE, name_of
from ptclnm.report.fusion_habitats import Shown
from ptclnm.report.style import BLUE, GREY, INK, LABEL_COLORS, PALETTE, RED, use_style

CELL = 1.6
HEAT = "inferno"
CLASSES = {0: "without", 1: "with"}


def colors_of(k: int) -> list[str]:
    """A colour for each habitat, the darkest first."""
    return [(*PALETTE, INK)[i % 8] for i in range(k)]


def number_figure(judged: pd.DataFrame) -> Figure:
    """Draw both criteria over the number of habitats.

    Parameters
    ----------
    judged : DataFrame
        Columns ``k, silhouette, calinski_harabasz, chosen``.
    """
    chosen = int(judged.loc[judged["chosen"], "k"].iloc[0])
    names = {"silhouette": "silhouette", "calinski_harabasz": "Calinski–Harabasz"}
    with use_style():
        figure = Figure(figsize=(7, 2.6), layout="constrained")
        for axes, (column, title) in zip(figure.subplots(1, 2), names.items(), strict=True):
            axes.plot(judged["k"], judged[column], "o-", color=BLUE)
            axes.axvline(chosen, color=RED, lw=1.2, ls="--")
            axes.set(xlabel="habitats", ylabel=title)
            axes.set_xticks(judged["k"])
    return figure


def maps_figure(shown: Sequence[Shown], heat: NDArray, k: int) -> Figure:
    """Draw nodules, Grad-CAM over them, and their habitats (the paper's Figure 6).

    Parameters
    ----------
    shown : sequence of Shown
        Rectangles; each is stretched to a square, as the network sees it.
    heat : ndarray, shape (len(shown), side, side)
        Grad-CAM, 0 to 1.
    k : int
        Number of habitats.
    """
    rows = ("picture", "Grad-CAM", "habitats")
    with use_style():
        figure = Figure(figsize=(CELL * len(shown) + 0.8, CELL * 3 + 0.7), layout="constrained")
        grid = figure.subplots(3, len(shown), squeeze=False)
        for column, one in enumerate(shown):
            _column(grid[:, column], one, heat[column], k)
        for axes, name in zip(grid[:, 0], rows, strict=True):
            axes.set_ylabel(name, fontsize=8)
        _habitat_key(figure, k)
    return figure


def _column(axes: NDArray, one: Shown, heat: NDArray, k: int) -> None:
    high, wide = one.picture.shape
    extent = (-0.5, wide - 0.5, high - 0.5, -0.5)
    for each in axes:
        each.imshow(one.picture, cmap="gray", aspect="auto")
        if one.mask.any() and not one.mask.all():
            each.contour(one.mask, levels=[0.5], colors=["white"], linewidths=0.9)
        each.set(xticks=[], yticks=[])
        each.spines[:].set_visible(False)
        each.grid(visible=False)
    axes[1].imshow(heat, cmap=HEAT, alpha=0.5, vmin=0, vmax=1, aspect="auto", extent=extent)
    inside = np.ma.masked_equal(one.habitats, OUTSIDE)
    axes[2].imshow(inside, cmap=ListedColormap(colors_of(k)), vmin=-0.5, vmax=k - 0.5, alpha=0.65,
                   aspect="auto", interpolation="nearest")  # fmt: skip
    axes[0].set_title(CLASSES[one.label], fontsize=8, color=LABEL_COLORS[one.label], loc="center")


def _habitat_key(figure: Figure, k: int) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=name_of(i)) for i, color in enumerate(colors_of(k))]
    figure.legend(handles=handles, loc="outside lower center", ncols=k, fontsize=8)


def shares_figure(patients: pd.DataFrame, k: int) -> Figure:
    """Draw each patient's shares by class, a panel for each set.

    Parameters
    ----------
    patients : DataFrame
        ``patient_id, split, label, H1, …``.
    k : int
        Number of habitats.
    """
    splits = list(dict.fromkeys(patients["split"]))
    with use_style():
        figure = Figure(figsize=(8, 2.5 * len(splits) + 0.4), layout="constrained")
        panels = figure.subplots(len(splits), 1, sharex=True, squeeze=False)[:, 0]
        for axes, split in zip(panels, splits, strict=True):
            _boxes(axes, patients[patients["split"] == split], k)
            axes.set(title=split, ylabel="share of the nodule", ylim=(0, None))
        panels[-1].set_xticks(range(k), [name_of(i) for i in range(k)])
        _class_key(figure)
    return figure


def _boxes(axes: Axes, part: pd.DataFrame, k: int) -> None:
    for label, shift in ((0, -0.18), (1, 0.18)):
        own = part[part["label"] == label]
        values = [own[name_of(i)].to_numpy() for i in range(k)]
        if not len(own):
            continue
        drawn = axes.boxplot(
            values, positions=np.arange(k) + shift, widths=0.28, manage_ticks=False,
            patch_artist=True, flierprops={"ms": 2.5, "mec": GREY},
        )  # fmt: skip
        for box, middle in zip(drawn["boxes"], drawn["medians"], strict=True):
            box.set(facecolor=LABEL_COLORS[label], alpha=0.55, lw=0.8)
            middle.set(color=INK, lw=1.2)


def _class_key(figure: Figure) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=LABEL_COLORS[i], label=f"{name} the outcome")
               for i, name in CLASSES.items()]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=2, fontsize=8)


def stability_figure(table: pd.DataFrame) -> Figure:
    """Draw the mean Dice of each habitat after each small change.

    Parameters
    ----------
    table : DataFrame
        Columns ``change, habitat, dice``.
    """
    changes = list(dict.fromkeys(table["change"]))[::-1]
    names = list(dict.fromkeys(table["habitat"]))
    with use_style():
        figure = Figure(figsize=(7, 0.36 * len(changes) + 1.3), layout="constrained")
        axes = figure.subplots()
        for color, name in zip(colors_of(len(names)), names, strict=True):
            part = table[table["habitat"] == name]
            at = [changes.index(change) for change in part["change"]]
            axes.plot(part["dice"], at, "o", color=color, ms=6, label=name)
        axes.set_yticks(range(len(changes)), changes, fontsize=8)
        axes.set(xlabel="mean Dice", xlim=(0, 1.02), ylim=(-0.6, len(changes) - 0.4))
        figure.legend(loc="outside upper center", ncols=len(names), fontsize=8)
    return figure


def truth_figure(found: pd.DataFrame, enrichment: pd.DataFrame, k: int) -> Figure:
    """Draw grey level over true echo, and where the microcalcifications lie.

    Parameters
    ----------
    found : DataFrame
        From ``ptclnm.imaging.habitat_truth.beside_truth``.
    enrichment : DataFrame
        From ``ptclnm.imaging.habitat_truth.enrichment``; may be empty.
    k : int
        Number of habitats.
    """
    with use_style():
        figure = Figure(figsize=(8, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for color, (name, part) in zip(colors_of(k), found.groupby("habitat"), strict=False):
            left.plot(part["echogenicity_db"], part["grey"], "o", color=color, ms=4, alpha=0.7,
                      label=name)  # fmt: skip
        left.set(xlabel="true echo relative to the gland (dB)", ylabel="grey level")
        at = np.arange(len(enrichment))
        right.bar(at - 0.2, enrichment["share"], 0.38, color=GREY, label="of the nodule")
        right.bar(at + 0.2, enrichment["share_near"], 0.38, color=RED,
                  label="of pixels near microcalcifications")  # fmt: skip
        right.set_xticks(at, enrichment["habitat"])
        right.set(ylabel="share")
        right.legend(fontsize=7)
        left.legend(fontsize=7)
    return figure

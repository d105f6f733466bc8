"""Habitats as page 05 shows them: the maps, and what they are beside the truth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.pipeline import Pipeline

from ptclnm.habitats.clusters import OUTSIDE, mapped, names_of, opened
from ptclnm.report.sentences import count
from ptclnm.report.style import INK, LABEL_COLORS, PALETTE, use_style
from ptclnm.schema import Cohort

CELL = 1.6
COLORS = (*PALETTE, INK)
CLASSES = {0: "without", 1: "with"}


def truth_words(near: pd.DataFrame) -> str:
    """Say in which habitat microcalcifications lie, from ``ptclnm.habitats.truth.enrichment``."""
    if not near["pictures"].any():
        return "No picture has a microcalcification."
    top = near.loc[near["enrichment"].idxmax()]
    return (
        f"Microcalcifications lie most of all in **{top['habitat']}**: it is {top['share']:.0%} of "
        f"the nodule and {top['share_near']:.0%} of the pixels near one, {top['enrichment']:.1f} "
        f"times as many as by chance ({count(int(top['pictures']), 'picture')})."
    )


def maps(cohort: Cohort, model: Pipeline, images: Sequence[str], heat: NDArray) -> Figure:
    """Draw nodules, Grad-CAM over them, and their habitats (the paper's Figure 6).

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    model : Pipeline
        Habitats, fitted.
    images : sequence of str
        Which pictures; each nodule's rectangle is stretched to a square, as the network sees it.
    heat : ndarray, shape (len(images), side, side)
        Grad-CAM of the rectangles, 0 to 1.
    """
    labels, names = cohort.table.set_index("image_id")["label"], names_of(model)
    with use_style():
        figure = Figure(figsize=(CELL * len(images) + 0.8, CELL * 3 + 0.7), layout="constrained")
        grid = figure.subplots(3, len(images), squeeze=False)
        for column, name, own in zip(grid.T, images, heat, strict=True):
            _column(column, cohort, model, name, own)
            label = labels[name]
            column[0].set_title(CLASSES[label], fontsize=8, color=LABEL_COLORS[label], loc="center")
        for axes, name in zip(grid[:, 0], ("picture", "Grad-CAM", "habitats"), strict=True):
            axes.set_ylabel(name, fontsize=8)
        key = [Patch(color=color, label=name) for color, name in zip(COLORS, names, strict=False)]
        figure.legend(handles=key, loc="outside lower center", ncols=len(key), fontsize=8)
    return figure


def _column(
    column: Sequence[Axes], cohort: Cohort, model: Pipeline, name: str, heat: NDArray
) -> None:
    array, mask = opened(cohort, name)
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    picture, inside = array[box], mask[box]
    labels = np.ma.masked_equal(mapped(model, array, mask)[box], OUTSIDE)
    for axes in column:
        axes.imshow(picture, cmap="gray", aspect="auto")
        if not inside.all():
            axes.contour(inside, levels=[0.5], colors=["white"], linewidths=0.9)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.grid(visible=False)
    extent = (-0.5, picture.shape[1] - 0.5, picture.shape[0] - 0.5, -0.5)
    shown = {"aspect": "auto", "extent": extent}
    column[1].imshow(heat, cmap="inferno", alpha=0.5, vmin=0, vmax=1, **shown)
    k = len(names_of(model))
    column[2].imshow(labels, ListedColormap(COLORS[:k]), vmin=-0.5, vmax=k - 0.5, alpha=0.65,
                     interpolation="nearest", **shown)  # fmt: skip

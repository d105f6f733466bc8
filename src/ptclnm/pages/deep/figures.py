"""Figures of page 03: what the networks see, how they learn, where they look."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ptclnm.models.deep.batches import VARIATION, generator, vary
from ptclnm.models.deep.crops import Crops
from ptclnm.report.style import GREY, LABEL_COLORS, ORANGE, RED, use_style

CELL = 1.35  # inches of a picture
EACH, VARIANTS, COLUMNS = 4, 2, 3


def variations(train: Crops, seed: int) -> Figure:
    """Draw rectangles of both classes, drawn by chance, and each as training varies it.

    Parameters
    ----------
    train : Crops
        The images of the training set.
    seed : int
        Of the draw and the variations.
    """
    order = np.random.default_rng([seed, VARIATION]).permutation(len(train.labels))
    at = np.concatenate([order[train.labels[order] == k][:EACH] for k in (1, 0)])
    pixels = train.pixels[at]
    mean, sd = pixels.mean(), pixels.std()
    images = torch.from_numpy((pixels - mean) / sd)[:, None]
    varied = [vary(images, generator(seed, VARIATION, k))[:, 0] for k in range(VARIANTS)]
    rows = [pixels, *(other.numpy() * sd + mean for other in varied)]
    with use_style():
        figure = Figure((CELL * len(at), CELL * len(rows) + 0.3), layout="constrained")
        grid = figure.subplots(len(rows), len(at), squeeze=False)
        for column, label in enumerate(train.labels[at]):
            low, high = np.percentile(pixels[column], [0.5, 99.5])
            for axes, pictures in zip(grid[:, column], rows, strict=True):
                axes.imshow(pictures[column], cmap="gray", vmin=low, vmax=high)
                axes.set_axis_off()
            title = "with" if label else "without"
            grid[0, column].set_title(title, fontsize=8, color=LABEL_COLORS[int(label)])
    return figure


def learning(history: pd.DataFrame) -> Figure:
    """Draw the loss over epochs, a panel for each model.

    Parameters
    ----------
    history : DataFrame
        ``model, epoch, loss, inner_loss, kept``.
    """
    by = dict(list(history.groupby("model", sort=False)))
    rows = -(-len(by) // COLUMNS)
    with use_style():
        figure = Figure(figsize=(8.4, 2.3 * rows + 0.4), layout="constrained")
        grid = figure.subplots(rows, min(COLUMNS, len(by)), squeeze=False)
        for axes in grid.ravel()[len(by) :]:
            axes.set_axis_off()
        for axes, (name, part) in zip(grid.ravel(), by.items(), strict=False):
            _curves(axes, part)
            axes.set_title(name, fontsize=9)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _curves(axes: Axes, part: pd.DataFrame) -> None:
    lines = {"loss": (GREY, "patients trained on"),
             "inner_loss": (ORANGE, "inner patients set aside")}  # fmt: skip
    for name, (color, label) in lines.items():
        axes.plot(part["epoch"] + 1, part[name], color=color, marker="o", ms=3, label=label)
    kept = part[part["kept"]]
    axes.plot(kept["epoch"] + 1, kept["inner_loss"], "D", color=RED, ms=6, label="weights kept")
    top = float(np.nanmax([part["loss"].max(), part["inner_loss"].median() * 2, 1.0]))
    axes.set(xlabel="epoch", ylabel="loss", ylim=(0, 1.1 * top))
    axes.xaxis.get_major_locator().set_params(integer=True)


def maps(crops: Crops, heat: Mapping[str, NDArray], kinds: Sequence[str]) -> Figure:
    """Draw pictures with the nodule's contour, and under each the maps of several networks.

    Parameters
    ----------
    crops : Crops
        The pictures.
    heat : mapping of str to ndarray, shape (images, side, side)
        Maps from 0 to 1 by what they are called.
    kinds : sequence of str
        What each picture's call was.
    """
    rows = {"picture": None, **heat}
    size = CELL * len(kinds) + 0.5, CELL * len(rows) + 0.5
    with use_style():
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(rows), len(kinds), squeeze=False)
        for line, (name, over) in zip(grid, rows.items(), strict=True):
            for i, axes in enumerate(line):
                axes.imshow(crops.pixels[i], cmap="gray")
                if over is not None:
                    axes.imshow(over[i], cmap="inferno", alpha=0.5, vmin=0, vmax=1)
                if 0 < crops.masks[i].mean() < 1:
                    axes.contour(crops.masks[i], levels=[0.5], colors=["white"], linewidths=0.9)
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
            line[0].set_ylabel(name, fontsize=8)
        for axes, kind in zip(grid[0], kinds, strict=True):
            axes.set_title(kind.replace(" ", "\n"), fontsize=8, loc="center")
    return figure

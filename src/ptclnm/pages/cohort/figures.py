"""Figures of page 01: differences between groups, pictures, and how simulated ones are made."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import ndimage

from echophantom.steps import Steps
from ptclnm.pages.cohort.printed import pair_name
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.report.figures import forest
from ptclnm.report.style import BLUE, LABEL_COLORS, ORANGE, RED, use_style
from ptclnm.schema import Cohort

CELL = 1.75
WINDOW_MM = 3.0
NAMES = {0: "without the endpoint", 1: "with the endpoint"}


def balance(differences: pd.DataFrame) -> Figure | str:
    """Draw the standardised mean difference of each variable, one colour a pair of groups.

    Parameters
    ----------
    differences : DataFrame
        Columns ``variable, group_a, group_b, smd``.
    """
    rows = differences.dropna(subset=["smd"])
    pairs = pd.Series(map(pair_name, rows["group_a"], rows["group_b"]), rows.index, dtype=str)
    axis, columns = "standardised mean difference", "smd smd smd"
    return forest(rows, rows["variable"], pairs, axis, columns, line=0.1)


def gallery(cohort: Cohort, chosen: pd.DataFrame) -> Figure:
    """Draw pictures of both classes, each with its contour, and below it the contour's box.

    Parameters
    ----------
    cohort : Cohort
        With images and masks.
    chosen : DataFrame
        Rows of its table, e.g. by ``ptclnm.report.gallery.choose``.

    Raises
    ------
    ImageError
        If a picture cannot be read.
    """
    classes = dict(list(chosen.groupby("label")))
    columns = max(map(len, classes.values()))
    with use_style():
        size = CELL * columns, (2 * CELL + 0.3) * len(classes)
        figure = Figure(figsize=size, layout="constrained")
        parts = np.atleast_1d(figure.subfigures(len(classes), 1))
        for part, (label, rows) in zip(parts, classes.items(), strict=True):
            title, color = f"{NAMES[label]} (label {label})", LABEL_COLORS[label]
            part.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=10, color=color)
            grid = part.subplots(2, columns, squeeze=False)
            for axes in grid.ravel():
                axes.set_axis_off()
            for row, (upper, lower) in zip(rows.itertuples(), grid.T, strict=False):
                image, mask = read_image(row.image).array, read_mask(row.mask, cohort.mask_label)
                upper.imshow(image, cmap="gray")
                upper.contour(mask, levels=[0.5], colors=[color], linewidths=1.2)
                if chosen["center"].nunique() > 1:
                    upper.set_title(f"centre {row.center}", fontsize=8)
                for box in ndimage.find_objects(mask.astype(np.uint8)):
                    lower.imshow(image[box], cmap="gray")
    return figure


def steps(making: Steps) -> Figure:
    """Draw one frame's making, step by step.

    Parameters
    ----------
    making : Steps
        As :func:`echophantom.steps.explain` gives them.

    Returns
    -------
    Figure
        Six panels: echogenicity, what shadows take, scatterers near the nodule's middle, one
        line at radio frequency with its envelope, the envelope in dB, and the stored frame.
    """
    near, lines = _window(making)
    depth, across = making.depth_mm[near], making.line_mm[lines]
    detail = (across[0], across[-1], depth[-1], depth[0])
    part, at = making.scatterers[near, lines], making.nodule_line
    most = max(float(np.percentile(np.abs(part), 99)), 1e-6)
    with use_style():
        figure = Figure(figsize=(9.2, 6.0), layout="constrained")
        (first, second, third), (fourth, fifth, sixth) = figure.subplots(2, 3)
        _map(first, making.echogenicity_db, making, "1 Echogenicity", (-25, 12))
        _map(second, making.transmission_db, making, "2 Shadows", (-25, 10))
        _map(fifth, making.level_db, making, "5 Envelope in dB", (-35, 15))
        third.imshow(part, cmap="RdBu_r", vmin=-most, vmax=most, extent=detail,
                     interpolation="nearest")  # fmt: skip
        third.set(title="3 Scatterers, a detail", xlabel="across, mm", ylabel="depth, mm")
        third.grid(False)
        hull = making.envelope[near, at]
        fourth.plot(depth, making.rf[near, at], color=BLUE, linewidth=0.8, label="signal")
        fourth.plot(depth, hull, color=RED, linewidth=1.4, label="envelope")
        fourth.set(title="4 One line", xlabel="depth, mm", ylabel="amplitude")
        fourth.set_ylim(top=1.6 * float(hull.max()))  # room for the legend
        fourth.legend(loc="upper right", fontsize=8)
        _frame(sixth, making)
    return figure


def _extent(making: Steps) -> tuple[float, float, float, float]:
    rows, columns = np.array(making.picture.frame.shape) * making.picture.spacing_mm
    return -columns / 2, columns / 2, rows, 0.0


def _map(
    axes: Axes, values: NDArray, making: Steps, title: str, limits: tuple[float, float]
) -> None:
    """Draw a map of the frame's extent with a bar for its values in dB."""
    low, high = limits
    shown = axes.imshow(values, cmap="gray", vmin=low, vmax=high, extent=_extent(making))
    axes.set(title=title, ylabel="depth, mm")
    axes.grid(False)
    axes.figure.colorbar(shown, ax=axes, shrink=0.75, label="dB")


def _window(making: Steps) -> tuple[slice, slice]:
    """Find samples and lines within 1.5 mm of the nodule's middle."""
    rows = np.flatnonzero(making.picture.mask.any(axis=1))
    middle = rows.mean() * making.picture.spacing_mm if len(rows) else making.depth_mm.mean()
    across = making.line_mm[making.nodule_line]
    spans = []
    for places, centre in ((making.depth_mm, middle), (making.line_mm, across)):
        near = np.flatnonzero(np.abs(places - centre) <= WINDOW_MM / 2)
        spans.append(slice(near[0], near[-1] + 1))
    return spans[0], spans[1]


def _frame(axes: Axes, making: Steps) -> None:
    picture, extent = making.picture, _extent(making)
    axes.imshow(picture.frame, cmap="gray", vmin=0, vmax=255, extent=extent)
    rows, columns = (picture.truth.contour.T + 0.5) * picture.spacing_mm
    axes.plot(extent[0] + columns, rows, color=ORANGE, linewidth=0.8)
    axes.set(title="6 Stored frame", xlim=extent[:2], ylim=extent[2:])
    axes.grid(False)

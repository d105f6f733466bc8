"""A few pictures of each class: what the models look at."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import ndimage

from ptclnm.cohorts.datasets import datasets
from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import ParameterError
from ptclnm.imaging.read import read_image, read_mask
from ptclnm.report.style import LABEL_COLORS, use_style

CELL = 1.75
NAMES = {0: "without the endpoint", 1: "with the endpoint"}


@dataclass(frozen=True, eq=False)
class Example:
    """One picture: its label, centre, grey values and mask, both of shape (rows, columns)."""

    label: int
    image: np.ndarray
    mask: np.ndarray
    center: str = ""


def gallery(cohort: Cohort, n_per_class: int = 4, seed: int = 0) -> Figure:
    """Draw pictures of both classes, each with its contour and its crop.

    Parameters
    ----------
    cohort : Cohort
        With images and masks.
    n_per_class : int
        Pictures of each class, 1 to 12; fewer where there are fewer patients.
    seed : int
        Seed of the choice; one picture a patient.

    Returns
    -------
    Figure
        Two rows a class: the picture with the mask's contour, and the contour's bounding box.

    Raises
    ------
    ParameterError
        If the cohort has no images, or `n_per_class` is not 1 to 12.
    ImageError
        If a picture cannot be read.
    """
    return gallery_figure(examples(cohort, n_per_class, seed))


def withheld(cohort: Cohort, show_images: bool = False) -> str:
    """Tell why the gallery is not to be shown, if it is not.

    Parameters
    ----------
    cohort : Cohort
        Any.
    show_images : bool
        The page's parameter: true on one's own machine, for a book that is not published.

    Returns
    -------
    str
        A note to print in the gallery's place; empty where it may be shown.
    """
    if (cohort.table["image"] == "").all():
        return "This cohort has no images."
    entry = datasets().get(cohort.name)
    allowed = entry.show_images if entry else cohort.evidence == "simulated"
    if show_images or allowed:
        return ""
    why = f"{entry.title}: {entry.use}" if entry else "They are pictures of patients."
    return (
        f"The pictures are not shown here. {why} To see the gallery on your own machine, run "
        "this page with the parameter show_images set to true; do not publish that book."
    )


def examples(cohort: Cohort, n_per_class: int, seed: int) -> list[Example]:
    """Read pictures of both classes, one a patient.

    Parameters
    ----------
    cohort, n_per_class, seed
        As in :func:`gallery`.

    Returns
    -------
    list of Example
        Class 0 first.
    """
    if not 1 <= n_per_class <= 12:
        raise ParameterError("gallery", [f"n_per_class is {n_per_class}; allowed: 1 to 12"])
    table = cohort.table[cohort.table["image"] != ""]
    if table.empty:
        raise ParameterError("gallery", [f"the cohort {cohort.name!r} has no images"])
    chosen, roi = choose(table, n_per_class, seed), cohort.mask_label
    return [
        Example(
            int(row.label), read_image(row.image).array, read_mask(row.mask, roi), str(row.center)
        )
        for row in chosen.itertuples()
    ]


def choose(table: pd.DataFrame, n_per_class: int, seed: int) -> pd.DataFrame:
    """Draw rows, `n_per_class` patients of each label, the centres in turn, one row of each."""
    rng = np.random.default_rng(seed)
    one_each = table.iloc[rng.permutation(len(table))].drop_duplicates("patient_id")
    turn = one_each.groupby(["label", "center"]).cumcount()
    in_turn = one_each.assign(turn=turn).sort_values(["label", "turn", "center"], kind="stable")
    chosen = in_turn.groupby("label").head(n_per_class).drop(columns="turn")
    return chosen.sort_values(["label", "center"], kind="stable")


def gallery_figure(shown: list[Example]) -> Figure:
    """Draw examples, a column each, two rows a class.

    Parameters
    ----------
    shown : list of Example
        At least one.

    Returns
    -------
    Figure
        Cells of 1.75 inches.
    """
    labels = sorted({example.label for example in shown})
    columns = max(sum(e.label == label for e in shown) for label in labels)
    several = len({example.center for example in shown}) > 1
    with use_style():
        figure = Figure(
            figsize=(CELL * columns, 2 * CELL * len(labels) + 0.3 * len(labels)),
            layout="constrained",
        )
        parts = np.atleast_1d(figure.subfigures(len(labels), 1))
        for part, label in zip(parts, labels, strict=True):
            of_class = [e for e in shown if e.label == label]
            part.suptitle(
                f"{NAMES[label]} (label {label})",
                x=0.01,
                ha="left",
                weight="bold",
                fontsize=10,
                color=LABEL_COLORS[label],
            )
            grid = part.subplots(2, columns, squeeze=False)
            for axes in grid.ravel():
                axes.set_axis_off()
            for example, (upper, lower) in zip(of_class, grid.T, strict=False):
                _show_contour(upper, example)
                upper.set_title(f"centre {example.center}" if several else "", fontsize=8)
                _show_crop(lower, example)
    return figure


def _show_contour(axes: Axes, example: Example) -> None:
    axes.imshow(example.image, cmap="gray")
    axes.contour(example.mask, levels=[0.5], colors=[LABEL_COLORS[example.label]], linewidths=1.2)


def _show_crop(axes: Axes, example: Example) -> None:
    if not example.mask.any():
        return
    box = ndimage.find_objects(example.mask.astype(np.uint8))[0]
    axes.imshow(example.image[box], cmap="gray")

"""The classical drawing of a nomogram: ruled scales, read off with a straight edge."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ptclnm.evaluation.nomogram.points import Axis, Nomogram
from ptclnm.evaluation.nomogram.study import Built
from ptclnm.report.style import INK, use_style

ROW, TITLE = 0.5, 0.55  # inches
TICK, GAP, LINE = 0.12, 0.16, 0.2  # of a row: tick, its label's distance, a line of labels
LETTER = 0.0115  # width of a letter of a label, as a share of the longest scale
LEFT = -0.33
SPELT = {"ht": "Hashimoto's thyroiditis", "acr_tirads": "ACR TI-RADS"}


def label_of(name: str) -> str:
    """Give a column's name as a reader reads it."""
    if name in SPELT:
        return SPELT[name]
    units = {"_mm": " (mm)", "_code": " (code)"}
    for ending, unit in units.items():
        if name.endswith(ending):
            name = name.removesuffix(ending) + unit
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def nomogram_figure(built: Sequence[Built]) -> Figure:
    """Draw nomograms one below the other.

    Parameters
    ----------
    built : sequence of Built
        The nomograms; each with its points above, its variables, and total points and risk below.
    """
    rows = [len(one.nomogram.axes) + 4 for one in built]
    heights = [ROW * count + TITLE for count in rows]
    with use_style():
        figure = Figure(figsize=(8.4, sum(heights)), layout="constrained")
        panels = figure.subplots(len(built), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, one in zip(panels, built, strict=True):
            draw_nomogram(axes, one.nomogram)
            axes.set_title(one.name)
    return figure


def draw_nomogram(axes: Axes, drawn: Nomogram) -> None:
    """Draw one nomogram: a scale from 0 to 1 across for points, and for total points."""
    most = max(axis.points.max() for axis in drawn.axes)
    total = float(drawn.total.points.max())
    ruler = np.arange(0, most + most / 20, most / 10)
    scales = [(Axis("Points", tuple(f"{v:g}" for v in ruler), ruler, ruler), most)]
    scales += [(axis, most) for axis in drawn.axes]
    scales += [(drawn.total, total), (drawn.linear_predictor, total), (drawn.risk, total)]
    for row, (axis, longest) in enumerate(scales):
        _scale(axes, axis, -row, longest)
    axes.set(xlim=(LEFT, 1.03), ylim=(0.7 - len(scales), 0.7))
    axes.axis("off")


def _scale(axes: Axes, axis: Axis, y: float, longest: float) -> None:
    axes.text(LEFT, y, label_of(axis.name), va="center", ha="left", fontsize=9, color=INK)
    at = axis.points / longest
    seen = np.flatnonzero((at >= -1e-9) & (at <= 1 + 1e-9))
    if not len(seen):
        return
    axes.plot((at[seen].min(), at[seen].max()), (y, y), color=INK, lw=0.9)
    widths = [LETTER * (len(axis.labels[i]) + 1) for i in seen]
    sides = label_sides(at[seen], widths, 2 if axis.categorical else 1)
    for i, side in zip(seen, sides, strict=True):
        up = -1 if side < 0 else 1
        axes.plot((at[i], at[i]), (y, y + TICK * up), color=INK, lw=0.8)
        if side:
            place = y + up * (GAP + LINE * (abs(side) - 1))
            axes.text(at[i], place, axis.labels[i], ha="center", fontsize=7, color=INK,
                      va="bottom" if up > 0 else "top")  # fmt: skip


def label_sides(at: np.ndarray, widths: Sequence[float], lines: int = 1) -> list[int]:
    """Line of each tick's label: 1 above, -1 below, 2 and -2 further out, 0 where there is no room.

    Parameters
    ----------
    at : ndarray, shape (ticks,)
        Where the ticks are.
    widths : sequence of float
        Widths of their labels, in the same unit.
    lines : int
        Lines of labels on each side.

    Returns
    -------
    list of int
        The first and the last are placed before those between.
    """
    order = np.argsort(at, kind="stable")
    sides = [0] * len(at)
    places = [side * line for line in range(1, lines + 1) for side in (1, -1)]
    taken: dict[int, list[tuple[float, float]]] = {place: [] for place in places}
    for i in [order[0], order[-1], *order[1:-1]] if len(order) > 1 else order:
        low, high = at[i] - widths[i] / 2, at[i] + widths[i] / 2
        for side in places:
            if all(high <= start or low >= end for start, end in taken[side]):
                taken[side].append((low, high))
                sides[i] = side
                break
    return sides

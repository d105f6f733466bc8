"""The recruitment flow, drawn from counts as the papers' Figure 1."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import text_to_path

from ptclnm.report.style import BLUE, GREY, PALE, RULE, use_style
from ptclnm.schema import SPLIT

# Inches, heights growing upwards from the figure's upper edge; left edge and width of a box.
WIDTH, LINE, PAD, GAP = 7.6, 0.168, 0.11, 0.24
MIDDLE, SIDE = (0.1, 3.3), (3.95, 3.55)
SPINE = MIDDLE[0] + MIDDLE[1] / 2
FONT = 9.0
# Letters set on whole pixels come out a little wider than their measure.
SLACK = 0.96
KEPT, DROPPED, SET = "kept", "dropped", "set"


def flow_figure(flow: pd.DataFrame, title: str) -> Figure:
    """Draw what is kept down the middle, what is dropped to the right, the splits below.

    Parameters
    ----------
    flow : DataFrame
        Columns ``step, rows, images, patients, reason``. A row without a reason is what is
        there, the first among them; one with a reason is what was dropped. Rows whose step begins
        with ``split: `` are the boxes at the bottom.
    title : str
        Heading of the figure.

    Returns
    -------
    Figure
        Width 7.6 inches, height as the boxes need.
    """
    head = wrap_text(title, 0.74 * WIDTH, "bold")
    level = above = -0.1 - 1.5 * LINE * len(head)
    with use_style():
        figure = Figure()
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.text(MIDDLE[0], -0.1, "\n".join(head), fontsize=11, weight="bold", va="top")
        for kind, group in groupby(flow.to_dict("records"), _kind):
            lines = list(group)
            if kind == SET:
                level = _draw_sets(axes, level, above, lines)
            elif kind == DROPPED:
                reasons = [f"{describe_counts(line)}: {line['reason']}" for line in lines]
                bottom = _draw_box(axes, SIDE, level, "Dropped", reasons, GREY)
                middle, level = (level + bottom) / 2, bottom - GAP
                _draw_arrow(axes, (SPINE, above), (SPINE, middle), (SIDE[0], middle))
            for line in lines if kind == KEPT else ():
                if level < above:
                    _draw_arrow(axes, (SPINE, above), (SPINE, level))
                above = _draw_box(axes, MIDDLE, level, line["step"], [describe_counts(line)])
                level = above - GAP
        axes.set(xlim=(0, WIDTH), ylim=(level, 0))
        figure.set_size_inches(WIDTH, -level)
    return figure


def _kind(line: Mapping[str, Any]) -> str:
    if line["step"].startswith(SPLIT):
        return SET
    return DROPPED if line["reason"] else KEPT


def describe_counts(line: Mapping[str, Any]) -> str:
    """Phrase a line's counts, e.g. ``"466 images, 380 patients"``.

    Parameters
    ----------
    line : mapping
        Holds ``rows``, ``images`` and ``patients``.

    Returns
    -------
    str
        Counts that are not 0; rows only where they say more than images and patients do.
    """
    shown = [k for k in ("rows", "images", "patients") if line[k]]
    if line["rows"] in (line["images"], line["patients"]) and len(shown) > 1:
        shown.remove("rows")
    words = [f"{line[k]:,} {k[:-1] if abs(line[k]) == 1 else k}" for k in shown]
    return ", ".join(words) or "none"


def wrap_text(text: str, width: float, weight: str = "normal", indent: str = "") -> list[str]:
    """Break text into lines by its width as drawn.

    Parameters
    ----------
    text : str
        Words with spaces between them; a word that is too wide has a line of its own.
    width : float
        Width of a line, in inches.
    weight : str
        Weight of the font.
    indent : str
        What every line but the first begins with.

    Returns
    -------
    list of str
        The lines; none for an empty text.
    """
    font = FontProperties(family=["DejaVu Sans"], size=FONT, weight=weight)
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        points, _, _ = text_to_path.get_text_width_height_descent(longer, font, ismath=False)
        if not lines or points <= 72 * width:
            lines[-1:] = [longer]
        else:
            lines.append(indent + word)
    return lines


def _draw_sets(axes: Axes, level: float, above: float, lines: list[dict]) -> float:
    """Draw the sets side by side; give the level below them."""
    gap, bottoms, bar = 0.2, [], level + GAP / 2
    width = (WIDTH - 2 * MIDDLE[0] + gap) / len(lines) - gap
    for number, line in enumerate(lines):
        head, _, rest = line["step"].removeprefix(SPLIT).partition(", ")
        left = MIDDLE[0] + number * (width + gap)
        body = [describe_counts(line), rest]
        bottoms.append(_draw_box(axes, (left, width), level, head, body))
        center = left + width / 2
        _draw_arrow(axes, (SPINE, above), (SPINE, bar), (center, bar), (center, level))
    return min(bottoms) - GAP


def _draw_box(
    axes: Axes, place: tuple[float, float], top: float, head: str, body: list[str],
    color: str = BLUE,
) -> float:  # fmt: skip
    """Draw a box as high as its lines need, the heading in bold; give its lower edge."""
    left, width = place
    fit = (width - 2 * PAD) * SLACK
    bold = wrap_text(head, fit, "bold")
    plain = [part for line in body for part in wrap_text(line, fit, indent="    ")]
    height = LINE * (len(bold) + len(plain)) + 2 * PAD
    style = {"boxstyle": "round,pad=0,rounding_size=0.05", "fc": PALE, "ec": color, "lw": 1.1}
    axes.add_patch(FancyBboxPatch((left, top - height), width, height, **style))
    for number, line in enumerate([*bold, *plain]):
        weight = "bold" if number < len(bold) else "normal"
        at = left + PAD, top - PAD - LINE * (number + 0.5)
        axes.text(*at, line, fontsize=FONT, weight=weight, va="center")
    return top - height


def _draw_arrow(axes: Axes, *path: tuple[float, float]) -> None:
    axes.plot(*zip(*path, strict=True), color=RULE, lw=1.1)
    arrow = {"arrowstyle": "-|>", "mutation_scale": 9, "color": RULE, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", path[-1], path[-2], arrowprops=arrow)

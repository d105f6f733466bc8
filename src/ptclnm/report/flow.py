"""The recruitment flow, drawn from counts as the papers' Figure 1."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.textpath import text_to_path

from ptclnm.cohorts.flow import FLOW_COLUMNS, SPLIT
from ptclnm.errors import ParameterError
from ptclnm.report.style import BLUE, GREY, PALE, RULE, use_style

WIDTH = 7.6
FONT = 9.0
TITLE_FONT = 11.0
LINE = 0.168
PAD = 0.11
GAP = 0.24
MIDDLE = (0.1, 3.3)
SIDE = (3.95, 3.55)
POINTS_AN_INCH = 72
# Letters set on whole pixels come out a little wider than their measure.
SLACK = 0.96
INDENT = "    "


@dataclass
class Box:
    """A box in inches from the figure's lower left corner: heading lines, then plain ones."""

    left: float
    width: float
    head: list[str]
    body: list[str]
    color: str
    bottom: float = 0.0

    @property
    def height(self) -> float:
        """Height that the lines need."""
        return LINE * (len(self.head) + len(self.body)) + 2 * PAD

    @property
    def center(self) -> tuple[float, float]:
        """Middle of the box."""
        return self.left + self.width / 2, self.bottom + self.height / 2


def flow_figure(flow: pd.DataFrame, title: str = "") -> Figure:
    """Draw what is kept down the middle, what is dropped to the right, the splits below.

    Parameters
    ----------
    flow : DataFrame
        Columns ``step, rows, images, patients, reason``. A row without a reason is what is
        there; one with a reason is what was dropped. Rows whose step begins with ``split: `` are
        the boxes at the bottom.
    title : str
        Heading of the figure.

    Returns
    -------
    Figure
        Width 7.6 inches, height as the boxes need.

    Raises
    ------
    ParameterError
        If a column is missing or nothing is there.
    """
    _check(flow)
    split = flow["step"].str.startswith(SPLIT)
    levels = _levels(flow[~split])
    foot = _split_boxes(flow[split])
    head = wrap_text(title, WIDTH * FONT / TITLE_FONT * 0.9, "bold")
    height = _place(levels, foot, 0.1 + 1.5 * LINE * len(head))
    with use_style():
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))
        axes.set_axis_off()
        axes.text(
            MIDDLE[0], height - 0.1, "\n".join(head), fontsize=TITLE_FONT, weight="bold", va="top"
        )
        for kept, dropped in levels:
            _draw_box(axes, kept)
            if dropped:
                _draw_box(axes, dropped)
        for box in foot:
            _draw_box(axes, box)
        _draw_arrows(axes, levels, foot)
    return figure


def describe_counts(line: pd.Series) -> str:
    """Phrase a line's counts, e.g. ``"466 images, 380 patients"``.

    Parameters
    ----------
    line : Series
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


def _check(flow: pd.DataFrame) -> None:
    absent = [c for c in FLOW_COLUMNS if c not in flow]
    if absent:
        raise ParameterError("flow", [f"no column {c!r}" for c in absent])
    if not (flow["reason"] == "").any():
        raise ParameterError("flow", ["no row without a reason: nothing is there to be drawn"])


def _levels(lines: pd.DataFrame) -> list[tuple[Box, Box | None]]:
    """Pair each box of what is there with the box of what is dropped after it."""
    kept = lines["reason"] == ""
    levels = []
    for _, part in lines.groupby(kept.cumsum()):
        there, lost = part[part["reason"] == ""], part[part["reason"] != ""]
        head = there.iloc[0] if len(there) else lost.iloc[0]
        box = _box(MIDDLE, head["step"], [describe_counts(head)], BLUE)
        reasons = [f"{describe_counts(line)}: {line['reason']}" for _, line in lost.iterrows()]
        levels.append((box, _box(SIDE, "Dropped", reasons, GREY) if reasons else None))
    return levels


def _split_boxes(lines: pd.DataFrame) -> list[Box]:
    """Make the boxes of the splits, side by side over the whole width."""
    if lines.empty:
        return []
    gap = 0.2
    width = (SIDE[0] + SIDE[1] - MIDDLE[0] - gap * (len(lines) - 1)) / len(lines)
    boxes = []
    for place, (_, line) in enumerate(lines.iterrows()):
        head, _, rest = line["step"].removeprefix(SPLIT).partition(", ")
        left = MIDDLE[0] + place * (width + gap)
        boxes.append(_box((left, width), head, [describe_counts(line), rest], BLUE))
    return boxes


def _box(place: tuple[float, float], head: str, body: list[str], color: str) -> Box:
    """Wrap a heading and lines to the width of their box."""
    left, width = place
    fit = (width - 2 * PAD) * SLACK
    lines = [part for line in body for part in wrap_text(line, fit, indent=INDENT)]
    return Box(left, width, wrap_text(head, fit, "bold"), lines, color)


def wrap_text(text: str, width: float, weight: str = "normal", indent: str = "") -> list[str]:
    """Break text into lines by its width as drawn.

    Parameters
    ----------
    text : str
        Words with spaces between them; a word that is too wide has a line of its own.
    width : float
        Width of a line, in inches.
    weight : str
        Weight of the font, whose size is that of the flow figure.
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
        if not lines or points <= width * POINTS_AN_INCH:
            lines[-1:] = [longer]
        else:
            lines.append(indent + word)
    return lines


def _place(levels: list[tuple[Box, Box | None]], foot: list[Box], top: float) -> float:
    """Set each box's height above the ground, and return the figure's height."""
    rows: list[list[Box]] = []
    for kept, dropped in levels:
        rows += [[kept], [dropped]] if dropped else [[kept]]
    if foot:
        rows.append(foot)
    heights = [max(box.height for box in row) for row in rows]
    total = top + sum(heights) + GAP * (len(rows) - 1) + 0.12
    level = total - top
    for row, height in zip(rows, heights, strict=True):
        for box in row:
            box.bottom = level - box.height
        level -= height + GAP
    return total


def _draw_box(axes: Axes, box: Box) -> None:
    """Draw a box with its heading in bold."""
    shape = FancyBboxPatch(
        (box.left, box.bottom),
        box.width,
        box.height,
        boxstyle="round,pad=0,rounding_size=0.05",
        facecolor=PALE,
        edgecolor=box.color,
        lw=1.1,
    )
    axes.add_patch(shape)
    for number, line in enumerate([*box.head, *box.body]):
        height = box.bottom + box.height - PAD - LINE * (number + 0.5)
        weight = "bold" if number < len(box.head) else "normal"
        axes.text(box.left + PAD, height, line, fontsize=FONT, weight=weight, va="center")


def _draw_arrows(axes: Axes, levels: list[tuple[Box, Box | None]], foot: list[Box]) -> None:
    """Join the boxes: down the middle, to the right at what is dropped, down to the splits."""
    spine = MIDDLE[0] + MIDDLE[1] / 2
    for (upper, dropped), (lower, _) in zip(levels, levels[1:], strict=False):
        _arrow(axes, (spine, upper.bottom), (spine, lower.bottom + lower.height))
        if dropped:
            _arrow(axes, (spine, dropped.center[1]), (dropped.left, dropped.center[1]))
    last, dropped = levels[-1]
    if dropped:
        axes.plot([spine, spine], [last.bottom, dropped.center[1]], color=RULE, lw=1.1)
        _arrow(axes, (spine, dropped.center[1]), (dropped.left, dropped.center[1]))
    if foot:
        bar = foot[0].bottom + max(box.height for box in foot) + GAP / 2
        ends = [box.center[0] for box in foot]
        axes.plot([spine, spine], [last.bottom, bar], color=RULE, lw=1.1)
        axes.plot([min(*ends, spine), max(*ends, spine)], [bar, bar], color=RULE, lw=1.1)
        for box, x in zip(foot, ends, strict=True):
            _arrow(axes, (x, bar), (x, box.bottom + box.height))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, color=RULE, lw=1.1, shrinkA=0, shrinkB=0
        )
    )

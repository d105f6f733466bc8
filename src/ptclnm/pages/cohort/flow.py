"""The recruitment flow, drawn from counts as the papers' Figure 1."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import text_to_path

from ptclnm.cohorts.schema import SPLIT
from ptclnm.report.style import BLUE, GREY, PALE, RULE, use_style

# Inches, but for the size of the font.
WIDTH, LINE, PAD, GAP = 7.6, 0.168, 0.11, 0.24
MIDDLE, SIDE = (0.1, 3.3), (3.95, 3.55)
SPINE = MIDDLE[0] + MIDDLE[1] / 2
FONT = 9.0
# Letters set on whole pixels come out a little wider than their measure.
SLACK = 0.96
KEPT, DROPPED, SET = "kept", "dropped", "set"


@dataclass
class Box:
    """A box in inches from the figure's upper left corner, upwards being positive."""

    kind: str
    place: tuple[float, float]
    head: str
    body: list[str]
    top: float = 0.0

    def __post_init__(self) -> None:
        """Break the texts into lines that fit."""
        self.left, self.width = self.place
        fit = (self.width - 2 * PAD) * SLACK
        self.bold = wrap_text(self.head, fit, "bold")
        self.plain = [part for line in self.body for part in wrap_text(line, fit, indent="    ")]

    @property
    def bottom(self) -> float:
        """Lower edge, as the lines need it."""
        return self.top - LINE * (len(self.bold) + len(self.plain)) - 2 * PAD


def flow_figure(flow: pd.DataFrame, title: str) -> Figure:
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
    """
    rows, head = _rows(flow), wrap_text(title, 0.74 * WIDTH, "bold")
    level = -0.1 - 1.5 * LINE * len(head)
    for row in rows:
        for box in row:
            box.top = level
        level = min(box.bottom for box in row) - GAP
    with use_style():
        figure = Figure(figsize=(WIDTH, -level))
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(level, 0))
        axes.set_axis_off()
        axes.text(MIDDLE[0], -0.1, "\n".join(head), fontsize=11, weight="bold", va="top")
        above = rows[0][0]
        for box in (box for row in rows for box in row):
            _draw_box(axes, box)
            if box is not above:
                _draw_arrow(axes, above.bottom, box)
            above = box if box.kind == KEPT else above
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


def _rows(flow: pd.DataFrame) -> list[list[Box]]:
    """Make the boxes, those beside each other together."""
    rows: list[list[Box]] = []
    split = flow["step"].str.startswith(SPLIT)
    for _, line in flow[~split].iterrows():
        counts = describe_counts(line)
        if not line["reason"]:
            rows.append([Box(KEPT, MIDDLE, line["step"], [counts])])
        elif rows and rows[-1][0].kind == DROPPED:
            reasons = [*rows[-1][0].body, f"{counts}: {line['reason']}"]
            rows[-1] = [Box(DROPPED, SIDE, "Dropped", reasons)]
        else:
            rows.append([Box(DROPPED, SIDE, "Dropped", [f"{counts}: {line['reason']}"])])
    gap, sets = 0.2, []
    width = (sum(SIDE) - MIDDLE[0] + gap) / max(split.sum(), 1) - gap
    for number, (_, line) in enumerate(flow[split].iterrows()):
        head, _, rest = line["step"].removeprefix(SPLIT).partition(", ")
        place = (MIDDLE[0] + number * (width + gap), width)
        sets.append(Box(SET, place, head, [describe_counts(line), rest]))
    return rows + [sets] * bool(sets)


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


def _draw_box(axes: Axes, box: Box) -> None:
    color = GREY if box.kind == DROPPED else BLUE
    corner, height = (box.left, box.bottom), box.top - box.bottom
    style = {"boxstyle": "round,pad=0,rounding_size=0.05", "fc": PALE, "ec": color, "lw": 1.1}
    axes.add_patch(FancyBboxPatch(corner, box.width, height, **style))
    for number, line in enumerate([*box.bold, *box.plain]):
        weight = "bold" if number < len(box.bold) else "normal"
        at = box.left + PAD, box.top - PAD - LINE * (number + 0.5)
        axes.text(*at, line, fontsize=FONT, weight=weight, va="center")


def _draw_arrow(axes: Axes, above: float, box: Box) -> None:
    """Lead from the box kept before down the middle, then aside where the box stands aside."""
    middle, bar = (box.top + box.bottom) / 2, box.top + GAP / 2
    center = box.left + box.width / 2
    path = [(SPINE, above)]
    path += {
        KEPT: [(SPINE, box.top)],
        DROPPED: [(SPINE, middle), (box.left, middle)],
        SET: [(SPINE, bar), (center, bar), (center, box.top)],
    }[box.kind]
    axes.plot(*zip(*path, strict=True), color=RULE, lw=1.1)
    arrow = {"arrowstyle": "-|>", "mutation_scale": 9, "color": RULE, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", path[-1], path[-2], arrowprops=arrow)

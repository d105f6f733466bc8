"""The drawing of a nomogram: ruled scales as SVG, with markers that a script can move."""

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np
from IPython.display import SVG

from ptclnm.evaluation.nomogram.points import Axis, Nomogram
from ptclnm.evaluation.nomogram.study import Built

LEFT, WIDTH, RIGHT, ROW, TOP = 190, 560, 24, 54, 34
LETTER = 6.6  # width of a letter of a label
# Of a picture that stands alone; in the calculator the style of the book holds.
STYLE = """<style>
svg { background: #fff; color: #1f2a36; font-family: sans-serif; }
line { stroke: currentcolor; } text { fill: currentcolor; font-size: 11px; }
.name { font-size: 13px; } .title { font-size: 15px; } .marker, .thread { display: none; }
</style>"""
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


def scales(drawn: Nomogram) -> Iterator[tuple[Axis, float, str]]:
    """Scales from top to bottom, each with the points at its right end and its marker's mark."""
    most = max(float(axis.points.max()) for axis in drawn.axes)
    total = float(drawn.total.points.max())
    ruler = np.linspace(0, most, 11)
    yield Axis("Points", tuple(f"{value:g}" for value in ruler), ruler, ruler), most, ""
    for number, axis in enumerate(drawn.axes):
        yield axis, most, f'data-variable="{number}"'
    for axis in (drawn.total, drawn.linear_predictor, drawn.risk):
        yield axis, total, 'data-total=""'


def nomogram_svg(drawn: Nomogram, title: str) -> str:
    """Draw a nomogram as an SVG element in the colours of the page.

    Parameters
    ----------
    drawn : Nomogram
        What to draw.
    title : str
        What a screen reader says of it.

    Returns
    -------
    str
        An ``svg`` element. Each circle of the class ``marker`` belongs to a scale; the line of the
        class ``thread`` joins total points and risk.
    """
    return _element(title, *_panel(drawn))


def nomogram_figure(built: Sequence[Built]) -> SVG:
    """Draw nomograms one below the other, as a picture that needs no page around it."""
    panels, top = [STYLE], 0
    for one in built:
        body, height = _panel(one.nomogram)
        name = f'<text class="title" x="0" y="{top + 22}">{escape(one.name)}</text>'
        panels.append(f'{name}<g transform="translate(0 {top + 20})">{body}</g>')
        top += height + 20
    return SVG(_element("Nomograms", "".join(panels), top))


def _element(title: str, body: str, height: int) -> str:
    width = LEFT + WIDTH + RIGHT
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return (
        f'<svg class="nomogram" {size} role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def _panel(drawn: Nomogram) -> tuple[str, int]:
    """Scales and markers of one nomogram, and how high they stand."""
    rows = list(scales(drawn))
    height, parts = TOP + ROW * len(rows), []
    for y, (axis, longest, mark) in zip(range(TOP, height, ROW), rows, strict=True):
        parts.append(_scale(axis, longest, y))
        if mark:
            parts.append(f'<circle class="marker" {mark} cy="{y}" r="6"/>')
    parts.append(f'<line class="thread" y1="{height - 3 * ROW}" y2="{height - ROW}"/>')
    return "".join(parts), height


def _scale(axis: Axis, longest: float, y: int) -> str:
    at = axis.points / longest
    name = f'<text class="name" x="0" y="{y}" dy="0.35em">{escape(label_of(axis.name))}</text>'
    seen = np.flatnonzero((at >= -1e-9) & (at <= 1 + 1e-9))
    if not len(seen):
        return name
    x = LEFT + WIDTH * at[seen]
    widths = [LETTER * (len(axis.labels[i]) + 1) / WIDTH for i in seen]
    sides = label_sides(at[seen], widths, 2 if axis.categorical else 1)
    rule = f'<line x1="{x.min():.2f}" x2="{x.max():.2f}" y1="{y}" y2="{y}"/>'
    ticks = [_tick(axis.labels[i], place, y, side) for i, place, side in
             zip(seen, x, sides, strict=True)]  # fmt: skip
    return f'<g class="scale">{name}{rule}{"".join(ticks)}</g>'


def _tick(label: str, x: float, y: int, side: int) -> str:
    up = -1 if side < 0 else 1
    line = f'<line x1="{x:.2f}" x2="{x:.2f}" y1="{y}" y2="{y - 6 * up}"/>'
    if not side:
        return line
    further = 12 * (abs(side) - 1)
    base = y - 9 - further if up > 0 else y + 18 + further
    return f'{line}<text x="{x:.2f}" y="{base}" text-anchor="middle">{escape(label)}</text>'


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

"""A nomogram as inline SVG in the colours of the page, with markers that a script can move."""

from html import escape
from typing import NamedTuple

import numpy as np

from ptclnm.evaluation.nomogram.points import Axis, Nomogram
from ptclnm.pages.nomogram.drawing import label_of, label_sides

LEFT, WIDTH, RIGHT, ROW, TOP = 190, 560, 24, 54, 34
LETTER = 6.6  # width of a letter of a label


class Scale(NamedTuple):
    """A scale and the points at its right end."""

    axis: Axis
    longest: float
    role: str


def scales(drawn: Nomogram) -> list[Scale]:
    """Scales from top to bottom: points, a variable each, total points, risk."""
    most = max(float(axis.points.max()) for axis in drawn.axes)
    total = float(drawn.total.points.max())
    ruler = np.linspace(0, most, 11)
    points = Axis("Points", tuple(f"{value:g}" for value in ruler), ruler, ruler)
    variables = [Scale(axis, most, "variable") for axis in drawn.axes]
    below = [Scale(drawn.total, total, "total"), Scale(drawn.risk, total, "total")]
    return [Scale(points, most, ""), *variables, *below]


def nomogram_svg(drawn: Nomogram, title: str) -> str:
    """Draw a nomogram as an SVG element.

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
    rows = scales(drawn)
    height = TOP + ROW * len(rows)
    at = variable = 0
    parts = []
    for at, scale in enumerate(rows):
        y = TOP + ROW * at
        parts.append(_scale(scale, y))
        if scale.role == "variable":
            parts.append(f'<circle class="marker" data-variable="{variable}" cy="{y}" r="6"/>')
            variable += 1
        elif scale.role == "total":
            parts.append(f'<circle class="marker" data-total="" cy="{y}" r="6"/>')
    top, bottom = TOP + ROW * (len(rows) - 2), TOP + ROW * at
    parts.append(f'<line class="thread" y1="{top}" y2="{bottom}"/>')
    return (
        f'<svg class="nomogram" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" role="img" '
        f'aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _scale(scale: Scale, y: int) -> str:
    axis = scale.axis
    at = axis.points / scale.longest
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

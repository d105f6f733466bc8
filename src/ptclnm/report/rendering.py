"""How simulated pictures are made, and how they look beside real ones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from echophantom.steps import Steps
from ptclnm.report.style import BLUE, ORANGE, RED, use_style

Crop = tuple[NDArray, NDArray]
CELL = 1.75
WINDOW_MM = 3.0


def steps_figure(steps: Steps) -> Figure:
    """Draw one frame's making, step by step.

    Parameters
    ----------
    steps : Steps
        As :func:`echophantom.steps.explain` gives them.

    Returns
    -------
    Figure
        Six panels: echogenicity, what shadows take, scatterers near the nodule's middle, one
        line at radio frequency with its envelope, the envelope in dB, and the stored frame.
    """
    with use_style():
        figure = Figure(figsize=(9.2, 6.0), layout="constrained")
        axes = figure.subplots(2, 3)
        _map(axes[0, 0], steps.echogenicity_db, steps, "1 Echogenicity", (-25, 12), "dB")
        _map(axes[0, 1], steps.transmission_db, steps, "2 Shadows", (-25, 10), "dB")
        _scatterers(axes[0, 2], steps)
        _line(axes[1, 0], steps)
        _map(axes[1, 1], steps.level_db, steps, "5 Envelope in dB", (-35, 15), "dB")
        _frame(axes[1, 2], steps)
    return figure


def side_by_side(simulated: Sequence[Crop], real: Sequence[Crop], count: int = 4) -> Figure:
    """Draw crops of both kinds, simulated above real.

    Parameters
    ----------
    simulated, real : sequence of (image, mask)
        Grey levels 0 to 255 and the nodule.
    count : int
        At most as many of each.

    Returns
    -------
    Figure
        Two rows on one grey scale. It shows patients' pictures; whoever draws it answers for
        where it is shown.
    """
    count = min(count, len(simulated), len(real))
    with use_style():
        figure = Figure(figsize=(CELL * count, 2 * CELL + 0.5), layout="constrained")
        grid = figure.subplots(2, count, squeeze=False)
        for row, crops, name in zip(grid, (simulated, real), ("simulated", "DDTI"), strict=True):
            row[0].set_title(name)
            for axes, (image, mask) in zip(row, crops, strict=False):
                axes.imshow(image, cmap="gray", vmin=0, vmax=255)
                axes.contour(mask, levels=[0.5], colors=[ORANGE], linewidths=0.8)
                axes.set_axis_off()
    return figure


def _extent(steps: Steps) -> tuple[float, float, float, float]:
    rows, columns = steps.picture.frame.shape
    half, depth = columns * steps.picture.spacing_mm / 2, rows * steps.picture.spacing_mm
    return -half, half, depth, 0.0


def _map(
    axes: Axes,
    values: NDArray,
    steps: Steps,
    title: str,
    limits: tuple[float, float],
    unit: str,
) -> None:
    """Draw a map of the frame's extent with a bar for its values."""
    shown = axes.imshow(
        values, cmap="gray", vmin=limits[0], vmax=limits[1], extent=_extent(steps), aspect="equal"
    )
    axes.set(title=title, ylabel="depth, mm")
    axes.grid(False)
    axes.figure.colorbar(shown, ax=axes, shrink=0.75, label=unit)


def _window(steps: Steps) -> tuple[slice, slice]:
    """Find samples and lines within 1.5 mm of the nodule's middle."""
    rows = np.flatnonzero(steps.picture.mask.any(axis=1))
    middle = rows.mean() * steps.picture.spacing_mm if len(rows) else steps.depth_mm.mean()
    across = steps.line_mm[steps.nodule_line]
    spans = []
    for places, centre in ((steps.depth_mm, middle), (steps.line_mm, across)):
        near = np.flatnonzero(np.abs(places - centre) <= WINDOW_MM / 2)
        spans.append(slice(near[0], near[-1] + 1))
    return spans[0], spans[1]


def _scatterers(axes: Axes, steps: Steps) -> None:
    samples, lines = _window(steps)
    part = steps.scatterers[samples, lines]
    most = max(float(np.percentile(np.abs(part), 99)), 1e-6)
    depth, across = steps.depth_mm[samples], steps.line_mm[lines]
    axes.imshow(
        part,
        cmap="RdBu_r",
        vmin=-most,
        vmax=most,
        extent=(across[0], across[-1], depth[-1], depth[0]),
        aspect="equal",
        interpolation="nearest",
    )
    axes.set(title="3 Scatterers, a detail", xlabel="across, mm", ylabel="depth, mm")
    axes.grid(False)


def _line(axes: Axes, steps: Steps) -> None:
    samples, _ = _window(steps)
    at = steps.nodule_line
    depth = steps.depth_mm[samples]
    axes.plot(depth, steps.rf[samples, at], color=BLUE, linewidth=0.8, label="signal")
    axes.plot(depth, steps.envelope[samples, at], color=RED, linewidth=1.4, label="envelope")
    axes.set(title="4 One line", xlabel="depth, mm", ylabel="amplitude")
    axes.set_ylim(top=1.6 * float(steps.envelope[samples, at].max()))  # room for the legend
    axes.legend(loc="upper right", fontsize=8)


def _frame(axes: Axes, steps: Steps) -> None:
    extent = _extent(steps)
    axes.imshow(steps.picture.frame, cmap="gray", vmin=0, vmax=255, extent=extent, aspect="equal")
    rows, columns = steps.picture.truth.contour.T + 0.5
    spacing = steps.picture.spacing_mm
    axes.plot(extent[0] + columns * spacing, rows * spacing, color=ORANGE, linewidth=0.8)
    axes.set(title="6 Stored frame", xlim=extent[:2], ylim=extent[2:])
    axes.grid(False)

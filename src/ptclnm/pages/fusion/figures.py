"""Figures of page 05: what is kept, differences, importance, calibration."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ptclnm.pages.fusion.words import NOTHING_SHUFFLED
from ptclnm.report.style import BLUE, GREEN, GREY, INK, use_style


def importance(table: pd.DataFrame) -> Figure | str:
    """Draw how far the AUC falls, a panel for each way of grouping.

    Parameters
    ----------
    table : DataFrame
        From ``ptclnm.models.fusion.apart.importance``: rows of whole groups.
    """
    if table.empty:
        return NOTHING_SHUFFLED
    panels = {kind: part.iloc[::-1] for kind, part in table.groupby("kind", sort=False)}
    sizes = [max(len(part), 2) for part in panels.values()]
    with use_style():
        figure = Figure(figsize=(8, 0.25 * sum(sizes) + 2), layout="constrained")
        grid = figure.subplots(len(panels), 1, height_ratios=sizes, sharex=True, squeeze=False)
        for axes, (kind, part) in zip(grid[:, 0], panels.items(), strict=True):
            colors = np.where(part["group"] == "DL", GREEN, BLUE)
            axes.barh(part["group"], part["drop"], color=colors, height=0.6)
            axes.hlines(part["group"], part["low"], part["high"], color=INK, lw=1)
            axes.axvline(0, color=GREY, lw=0.9)
            axes.tick_params(axis="y", labelsize=7)
            axes.grid(axis="y", visible=False)
            axes.set_title(f"by {kind}", fontsize=9)
        axes.set(xlabel="fall of the AUC when shuffled")
    return figure

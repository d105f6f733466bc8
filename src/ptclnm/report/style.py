"""One look for every figure: rc settings, and the colours that carry meaning."""

from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import seaborn as sns

# Okabe and Ito's palette: told apart under the common colour-vision deficiencies.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#767676"
PALETTE = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY, GREY)
INK, PALE, RULE = "#222222", "#F4F6F8", "#9AA5B1"

LABEL_COLORS = {0: BLUE, 1: RED}


def style() -> dict[str, Any]:
    """Matplotlib settings of all figures.

    Returns
    -------
    dict
        rc parameters: seaborn's ticks style in its paper context, then the project's own.
    """
    settings = sns.axes_style("ticks") | sns.plotting_context("paper", font_scale=1.1)
    return settings | {
        "axes.edgecolor": RULE,
        "axes.grid": True,
        "axes.labelcolor": INK,
        "axes.prop_cycle": mpl.cycler(color=PALETTE),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "figure.dpi": 110,
        "font.family": ["DejaVu Sans"],
        "grid.color": "#E5E9ED",
        "grid.linewidth": 0.7,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }


def use_style() -> AbstractContextManager[None]:
    """Draw under :func:`style` inside the block; settings outside stay as they were."""
    return mpl.rc_context(style())

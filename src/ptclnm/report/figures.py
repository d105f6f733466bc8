"""Figures that several pages draw."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from ptclnm.models.classifiers import NAMES
from ptclnm.report.style import GREY, INK, PALETTE, use_style

COLORS = dict(zip(NAMES, (*PALETTE, INK), strict=True))


def roc_figure(
    predictions: pd.DataFrame,
    metrics: pd.DataFrame,
    colors: Mapping[str, str] = COLORS,
    below: bool = False,
) -> Figure:
    """Draw the ROC curves of every model, a panel for each set.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, split, label, score``.
    metrics : DataFrame
        Columns ``model, split, auc, reported_auc, sensitivity, specificity``; the last two are
        marked on the curves.
    colors : mapping of str to str
        Colour by model.
    below : bool
        Whether the legends stand below the panels, where names are long.
    """
    splits = list(dict.fromkeys(predictions["split"]))
    rows = metrics.set_index(["split", "model"])
    side, height = (3.3, 5.2) if below else (4.3, 4.6)
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.18)} if below else {
        "loc": "lower right"}  # fmt: skip
    with use_style():
        figure = Figure(figsize=(side * len(splits), height), layout="constrained")
        panels = dict(zip(splits, figure.subplots(1, len(splits), squeeze=False)[0], strict=True))
        for (split, name), part in predictions.groupby(["split", "model"], sort=False):
            row, color = rows.loc[(split, name)], colors.get(name, GREY)
            paper = row["reported_auc"]
            note = f", paper {paper:.3f}" if pd.notna(paper) else ""
            fpr, tpr, _ = roc_curve(part["label"], part["score"], drop_intermediate=False)
            panels[split].plot(fpr, tpr, color=color, lw=1.4,
                               label=f"{name} {row['auc']:.3f}{note}")  # fmt: skip
            panels[split].plot(1 - row["specificity"], row["sensitivity"], "o", color=color, ms=4,
                               mec="white", mew=0.6)  # fmt: skip
        for split, axes in panels.items():
            axes.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
            axes.set(title=split, xlabel="1 − specificity", ylabel="sensitivity", aspect="equal",
                     xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
            axes.legend(**place, fontsize=7, title="AUC", title_fontsize=7)
    return figure

"""Figures of the published record: splits, intervals, p-values, comparisons."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ptclnm.report.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, use_style
from recount import Audit, Study


def split_maps(audit: Audit) -> Figure | str:
    """Map, set by set, how many models' printed metrics each class split explains.

    Parameters
    ----------
    audit : Audit
        From ``audit``.
    """
    names = list(dict.fromkeys(audit.split_checks["evaluation_set"]))
    if not names:
        return "No model has three printed metrics that would decide a split."
    with use_style():
        figure = Figure(figsize=(4.6 * max(len(names), 1), 3.4), layout="constrained")
        for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            first = audit.split_checks[audit.split_checks["evaluation_set"] == name].iloc[0]
            found = (first["found_positive"], first["found_negative"])
            explained = audit.splits.explained(name)
            _split_map(axes, explained, found, audit.study.stated_split(name), name)
    return figure


def _split_map(axes: Axes, explained: np.ndarray, found: tuple, stated: tuple, title: str) -> None:
    known = [pair for pair in (found, stated) if not any(map(pd.isna, pair))]
    top_p = int(1.45 * max((pair[0] for pair in known), default=100)) + 4
    top_n = int(1.25 * max((pair[1] for pair in known), default=100)) + 4
    positive, negative = np.nonzero(explained[: top_p + 1, : top_n + 1])
    count = explained[positive, negative]
    most = int(count.max(initial=1))
    dots = axes.scatter(
        positive, negative, c=count, s=12 + 60 * count / most, cmap="viridis_r", vmin=0.5,
        vmax=most + 0.5, zorder=3,
    )  # fmt: skip
    marks = (("found", found, "o", 17, RED, -17), ("stated", stated, "x", 10, INK, 9))
    for word, pair, mark, size, color, shift in marks:
        if pair in known:
            axes.plot(*pair, mark, ms=size, mfc="none", mec=color, mew=2)
            axes.annotate(f"{word} {pair[0]}/{pair[1]}", pair, (0, shift), color=color, ha="center",
                          textcoords="offset points", weight="bold")  # fmt: skip
    axes.figure.colorbar(dots, ax=axes, label="models explained", ticks=range(1, most + 1))
    axes.set(
        xlabel="patients with the outcome", ylabel="patients without", title=title,
        xlim=(0, top_p), ylim=(0, top_n),
    )  # fmt: skip


def share_figure(shares: pd.DataFrame, study: Study) -> Figure | str:
    """Draw the share with the outcome behind every row of metrics, over the stated shares.

    Parameters
    ----------
    shares : DataFrame
        From ``shares``.
    study : Study
        The transcribed paper.
    """
    if shares.empty:
        return "No row prints sensitivity, specificity and PPV, so no share follows."
    rows = shares.iloc[::-1].reset_index(drop=True)
    stated = {
        name: 100 * p / (p + n)
        for name, (p, n) in ((g, study.stated_split(g)) for g in study.groups["group"])
        if None not in (p, n)
    }
    with use_style():
        figure = Figure(figsize=(7, 0.19 * len(rows) + 1.1), layout="constrained")
        axes = figure.subplots()
        at = np.arange(len(rows))
        for (name, share), color in zip(stated.items(), (GREEN, ORANGE, PURPLE), strict=False):
            axes.axvline(share, color=color, ls="--", label=f"stated for {name}: {share:.1f} %")
        low, high = 100 * rows["low"], 100 * rows["high"]
        axes.hlines(at, low, high, color=BLUE, lw=7)
        axes.plot((low + high) / 2, at, "|", color=BLUE, ms=11, mew=2, label="behind the metrics")
        named = np.where(rows["set_stated"], "", " (set not named)")
        axes.set_yticks(at, rows["model"] + ", " + rows["evaluation_set"] + named)
        axes.set(xlabel=f"share with {study.about['positive']}, %", ylim=(-0.6, len(rows) - 0.4))
        figure.legend(loc="outside upper center", ncols=2)
    return figure


def auc_forest(auc: pd.DataFrame) -> Figure | str:
    """Draw printed AUCs and intervals over those that Hanley and McNeil's formula expects.

    Parameters
    ----------
    auc : DataFrame
        From ``auc_checks``.
    """
    if auc.empty:
        return "No AUC is printed with its interval."
    rows = auc.drop_duplicates(["evaluation_set", "model"]).iloc[::-1].reset_index(drop=True)
    with use_style():
        figure = Figure(figsize=(7, 0.17 * len(rows) + 1.3), layout="constrained")
        axes = figure.subplots()
        value = rows["auc"].astype(float)
        low, high = rows["low"].astype(float), rows["high"].astype(float)
        half = 1.96 * rows["se_hanley_mcneil"]
        at = np.arange(len(rows))
        axes.hlines(at, rows["lowest"], rows["highest"], color="#D5DBE1", lw=7,
                    label="what the operating point allows")  # fmt: skip
        axes.hlines(at - 0.16, value - half, np.minimum(value + half, 1), color=ORANGE, lw=3,
                    label="interval expected at the split found")  # fmt: skip
        axes.hlines(at + 0.16, low, high, color=BLUE, lw=3)
        axes.plot(value, at + 0.16, "o", color=BLUE, ms=5, label="printed, with interval")
        axes.plot(rows["yes_no_auc"], at, "D", color=RED, ms=6, label="AUC of the yes/no reading")
        axes.set_yticks(at, rows["model"] + ", " + rows["evaluation_set"])
        axes.set(xlabel="AUC", xlim=(0.2, 1.02), ylim=(-0.7, len(rows) - 0.3))
        axes.axvline(0.5, color=GREY, lw=0.8, ls=":")
        figure.legend(loc="outside upper center", ncols=2)
    return figure

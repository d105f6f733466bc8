"""Habitats as page 05 shows them: which pictures, how they look, in whom, how stable, how true."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.habitats import truth
from ptclnm.habitats.clusters import OUTSIDE, Habitats
from ptclnm.habitats.pictures import opened
from ptclnm.report.sentences import bullets, count, listing, p_text
from ptclnm.report.style import GREY, INK, LABEL_COLORS, PALETTE, RED, use_style
from ptclnm.schema import Cohort

# Pictures that stability and truth are measured on: enough for a mean, few enough for a page.
TRIED = 40
CELL = 1.6
COLORS = (*PALETTE, INK)
CLASSES = {0: "without", 1: "with"}
NO_TRUTH = "The truth behind these pictures is not known; simulated ones have it."


def unseen(table: pd.DataFrame) -> pd.DataFrame:
    """Pictures of sets that nothing was fitted on; all where there is no such set."""
    other = table[table["split"] != "train"]
    return other if len(other) else table


def tried(cohort: Cohort, seed: int) -> list[str]:
    """Draw pictures of patients that nothing was fitted on, one a patient."""
    ids = sorted(unseen(cohort.patients)["image_id"])
    order = np.random.default_rng([seed, 5]).permutation(len(ids))[:TRIED]
    return [ids[i] for i in np.sort(order)]


def stability_table(stability: pd.DataFrame) -> pd.DataFrame:
    """Average Dice over pictures: ``change``, then a column a habitat."""
    return stability.pivot_table("dice", "change", "habitat", sort=False).reset_index()


def share_words(tests: pd.DataFrame) -> str:
    """Say in whom shares differ."""
    lines = []
    for split, part in tests.groupby("split", sort=False):
        said = listing(
            f"{row.habitat} ({row.median_without:.0%} of the nodule at the median without the "
            f"outcome, {row.median_with:.0%} with it; p {p_text(row.p_holm)} by Holm)"
            for row in part[part["p_holm"] < 0.05].itertuples()
        )
        what = f"the share differs for {said}" if said else "no share is shown to differ"
        lines.append(f"In {split}, {what}.")
    if tests["habitat"].nunique() == 2:
        lines.append("With two habitats, one's share is what the other leaves: the tests are one.")
    return bullets(lines)


def stability_words(table: pd.DataFrame) -> str:
    """Say which change the habitats bear worst.

    Parameters
    ----------
    table : DataFrame
        From :func:`stability_table`.
    """
    dice = table.set_index("change")
    mean, (change, habitat) = dice.mean(axis=1), dice.stack().idxmin()
    return (
        f"Mean Dice over habitats is {mean.min():.2f} to {mean.max():.2f}; the worst change is "
        f'"{mean.idxmin()}". The least stable of all is {habitat} under "{change}", '
        f"{dice.loc[change, habitat]:.2f}. A map whose habitats move with a pixel of the contour "
        "is no map of the nodule."
    )


def truth_words(known: pd.DataFrame, enrichment: pd.DataFrame) -> str:
    """Say whether habitats find what simulated pictures were made of."""
    if known.empty:
        return NO_TRUTH
    agree = truth.echo_agreement(known)
    text = (
        f"Over {int(agree['n'])} habitats of pictures, the mean grey level follows the true echo "
        f"with ρ = {agree['between']:.2f}; within pictures, where no gain can bend it, with ρ = "
        f"{agree['within']:.2f}."
    )
    if enrichment.empty:
        return f"{text} No picture tried has a microcalcification."
    top = enrichment.loc[enrichment["enrichment"].idxmax()]
    return (
        f"{text} Microcalcifications lie most of all in {top['habitat']}: it is "
        f"{top['share']:.0%} of the nodule and {top['share_near']:.0%} of the pixels near one, "
        f"{top['enrichment']:.1f} times as many as by chance (AUC {top['auc']:.2f}, "
        f"{count(int(top['pictures']), 'picture')})."
    )


def maps(cohort: Cohort, model: Habitats, images: Sequence[str], heat: NDArray) -> Figure:
    """Draw nodules, Grad-CAM over them, and their habitats (the paper's Figure 6).

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    model : Habitats
        Fitted.
    images : sequence of str
        Which pictures; each nodule's rectangle is stretched to a square, as the network sees it.
    heat : ndarray, shape (len(images), side, side)
        Grad-CAM of the rectangles, 0 to 1.
    """
    labels = cohort.table.set_index("image_id")["label"]
    with use_style():
        figure = Figure(figsize=(CELL * len(images) + 0.8, CELL * 3 + 0.7), layout="constrained")
        grid = figure.subplots(3, len(images), squeeze=False)
        for column, name, own in zip(grid.T, images, heat, strict=True):
            _column(column, cohort, model, name, own)
            label = labels[name]
            column[0].set_title(CLASSES[label], fontsize=8, color=LABEL_COLORS[label], loc="center")
        for axes, name in zip(grid[:, 0], ("picture", "Grad-CAM", "habitats"), strict=True):
            axes.set_ylabel(name, fontsize=8)
        _key(figure, COLORS, model.names, "outside lower center")
    return figure


def _column(
    column: Sequence[Axes], cohort: Cohort, model: Habitats, name: str, heat: NDArray
) -> None:
    array, mask = opened(cohort, name)
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    picture, inside = array[box], mask[box]
    labels = np.ma.masked_equal(model.map(array, mask)[box], OUTSIDE)
    for axes in column:
        axes.imshow(picture, cmap="gray", aspect="auto")
        if not inside.all():
            axes.contour(inside, levels=[0.5], colors=["white"], linewidths=0.9)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.grid(visible=False)
    extent = (-0.5, picture.shape[1] - 0.5, picture.shape[0] - 0.5, -0.5)
    shown = {"aspect": "auto", "extent": extent}
    column[1].imshow(heat, cmap="inferno", alpha=0.5, vmin=0, vmax=1, **shown)
    colors = ListedColormap(COLORS[: model.k])
    column[2].imshow(labels, colors, vmin=-0.5, vmax=model.k - 0.5, alpha=0.65, **shown,
                     interpolation="nearest")  # fmt: skip


def _key(figure: Figure, colors: Sequence[str], names: Sequence[str], where: str) -> None:
    handles = [Patch(color=color, label=name) for color, name in zip(colors, names, strict=False)]
    figure.legend(handles=handles, loc=where, ncols=len(handles), fontsize=8)


def shares(patients: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Draw each patient's shares by class, a panel for each set.

    Parameters
    ----------
    patients : DataFrame
        ``patient_id, split, label``, then the habitats.
    names : sequence of str
        Names of the habitats.
    """
    sets = dict(list(patients.groupby("split", sort=False)))
    with use_style():
        figure = Figure(figsize=(3 * len(sets), 3), layout="constrained")
        grid = figure.subplots(1, len(sets), sharey=True, squeeze=False)[0]
        for axes, (split, part) in zip(grid, sets.items(), strict=True):
            long = part.melt("label", names, "habitat", "share of the nodule")
            sns.boxplot(long, x="habitat", y="share of the nodule", hue="label", legend=False,
                        palette=LABEL_COLORS, fliersize=2, ax=axes)  # fmt: skip
            axes.set(title=split, ylim=(0, None))
        words = [f"{name} the outcome" for name in CLASSES.values()]
        _key(figure, list(LABEL_COLORS.values()), words, "outside upper center")
    return figure


def beside_truth(known: pd.DataFrame, enrichment: pd.DataFrame) -> Figure | str:
    """Draw grey level over true echo, and where the microcalcifications lie.

    Parameters
    ----------
    known : DataFrame
        From ``ptclnm.habitats.truth.beside_truth``.
    enrichment : DataFrame
        From ``ptclnm.habitats.truth.enrichment``; may be empty.
    """
    if known.empty:
        return NO_TRUTH
    with use_style():
        figure = Figure(figsize=(8, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        palette = COLORS[: known["habitat"].nunique()]
        sns.scatterplot(known, x="echogenicity_db", y="grey", hue="habitat", palette=palette,
                        alpha=0.7, ax=left)  # fmt: skip
        left.set(xlabel="true echo relative to the gland (dB)", ylabel="grey level")
        names = {"share": "of the nodule", "share_near": "of pixels near microcalcifications"}
        long = enrichment.rename(columns=names).melt("habitat", list(names.values()), "", "share")
        sns.barplot(long, x="habitat", y="share", hue="", palette=(GREY, RED), ax=right)
        for axes in (left, right):
            axes.legend(fontsize=7)
    return figure

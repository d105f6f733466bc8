"""Sentences of page 02 whose logic depends on the run."""

from collections.abc import Collection, Sequence

import pandas as pd

from ptclnm.models import choice
from ptclnm.pages.radiomics import ibsi
from ptclnm.pages.radiomics.tables import concerned
from ptclnm.report import whose
from ptclnm.report.sentences import auc_text, bullets, count, listing
from ptclnm.schema import Cohort


def answer(cohort: Cohort, metrics: pd.DataFrame, steps: pd.DataFrame, worth: pd.DataFrame) -> str:
    """Give the page's answer in at most five lines: on whom, what is kept, what is chosen.

    Parameters
    ----------
    cohort : Cohort
        The patients' cohort.
    metrics : DataFrame
        Every model in every set.
    steps : DataFrame
        ``step, kept``.
    worth : DataFrame
        From ``ptclnm.models.choice.optimism``.
    """
    chosen, nested = (worth.set_index("estimate").loc[name] for name in ("chosen", "nested"))
    rows = metrics[metrics["model"] == chosen["classifier"]].to_dict("records")
    aucs = listing(f"{auc_text(row)} in {row['split']}" for row in rows)
    lines = [
        f"Of {count(steps['kept'].iloc[0], 'feature')}, the selection keeps "
        f"{steps['kept'].iloc[-1]}.",
        f"The rule chooses **{chosen['classifier']}**; its AUC is {aucs}.",
        f"Cross-validated, its AUC is {chosen['auc']:.3f}; that of the whole procedure, choice "
        f"included, {nested['auc']:.3f}.",
    ]
    return whose.answer(cohort, lines)


def empty(types: pd.DataFrame, names: Sequence[str], kept: Collection[str]) -> str:
    """Say how many features can say nothing of the nodule, and how many of those kept.

    Parameters
    ----------
    types : DataFrame
        From ``ptclnm.pages.radiomics.tables.image_types``.
    names, kept : collection of str
        All features, and those that the selection keeps.
    """
    lines = [
        f"**{finding}**: {listing(part['image_type'])}. That concerns {part['empty'].sum():,} of "
        f"the {len(names):,} features; of the {len(kept)} that the selection keeps, "
        f"{len(concerned(types, kept, finding))}."
        for finding, part in types[types["finding"] != ""].groupby("finding")
    ]
    return bullets(lines, f"Of {count(len(types), 'image type')} that can be told, none is empty.")


def phantom(table: pd.DataFrame, missing: str) -> str:
    """Say how many reference values are met, or why there is no phantom."""
    if missing:
        return f"The phantom is left out of this run: no feature was compared. {missing}"
    compared = table[table["ibsi_name"] != ""]
    wrong, unknown = differing(table), (table["why"] == ibsi.UNEXPLAINED).sum()
    return (
        f"Of {len(compared)} features that the IBSI gives a reference value for, "
        f"**{len(compared) - len(wrong)} match**, {len(wrong) - unknown} differ by definition, and "
        f"**{unknown} without an explanation**. {len(table) - len(compared)} of pyradiomics' "
        "features have no reference."
    )


def differing(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the phantom's table that differ from their reference."""
    return table[~table["matches"].astype(bool) & (table["ibsi_name"] != "")]


def survival(resamples: pd.DataFrame, survival: pd.DataFrame) -> str:
    """Say how many features the selection keeps in resamples.

    Parameters
    ----------
    resamples, survival : DataFrame
        From ``ptclnm.models.zoo.resample``.
    """
    low, middle, high = resamples["kept"].quantile([0.025, 0.5, 0.975])
    often = int((survival["share"] > 0.5).sum())
    return (
        f"In {len(resamples)} bootstrap resamples of the training patients the same selection "
        f"keeps {middle:.0f} features at the median ({low:.0f}–{high:.0f}), and none in "
        f"{int((resamples['kept'] == 0).sum())}. "
        f"{count(often, 'feature survives', 'features survive')} more than half of the resamples."
    )


def chosen(cv: pd.DataFrame) -> str:
    """Say which classifier is chosen, by which rule.

    Parameters
    ----------
    cv : DataFrame
        ``classifier, fold, auc``.
    """
    table = choice.choose(cv).set_index("classifier")
    return (
        f"Highest mean less SD: **{table['chosen'].idxmax()}**; highest mean: "
        f"{table['highest_mean'].idxmax()}; lowest SD: {table['lowest_sd'].idxmax()}."
    )

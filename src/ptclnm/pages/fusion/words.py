"""Sentences of page 05 whose logic depends on the run."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ptclnm.models.components import is_deep
from ptclnm.models.data import ImageData
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.fusion.source import ALONE, FUSED, NETWORK
from ptclnm.report import whose
from ptclnm.report.figures import NOTHING_KEPT
from ptclnm.report.sentences import auc_text, bullets, count, listing, p_text
from ptclnm.schema import Cohort

ALPHA = 0.05
NOTHING_SHUFFLED = "No feature is kept, or no patients are there that nothing was fitted on."
NO_SETS = "No set but the training set has patients of both classes."
# The paper's network; another one is named loudly.
PAPER_NETWORK = "DenseNet121"


def answer(cohort: Cohort, metrics: pd.DataFrame, pairs: pd.DataFrame) -> str:
    """Give the page's answer in at most five lines: on whom, and each set.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    metrics, pairs : DataFrame
        Metrics of every model beside the paper's, and paired differences by set.
    """
    return whose.answer(cohort, list(_verdicts(metrics, pairs))[:4])


def _verdicts(metrics: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[str]:
    own = metrics[metrics["model"] == FUSED].set_index("split")
    for split, rows in _against_parts(pairs):
        row = own.loc[split]
        paper = row["reported_auc"]
        beside = f"; the paper prints {paper:.3f}" if pd.notna(paper) else ""
        yield f"**{split}**: AUC of {FUSED} {auc_text(row)}{beside}. There {_outcome(rows)}."
    if pairs.empty:
        yield NO_SETS


def network(plan: DeepPlan, layer: str, about: Mapping[str, Any], features: ImageData) -> str:
    """Count the features, and say loudly which network the deep ones come from.

    Parameters
    ----------
    plan : DeepPlan
        The network.
    layer : str
        Where its features are taken.
    about : mapping
        ``origin`` of its first weights.
    features : ImageData
        Radiomics and deep features, joined.
    """
    deep, name = sum(map(is_deep, features.names)), plan.architecture
    text = f"Features: radiomics ({len(features.names) - deep:,}), DL ({deep:,})."
    if (name, plan.weights, plan.freeze) == (PAPER_NETWORK, "imagenet", False):
        return text
    last = " Only its last layer is trained: its features have not seen a label." * plan.freeze
    return (
        f"{text}\n\n:::{{admonition}} Not the paper's network\n:class: danger\nThe deep features "
        f"are those of **{name}**, layer *{layer}*, started from {about['origin']}.{last} AUCs "
        f"here are of this network; the paper's, of {PAPER_NETWORK} pretrained on ImageNet.\n:::"
    )


def counts(table: pd.DataFrame, resamples: pd.DataFrame, survival: pd.DataFrame) -> str:
    """Say what the selection keeps of each part, and how sure that is."""
    kept = listing(f"{row.obtained} {row.part}" for row in table.itertuples())
    some = f"Of the joined features the selection keeps {kept} features."
    text = some if table["obtained"].any() else NOTHING_KEPT
    if resamples.empty:
        return text
    none, often = int((resamples["deep"] == 0).sum()), int((survival["share"] > 0.5).sum())
    return (
        f"{text} In {none} of {count(len(resamples), 'bootstrap resample')} of the training "
        f"patients no DL feature is kept. {count(often, 'feature is', 'features are')} kept in "
        "more than half of them."
    )


def memory(metrics: pd.DataFrame, choice: pd.DataFrame) -> str:
    """Put AUCs of patients that the network was trained on beside those of others.

    Parameters
    ----------
    metrics : DataFrame
        ``model, split, auc``.
    choice : DataFrame
        ``classifier, mean, chosen`` of the joined features.
    """
    new, best = metrics[metrics["split"] != "train"], choice[choice["chosen"]].iloc[0]
    own = metrics.query("model == @NETWORK and split == 'train'")["auc"].iloc[0]
    others, fused = (
        listing(f"{row.auc:.3f} in {row.split}" for row in new[new["model"] == model].itertuples())
        for model in (NETWORK, FUSED)
    )
    return (
        f"The network itself has an AUC of {own:.3f} on the patients that it was trained on, and "
        f"of {others or 'nothing else'}. Of the joined features, cross-validation has "
        f"{best['mean']:.3f} for the chosen {best['classifier']}, against {fused or 'nothing'}."
    )


def _against_parts(pairs: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rows of the fused model against its two parts, set by set."""
    rows = pairs[(pairs["model_a"] == FUSED) & pairs["model_b"].isin([ALONE, NETWORK])]
    yield from rows.groupby("split", sort=False)


def fusion(pairs: pd.DataFrame) -> str:
    """Say, set by set, whether fusion beats both of its parts."""
    rows = _against_parts(pairs)
    return bullets((f"In {split}, {_outcome(part)}." for split, part in rows), NO_SETS)


def _outcome(rows: pd.DataFrame) -> str:
    sure = rows["p_holm"] < ALPHA
    better, worse = sure & (rows["low"] > 0), sure & (rows["high"] < 0)
    if better.all():
        return "fusion **beats both of its parts**"
    if worse.any():
        return f"fusion is **worse than {listing(rows.loc[worse, 'model_b'])}**"
    if better.any():
        won, rest = (listing(rows.loc[which, "model_b"]) for which in (better, ~better))
        return f"fusion beats {won}, but **is not shown to beat {rest}**"
    return "fusion is **not shown to beat either part**"


def all_others(increments: pd.DataFrame) -> pd.DataFrame:
    """Rows that add a part to all the others."""
    others = increments["base"].str.count(r"\+").where(increments["base"] != "", -1)
    return increments[others == others.max()]


def increments(table: pd.DataFrame, size: str) -> str:
    """Say what each part adds to all the others, and which combination is best.

    Parameters
    ----------
    table : DataFrame
        From ``ptclnm.evaluation.sets.increments``.
    size : str
        The clinical column that size is; empty where it is the mask's area.
    """
    lines, last = [], all_others(table)
    for split, part in table.groupby("split", sort=False):
        sure = last.loc[(last["split"] == split) & (last["low"] > 0), "adds"]
        best = part.loc[part["auc_with"].idxmax()]
        name = f"{best['base']} + {best['adds']}" if best["base"] else best["adds"]
        adds = (
            f"{listing(sure)} add{'s' if len(sure) == 1 else ''}" if len(sure) else "no part adds"
        )
        lines.append(
            f"In {split}, to all others together {adds} discrimination beyond chance. The highest "
            f"AUC of all combinations is {best['auc_with']:.3f} ({name}), and is partly luck."
        )
    said = f"the column {size}" if size else "the square root of the mask's area"
    return bullets([*lines, f"Size is {said}."] if lines else [], NO_SETS)


def importance(table: pd.DataFrame) -> str:
    """Say which class of features and which filter the fused model rests on."""
    if table.empty:
        return NOTHING_SHUFFLED
    said = listing(
        f"by {row['kind']}, **{row['group']}** ({count(row['features'], 'feature')}; the AUC falls "
        f"by {row['drop']:.3f}, {row['low']:.3f} to {row['high']:.3f} over shuffles)"
        for row in table.drop_duplicates("kind").to_dict("records")
    )
    return f"Shuffled among the images, what costs most is {said}."


def external(calibration: pd.DataFrame, drift: pd.DataFrame) -> str:
    """Say how calibration changes from set to set, and whether the gain moves scores."""
    sets = listing(
        f"in {row.split} {row.events:.0f} patients with the outcome, {row.expected:.1f} expected"
        for row in calibration[calibration["model"] == FUSED].itertuples()
    )
    text = f"By {FUSED}: {sets}." if sets else NO_SETS
    for row in drift[(drift["model"] == FUSED) & drift["rho"].notna()].itertuples():
        moved = "moves with" if row.p < ALPHA else "is not shown to move with"
        text += (
            f" Its score of patients without the outcome {moved} the gain of their machine "
            f"(ρ = {row.rho:+.2f}, p {p_text(row.p)}, {row.n} patients)."
        )
    return text

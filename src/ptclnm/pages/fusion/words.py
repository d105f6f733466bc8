"""Sentences of page 05 whose logic depends on the run."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ptclnm.models.components import is_deep
from ptclnm.models.data import ImageData
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.fusion.apart import CLASS, FILTER
from ptclnm.models.fusion.late import Stack
from ptclnm.models.fusion.source import ALONE, FUSED, MEAN, NETWORK, STACKED
from ptclnm.report import whose
from ptclnm.report.figures import NOTHING_KEPT
from ptclnm.report.sentences import auc_text, bullets, count, listing, p_text, signed
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
    deep = sum(map(is_deep, features.names))
    text = f"Features: radiomics ({len(features.names) - deep:,}), DL ({deep:,})."
    name, other = plan.architecture, plan.architecture != PAPER_NETWORK
    starts = {
        "none": f"**No pretrained weights**: {name} starts from random ones and has seen these "
        "training patients only. ",
        "imagenet": f"It starts from pretrained weights ({about['origin']}). " if other else "",
    }
    notes = f"The deep features are those of **{name}**, not of {PAPER_NETWORK}. " if other else ""
    notes += starts.get(plan.weights, f"It starts from weights of your own: {about['origin']}. ")
    if plan.freeze:
        notes += "Only its last layer is trained: its features have not seen a label. "
    if not notes:
        return text
    return (
        f"{text}\n\n:::{{admonition}} Not the paper's network\n:class: danger\n{notes}Layer: "
        f"*{layer}*. AUCs here are of this network; the paper's, of {PAPER_NETWORK} pretrained on "
        "ImageNet.\n:::"
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
    """Say how much better the network scores the patients that it was trained on.

    Parameters
    ----------
    metrics : DataFrame
        ``model, split, auc, auc_low``.
    choice : DataFrame
        ``classifier, mean, chosen`` of the joined features.
    """
    rows = metrics[metrics["model"] == NETWORK].set_index("split")
    others = rows["auc"].drop("train")
    if others.empty:
        return ""
    own, low = rows.loc["train", ["auc", "auc_low"]]
    text = (
        f"The network itself has an AUC of {own:.3f} on the patients that it was trained on, and "
        f"of {listing(f'{auc:.3f} in {split}' for split, auc in others.items())}."
    )
    if pd.isna(low):
        return f"{text} The first has no interval: how much of the gap is memory cannot be told."
    # Beyond chance: the whole interval of the training set lies above all others.
    if low <= others.max():
        return f"{text} No memory is shown by these numbers."
    best, fused = choice[choice["chosen"]].iloc[0], metrics[metrics["model"] == FUSED]
    new = listing(f"{r.auc:.3f} in {r.split}" for r in fused.itertuples() if r.split != "train")
    return (
        f"{text} Its features of training patients carry what it remembers: cross-validation has "
        f"{best['mean']:.3f} for the chosen {best['classifier']}, against {new}."
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
    sure = rows["p"] < ALPHA
    better, worse = sure & (rows["low"] > 0), sure & (rows["high"] < 0)
    if better.all():
        return "fusion **beats both of its parts**"
    if worse.any():
        return f"fusion is **worse than {listing(rows.loc[worse, 'model_b'])}**"
    if better.any():
        won, rest = (listing(rows.loc[which, "model_b"]) for which in (better, ~better))
        return (
            f"fusion beats {won}, but **is not shown to beat {rest}**: the other part adds nothing "
            "that these patients show"
        )
    return "fusion is **not shown to beat either part**"


def late(pairs: pd.DataFrame, stack: Stack | None) -> str:
    """Say whether joining features beats joining scores."""
    rows = pairs[(pairs["model_a"] == FUSED) & pairs["model_b"].isin([MEAN, STACKED])]
    text = (
        f"Joining features differs from joining scores beyond chance in "
        f"{(rows['p'] < ALPHA).sum()} of {count(len(rows), 'comparison')}."
    )
    if stack is None:
        return text
    weights = dict(zip(stack.models, stack.weights, strict=True))
    named = listing(f"{value:.2f} for {name}" for name, value in weights.items())
    idle = listing(name for name, value in weights.items() if value == 0)
    return (
        f"{text} Learnt on scores of patients that the models had not seen, the weights of the "
        f"stacked log odds are {named}.{f' {idle} gets none.' if idle else ''}"
    )


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


def texture(table: pd.DataFrame) -> str:
    """Say whether features live on the area, and whether they need the texture."""
    lines = []
    for split, part in table.groupby("split", sort=False):
        of = part.set_index(["model_a", "model_b"])
        freed = of.loc[("radiomics", "radiomics, area regressed out")]
        area = of.loc[("radiomics", "area alone"), "auc_b"]
        mixed = of.loc[("unfiltered features", "unfiltered features, pixels shuffled")]
        above = of.loc[("radiomics, area regressed out", "chance"), "low"] > 0
        lines.append(
            f"In {split}, radiomics has an AUC of {freed['auc_a']:.3f}, and of "
            f"{freed['auc_b']:.3f} freed of the area, {'' if above else 'not shown to be '}above "
            f"chance; the area alone has {area:.3f}. With the nodule's pixels shuffled, unfiltered "
            f"features go from {mixed['auc_a']:.3f} to {mixed['auc_b']:.3f} ({signed(mixed)}): "
            f"{_needs(mixed)}."
        )
    return bullets(lines, NO_SETS)


def _needs(row: pd.Series) -> str:
    if row["low"] > 0:
        return "the order of pixels carries signal"
    if row["high"] < 0:
        return "the shuffled pictures do better, which is chance or noise that texture brought in"
    return "that the order of pixels carries signal is not shown"


def importance(table: pd.DataFrame) -> str:
    """Say which class of features and which filter the fused model rests on."""
    if table.empty:
        return NOTHING_SHUFFLED
    first = table[table["kind"].isin([CLASS, FILTER])].drop_duplicates("kind")
    said = listing(
        f"by {row['kind']}, **{row['group']}** ({count(row['features'], 'feature')}; the AUC falls "
        f"by {row['drop']:.3f}, {row['low']:.3f} to {row['high']:.3f} over shuffles)"
        for row in first.to_dict("records")
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

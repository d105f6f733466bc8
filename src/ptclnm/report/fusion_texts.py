"""Sentences of page 05 that a run writes."""

from collections.abc import Mapping

import pandas as pd

from ptclnm.models.fusion import texture
from ptclnm.models.fusion.importance import CLASS, FILTER
from ptclnm.models.fusion.source import ALONE, FUSED, MEAN, NETWORK, STACKED
from ptclnm.report.fusion_tables import p_text, signed
from ptclnm.report.sentences import bullets, count, listing

ALPHA = 0.05
NOTHING_KEPT = (
    "No feature is kept: at the penalty of least cross-validated error every coefficient is zero, "
    "and every patient gets the same score."
)
# The paper's network; another one is named loudly.
PAPER_NETWORK = "DenseNet121"


def network_text(
    architecture: str, weights: str, freeze: bool, layer: str, about: Mapping[str, object]
) -> str:
    """Say loudly which network the deep features come from, and what it knew before."""
    notes = []
    if architecture != PAPER_NETWORK:
        notes.append(f"The deep features are those of **{architecture}**, not of {PAPER_NETWORK}.")
    if weights == "none":
        notes.append(
            f"**No pretrained weights**: {architecture} starts from random ones and has seen these "
            "training patients only."
        )
    elif weights != "imagenet":
        notes.append(f"It starts from weights of your own: {about['origin']}.")
    elif architecture != PAPER_NETWORK:
        notes.append(f"It starts from pretrained weights ({about['origin']}).")
    if freeze:
        notes.append("Only its last layer is trained: its features have not seen a label.")
    if not notes:
        return ""
    text = " ".join([*notes, f"Layer: *{layer}*. AUCs here are of this network; the paper's, of "
                             f"{PAPER_NETWORK} pretrained on ImageNet."])  # fmt: skip
    return f":::{{admonition}} Not the paper's network\n:class: danger\n{text}\n:::"


def counts_text(counts: pd.DataFrame, resamples: pd.DataFrame, survival: pd.DataFrame) -> str:
    """Say what the selection keeps of each part, and how sure that is."""
    by = counts.set_index("part")["obtained"]
    text = (
        f"Of the joined features the selection keeps {by['radiomics']} radiomics and {by['DL']} DL "
        "features."
    )
    if not by.sum():
        text = NOTHING_KEPT
    if resamples.empty:
        return text
    drawn = len(resamples)
    none = int((resamples["deep"] == 0).sum())
    often = int((survival["share"] > 0.5).sum())
    keep = "keeps" if none == 1 else "keep"
    deep = f"{none} {keep} no DL feature at all" if none else "every one keeps a DL feature"
    return (
        f"{text} Of {drawn} bootstrap resamples of the training patients {deep}; "
        f"{count(often, 'feature')} of either kind survive{'s' if often == 1 else ''} more than "
        "half of them."
    )


def memory_text(metrics: pd.DataFrame, choice: pd.DataFrame) -> str:
    """Say how much better the network scores the patients that it was trained on.

    Parameters
    ----------
    metrics : DataFrame
        ``model, split, auc, auc_low``.
    choice : DataFrame
        ``classifier, mean, chosen`` of the joined features.
    """
    rows = metrics[metrics["model"] == NETWORK].set_index("split")
    own = rows["auc"]
    others = [f"{auc:.3f} in {split}" for split, auc in own.items() if split != "train"]
    if "train" not in own or not others:
        return ""
    text = (
        f"The network itself has an AUC of {own['train']:.3f} on the patients that it was trained "
        f"on, and of {listing(others)}."
    )
    if pd.isna(rows.loc["train", "auc_low"]):
        return (
            f"{text} The first has no interval: how much of the gap is memory cannot be told. Take "
            "whatever is cross-validated on its features as flattered."
        )
    # Beyond chance: the whole interval of the training set lies above all others.
    if rows.loc["train", "auc_low"] <= own.drop("train").max():
        return f"{text} No memory is shown by these numbers."
    return (
        f"{text} Its features of training patients carry what it remembers: the selection and the "
        "classifiers, which are fitted on the same patients, see deep features that look better "
        f"than they are. So does their cross-validation: {_cross_validated(metrics, choice)}"
    )


def _cross_validated(metrics: pd.DataFrame, choice: pd.DataFrame) -> str:
    best = choice[choice["chosen"]].iloc[0]
    own = metrics[(metrics["model"] == FUSED) & (metrics["split"] != "train")]
    new = listing(f"{row['auc']:.3f} in {row['split']}" for row in own.to_dict("records"))
    return (
        "the patients that a fold leaves out were left in when the network was trained. It has "
        f"{best['mean']:.3f} for the chosen {best['classifier']}, against {new}."
    )


def fusion_text(pairs: pd.DataFrame) -> str:
    """Say, set by set, whether fusion beats both of its parts."""
    lines = []
    for split, part in pairs.groupby("split", sort=False):
        rows = part[(part["model_a"] == FUSED) & part["model_b"].isin([ALONE, NETWORK])]
        if len(rows):
            lines.append(_fusion_line(str(split), rows))
    return bullets(lines, "No set but the training set has patients of both classes.")


def _fusion_line(split: str, rows: pd.DataFrame) -> str:
    better = rows[(rows["low"] > 0) & (rows["p"] < ALPHA)]
    worse = rows[(rows["high"] < 0) & (rows["p"] < ALPHA)]
    each = listing(f"{signed(r)} against {r['model_b']} (p {p_text(r['p'])})"
                   for r in rows.to_dict("records"))  # fmt: skip
    auc, n = rows["auc_a"].iloc[0], int(rows["n"].iloc[0])
    if len(better) == len(rows):
        said = "fusion **beats both of its parts**"
    elif len(worse):
        said = f"fusion is **worse than {listing(worse['model_b'])}**"
    elif len(better):
        rest = listing(rows.loc[~rows.index.isin(better.index), "model_b"])
        said = (f"fusion beats {listing(better['model_b'])}, but **is not shown to beat {rest}**: "
                "the other part adds nothing that these patients show")  # fmt: skip
    else:
        said = "fusion is **not shown to beat either part**"
    return f"In {split}, {n} patients, AUC {auc:.3f}: {said}. Difference: {each}."


def late_text(pairs: pd.DataFrame, weights: Mapping[str, float]) -> str:
    """Say whether joining features beats joining scores."""
    rows = pairs[(pairs["model_a"] == FUSED) & pairs["model_b"].isin([MEAN, STACKED])]
    if rows.empty:
        return ""
    sure = rows[rows["p"] < ALPHA]
    text = (
        f"Joining features differs from joining scores beyond chance in {len(sure)} of "
        f"{count(len(rows), 'comparison')}."
    )
    if weights:
        named = listing(f"{value:.2f} for {name}" for name, value in weights.items())
        text += (
            f" Learnt on scores of patients that the models had not seen, the weights of the "
            f"stacked log odds are {named}."
        )
        idle = [name for name, value in weights.items() if value == 0]
        text += f" {listing(idle)} gets none." if idle else ""
    return text


def increments_text(table: pd.DataFrame, size: str) -> str:
    """Say what each part adds to all the others, and what alone it is worth."""
    if table.empty:
        return "No set but the training set has patients of both classes."
    lines = []
    for split, part in table.groupby("split", sort=False):
        most = part["base"].str.count(r"\+").max()
        last = part[(part["base"] != "") & (part["base"].str.count(r"\+") == most)]
        sure = last.loc[last["low"] > 0, "adds"].tolist()
        best = part.loc[part["auc_with"].idxmax()]
        name = f"{best['base']} + {best['adds']}" if best["base"] else best["adds"]
        adds = f"{listing(sure)} add{'s' if len(sure) == 1 else ''}" if sure else "no part adds"
        lines.append(
            f"In {split}, to all others together {adds} discrimination beyond chance. The highest "
            f"AUC of all combinations is {best['auc_with']:.3f} ({name}), and is partly luck."
        )
    return bullets([*lines, f"Size is {size}."])


def texture_text(table: pd.DataFrame) -> str:
    """Say whether features live on the area, and whether they need the texture."""
    lines = []
    for split, part in table.groupby("split", sort=False):
        by = part.set_index(["model_a", "model_b"])
        freed = by.loc[texture.AS_IT_IS, texture.FREED]
        rest = by.loc[texture.FREED, "chance"]
        mixed = by.loc[texture.UNTOUCHED, texture.SHUFFLED]
        lines.append(
            f"In {split}, radiomics has an AUC of {freed['auc_a']:.3f}, and of "
            f"{freed['auc_b']:.3f} freed of the area, {_above(rest)}; the area alone has "
            f"{by.loc[texture.AS_IT_IS, texture.AREA_ALONE]['auc_b']:.3f}. With the nodule's "
            f"pixels shuffled, unfiltered features go from {mixed['auc_a']:.3f} to "
            f"{mixed['auc_b']:.3f} ({signed(mixed)}): {_needs(mixed)}."
        )
    return bullets(lines, "No set but the training set has patients of both classes.")


def _above(row: pd.Series) -> str:
    return "above chance" if row["low"] > 0 else "not shown to be above chance"


def _needs(row: pd.Series) -> str:
    if row["low"] > 0:
        return "the order of pixels carries signal"
    if row["high"] < 0:
        return "the shuffled pictures do better, which is chance or noise that texture brought in"
    return "that the order of pixels carries signal is not shown"


def importance_text(table: pd.DataFrame) -> str:
    """Say which class of features and which filter the fused model rests on."""
    if table.empty:
        return NOTHING_KEPT
    first = {kind: part.iloc[0] for kind, part in table.groupby("kind", sort=False)}
    said = listing(
        f"by {kind}, **{row['group']}** ({count(int(row['features']), 'feature')}; the AUC falls "
        f"by {row['drop']:.3f}, {row['low']:.3f} to {row['high']:.3f} over shuffles)"
        for kind, row in first.items()
        if kind in (CLASS, FILTER)
    )
    return f"Shuffled among the images, what costs most is {said}."


def external_text(calibration: pd.DataFrame, drift: pd.DataFrame) -> str:
    """Say how calibration changes from set to set, and whether the gain moves scores."""
    own = calibration[calibration["model"] == FUSED]
    parts = [
        f"in {row['split']} {row['events']:.0f} patients with the outcome, "
        f"{row['expected']:.1f} expected"
        for row in own.to_dict("records")
    ]
    text = f"By {FUSED}: {listing(parts)}." if parts else ""
    if drift.empty:
        return text
    row = drift[drift["model"] == FUSED].iloc[0]
    if pd.isna(row["rho"]):
        return text
    moved = "moves with" if row["p"] < ALPHA else "is not shown to move with"
    return (
        f"{text} Its score of patients without the outcome {moved} the gain of their machine "
        f"(ρ = {row['rho']:+.2f}, p {p_text(row['p'])}, {row['n']} patients)."
    )

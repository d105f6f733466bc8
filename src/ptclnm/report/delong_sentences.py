"""Sentences of page 07, written by the run."""

from typing import TYPE_CHECKING

import pandas as pd

from ptclnm.evaluation.study import ALPHA, WAYS
from ptclnm.report import delong_tables as tables
from ptclnm.report import whose
from ptclnm.report.delong_figures import p_text
from ptclnm.report.sentences import bullets, count, listing

# Below this chance a promise counts as missed: a page judges a dozen at once and more.
SURE = 0.001

if TYPE_CHECKING:
    from ptclnm.report.delong_page import DelongView


def summary(found: "DelongView") -> str:
    """Say in Markdown who was compared on whom, and what came out."""
    if found.cohort is None:
        return whose.left_out(found.missing)
    cohort, auc = found.cohort, found.tables["auc"]
    lines = [
        whose.introduced(cohort),
        f"{count(auc['model'].nunique(), 'model')} of the families {listing(found.families)}.",
        bullets(_set_line(found, split) for split in dict.fromkeys(auc["split"])),
        whose.cautions(cohort),
    ]
    return "\n\n".join(lines)


def _set_line(found: "DelongView", split: str) -> str:
    auc = found.tables["auc"].query("split == @split")
    pairs = tables.within(found.tables["pairs"], split)
    best, last = auc.loc[auc["auc"].idxmax()], auc.loc[auc["auc"].idxmin()]
    text = (
        f"**{split}**, {count(int(best['n']), 'patient')}, {best['positives']} with the outcome: "
        f"from {last['model']} ({last['auc']:.3f}) to {best['model']} ({best['auc']:.3f})."
    )
    if pairs.empty:
        return text
    plain, holm = (int((pairs[name] < ALPHA).sum()) for name in ("p", "p_holm"))
    return f"{text} Of {count(len(pairs), 'pair')} {plain} have p < {ALPHA}, {holm} after Holm."


def all_at_once_text(found: "DelongView") -> str:
    """Say what the test of all models at once finds, set by set."""
    if found.cohort is None:
        return whose.LEFT_OUT
    rows = found.tables["all_at_once"]
    return bullets(
        (
            f"**{row.split}**: {row.models} models, χ² = {row.chi2:.2f} on {row.df} degrees of "
            f"freedom, p = {p_text(row.p)}."
            for row in rows.itertuples()
        ),
        tables.ALONE,
    )


def nested_text(found: "DelongView") -> str:
    """Name the pairs of which one model is nested in the other."""
    if found.cohort is None:
        return whose.LEFT_OUT
    pairs = found.tables["pairs"]
    nested = pairs[pairs["nested"].astype(bool)].drop_duplicates(["model_a", "model_b"])
    named = listing(f"{row.model_a} and {row.model_b}" for row in nested.itertuples())
    if nested.empty:
        return "No two models here are declared to be nested."
    return f"Nested here: {named}. Read their difference with its interval, not its p-value."


def bootstrap_text(found: "DelongView") -> str:
    """Say how far DeLong's standard errors are from the bootstrap's."""
    if found.cohort is None:
        return whose.LEFT_OUT
    both = found.tables["bootstrap"]
    both = both[both["se"] > 0]
    if both.empty:
        return tables.ALONE
    ratio = both["se_bootstrap"] / both["se"]
    apart = int(((both["p"] < ALPHA) != (both["p_bootstrap"] < ALPHA)).sum())
    return (
        f"The bootstrap's standard errors are {ratio.min():.2f} to {ratio.max():.2f} times "
        f"DeLong's, {ratio.median():.2f} at the median. In {apart} of {count(len(both), 'pair')} "
        f"the two fall on different sides of p = {ALPHA}."
    )


def study_text(found: "DelongView") -> str:
    """Say what the method keeps of its promises at the splits found."""
    study = found.tables["study"]
    lines = []
    for (name, positives, negatives), part in study.groupby(
        ["set", "positives", "negatives"], sort=False
    ):
        missed = part[part["chance"] < SURE]
        words = listing(
            f"{row.measure} at AUC {row.auc:.2f}: {row.value:.3f} ({row.low:.3f}–{row.high:.3f})"
            for row in missed.itertuples()
        )
        least = part.drop_duplicates("auc").set_index("auc")["detectable"]
        finds = listing(f"{size:.3f} at AUC {auc:.2f}" for auc, size in least.items())
        lines.append(
            f"**{name}**, {positives} with the outcome and {negatives} without. "
            f"{f'Missed: {words}' if len(missed) else 'Kept throughout'}. A difference of {finds} "
            "is found in four studies of five."
        )
    drawn = int(study["simulations"].iloc[0])
    head = (
        f"{drawn:,} studies drawn for each. A promise counts as missed where the chance of drawing "
        f"would give such a share less than once in {1 / SURE:,.0f} times."
    )
    return f"{head}\n\n{bullets(lines)}"


def strangers_text(found: "DelongView") -> str:
    """Say what comparing different patients as pairs does."""
    wrong = found.tables["mispaired"].set_index("way")
    share = listing(
        f"{way} {row['value']:.3f} ({row['low']:.3f}–{row['high']:.3f})"
        for way, row in wrong.iterrows()
    )
    text = (
        f"Where nothing differs, p < {ALPHA} should come out in one study of twenty. Drawn "
        f"{int(wrong['simulations'].iloc[0]):,} times at the class splits found, it does: {share}."
    )
    rows = found.tables.get("strangers", pd.DataFrame())
    if rows.empty:
        return (
            f"{text}\n\nThis run has no two evaluation sets with at least two patients of each "
            "class, so no model is compared with itself."
        )
    hits = {way: int((rows[way] < ALPHA).sum()) for way in WAYS}
    return (
        f"{text}\n\nHere {count(int(rows['shared'].max()), 'patient')} of {rows['set_a'].iloc[0]} "
        f"and {rows['set_b'].iloc[0]} are the same, so each model is tested "
        f"{rows['paired'].iloc[0]}: {hits[WAYS[0]]} of {count(len(rows), 'model')} have "
        f"p < {ALPHA}. Paired by row it would be {hits[WAYS[1]]}, by rank {hits[WAYS[2]]}."
    )


def correlation_text(found: "DelongView") -> str:
    """Say how closely the AUCs of two models go together here."""
    rho = found.correlation
    if rho.empty:
        return "No two models here: correlations are left out."
    return (
        f"The AUCs of two models on the same patients correlate here with {rho.median():.2f} "
        f"at the median ({rho.min():.2f} to {rho.max():.2f} over {count(len(rho), 'pair')}). The "
        "claims below, those that turn on it, are judged by the middle 95 % of the pairs."
    )


def mcnemar_text(found: "DelongView") -> str:
    """Count the pairs whose calls differ, among all patients and within each class."""
    if found.cohort is None:
        return whose.LEFT_OUT
    table = found.tables["mcnemar"]
    if table.empty:
        return tables.ALONE
    lines = []
    for among, part in table.groupby("among", sort=False):
        plain, adjusted = (int((part[name] < ALPHA).sum()) for name in ("p_exact", "p_holm"))
        lines.append(
            f"{'among all patients' if among == 'all' else f'among those {among}'}: {plain} of "
            f"{count(len(part), 'pair')} with p < {ALPHA}, {adjusted} after Holm"
        )
    return bullets(lines)

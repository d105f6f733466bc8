"""Sentences of page 07 whose logic depends on what the tests find."""

import pandas as pd

from ptclnm.evaluation.study import ALPHA, ENOUGH
from ptclnm.report import whose
from ptclnm.report.claims import CONSISTENT
from ptclnm.report.sentences import NOTHING, bullets, count, listing, spread
from ptclnm.schema import Cohort

# Below this chance a promise counts as missed: a page judges a dozen at once and more.
SURE = 0.001
MOST = 3


def answer(cohort: Cohort, auc: pd.DataFrame, pairs: pd.DataFrame, claims: pd.DataFrame) -> str:
    """Give the page's answer in at most five lines: who was judged, each set, the paper.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    auc, pairs : DataFrame
        From ``auc_table`` and ``all_pairs``.
    claims : DataFrame
        Rows of the claims table.
    """
    lines = [_set(part, pairs) for _, part in auc.groupby("split", sort=False)][:MOST]
    if len(claims):
        held = (claims["verdict"] == CONSISTENT).sum()
        lines.append(
            f"Of {count(len(claims), 'p-value')} of the paper that turn on how two models' AUCs "
            f"correlate, all models here have the correlation needed in {held}."
        )
    return whose.answer(cohort, lines)


def _set(auc: pd.DataFrame, pairs: pd.DataFrame) -> str:
    best, last = auc.loc[auc["auc"].idxmax()], auc.loc[auc["auc"].idxmin()]
    own = pairs[(pairs["set_a"] == best["split"]) & (pairs["set_b"] == best["split"])]
    plain, holm = (int((own[name] < ALPHA).sum()) for name in ("p", "p_holm"))
    text = (
        f"**{best['split']}**, {count(int(best['n']), 'patient')}, {best['positives']:,} with the "
        f"outcome: the best AUC is {best['auc']:.3f} ({best['model']})"
    )
    if own.empty:
        return f"{text}."
    return (
        f"{text}, the lowest {last['auc']:.3f} ({last['model']}). Of {count(len(own), 'pair')} "
        f"{plain} have p < {ALPHA}, {holm} after Holm."
    )


def nested(pairs: pd.DataFrame) -> str:
    """Name the pairs of which one model is nested in the other."""
    rows = pairs[pairs["nested"].astype(bool)].drop_duplicates(["model_a", "model_b"])
    named = listing(f"{row.model_a} and {row.model_b}" for row in rows.itertuples())
    if rows.empty:
        return "No two models here are declared to be nested."
    return (
        f"Nested here: {named}. The test holds on patients whom neither was fitted on, and on no "
        "others."
    )


def calls(table: pd.DataFrame) -> str:
    """Count the pairs whose calls differ, among all patients and within each class."""
    lines = []
    for among, part in table.groupby("among", sort=False):
        who = "all patients" if among == "all" else among
        plain, holm = (int((part[name] < ALPHA).sum()) for name in ("p_exact", "p_holm"))
        pairs = count(len(part), "pair")
        lines.append(f"{who}: {plain} of {pairs} with p < {ALPHA}, {holm} after Holm")
    return bullets(lines, NOTHING)


def promises(study: pd.DataFrame) -> str:
    """Say what the method keeps of its promises, set by set."""
    groups = study.groupby(["set", "positives", "negatives"], sort=False)
    return bullets(
        f"**{name}**, {positives} with the outcome and {negatives} without. {_kept(part)}"
        for (name, positives, negatives), part in groups
    )


def _kept(part: pd.DataFrame) -> str:
    missed = listing(
        f"{row.measure} at AUC {row.auc:.2f}: {row.value:.3f} ({row.low:.3f}–{row.high:.3f})"
        for row in part[part["chance"] < SURE].itertuples()
    )
    least = part.drop_duplicates("auc").set_index("auc")["detectable"]
    finds = listing(f"{size:.3f} at AUC {auc:.2f}" for auc, size in least.items())
    return (
        f"{f'Missed: {missed}' if missed else 'Kept throughout'}. A difference of {finds} is found "
        "in four studies of five."
    )


def correlation(rho: pd.Series) -> str:
    """Say how closely the AUCs of two models go together here."""
    if rho.empty:
        return NOTHING
    return (
        f"The AUCs of two models on the same patients correlate here with {rho.median():.2f} at "
        f"the median ({rho.min():.2f} to {rho.max():.2f} over {count(len(rho), 'pair')})."
    )


def intervals(beside: pd.DataFrame) -> str:
    """Say how much narrower than DeLong's intervals are that a cohort's authors print."""
    if beside.empty:
        return ""
    lines = [
        f"**{row.split}**, {row.n:,} patients: AUC {spread(row.auc, row.low, row.high)}, printed "
        f"{row.printed_low:.3f}–{row.printed_high:.3f}. DeLong's is {row.widths:.1f} times as "
        f"wide; one of the printed width holds the true AUC in at most {row.would_hold:.0%} of "
        "studies."
        for row in beside.itertuples()
    ]
    return (
        f"Intervals printed by {beside['where'].iloc[0]}, beside DeLong's on the same rows:\n\n"
        f"{bullets(lines)}\n\nSo narrow an interval does not say how far the AUC of other "
        "patients of the same kind may lie from that of these."
    )


def sizes(drawn: pd.DataFrame) -> str:
    """Say, set by set and model by model, what studies of the paper's size would have reported."""
    none = f"No set here has {ENOUGH} times as many patients of each class as the paper's: too few."
    return bullets(
        (
            f"**{row.size_of}**, {row.positives} with the outcome and {row.negatives} without, of "
            f"{row.model} in {row.split}: AUC {spread(row.median, row.low, row.high)}, and "
            f"{row.auc:.3f} among all; {row.holds:.0%} of the intervals hold that, and half are "
            f"wider than {row.width:.3f}."
            for row in drawn.itertuples()
        ),
        none,
    )

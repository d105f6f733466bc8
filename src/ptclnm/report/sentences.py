"""Sentences that a run writes: what each check found, for any study."""

from collections.abc import Iterable, Mapping

import pandas as pd

from ptclnm.published.audit import Audit
from ptclnm.published.splits import model_rows
from ptclnm.published.tables import Study
from ptclnm.published.verdicts import AGREES, CONFLICTS, CONTRADICTS, OPEN
from ptclnm.report.claims import (
    CONSISTENT,
    NOT_CONSISTENT,
    TOO_WIDE,
    VERDICTS,
    escape_markdown,
)

METRIC_NAMES = {
    "ppv": "PPV", "npv": "NPV", "f1": "F1", "auc": "AUC", "auc_low": "lower limit of the AUC",
    "auc_high": "upper limit of the AUC", "all": "all metrics",
}  # fmt: skip

# What is said of one claim, and of several, that have a verdict.
OUTCOMES = {
    AGREES: ("agrees with the other printed numbers", "agree with the other printed numbers"),
    CONTRADICTS: ("contradicts another printed number", "contradict other printed numbers"),
    CONFLICTS: (
        "conflicts with another under a premise that is not printed",
        "conflict with others under premises that are not printed",
    ),
    CONSISTENT: ("is consistent with what was obtained", "are consistent with what was obtained"),
    NOT_CONSISTENT: (
        "is not consistent with what was obtained", "are not consistent with what was obtained",
    ),
    TOO_WIDE: ("meets an interval too wide to tell", "meet intervals too wide to tell"),
    OPEN: ("cannot be checked", "cannot be checked"),
}  # fmt: skip


def bullets(lines: Iterable[str], none: str = "Nothing.") -> str:
    """Lay out sentences as a Markdown list; `none` where there are none."""
    lines = list(lines)
    return "\n".join(f"- {line}" for line in lines) if lines else none


def count(number: int, noun: str, many: str = "") -> str:
    """Phrase a number with its noun, e.g. ``1 model``, ``9 models``."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def listing(words: Iterable[str]) -> str:
    """Join words as English does: ``a, b and c``; empty where there are none."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def auc_text(row: Mapping[str, float], prefix: str = "") -> str:
    """Phrase an AUC of a row of the metrics table with its interval.

    Parameters
    ----------
    row : mapping
        ``auc, auc_low, auc_high``, each after the prefix.
    prefix : str
        ``reported_`` for the paper's.

    Returns
    -------
    str
        Where ours has no interval it says so; where the paper prints none, its AUC alone.
    """
    value, low, high = (row[f"{prefix}{name}"] for name in ("auc", "auc_low", "auc_high"))
    if pd.isna(low) or pd.isna(high):
        return f"{value:.3f}" if prefix else f"{value:.3f} (no interval)"
    return f"{value:.3f} ({low:.3f}–{high:.3f})"


def verdicts(claims: pd.DataFrame) -> str:
    """Count the verdicts on a page's claims."""
    if claims.empty:
        return "No claims are judged on this page."
    found = claims["verdict"].value_counts()
    parts = {name: OUTCOMES[name][int(found[name] > 1)] for name in VERDICTS if name in found}
    if len(parts) == 1:
        whose = "The one claim" if len(claims) == 1 else f"All {len(claims):,} claims"
        return f"{whose} on this page {listing(parts.values())}."
    counted = listing(f"{found[name]:,} {outcome}" for name, outcome in parts.items())
    return f"Of {len(claims):,} claims on this page, {counted}."


def headlines(claims: pd.DataFrame) -> str:
    """List what the headline claims came to, contradictions first."""
    rows = claims[claims["headline"].astype(bool)]
    order = {"contradicts": 0, "not consistent": 0}
    rows = rows.sort_values("verdict", key=lambda v: v.map(order).fillna(1), kind="stable")
    return bullets(
        f"**{row.verdict}**: {escape_markdown(row.quantity)}: reported "
        f"{escape_markdown(row.reported)}; obtained {escape_markdown(row.obtained)}."
        for row in rows.itertuples()
        if row.verdict != "cannot be checked"
    )


def about(study: Study) -> str:
    """Say what the paper did, with a link to it."""
    link = f"[{study.about['title']}](https://doi.org/{study.about['doi']})"
    return f"{link}. {study.about['summary']}"


def split_example(audit: Audit) -> str:
    """Work out one printed sensitivity by hand, for the stated and for the found split."""
    rows = {(row.evaluation_set, row.model): row for row in model_rows(audit.study)}
    known = audit.split_checks.dropna(subset=["found_positive", "stated_positive"])
    known = known[known["verdict"] == "contradicts"]
    for check in known.itertuples():
        printed = rows[check.evaluation_set, check.model].cells.get("sensitivity")
        if printed and check.found_positive != check.stated_positive:
            stated = listing(_near(float(printed), int(check.stated_positive)))
            found = listing(_near(float(printed), int(check.found_positive))[:1])
            return (
                f"Take {check.model}, {check.evaluation_set}: its sensitivity is printed as "
                f"{printed}. Of the stated {check.stated_positive} patients with the outcome, the "
                f"nearest shares are {stated}; of {check.found_positive} patients, {found}."
            )
    return "Every printed sensitivity is a share of the stated number of patients."


def _near(value: float, size: int) -> list[str]:
    """Write the two fractions with a denominator that are nearest to a value, nearest first."""
    hits = sorted(range(size + 1), key=lambda k: abs(k / size - value))[:2]
    return [f"{k}/{size} = {k / size:.3f}" for k in hits]


def splits(audit: Audit) -> str:
    """Say which class split the printed metrics need, set by set."""
    lines = []
    groups = audit.split_checks.groupby(
        ["evaluation_set", "found_positive", "found_negative"], sort=False, dropna=False
    )
    for (name, positive, negative), part in groups:
        models = count(len(part), "model")
        who = f"{models} ({listing(part['model'])})" if len(part) < 4 else models
        if pd.isna(positive):
            lines.append(
                f"**{name}**, {who}: no split up to the largest size tried explains all but one "
                "of their cells."
            )
            continue
        lines.append(f"**{name}**, {who}: {_split_sentence(audit, part, positive, negative)}")
    lines += [
        f"**{row.evaluation_set}**, {row.model}: the row fits the split of **{row.fits_set}**."
        for row in audit.split_checks.itertuples()
        if row.fits_set
    ]
    return bullets(lines)


def _split_sentence(audit: Audit, part: pd.DataFrame, positive: int, negative: int) -> str:
    first = part.iloc[0]
    rows = audit.class_split[audit.class_split["evaluation_set"] == first["evaluation_set"]]
    rows = rows[[first["model"] in models.split(";") for models in rows["models"]]]
    sized = positive + negative == audit.study.size(first["evaluation_set"])
    choice = "the only one" if len(rows) == 1 else f"of {len(rows)} that fit equally well the one "
    choice += "" if len(rows) == 1 else "of the stated size" if sized else "that is smallest"
    text = (
        f"{positive} patients with the outcome and {negative} without, {positive + negative} in "
        f"all ({choice})."
    )
    if pd.isna(first["stated_positive"]):
        return text + " The paper does not state the split."
    stated = f"{first['stated_positive']}/{first['stated_negative']}"
    fitting = int((part["stated_fit"] == part["cells"]).sum())
    if (positive, negative) == (first["stated_positive"], first["stated_negative"]):
        return text + " It is the split that the paper states."
    text += f" The paper states {stated} for {first['evaluation_set']}, which explains "
    text += f"{fitting or 'none'} of the rows."
    return text if part["set_stated"].all() else text + _unnamed(audit, part, positive, negative)


def _unnamed(audit: Audit, part: pd.DataFrame, positive: int, negative: int) -> str:
    """Say that the paper does not name the set of some rows, and whether another one fits."""
    names = listing(part.loc[~part["set_stated"], "model"])
    sets = audit.study.groups["group"]
    same = [name for name in sets if audit.study.stated_split(name) == (positive, negative)]
    fits = f"that of {listing(same)}" if same else "no set whose classes it states"
    return f" It does not name the set of {names}; the split found is {fits}."


def totals(audit: Audit) -> str:
    """List the sums that do not come out, after how many do."""
    wrong = audit.totals[audit.totals["verdict"] == "contradicts"]
    good = len(audit.totals) - len(wrong)
    head = f"Of {count(len(audit.totals), 'sum')} {good:,} come out."
    return head + "\n\n" + bullets(
        f"{escape_markdown(row.quantity)} ({row.where}): printed {row.printed}, "
        f"but {row.follows} follows."
        for row in wrong.itertuples()
    )  # fmt: skip


def p_values(audit: Audit) -> str:
    """Say how many printed p-values are reproduced, and by which tests."""
    printed = audit.p_values[audit.p_values["printed"] != ""]
    if printed.empty:
        pairs = audit.p_values["key"].nunique()
        return f"No p-value is printed; computed here: {count(pairs, 'comparison')}."
    good = printed[printed["reproduces"]].groupby("key")["test"].first()
    lost = printed[~printed["key"].isin(good.index)].drop_duplicates("key")
    tests = good.value_counts()
    by = listing(f"{number} by {name}" for name, number in tests.items()) if len(good) else "none"
    text = f"Of {printed['key'].nunique()} printed p-values {len(good)} are reproduced: {by}."
    if len(lost):
        names = listing(lost["variable"])
        text += f" No test from the printed numbers gives those of {names}."
    return text


def cells(audit: Audit) -> str:
    """List the cells that cannot be right."""
    return bullets(
        (
            f"{METRIC_NAMES.get(row.metric, row.metric)} of {row.model}, {row.evaluation_set} "
            f"({row.where}): printed "
            f"{row.printed}"
            + (f", but {row.follows} follows" if row.follows else "")
            + f" ({row.problem})"
            + (f"; the same number is printed as {row.same_as}." if row.same_as else ".")
            for row in audit.cells.itertuples()
        ),
        "Every cell follows from the others of its row, and text and tables agree.",
    )


def auc(audit: Audit) -> str:
    """Say which AUCs their intervals or operating points contradict."""
    wrong = audit.auc[audit.auc["verdict"] == "contradicts"]
    ratio = audit.auc["se_ratio"].dropna()
    lines = [
        f"{row.model}, {row.evaluation_set} ({row.where}): printed {row.auc} "
        f"({row.low}–{row.high}), but {row.follows}."
        for row in wrong.itertuples()
    ]
    if len(ratio):
        low = audit.auc.loc[ratio.idxmin()]
        lines.append(
            f"The printed intervals are {ratio.min():.2f} to {ratio.max():.2f} times as wide as "
            f"Hanley and McNeil's formula expects at the splits found, {ratio.median():.2f} at the "
            f"median; the narrowest is that of {low['model']}, {low['evaluation_set']}."
        )
    return bullets(lines)


def comparisons(audit: Audit) -> str:
    """Say what each printed comparison needs."""
    names = {
        "p": "p = {}", "p_below": "p < {}", "not_significant": "not significant",
        "auc_difference": "AUC higher by {}", "greater_auc": "higher AUC",
        "greater_accuracy": "higher accuracy",
    }  # fmt: skip
    return bullets(
        f"**{row.verdict}**: {row.model_a} ({row.set_a}) against {row.model_b} ({row.set_b}), "
        f"{names[row.statistic].format(row.printed)}; {row.follows}."
        for row in audit.comparisons.itertuples()
    )


def sample_size(audit: Audit) -> str:
    """Say how many patients each model had, and would have needed."""
    return bullets(
        f"{row.model}: {count(row.events, 'patient')} with the outcome for "
        f"{count(row.predictors, 'candidate predictor')}, {row.events_per_predictor:.2g} for each; "
        f"{row.patients:,} patients in training, {row.minimum:,} needed."
        for row in audit.sample_size.itertuples()
    )

"""The paper's printed comparisons: class splits, the correlations they need, what models have."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from ptclnm.evaluation.delong import LEVEL
from ptclnm.evaluation.sets import TRAIN
from ptclnm.evaluation.study import Sizes
from ptclnm.paths import PUBLISHED
from ptclnm.report import verdict, whose
from ptclnm.report.claims import claim_rows, no_claims, slug
from ptclnm.schema import Cohort
from recount import Audit, paired_p, power

# Intervals that others print of their own models on cohorts that this project has.
INTERVALS, ROUNDING = PUBLISHED / "cohort_intervals.csv", 0.001
REFERENCE: dict[str, Sizes] = {"reference": (500, 500)}
# Pairs of models whose middle 95 % a claim is judged by.
MIDDLE, ENOUGH_PAIRS = (2.5, 97.5), 10
ABOUT_P = {"p": "p = {}", "p_below": "p < {}", "not_significant": "not significant"}
NEEDS = [
    "where", "model_a", "set_a", "model_b", "set_b", "statistic", "printed", "same_patients",
    "difference", "p_unpaired", "correlation_needed", "correlation_here", "p_here", "power_here",
]  # fmt: skip

BESIDE = ["where", "split", "model", "n", "auc", "low", "high", "printed_low", "printed_high",
          "widths", "would_hold"]  # fmt: skip


def class_splits(audit: Audit) -> dict[str, Sizes]:
    """Class splits that page 00 finds in a paper's evaluation sets.

    Returns
    -------
    dict of str to (int, int)
        Patients with the outcome and without, by set, training left out. Where the rows of a set
        need different splits, each has an entry with the models that need it.
    """
    checks = audit.split_checks.dropna(subset=["found_positive", "found_negative"])
    checks = checks[checks["evaluation_set"] != TRAIN]
    columns = ["evaluation_set", "found_positive", "found_negative"]
    groups = [(key, list(part["model"])) for key, part in checks.groupby(columns, sort=False)]
    sets = [key[0] for key, _ in groups]
    splits = {}
    for (name, positive, negative), models in groups:
        more = f" and {len(models) - 1} more" if len(models) > 1 else ""
        who = f" ({models[0]}{more})" if sets.count(name) > 1 else ""
        splits[f"{audit.study.name}, {name}{who}"] = (int(positive), int(negative))
    return splits


def needs(audit: Audit, correlations: pd.Series | None = None) -> pd.DataFrame:
    """Say what each printed p-value would need, and what it would be at correlations found here.

    Parameters
    ----------
    audit : Audit
        Of the paper's printed numbers.
    correlations : Series, optional
        Of the AUCs of every two models here; the median is taken. May be empty.

    Returns
    -------
    DataFrame
        One row a printed p-value, columns of ``NEEDS``: among them the p-value without
        correlation, the correlation at which the printed one comes out, and, at the median
        correlation here, the p-value and the chance of p < 0.05 if the printed AUCs were the true
        ones. The last two are missing where the rows are not of the same patients.
    """
    rows = audit.comparisons[audit.comparisons["statistic"].isin(list(ABOUT_P))]
    median = np.nan if correlations is None else correlations.median()
    rho = np.where(rows["paired"].eq(False), np.nan, median)
    at = list(zip(rows["difference"], rows["se_a"], rows["se_b"], rho, strict=True))
    table = rows.assign(
        same_patients=rows["paired"], correlation_here=rho,
        p_here=[paired_p(*values) for values in at], power_here=[power(*values) for values in at],
    )  # fmt: skip
    return table[NEEDS].reset_index(drop=True)


def phrased(rows: pd.DataFrame) -> pd.DataFrame:
    """Put what is printed, and the correlation that it needs, into words: ``at least 0.22``."""
    printed = [ABOUT_P[row.statistic].format(row.printed) for row in rows.itertuples()]
    needed = [_needed(row.statistic, row.correlation_needed) for row in rows.itertuples()]
    return rows.assign(printed=printed, correlation_needed=needed)


def _range(statistic: str, needed: float) -> tuple[float, float]:
    """Correlations at which a printed p-value comes out."""
    if statistic == "p":
        return needed, needed
    return (needed, 1.0) if statistic == "p_below" else (-1.0, needed)


def _needed(statistic: str, needed: float) -> str:
    least, most = _range(statistic, needed)
    if least <= -1 and most >= 1:
        return "any"
    words = {"p": f"{needed:.2f}", "p_below": f"at least {needed:.2f}"}
    return words.get(statistic, f"at most {needed:.2f}")


def claims(audit: Audit, cohort: Cohort, correlations: pd.Series) -> pd.DataFrame:
    """Judge the printed p-values by the correlations that models have on these patients.

    A p-value of two models on the same patients needs a correlation of their AUCs. It is
    consistent if the middle 95 % of the pairs here have such a one among them. P-values that the
    printed numbers alone decide, or that are of different patients, have no row: no correlation
    here could speak for or against them. Nor has any where fewer than ``ENOUGH_PAIRS`` pairs are
    compared here: a few have no middle 95 %.
    """
    if len(correlations) < ENOUGH_PAIRS:
        return no_claims()
    rows = audit.comparisons[audit.comparisons["statistic"].isin(list(ABOUT_P))]
    rows = rows[(rows["verdict"] == verdict.OPEN) & ~rows["paired"].eq(False)]
    low, high = np.percentile(correlations, MIDDLE)
    made = [
        (slug(row.key), row.where,
         f"{row.model_a} ({row.set_a}) against {row.model_b} ({row.set_b})",
         ABOUT_P[row.statistic].format(row.printed),
         f"needs a correlation of {_needed(row.statistic, row.correlation_needed)}; "
         f"models here have {low:.2f} to {high:.2f}",
         verdict.ranges_meet(*_range(row.statistic, row.correlation_needed), low, high), "")
        for row in rows.itertuples()
    ]  # fmt: skip
    note = whose.claim_note(cohort)
    return claim_rows(made, "delong", audit.study, cohort, note)


def intervals(cohort: Cohort, auc: pd.DataFrame) -> pd.DataFrame:
    """Set intervals that a cohort's own authors print beside DeLong's on the same patients.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    auc : DataFrame
        From ``auc_table``.

    Returns
    -------
    DataFrame
        ``where, split, model, n, auc, low, high, printed_low, printed_high, widths, would_hold``;
        none where nothing is printed. `widths` is the width of DeLong's in printed ones,
        `would_hold` the chance that an interval of the printed width holds the true AUC. Of the
        widths that rounding allows, the largest counts.
    """
    printed = pd.read_csv(INTERVALS).query("cohort == @cohort.name")
    table = printed.merge(auc.drop(columns="study"), on=["split", "model"])
    own = table["high"] - table["low"]
    widths = own / (table["printed_high"] - table["printed_low"] + ROUNDING)
    table["widths"] = widths
    table["would_hold"] = 2 * norm.cdf(norm.ppf((1 + LEVEL) / 2) / widths) - 1
    return table[BESIDE]

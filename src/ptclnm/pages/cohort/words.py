"""Sentences of page 01 whose logic depends on the patients."""

import pandas as pd

from ptclnm.pages.cohort.flow import describe_counts
from ptclnm.report import whose
from ptclnm.report.sentences import listing
from ptclnm.schema import Cohort

NOT_MADE = "Only the pictures of simulated cohorts are made here."
MOST = 3


def answer(cohort: Cohort, sets: pd.DataFrame, balance: pd.DataFrame) -> str:
    """Give the page's answer in at most five lines: who, how many, where the classes differ.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    sets : DataFrame
        Columns ``split, patients, positives``.
    balance : DataFrame
        Columns ``variable, smd``.
    """
    totals = sets.groupby("split", sort=False)[["patients", "positives"]].sum()
    outcome = listing(f"{row.positives} of {row.patients} in {row.Index}"
                      for row in totals.itertuples())  # fmt: skip
    largest = balance.nlargest(MOST, "smd").itertuples()
    apart = listing(f"{row.variable} ({row.smd:.2f})" for row in largest)
    first, kept = cohort.flow.iloc[0], cohort.flow[cohort.flow["step"] == "kept"].iloc[0]
    lines = [
        f"With the outcome: {outcome}.",
        f"Patients with and without it differ most in {apart or 'nothing'} "
        "(standardised difference).",
        f"Kept: {describe_counts(kept)}, of {describe_counts(first)}.",
    ]
    return whose.answer(cohort, lines)


def realism(compared: pd.DataFrame) -> str:
    """Say for how many measures the simulated values lie where DDTI's do."""
    if compared.empty:
        return "Simulated pictures are compared with real ones on the page of DDTI."
    inside = int(compared["inside"].sum())
    return (
        f"For {inside} of {len(compared)} measures the median of simulated pictures lies within "
        f"the central 95 % of DDTI's; on average {compared['share_inside'].mean():.0%} of the "
        "simulated values do."
    )

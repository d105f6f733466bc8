"""All checks of one study's printed numbers, in one call."""

from dataclasses import dataclass

import pandas as pd

from ptclnm.published.auc import auc_checks
from ptclnm.published.cells import cells
from ptclnm.published.comparisons import comparisons
from ptclnm.published.features import feature_accounting
from ptclnm.published.intervals import intervals
from ptclnm.published.pvalues import p_values
from ptclnm.published.samplesize import sample_size
from ptclnm.published.shares import compared_shares, shares
from ptclnm.published.splits import LIMIT, Splits, class_split, confusion, find_splits
from ptclnm.published.stated import split_checks
from ptclnm.published.tables import Study
from ptclnm.published.totals import totals


@dataclass(frozen=True)
class Audit:
    """What follows from a study's printed numbers: one frame a check.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    splits : Splits
        Its rows of metrics and the class splits behind them.
    class_split, confusion, intervals, split_checks, shares, compared_shares, cells, totals, \
p_values, auc, comparisons, features, sample_size : DataFrame
        See the functions of the same names.
    """

    study: Study
    splits: Splits
    class_split: pd.DataFrame
    confusion: pd.DataFrame
    intervals: pd.DataFrame
    split_checks: pd.DataFrame
    shares: pd.DataFrame
    compared_shares: pd.DataFrame
    cells: pd.DataFrame
    totals: pd.DataFrame
    p_values: pd.DataFrame
    auc: pd.DataFrame
    comparisons: pd.DataFrame
    features: pd.DataFrame
    sample_size: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every frame by name."""
        return {k: v for k, v in vars(self).items() if isinstance(v, pd.DataFrame)}


def called_positive(tables: pd.DataFrame) -> dict[str, int]:
    """Patients that each model calls positive in a set, by ``model@set``, where they are sure."""
    called = tables.assign(called=tables["tp"] + tables["fp"])
    sure = called.groupby(["model", "evaluation_set"])["called"].agg(["first", "nunique"])
    sure = sure[sure["nunique"] == 1]["first"]
    return {f"{model}@{name}": int(count) for (model, name), count in sure.items()}


def audit(study: Study, limit: int = LIMIT) -> Audit:
    """Check a study's printed numbers against each other.

    Parameters
    ----------
    study : Study
        From ``load``.
    limit : int
        Largest number of patients that the search for class splits considers.

    Returns
    -------
    Audit
        One frame for each check.
    """
    splits = find_splits(study, limit)
    tables, checks = confusion(splits), split_checks(splits)
    return Audit(
        study=study,
        splits=splits,
        class_split=class_split(splits),
        confusion=tables,
        intervals=intervals(tables),
        split_checks=checks,
        shares=shares(splits),
        compared_shares=compared_shares(splits),
        cells=cells(splits, checks),
        totals=totals(study, called_positive(tables)),
        p_values=p_values(study),
        auc=auc_checks(splits),
        comparisons=comparisons(splits),
        features=feature_accounting(study),
        sample_size=sample_size(study),
    )

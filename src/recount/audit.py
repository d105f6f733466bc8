"""All checks of one study's printed numbers, in one call."""

from dataclasses import dataclass

import pandas as pd

from recount.accuracy import calling_nobody
from recount.auc import auc_checks
from recount.balance import balance
from recount.cells import cells
from recount.comparisons import comparisons
from recount.contrasts import contrasts, directions
from recount.discordance import discordance
from recount.families import families
from recount.features import feature_accounting
from recount.grim import grim
from recount.intervals import intervals
from recount.pvalues import p_values
from recount.samplesize import sample_size
from recount.shares import compared_shares, shares
from recount.slips import size_sources, slip
from recount.splits import LIMIT, Splits, class_split, confusion, find_splits
from recount.stated import split_checks
from recount.statements import late_inputs, statements
from recount.tables import Study
from recount.totals import totals


@dataclass(frozen=True)
class Audit:
    """What follows from a study's printed numbers: one frame a check.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    splits : Splits
        Its rows of metrics and the class splits behind them.
    class_split, confusion, intervals, split_checks, shares, compared_shares, calling_nobody, \
cells, totals, slip, size_sources, p_values, balance, contrasts, directions, grim, auc, \
comparisons, families, discordance, statements, late_inputs, features, sample_size : DataFrame
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
    calling_nobody: pd.DataFrame
    cells: pd.DataFrame
    totals: pd.DataFrame
    slip: pd.DataFrame
    size_sources: pd.DataFrame
    p_values: pd.DataFrame
    balance: pd.DataFrame
    contrasts: pd.DataFrame
    directions: pd.DataFrame
    grim: pd.DataFrame
    auc: pd.DataFrame
    comparisons: pd.DataFrame
    families: pd.DataFrame
    discordance: pd.DataFrame
    statements: pd.DataFrame
    late_inputs: pd.DataFrame
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


def outcomes(splits: Splits) -> dict[str, int]:
    """Patients with the outcome behind a set's metrics, where all of its rows need one split."""
    by_set: dict[str, set] = {}
    for group in splits.groups:
        by_set.setdefault(group.evaluation_set, set()).add(group.chosen)
    return {name: split[0] for name, (split, *more) in by_set.items() if split and not more}


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
    tables, checks, implied = confusion(splits), split_checks(splits), shares(splits)
    alone = contrasts(study)
    return Audit(
        study=study,
        splits=splits,
        class_split=class_split(splits),
        confusion=tables,
        intervals=intervals(tables),
        split_checks=checks,
        shares=implied,
        compared_shares=compared_shares(splits),
        calling_nobody=calling_nobody(study, implied),
        cells=cells(splits, checks),
        totals=totals(study, called_positive(tables), outcomes(splits)),
        slip=slip(study),
        size_sources=size_sources(study),
        p_values=p_values(study),
        balance=balance(study),
        contrasts=alone,
        directions=directions(alone),
        grim=grim(study),
        auc=auc_checks(splits),
        comparisons=comparisons(splits),
        families=families(study),
        discordance=discordance(study, tables),
        statements=statements(study),
        late_inputs=late_inputs(study),
        features=feature_accounting(study),
        sample_size=sample_size(study),
    )

"""Risks judged set by set: a measure of each model, and of all models together."""

from collections.abc import Callable, Hashable, Mapping, Sequence

import pandas as pd

from ptclnm.evaluation.calibration import GROUPS, calibration, hosmer_lemeshow_table
from ptclnm.evaluation.decision import decision_curves
from ptclnm.evaluation.pairs import COLUMNS, pairs_table

HOSMER = ["g", "groups", "statistic", "df", "p", "development"]


def stacked(
    tables: Mapping[Hashable, pd.DataFrame], *names: str, columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Put tables below each other, their keys in columns of these names before their own.

    Parameters
    ----------
    tables : mapping of str, or tuple of str, to DataFrame
        Empty ones are left out.
    *names : str
        A name for each part of a key.
    columns : sequence of str
        The tables' columns, where all may be empty or none be there.
    """
    filled = {key: table for key, table in tables.items() if len(table)}
    if not filled:
        return pd.DataFrame(columns=[*names, *columns])
    return pd.concat(filled, names=names).reset_index(list(names)).reset_index(drop=True)


def measured(
    predictions: pd.DataFrame, measure: Callable = calibration, **settings: int
) -> pd.DataFrame:
    """Measure each model in each set.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, split, label, score``, the score a risk.
    measure : callable
        Takes labels and risks, each of shape (n,), and gives a Series or a DataFrame, e.g.
        ``calibration``, ``calibration_curve``.
    **settings
        What else it takes.

    Returns
    -------
    DataFrame
        ``model, split``, then the measure's; a row, or rows, for each model and set.
    """
    tables = {}
    for key, part in predictions.groupby(["model", "split"], sort=False):
        found = measure(part["label"].to_numpy(), part["score"].to_numpy(), **settings)
        if isinstance(found, pd.Series):
            whole = {name: int for name in ("n", "events") if name in found}
            found = (found.to_frame().T.round(12) + 0.0).astype(whole)
        tables[key] = found
    return stacked(tables, "model", "split")


def hosmer_lemeshow_by_set(predictions: pd.DataFrame, fit_on: str) -> pd.DataFrame:
    """Test each model in each set for every number of groups.

    Parameters
    ----------
    predictions : DataFrame
        As in :func:`measured`.
    fit_on : str
        The set fitted on, where two degrees of freedom are spent.

    Returns
    -------
    DataFrame
        ``model, split, g, groups, statistic, df, p, development``; nothing for a set with too few
        patients of the rarer outcome for any number of groups.
    """
    tables = {}
    for (model, split), part in predictions.groupby(["model", "split"], sort=False):
        if part["label"].value_counts().reindex([0, 1], fill_value=0).min() >= min(GROUPS):
            own = split == fit_on
            table = hosmer_lemeshow_table(part["label"], part["score"], own)
            tables[model, split] = table.assign(development=own)
    return stacked(tables, "model", "split", columns=HOSMER)


def decision_by_set(
    predictions: pd.DataFrame, at: Sequence[float], draws: int, seed: int = 0
) -> pd.DataFrame:
    """``split``, then decision curves of all models that score every patient of a set.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, split, patient_id, label, score``, the score a risk, or a yes or no.
    at, draws, seed
        As in ``ptclnm.evaluation.decision.decision_curves``.
    """
    tables, models = {}, list(dict.fromkeys(predictions["model"]))
    for split, part in predictions.groupby("split", sort=False):
        wide = part.pivot(index="patient_id", columns="model", values="score")
        wide = wide.reindex(columns=models).dropna(axis=1)
        label = part.drop_duplicates("patient_id").set_index("patient_id")["label"][wide.index]
        tables[split] = decision_curves(label.to_numpy(), dict(wide.items()), at, draws, seed)
    return stacked(tables, "split")


def pairs_by_set(predictions: pd.DataFrame) -> pd.DataFrame:
    """``split``, then ``ptclnm.evaluation.pairs_table`` of each set with two models and more."""
    sets = predictions.groupby("split", sort=False)
    tables = {name: pairs_table(part) for name, part in sets if part["model"].nunique() > 1}
    return stacked(tables, "split", columns=[*COLUMNS, "p_holm"])

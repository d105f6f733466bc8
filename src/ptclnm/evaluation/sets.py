"""Predictions judged set by set: measures of each model, and every model against every other."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from itertools import combinations

import pandas as pd

from ptclnm.evaluation.calibration import calibration
from ptclnm.evaluation.decision import decision_curves
from ptclnm.evaluation.delong import Curves
from ptclnm.evaluation.operating import CALLS, cutoffs, mcnemar_table
from ptclnm.evaluation.pairs import (
    COLUMNS,
    compare,
    contrast_test,
    curves_of,
    mark_nested,
    pairs_table,
    with_holm,
)
from ptclnm.schema import SPLITS

TRAIN, CHANCE = "train", "chance"
JOINED = " + "
PAIRS = [*COLUMNS, "p_holm"]
INCREMENTS = ["split", "base", "adds", "n", "positives", "auc_base", "auc_with", "difference",
              "low", "high", "p"]  # fmt: skip


def by_set(predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split predictions by evaluation set, training left out, in the order of ``SPLITS``."""
    there = [name for name in SPLITS if name != TRAIN and name in set(predictions["split"])]
    return {name: predictions[predictions["split"] == name] for name in there}


def paired_sets(predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Evaluation sets in which two models and more scored the same patients."""
    found = {}
    for name, part in by_set(predictions).items():
        patients = [frozenset(ids) for _, ids in part.groupby("model")["patient_id"]]
        if len(patients) > 1 and len(set(patients)) == 1:
            found[name] = part
    return found


def curves_by_set(predictions: pd.DataFrame) -> dict[str, Curves]:
    """Curves of all models of each of :func:`paired_sets`, with their common covariance."""
    return {name: curves_of(part) for name, part in paired_sets(predictions).items()}


def correlations(curves: Mapping[str, Curves]) -> pd.Series:
    """Correlation of the AUC estimates of every two models of a set, where both vary."""
    return pd.Series([rho for c in curves.values() for rho in c.correlations], dtype=float)


def all_pairs(predictions: pd.DataFrame, inputs: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """Compare every two models in each set, and every model with itself across sets.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table.
    inputs : mapping of str to collection of str
        What each model is given; see ``ptclnm.evaluation.mark_nested``.

    Returns
    -------
    DataFrame
        ``set_a, set_b, model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p,
        p_holm, nested``; Holm's correction is within each pair of sets.
    """
    sets = by_set(predictions)
    tables = {(name, name): pairs_table(part) for name, part in sets.items()}
    for a, b in combinations(sets, 2):
        first, second = (dict(list(sets[name].groupby("model", sort=False))) for name in (a, b))
        rows = [compare(first[name], second[name]) for name in first if name in second]
        tables[a, b] = with_holm(pd.DataFrame(rows, columns=list(COLUMNS)))
    return mark_nested(stacked(tables, "set_a", "set_b", columns=PAIRS), inputs)


def unseen(predictions: pd.DataFrame) -> pd.DataFrame:
    """Give the rows of sets that nothing was fitted on and that have patients of both classes."""
    new = predictions[predictions["split"] != TRAIN]
    return new[new.groupby("split")["label"].transform("nunique") == 2]


def contrasts(predictions: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Compare named pairs of models on the same patients, set by set.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, split, patient_id, label, score``; of sets with both classes.
    pairs : sequence of (str, str)
        Models; ``chance`` gives every patient the same score.

    Returns
    -------
    DataFrame
        ``split, model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p``.
    """
    rows = []
    for split, part in predictions.groupby("split", sort=False):
        by = dict(list(part.groupby("model", sort=False)))
        by[CHANCE] = next(iter(by.values())).assign(model=CHANCE, score=0.5)
        rows += [{"split": split} | compare(by[a], by[b]).to_dict() for a, b in pairs]
    return pd.DataFrame(rows, columns=["split", *COLUMNS])


def increments(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare each combination of parts with itself less one part, on the same patients.

    Parameters
    ----------
    predictions : DataFrame
        As in :func:`contrasts`; a model is named after its parts, joined by " + ".

    Returns
    -------
    DataFrame
        ``split, base, adds, n, positives, auc_base, auc_with, difference, low, high, p``. With
        DeLong's paired interval; the models are fixed and their patients new, so that it holds
        although one model's inputs contain the other's. An empty `base` is chance.
    """
    models, steps = list(dict.fromkeys(predictions["model"])), {}
    for name in models:
        parts = name.split(JOINED)
        for adds in parts:
            base = JOINED.join(part for part in parts if part != adds) or CHANCE
            if base in (CHANCE, *models):
                steps[name, base] = adds
    table = contrasts(predictions, list(steps))
    table["adds"] = [steps[pair] for pair in zip(table["model_a"], table["model_b"], strict=True)]
    patients = predictions.drop_duplicates(["split", "patient_id"])
    table["positives"] = table["split"].map(patients.groupby("split")["label"].sum())
    table["base"] = table["model_b"].replace(CHANCE, "")
    return table.rename(columns={"auc_a": "auc_with", "auc_b": "auc_base"})[INCREMENTS]


def all_at_once(curves: Mapping[str, Curves]) -> pd.DataFrame:
    """Test in each set that all its models have the same AUC: ``split, models, n, chi2, df, p``."""
    rows = [(name, len(c.names), len(c.labels), *contrast_test(c)) for name, c in curves.items()]
    return pd.DataFrame(rows, columns=["split", "models", "n", "chi2", "df", "p"])


def calls(predictions: pd.DataFrame, rule: str) -> pd.DataFrame:
    """McNemar's tests of every two models at their cut-offs, set by set, with Holm's correction.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table of one study, training patients included.
    rule : str
        Where scores are cut; see ``ptclnm.evaluation.operating.rule_of``.

    Returns
    -------
    DataFrame
        ``split, model_a, model_b, among, n, only_a, only_b, p_exact, chi2, p_corrected, p_holm``;
        Holm's correction is within each set and each of all patients, those with the outcome,
        those without.
    """
    at, tables = cutoffs(predictions, rule), {}
    for name, part in paired_sets(predictions).items():
        own = {model: cut for (_, model, split), cut in at.items() if split == name}
        tables[name] = mcnemar_table(part, own)
    return stacked(tables, "split", columns=CALLS)


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
    return stacked({name: pairs_table(part) for name, part in sets}, "split", columns=PAIRS)

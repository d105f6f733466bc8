"""Predictions judged set by set: measures of each model, and every model against every other."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import combinations

import pandas as pd

from ptclnm.evaluation.calibration import GROUPS, calibration, hosmer_lemeshow_table
from ptclnm.evaluation.decision import decision_curves
from ptclnm.evaluation.delong import Curves
from ptclnm.evaluation.operating import cutoffs, mcnemar_table
from ptclnm.evaluation.pairs import (
    COLUMNS,
    Inputs,
    compare,
    contrast_test,
    curves_of,
    holm,
    paired_tests,
    pairs_table,
    with_holm,
)
from ptclnm.evaluation.resampling import bootstrap_pairs
from ptclnm.evaluation.study import WAYS, as_if_paired
from ptclnm.schema import SPLITS

TRAIN, CHANCE = "train", "chance"
JOINED = " + "
PAIRS = [*COLUMNS, "p_holm", "set_a", "set_b", "nested"]
BOTH = ["split", "model_a", "model_b", "difference", "se", "low", "high", "p",
        "se_bootstrap", "low_bootstrap", "high_bootstrap", "p_bootstrap"]  # fmt: skip
CALLS = ["split", "model_a", "model_b", "among", "n", "only_a", "only_b", "p_exact", "chi2",
         "p_corrected", "p_holm"]  # fmt: skip
INCREMENTS = ["split", "base", "adds", "n", "positives", "auc_base", "auc_with", "difference",
              "low", "high", "p"]  # fmt: skip
ACROSS = ["model", "set_a", "set_b", "paired", "shared", "auc_a", "auc_b", *WAYS]
HOSMER = ["g", "groups", "statistic", "df", "p", "development"]


def by_set(predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split predictions by evaluation set, training left out, in the order of ``SPLITS``."""
    there = [name for name in SPLITS if name != TRAIN and name in set(predictions["split"])]
    return {name: predictions[predictions["split"] == name] for name in there}


def paired_sets(predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Evaluation sets in which two models and more scored the same patients."""
    return {name: part for name, part in by_set(predictions).items() if _paired(part)}


def _paired(part: pd.DataFrame) -> bool:
    patients = [frozenset(ids) for _, ids in part.groupby("model")["patient_id"]]
    return len(patients) > 1 and len(set(patients)) == 1


def curves_by_set(predictions: pd.DataFrame) -> dict[str, Curves]:
    """Curves of all models of each of :func:`paired_sets`, with their common covariance."""
    return {name: curves_of(part) for name, part in paired_sets(predictions).items()}


def correlations(curves: Mapping[str, Curves]) -> pd.Series:
    """Correlation of the AUC estimates of every two models of a set, where both vary."""
    return pd.Series([rho for c in curves.values() for rho in c.correlations], dtype=float)


def all_pairs(predictions: pd.DataFrame, inputs: Inputs | None = None) -> pd.DataFrame:
    """Compare every two models in each set, and every model with itself across sets.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table.
    inputs : mapping of str to collection of str, optional
        What each model is given; see ``ptclnm.evaluation.pairs.nested_pairs``.

    Returns
    -------
    DataFrame
        ``model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p, p_holm, set_a,
        set_b, nested``; Holm's correction is within each pair of sets.
    """
    sets = by_set(predictions)
    parts = [
        pairs_table(part, inputs=inputs or {}).assign(set_a=name, set_b=name)
        for name, part in sets.items()
        if part["model"].nunique() > 1
    ]
    for a, b in combinations(sets, 2):
        first, second = (dict(list(sets[name].groupby("model", sort=False))) for name in (a, b))
        rows = [compare(first[name], second[name]) for name in first if name in second]
        if rows:
            across = with_holm(pd.DataFrame(rows))
            parts.append(across.assign(nested=False, set_a=a, set_b=b))
    return _stacked(parts, PAIRS)


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


def beside_bootstrap(predictions: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    """Put the bootstrap of every paired difference beside DeLong's.

    Returns
    -------
    DataFrame
        ``split, model_a, model_b, difference, se, low, high, p, se_bootstrap, low_bootstrap,
        high_bootstrap, p_bootstrap``.
    """
    parts = []
    for name, part in paired_sets(predictions).items():
        curves = curves_of(part)
        drawn = bootstrap_pairs(part, draws, seed).drop(columns="difference")
        exact = paired_tests(curves).assign(se=curves.difference_se, split=name)
        parts.append(exact.merge(drawn, on=["model_a", "model_b"], suffixes=("", "_bootstrap")))
    return _stacked(parts, BOTH)


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
    at = {(model, split): cut for (_, model, split), cut in cutoffs(predictions, rule).items()}
    parts = []
    for name, part in paired_sets(predictions).items():
        own = {model: at[model, name] for model in part["model"].unique()}
        table = mcnemar_table(part, own).assign(split=name)
        corrected = table.groupby("among", sort=False)["p_exact"]
        parts.append(table.assign(p_holm=corrected.transform(lambda p: holm(p.to_numpy()))))
    return _stacked(parts, CALLS)


def strangers(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare each model across the first two sets: rightly, and as if patients were the same.

    Returns
    -------
    DataFrame
        ``model, set_a, set_b, paired, shared, auc_a, auc_b, unpaired, paired by row, paired by
        rank``; the last three are p-values, see ``ptclnm.evaluation.study.as_if_paired``. Empty
        where no two sets have two patients of each class.
    """
    sets = [(name, part) for name, part in by_set(predictions).items() if _least_class(part) > 1]
    if len(sets) < 2:
        return pd.DataFrame(columns=ACROSS)
    (a, first), (b, second) = sets[:2]
    rows = []
    for model, one in first.groupby("model", sort=False):
        other = second[second["model"] == model]
        right = compare(one, other)[["paired", "auc_a", "auc_b"]].to_dict()
        wrong = as_if_paired((one["label"], one["score"]), (other["label"], other["score"]))
        shared = len(set(one["patient_id"]) & set(other["patient_id"]))
        rows.append({"model": model, "set_a": a, "set_b": b, "shared": shared} | right | wrong)
    return pd.DataFrame(rows)[ACROSS]


def _least_class(part: pd.DataFrame) -> int:
    """Patients of the smaller class that every model of a set has at least."""
    return int(part.groupby("model")["label"].agg(lambda y: min(y.sum(), (1 - y).sum())).min())


def _stacked(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Put tables below each other; the columns are there even where no table is."""
    joined = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns))
    return joined[list(columns)]


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

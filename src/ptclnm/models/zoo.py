"""The zoo: selection and eight classifiers, fitted, cross-validated and nested, as tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ptclnm.cohorts.schema import SPLITS
from ptclnm.compute import parallel_map
from ptclnm.errors import ParameterError, nearest
from ptclnm.limits import number_problems
from ptclnm.models import classifiers, validation
from ptclnm.models.components import is_deep
from ptclnm.models.data import ImageData
from ptclnm.models.selection import METHODS, selection

STEP_NAMES = {
    "extracted": "extracted", "components": "PCA of the deep features", "zscore": "not constant",
    "mannwhitney": "Mann–Whitney p < 0.05", "spearman": "one of each |Spearman| > 0.9",
    "lasso": "LASSO",
}  # fmt: skip
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Plan:
    """What the zoo does.

    Parameters
    ----------
    selection : str
        Whose selection: a name of ``ptclnm.models.selection.METHODS``.
    classifiers : tuple of str
        Names of ``ptclnm.models.classifiers.CLASSIFIERS``.
    folds : int
        Folds of every cross-validation.
    seed : int
        Seed of folds, resamples and classifiers.
    bootstraps : int
        Resamples of patients in which the selection is repeated; 0 for none.
    """

    selection: str
    classifiers: tuple[str, ...] = classifiers.NAMES
    folds: int = 5
    seed: int = 0
    bootstraps: int = 100

    def check(self) -> None:
        """Check all settings.

        Raises
        ------
        ParameterError
            Listing each that is not allowed.
        """
        problems = classifiers.unknown(self.classifiers)
        if not self.classifiers:
            problems.append("no classifier; name one at least")
        if self.selection not in METHODS:
            problems.append(f"no selection {self.selection!r}; {nearest(self.selection, METHODS)}")
        problems += number_problems(self, {"folds": 2, "seed": 0, "bootstraps": 0})
        if problems:
            raise ParameterError("zoo", problems)


def run_zoo(data: ImageData, plan: Plan, n_jobs: int | None = None) -> Tables:
    """Fit, cross-validate and nest every classifier.

    Parameters
    ----------
    data : ImageData
        All sets; only ``train`` is fitted on.
    plan : Plan
        What is done.
    n_jobs : int, optional
        Processes; see ``ptclnm.compute.parallel_map``.

    Returns
    -------
    dict of str to DataFrame
        - ``predictions``: ``model, split, patient_id, label, score``, the training set's own
          scores among them;
        - ``cv``: ``classifier, fold, auc``; ``inner``: the same within each ``outer`` fold;
        - ``cv_scores``: ``model, fold, patient_id, label, score``, each training patient scored
          by the models that have not seen it;
        - ``steps``: ``step, kept``;
        - ``lasso_cv``: ``alpha, error, sd, chosen``;
        - ``lasso_path``: ``feature, alpha, coefficient`` of the features that enter the path
          down to the chosen penalty or beyond, at most thirty;
        - ``coefficients``: ``feature, coefficient, survival``, the share of resamples that keep it;
        - ``survival``: ``feature, share`` of every feature ever kept;
        - ``resamples``: ``draw, kept, deep``, the number of features, and of components of
          deep features among them.

    Raises
    ------
    ParameterError
        If the plan is not allowed.
    FoldsError
        If a class has too few patients for the folds, or for those within the rest of each.
    """
    plan.check()
    train = data.train
    outer = validation.nested_folds(train.patients, train.labels, plan.folds, plan.seed)
    models = fit_zoo(train, plan)
    cv, inner, scores = cross_validate(train, plan, outer, n_jobs)
    kept = resampled_selection(train, plan, n_jobs)
    first = next(iter(models.values()))
    return {
        "predictions": predict(models, data),
        "cv": cv,
        "inner": inner,
        "cv_scores": scores,
        **selection_tables(first, train.names, kept),
    }


def run_fits(data: ImageData, plan: Plan) -> Tables:
    """Fit the classifiers and score everyone: :func:`run_zoo` without resamples and folds.

    Returns
    -------
    dict of str to DataFrame
        ``predictions`` as of `run_zoo`, the same chain fitted on the same rows, and
        ``coefficients`` without their survival.
    """
    models = fit_zoo(data.train, plan)
    about = selection_tables(next(iter(models.values())), data.names, [])
    coefficients = about["coefficients"][["feature", "coefficient"]]
    return {"predictions": predict(models, data), "coefficients": coefficients}


def fit_zoo(train: ImageData, plan: Plan) -> dict[str, Pipeline]:
    """Fit each classifier behind the selection, the whole chain on the same rows.

    The selection is the same for all classifiers, so it is fitted once; the result is what
    ``Pipeline.fit`` would give for each.

    Returns
    -------
    dict of str to Pipeline
        The fitted chain by the classifier's name.
    """
    with threadpool_limits(1):  # sums in another order would differ in their last digits
        chain = Pipeline(selection(plan.selection, plan.folds, plan.seed, train.names))
        chain.fit(train.X, train.labels, lasso__groups=train.patients)
        reduced = chain.transform(train.X)
        return {
            name: Pipeline(
                [
                    *chain.steps,
                    ("classifier", classifiers.make(name, plan.seed).fit(reduced, train.labels)),
                ]
            )
            for name in plan.classifiers
        }


def predict(models: dict[str, Pipeline], data: ImageData) -> pd.DataFrame:
    """Score the patients of every set: ``model, split, patient_id, label, score``."""
    parts = []
    with threadpool_limits(1):
        for name, model in models.items():
            scores = model.predict_proba(data.X)[:, 1]
            for split in [name for name in SPLITS if name in set(data.splits)]:
                at = data.splits == split
                table = validation.patient_scores(data.patients[at], data.labels[at], scores[at])
                parts.append(table.assign(model=name, split=split))
    columns = ["model", "split", "patient_id", "label", "score"]
    return pd.concat(parts, ignore_index=True)[columns]


@dataclass(frozen=True)
class Fold:
    """One fit of the zoo: which rows it is fitted on, and which it is judged on."""

    outer: int
    fold: int
    train: np.ndarray
    test: np.ndarray


def cross_validate(
    train: ImageData, plan: Plan, outer: np.ndarray, n_jobs: int | None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Cross-validate, and cross-validate again within the rest of each fold.

    Parameters
    ----------
    train : ImageData
        Training images.
    plan : Plan
        What is done.
    outer : ndarray of int, shape (images,)
        Fold of each image.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    cv : DataFrame
        ``classifier, fold, auc``.
    inner : DataFrame
        ``outer, classifier, fold, auc``. Where a class has fewer patients in the rest of a fold
        than there are folds, there are as many inner folds as it has patients.
    scores : DataFrame
        ``model, fold, patient_id, label, score`` of the patients that each fold leaves out.
    """
    jobs = []
    for fold, (rest, left_out) in enumerate(validation.train_test(outer)):
        jobs.append(Fold(-1, fold, rest, left_out))
        jobs += _inner_folds(train, plan, fold, rest)
    found = parallel_map(partial(_left_out, train, plan), jobs, n_jobs, progress="folds")
    table = pd.concat([_aucs(job, part) for job, part in zip(jobs, found, strict=True)])
    top = table["outer"] == -1
    cv = table[top].drop(columns="outer").reset_index(drop=True)
    outside = [(job.fold, part) for job, part in zip(jobs, found, strict=True) if job.outer == -1]
    scores = pd.concat([part.assign(fold=fold) for fold, part in outside], ignore_index=True)
    columns = ["model", "fold", "patient_id", "label", "score"]
    return cv, table[~top].reset_index(drop=True), scores[columns]


def _inner_folds(train: ImageData, plan: Plan, outer: int, rest: np.ndarray) -> list[Fold]:
    part = train.rows(rest)
    fewest = min(validation.class_counts(part.patients, part.labels))
    folds = min(plan.folds, fewest)
    fold_of = validation.patient_folds(part.patients, part.labels, folds, plan.seed)
    return [
        Fold(outer, fold, rest[a], rest[b])
        for fold, (a, b) in enumerate(validation.train_test(fold_of))
    ]


def _left_out(train: ImageData, plan: Plan, job: Fold) -> pd.DataFrame:
    """Score the patients that a fold leaves out by every classifier fitted on the rest."""
    return predict(fit_zoo(train.rows(job.train), plan), train.rows(job.test))


def _aucs(job: Fold, scores: pd.DataFrame) -> pd.DataFrame:
    """AUC of every classifier, by patient, on the rows that a fold leaves out."""
    return pd.DataFrame(
        [
            (job.outer, name, job.fold, roc_auc_score(part["label"], part["score"]))
            for name, part in scores.groupby("model", sort=False)
        ],
        columns=["outer", "classifier", "fold", "auc"],
    )


def resampled_selection(train: ImageData, plan: Plan, n_jobs: int | None) -> list[list[str]]:
    """Names that the whole selection keeps in each bootstrap resample of patients."""
    draws = range(plan.bootstraps)
    return parallel_map(partial(_kept_in, train, plan), draws, n_jobs, progress="resamples")


def _kept_in(train: ImageData, plan: Plan, draw: int) -> list[str]:
    rows = validation.resample(train.patients, train.labels, plan.seed, draw)
    part = train.rows(rows)
    with threadpool_limits(1):
        chain = Pipeline(selection(plan.selection, plan.folds, plan.seed, train.names))
        chain.fit(part.X, part.labels, lasso__groups=part.patients)
    return list(chain.get_feature_names_out(np.array(train.names, dtype=object)))


def selection_tables(
    model: Pipeline, names: Sequence[str], resamples: Sequence[Sequence[str]]
) -> Tables:
    """Tables of what a fitted selection did; see :func:`run_zoo`."""
    chain = model[:-1]
    every = np.array(names, dtype=object)
    steps = [(STEP_NAMES["extracted"], len(names))]
    steps += [(STEP_NAMES[name], len(step.kept_)) for name, step in chain.steps]
    lasso = chain.named_steps["lasso"]
    before = chain[:-1].get_feature_names_out(every)
    counts = pd.Series([name for kept in resamples for name in kept], dtype=object).value_counts()
    share = counts / max(len(resamples), 1)
    coefficients = pd.DataFrame(
        {"feature": before[lasso.kept_], "coefficient": lasso.coef_[lasso.kept_]}
    ).sort_values("coefficient", key=abs, ascending=False, kind="stable", ignore_index=True)
    survival = share.rename_axis("feature").reset_index(name="share")
    survival = survival.sort_values(["share", "feature"], ascending=[False, True])
    return {
        "steps": pd.DataFrame(steps, columns=["step", "kept"]),
        "lasso_cv": pd.DataFrame(
            {"alpha": lasso.alphas_, "error": lasso.error_, "sd": lasso.error_sd_,
             "chosen": lasso.alphas_ == lasso.alpha_}
        ),
        "lasso_path": _path_table(lasso, before),
        "coefficients": coefficients.assign(
            survival=share.reindex(coefficients["feature"]).fillna(0.0).to_numpy()
        ),
        "survival": survival.reset_index(drop=True),
        "resamples": pd.DataFrame(
            {"draw": range(len(resamples)), "kept": [len(kept) for kept in resamples],
             "deep": [sum(map(is_deep, kept)) for kept in resamples]}
        ),
    }  # fmt: skip


def _path_table(lasso, names: np.ndarray, most: int = 30) -> pd.DataFrame:
    """The path of the features that are kept, then of those that enter first."""
    enters = np.where(lasso.coefs_.any(axis=1), (lasso.coefs_ != 0).argmax(axis=1), 10**6)
    kept = set(lasso.kept_)
    order = sorted(np.flatnonzero(enters < 10**6), key=lambda i: (i not in kept, enters[i]))
    rows = np.array(order[:most], dtype=int)
    return pd.DataFrame(
        {
            "feature": np.repeat(names[rows], len(lasso.alphas_)),
            "alpha": np.tile(lasso.alphas_, len(rows)),
            "coefficient": lasso.coefs_[rows].ravel(),
        }
    )

"""The zoo: a selection and several classifiers, fitted, cross-validated and nested, as tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain as chained
from operator import call

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from ptclnm.compute import parallel_map
from ptclnm.errors import nearest, number_problems, refuse
from ptclnm.models import classifiers, validation
from ptclnm.models.classifiers import Scored
from ptclnm.models.components import is_deep
from ptclnm.models.data import ImageData
from ptclnm.models.selection import METHODS, selection
from ptclnm.schema import SPLITS

# What is left after a step, by the step's class.
STEP_NAMES = {
    "DeepComponents": "PCA of the deep features", "ZScore": "not constant",
    "MannWhitney": "Mann–Whitney p < {alpha}", "SpearmanFilter": "one of each |Spearman| > "
    "{threshold}", "GroupedLasso": "LASSO",
}  # fmt: skip
SCORES = ["patient_id", "label", "score"]
# What stands in the place of an outer fold where there is none.
WHOLE = -1
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Plan:
    """What the zoo does.

    Parameters
    ----------
    selection : str or Pipeline
        A paper's, by a name of ``ptclnm.models.selection.METHODS``; or a Pipeline of transformers,
        not fitted, each of which names the columns that it gives out.
    classifiers : sequence of str, or mapping of str to classifier
        Names of ``ptclnm.models.classifiers.CLASSIFIERS``; or classifiers, not fitted, by name.
    folds : int
        Folds of every cross-validation.
    seed : int
        Seed of folds, resamples and classifiers.
    bootstraps : int
        Resamples of patients in which the selection is repeated; 0 for none.

    Raises
    ------
    ParameterError
        Listing each setting that is not allowed.
    """

    selection: str | Pipeline
    classifiers: Sequence[str] | Mapping[str, ClassifierMixin] = classifiers.NAMES
    folds: int = 5
    seed: int = 0
    bootstraps: int = 100

    def __post_init__(self) -> None:
        own = isinstance(self.classifiers, Mapping)
        problems = [] if own else classifiers.unknown(self.classifiers)
        if not self.classifiers:
            problems.append("no classifier; name one at least")
        if isinstance(self.selection, str) and self.selection not in METHODS:
            problems.append(f"no selection {self.selection!r}; {nearest(self.selection, METHODS)}")
        problems += number_problems(self, {"folds": 2, "seed": 0, "bootstraps": 0})
        refuse("zoo", *problems)

    def chain(self, names: Sequence[str]) -> Pipeline:
        """Give the selection for columns of these names, not fitted."""
        if isinstance(self.selection, Pipeline):
            return clone(self.selection)
        return Pipeline(selection(self.selection, self.folds, self.seed, names))

    def models(self) -> dict[str, Scored]:
        """Give the classifiers by name, not fitted."""
        if not isinstance(self.classifiers, Mapping):
            return {name: classifiers.make(name, self.seed) for name in self.classifiers}
        return {
            name: clone(model) if isinstance(model, Scored) else Scored(clone(model))
            for name, model in self.classifiers.items()
        }


def run_zoo(
    data: ImageData, plan: Plan, n_jobs: int | None = None, run: Callable[..., Tables] = call
) -> Tables:
    """Fit, cross-validate and nest every classifier, and repeat the selection in resamples.

    Parameters
    ----------
    data : ImageData
        All sets; only ``train`` is fitted on.
    plan : Plan
        What is done.
    n_jobs : int, optional
        Processes; see ``ptclnm.compute.parallel_map``.
    run : callable, optional
        Of a function and what it is given: calls what takes long, or finds what it gave before.

    Returns
    -------
    dict of str to DataFrame
        ``predictions`` as of :func:`predict`, ``steps`` as of :func:`steps`, ``coefficients`` as
        of :func:`coefficients`, and the tables of :func:`cross_validate` and :func:`resample`.

    Raises
    ------
    FoldsError
        If a class has too few patients for the folds, or for those within the rest of each.
    """
    train = data.train
    validated = run(cross_validate, train, plan, n_jobs=n_jobs)
    models, resampled = fit_zoo(train, plan), run(resample, train, plan, n_jobs=n_jobs)
    select = next(iter(models.values()))[:-1]
    return validated | resampled | {
        "predictions": predict(models, data),
        "steps": steps(select, data.names),
        "coefficients": coefficients(select, data.names, resampled["survival"]),
    }  # fmt: skip


def fits(data: ImageData, plan: Plan) -> Tables:
    """Fit the classifiers and score everyone: :func:`run_zoo` without resamples and folds.

    Returns
    -------
    dict of str to DataFrame
        ``predictions`` as of `run_zoo`, the same chain fitted on the same rows, and
        ``coefficients``: ``feature, coefficient``.
    """
    models = fit_zoo(data.train, plan)
    select = next(iter(models.values()))[:-1]
    return {"predictions": predict(models, data), "coefficients": coefficients(select, data.names)}


def fit_selection(train: ImageData, plan: Plan) -> Pipeline:
    """Fit the selection; steps that ask for ``groups`` are told whose images they are."""
    select = plan.chain(train.names)
    groups = {
        f"{name}__groups": train.patients
        for name, step in select.steps
        if hasattr(step, "fit") and has_fit_parameter(step, "groups")
    }
    with threadpool_limits(1):  # sums in another order would differ in their last digits
        return select.fit(train.X, train.labels, **groups)


def fit_zoo(train: ImageData, plan: Plan) -> dict[str, Pipeline]:
    """Fit each classifier behind the selection, the whole chain on the same rows.

    The selection is the same for all classifiers, so it is fitted once; the result is what
    ``Pipeline.fit`` would give for each.

    Returns
    -------
    dict of str to Pipeline
        The fitted chain by the classifier's name.
    """
    select = fit_selection(train, plan)
    with threadpool_limits(1):
        reduced = select.transform(train.X)
        return {
            name: Pipeline([*select.steps, ("classifier", model.fit(reduced, train.labels))])
            for name, model in plan.models().items()
        }


def predict(models: Mapping[str, Pipeline], data: ImageData) -> pd.DataFrame:
    """Score the patients of every set: ``model, split, patient_id, label, score``.

    The score of a patient is the mean of those of the images.
    """
    parts = []
    with threadpool_limits(1):
        for name, model in models.items():
            scores = model.predict_proba(data.X)[:, 1]
            for split in [name for name in SPLITS if name in set(data.splits)]:
                at = data.splits == split
                table = validation.patient_scores(data.patients[at], data.labels[at], scores[at])
                parts.append(table.assign(model=name, split=split))
    return pd.concat(parts, ignore_index=True)[["model", "split", *SCORES]]


def cross_validate(train: ImageData, plan: Plan, n_jobs: int | None = None) -> Tables:
    """Cross-validate selection and classifiers, and again within the rest of each fold.

    Parameters
    ----------
    train : ImageData
        Training images.
    plan : Plan
        What is done.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    dict of str to DataFrame
        - ``cv``: ``classifier, fold, auc``, by patient;
        - ``inner``: ``outer, classifier, fold, auc``. Where a class has fewer patients in the rest
          of a fold than there are folds, there are as many inner folds as it has patients;
        - ``cv_scores``: ``model, fold, patient_id, label, score`` of each training patient, by the
          models that have not seen it.

    Raises
    ------
    FoldsError
        If a class has too few patients for the folds, or for those within the rest of each.
    """
    work = partial(_left_out, train, plan)
    parts = parallel_map(work, _folds(train, plan), n_jobs, progress="folds")
    scores = pd.concat(parts, ignore_index=True)
    groups = scores.groupby(["outer", "model", "fold"], sort=False)
    aucs = [(*key, roc_auc_score(part["label"], part["score"])) for key, part in groups]
    table = pd.DataFrame(aucs, columns=["outer", "classifier", "fold", "auc"])
    top = table["outer"] == WHOLE
    return {
        "cv": table[top].drop(columns="outer").reset_index(drop=True),
        "inner": table[~top].reset_index(drop=True),
        "cv_scores": scores.loc[scores["outer"] == WHOLE, ["model", "fold", *SCORES]].reset_index(
            drop=True),
    }  # fmt: skip


def _folds(train: ImageData, plan: Plan) -> Iterator[tuple[int, int, NDArray, NDArray]]:
    """Give outer fold, fold, rows to fit on and rows left out: each outer fold, then its rest."""
    outer = validation.nested_folds(train.patients, train.labels, plan.folds, plan.seed)
    for fold, (rest, left_out) in enumerate(validation.train_test(outer)):
        yield WHOLE, fold, rest, left_out
        patients, labels = train.patients[rest], train.labels[rest]
        fewest = min(validation.class_counts(patients, labels))
        inner = validation.patient_folds(patients, labels, min(plan.folds, fewest), plan.seed)
        for number, (fit, test) in enumerate(validation.train_test(inner)):
            yield fold, number, rest[fit], rest[test]


def _left_out(train: ImageData, plan: Plan, job: tuple[int, int, NDArray, NDArray]) -> pd.DataFrame:
    """Score the patients that a fold leaves out by every classifier fitted on the rest."""
    outer, fold, rest, left_out = job
    models = fit_zoo(train.rows(rest), plan)
    return predict(models, train.rows(left_out)).assign(outer=outer, fold=fold)


def resample(train: ImageData, plan: Plan, n_jobs: int | None = None) -> Tables:
    """Repeat the whole selection in bootstrap resamples of patients.

    Returns
    -------
    dict of str to DataFrame
        - ``survival``: ``feature, share`` of resamples, of every feature ever kept;
        - ``resamples``: ``draw, kept, deep``, the number of features, and of components of deep
          features among them.
    """
    draws = range(plan.bootstraps)
    drawn = parallel_map(partial(_kept_in, train, plan), draws, n_jobs, progress="resamples")
    counts = pd.Series(list(chained.from_iterable(drawn)), dtype=object).value_counts()
    survival = (counts / max(len(drawn), 1)).rename_axis("feature").reset_index(name="share")
    deep = [sum(map(is_deep, names)) for names in drawn]
    return {
        "survival": survival.sort_values(
            ["share", "feature"], ascending=[False, True], ignore_index=True),
        "resamples": pd.DataFrame({"draw": draws, "kept": list(map(len, drawn)), "deep": deep}),
    }  # fmt: skip


def _kept_in(train: ImageData, plan: Plan, draw: int) -> list[str]:
    rows = validation.resample(train.patients, train.labels, plan.seed, draw)
    return list(kept(fit_selection(train.rows(rows), plan), train.names))


def kept(select: Pipeline, names: Sequence[str]) -> NDArray:
    """Names of the features that a fitted selection keeps of those of these names."""
    return select.get_feature_names_out(np.array(names, dtype=object))


def steps(select: Pipeline, names: Sequence[str]) -> pd.DataFrame:
    """Count the features that are left after each step of a fitted selection: ``step, kept``."""
    rows = [("extracted", len(names))]
    for number, (name, step) in enumerate(select.steps, start=1):
        kind = type(step).__name__
        known = kind in STEP_NAMES
        called = STEP_NAMES[kind].format(**step.get_params()) if known else f"{name} ({kind})"
        rows.append((called, len(kept(select[:number], names))))
    return pd.DataFrame(rows, columns=["step", "kept"])


def coefficients(
    select: Pipeline, names: Sequence[str], survival: pd.DataFrame | None = None
) -> pd.DataFrame:
    """List the features that a fitted selection keeps, the largest coefficient first.

    Parameters
    ----------
    select : Pipeline
        Fitted.
    names : sequence of str
        Names of all features.
    survival : DataFrame, optional
        ``feature, share``, from :func:`resample`.

    Returns
    -------
    DataFrame
        ``feature, coefficient``, missing where the last step has none, and with `survival` the
        share of resamples that keep the feature, as ``survival``.
    """
    last = select[-1]
    values = last.coef_[last.kept_] if hasattr(last, "coef_") else np.nan
    table = pd.DataFrame({"feature": kept(select, names), "coefficient": values}).sort_values(
        "coefficient", key=abs, ascending=False, kind="stable", ignore_index=True
    )
    if survival is None:
        return table
    share = survival.set_index("feature")["share"].reindex(table["feature"])
    return table.assign(survival=share.fillna(0.0).to_numpy())

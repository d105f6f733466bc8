"""The fused models as one family of predictions among others, computed once whoever asks."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ptclnm.compute import scheduler
from ptclnm.features import extract, load_settings
from ptclnm.models import radiomics
from ptclnm.models.choice import chosen
from ptclnm.models.data import TRAIN
from ptclnm.models.fusion.apart import METHOD
from ptclnm.models.fusion.join import DEEP, RADIOMICS, fuse
from ptclnm.models.fusion.late import mean_of_scores
from ptclnm.models.radiomics import stored_zoo
from ptclnm.models.validation import patient_folds, train_test
from ptclnm.models.zoo import Plan, Tables, fit_zoo, predict
from ptclnm.schema import Cohort

if TYPE_CHECKING:  # torch takes seconds to import, and plans are read on cheap paths
    from ptclnm.models.deep.crops import Crops
    from ptclnm.models.deep.plan import DeepPlan

# The paper's names, and those of what stands beside them.
ALONE, NETWORK, FUSED = "Thy-Radiomics", "Thy-DL", "Thy-DL-Radiomics"
MEAN, STACKED = "mean of scores", "stacked scores"
# What a page that does not declare a parameter leaves to the fusion of page 05. Resamples are not
# called bootstraps: those of other pages are of other things, and in thousands.
DEFAULTS: dict[str, Any] = radiomics.DEFAULTS | {
    "network": "EfficientNet-Lite0@imagenet", "layer": "pooled", "resamples": 50,
}  # fmt: skip


def plan_of(parameters: Mapping[str, Any]) -> Plan:
    """Read the fused zoo's plan from a page's parameters, and check it."""
    p = DEFAULTS | dict(parameters)
    plan = replace(radiomics.plan_of(p), selection=METHOD, bootstraps=p["resamples"])
    plan.check()
    return plan


def chosen_scores(tables: Tables, name: str) -> pd.DataFrame:
    """Give the scores of the classifier that Ni's rule chooses, under a name of their own."""
    scores = tables["predictions"]
    return scores[scores["model"] == chosen(tables["cv"])].assign(model=name)


def out_of_fold_scores(
    pictures: "Crops", network: "DeepPlan", alone: Tables, folds: int
) -> pd.DataFrame:
    """Score training patients by radiomics and by a network, neither of which has seen them.

    Parameters
    ----------
    pictures : Crops
        All sets; the network is trained once more for each fold.
    network : DeepPlan
        How.
    alone : dict of str to DataFrame
        The radiomics zoo's tables, from the same folds.
    folds : int
        How many.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score`` of ``ALONE`` and ``NETWORK``.
    """
    from ptclnm.models.deep.stored import stored_deep

    own = alone["cv_scores"]
    parts = [own[own["model"] == chosen(alone["cv"])].drop(columns="fold").assign(model=ALONE)]
    for fold in folds_of(pictures, folds, network.seed):
        scores = stored_deep(fold, network)["predictions"]
        parts.append(scores[scores["split"] != TRAIN].assign(model=NETWORK))
    return pd.concat(parts, ignore_index=True).assign(split=TRAIN)


def folds_of(pictures: "Crops", folds: int, seed: int) -> "Iterator[Crops]":
    """Training pictures, the patients of one fold after the other moved to the internal set."""
    train = pictures.train
    for _, left_out in train_test(patient_folds(train.patients, train.labels, folds, seed)):
        splits = pd.Series(TRAIN, index=range(len(train.splits)))
        splits[left_out] = "internal"
        yield train.with_splits(splits.to_numpy(dtype=str))


def predictions(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score the patients of every set by early fusion and by the mean of scores.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    parameters : mapping
        Those of pages 02 and 03, and ``network`` (``name`` or ``name@weights``), ``layer`` and
        ``resamples``; see ``DEFAULTS``. The radiomics model is that of page 02, the network that
        of page 03, from the same entries of the cache where the parameters are the same.
    """
    from ptclnm.models.deep.stored import stored_deep

    network, _, alone, pictures, zoo = _models(cohort, DEFAULTS | dict(parameters))
    own = stored_deep(pictures, network)["predictions"].assign(model=NETWORK)
    both = pd.concat([chosen_scores(alone, ALONE), own])
    mean = mean_of_scores(both, [ALONE, NETWORK], MEAN)
    return pd.concat([chosen_scores(zoo, FUSED), mean], ignore_index=True)


def out_of_fold(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score training patients by fused models, networks included, that have not seen them.

    The network is trained anew for each fold; the classifier is the one chosen on all training
    patients.
    """
    from ptclnm.models.deep.features import deep_features

    p = DEFAULTS | dict(parameters)
    network, features, alone, pictures, zoo = _models(cohort, p)
    plan = replace(plan_of(p), classifiers=(chosen(zoo["cv"]),))
    table = cohort.table[cohort.table["split"] == TRAIN]
    parts = []
    for own in folds_of(pictures, plan.folds, plan.seed):
        moved = table.assign(split=table["image_id"].map(pd.Series(own.splits, own.image_ids)))
        deep = deep_features(own, network, p["layer"])
        data = fuse(moved, {RADIOMICS: features, DEEP: deep})
        early = predict(fit_zoo(data.train, plan), data).assign(model=FUSED)
        parts.append(early[early["split"] != TRAIN].assign(split=TRAIN))
    both = out_of_fold_scores(pictures, network, alone, plan.folds)
    parts.append(mean_of_scores(both, [ALONE, NETWORK], MEAN))
    return pd.concat(parts, ignore_index=True)


def _models(
    cohort: Cohort, p: Mapping[str, Any]
) -> tuple["DeepPlan", pd.DataFrame, Tables, "Crops", Tables]:
    """The network, radiomics features and their zoo, pictures, and the fused zoo."""
    from ptclnm.models.deep.crops import crops
    from ptclnm.models.deep.features import deep_features
    from ptclnm.models.deep.plan import plans_of

    plan, n_jobs = plan_of(p), p["n_jobs"] or None
    (network,) = plans_of({**p, "models": [p["network"]]})
    alone = radiomics.zoo_of(cohort, p)[1]
    features = extract(cohort, load_settings(p["settings"] or p["study"]), n_jobs=n_jobs)
    pictures = crops(cohort, network.image_size, network.margin)
    parts = {RADIOMICS: features, DEEP: deep_features(pictures, network, p["layer"])}
    with scheduler(p["scheduler"], n_jobs):
        zoo = stored_zoo(fuse(cohort.table, parts), plan, n_jobs)
    return network, features, alone, pictures, zoo

"""The fused models as one family of predictions among others, computed once whoever asks."""

from dataclasses import replace

import pandas as pd

from ptclnm.compute import scheduler
from ptclnm.features import extract
from ptclnm.models import radiomics
from ptclnm.models.choice import chosen
from ptclnm.models.data import TRAIN
from ptclnm.models.deep.crops import Crops, crops
from ptclnm.models.deep.features import deep_features
from ptclnm.models.deep.source import folds_of, unseen_scores
from ptclnm.models.deep.stored import stored_deep
from ptclnm.models.fusion.apart import METHOD
from ptclnm.models.fusion.join import DEEP, RADIOMICS, fuse
from ptclnm.models.radiomics import stored_zoo
from ptclnm.models.sources import Plans
from ptclnm.models.zoo import Plan, Tables, fit_zoo, predict
from ptclnm.schema import Cohort

# The paper's names, and those of what stands beside them.
ALONE, NETWORK, FUSED = "Thy-Radiomics", "Thy-DL", "Thy-DL-Radiomics"
MEAN = "mean of scores"


def chosen_scores(tables: Tables, name: str) -> pd.DataFrame:
    """Give the scores of the classifier that Ni's rule chooses, under a name of their own."""
    scores = tables["predictions"]
    return scores[scores["model"] == chosen(tables["cv"])].assign(model=name)


def mean_of_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Late fusion: score every patient by the mean of the scores of several models.

    Parameters
    ----------
    predictions : DataFrame
        ``model, split, patient_id, label, score``; each model scores the same patients.

    Returns
    -------
    DataFrame
        The same columns, one row a patient.
    """
    by = predictions.groupby(["split", "patient_id", "label"], sort=False, as_index=False)
    return by["score"].mean().assign(model=MEAN)


def predictions(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score the patients of every set by early fusion and by the mean of scores.

    The radiomics model is that of page 02, the network that of page 03 and the fused zoo that of
    page 05, from the same entries of the cache where the plans are the same.
    """
    pictures, _, alone, zoo = _models(cohort, plans)
    own = stored_deep(pictures, plans.fused)["predictions"].assign(model=NETWORK)
    both = pd.concat([chosen_scores(alone, ALONE), own])
    return pd.concat([chosen_scores(zoo, FUSED), mean_of_scores(both)], ignore_index=True)


def out_of_fold(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score training patients by fused models, networks included, that have not seen them.

    The network is trained anew for each fold; the classifier is the one chosen on all training
    patients.
    """
    pictures, features, alone, zoo = _models(cohort, plans)
    plan = replace(_zoo(plans), classifiers=(chosen(zoo["cv"]),))
    table = cohort.table[cohort.table["split"] == TRAIN]
    parts = []
    for own in folds_of(pictures, plan.folds, plan.seed):
        moved = table.assign(split=table["image_id"].map(pd.Series(own.splits, own.image_ids)))
        data = fuse(moved, {RADIOMICS: features, DEEP: deep_features(own, plans.fused)})
        early = predict(fit_zoo(data.train, plan), data).assign(model=FUSED)
        parts.append(early[early["split"] != TRAIN].assign(split=TRAIN))
    scores = alone["cv_scores"]
    own = scores[scores["model"] == chosen(alone["cv"])].assign(split=TRAIN)
    both = pd.concat([own, unseen_scores(pictures, [plans.fused], plan.folds)])
    return pd.concat([*parts, mean_of_scores(both)], ignore_index=True)


def _zoo(plans: Plans) -> Plan:
    return replace(plans.zoo, selection=METHOD, bootstraps=plans.resamples)


def _models(cohort: Cohort, plans: Plans) -> tuple[Crops, pd.DataFrame, Tables, Tables]:
    """Pictures, radiomics features, and the zoos of these alone and fused."""
    alone = radiomics.zoo_of(cohort, plans)
    features = extract(cohort, plans.settings, n_jobs=plans.n_jobs)
    pictures = crops(cohort, plans.fused.image_size, plans.fused.margin)
    parts = {RADIOMICS: features, DEEP: deep_features(pictures, plans.fused)}
    with scheduler(plans.scheduler, plans.n_jobs):
        zoo = stored_zoo(fuse(cohort.table, parts), _zoo(plans), plans.n_jobs)
    return pictures, features, alone, zoo

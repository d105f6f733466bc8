"""Radiomics models on super-resolved pictures as a family of ``ptclnm.models.sources``."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ptclnm.compute import scheduler
from ptclnm.features import extract
from ptclnm.models import zoo
from ptclnm.models.data import ImageData, join
from ptclnm.models.radiomics import stored_fits, stored_zoo
from ptclnm.schema import Cohort
from ptclnm.superres.arms import on_arm
from ptclnm.superres.pictures import training_pictures
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.training import train

CLASSIFIERS = ("SVM", "KNN")  # those of Li et al. 2024, Table 2


def predictions(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score the patients of every set by the paper's classifiers on super-resolved pictures.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    parameters : mapping
        ``study, settings, folds, seed, n_jobs, scheduler``, as on page 02; the network is that of
        page 04.
    """
    with scheduler(parameters["scheduler"], parameters["n_jobs"] or None):
        data = _data(cohort, parameters)
        return on_arm(stored_fits(data, _plan(parameters))["predictions"], "sr")


def out_of_fold(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score training patients by classifiers that have not seen them; see :func:`predictions`.

    The network has seen the training patients' pictures, and no label.
    """
    n_jobs = parameters["n_jobs"] or None
    with scheduler(parameters["scheduler"], n_jobs):
        tables = stored_zoo(_data(cohort, parameters), _plan(parameters), n_jobs)
    return on_arm(tables["cv_scores"], "sr").assign(split="train")


def _plan(p: Mapping[str, Any]) -> zoo.Plan:
    return zoo.Plan(p["study"], CLASSIFIERS, p["folds"], p["seed"], bootstraps=0)


def _data(cohort: Cohort, p: Mapping[str, Any]) -> ImageData:
    n_jobs, network = p["n_jobs"] or None, SRPlan(seed=p["seed"])
    restore = train(training_pictures(cohort, network, n_jobs), network).arm("sr")
    settings = p["settings"] or p["study"]
    features = extract(cohort, settings, n_jobs=n_jobs, progress="images, sr", change=restore)
    return join(cohort.table, features)

"""Radiomics models on super-resolved pictures as a family of ``ptclnm.models.sources``."""

from dataclasses import replace

import pandas as pd

from ptclnm.compute import scheduler
from ptclnm.features import extract
from ptclnm.models.data import ImageData, join
from ptclnm.models.radiomics import stored_fits, stored_zoo
from ptclnm.models.sources import Plans
from ptclnm.models.zoo import Plan
from ptclnm.schema import Cohort
from ptclnm.superres.arms import on_arm
from ptclnm.superres.pictures import training_pictures
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.training import train

CLASSIFIERS = ("SVM", "KNN")  # those of Li et al. 2024, Table 2


def predictions(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score the patients of every set by the paper's classifiers on super-resolved pictures.

    The selection, folds and seed are those of the radiomics zoo, the network is that of page 04.
    """
    with scheduler(plans.scheduler, plans.n_jobs):
        data = _data(cohort, plans)
        return on_arm(stored_fits(data, _zoo(plans))["predictions"], "SR")


def out_of_fold(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score training patients by classifiers that have not seen them; see :func:`predictions`.

    The network has seen the training patients' pictures, and no label.
    """
    with scheduler(plans.scheduler, plans.n_jobs):
        tables = stored_zoo(_data(cohort, plans), _zoo(plans), plans.n_jobs)
    return on_arm(tables["cv_scores"], "SR").assign(split="train")


def _zoo(plans: Plans) -> Plan:
    return replace(plans.zoo, classifiers=CLASSIFIERS, bootstraps=0)


def _data(cohort: Cohort, plans: Plans) -> ImageData:
    network, n_jobs = SRPlan(seed=plans.zoo.seed), plans.n_jobs
    restore = train(training_pictures(cohort, network, n_jobs), network)
    features = extract(cohort, plans.settings, n_jobs, progress="images, sr", change=restore)
    return join(cohort.table, features)

"""The radiomics zoo of a cohort as a page's parameters ask for it, computed once whoever asks."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import ParameterError
from ptclnm.features import extract, load_settings
from ptclnm.models import classifiers
from ptclnm.models.data import ImageData, join
from ptclnm.models.selection import METHODS
from ptclnm.models.stored import stored_zoo
from ptclnm.models.validation import nested_folds
from ptclnm.models.zoo import Plan, Tables
from ptclnm.schedulers import scheduler

# What a page that does not declare a parameter leaves to the zoo of page 02.
DEFAULTS: dict[str, Any] = {
    "settings": "", "classifiers": [], "folds": 5, "seed": 0, "n_jobs": 0,
    "scheduler": "processes",
}  # fmt: skip


def plan_of(parameters: Mapping[str, Any]) -> Plan:
    """Read the zoo's plan from a page's parameters, and check it.

    Parameters
    ----------
    parameters : mapping
        ``study``, and optionally ``classifiers`` (empty: all), ``folds`` and ``seed``.

    Raises
    ------
    ParameterError
        If a setting is not allowed, or the study has no selection of its own.
    """
    p = DEFAULTS | dict(parameters)
    if p["study"] not in METHODS:
        known = ", ".join(METHODS)
        raise ParameterError(
            "study",
            [f"{p['study']!r} has no selection; declared in ptclnm.models.selection: {known}"],
        )
    names = tuple(dict.fromkeys(p["classifiers"])) or classifiers.NAMES
    plan = Plan(selection=p["study"], classifiers=names, folds=p["folds"], seed=p["seed"])
    plan.check()
    return plan


def zoo_of(cohort: Cohort, parameters: Mapping[str, Any]) -> tuple[ImageData, Tables]:
    """Extract features and fit the zoo, or find both in the cache.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    parameters : mapping
        ``study``, and optionally ``settings`` (empty: the study's own), ``classifiers``,
        ``folds``, ``seed``, ``n_jobs`` (0: one a core) and ``scheduler``.

    Returns
    -------
    data : ImageData
        The features.
    tables : dict of str to DataFrame
        See ``ptclnm.models.zoo.run_zoo``.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters, pictures or features, by name; parameters and numbers
        of patients before any work.
    """
    p = DEFAULTS | dict(parameters)
    plan, n_jobs = plan_of(p), p["n_jobs"] or None
    settings = load_settings(p["settings"] or p["study"])
    train = cohort.table[cohort.table["split"] == "train"]
    nested_folds(train["patient_id"], train["label"], plan.folds, plan.seed)
    with scheduler(p["scheduler"], n_jobs):
        data = join(cohort.table, extract(cohort, settings, n_jobs=n_jobs))
        return data, stored_zoo(data, plan, n_jobs)


def predictions(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score the patients of every set by every classifier; see :func:`zoo_of`."""
    return zoo_of(cohort, parameters)[1]["predictions"]


def out_of_fold(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score training patients by classifiers that have not seen them; see :func:`zoo_of`."""
    return zoo_of(cohort, parameters)[1]["cv_scores"].assign(split="train")

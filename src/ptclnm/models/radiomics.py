"""The radiomics zoo of a cohort as a page's parameters ask for it, computed once whoever asks."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ptclnm import store
from ptclnm.compute import scheduler
from ptclnm.features import extract, load_settings
from ptclnm.models.classifiers import NAMES
from ptclnm.models.data import ImageData, join
from ptclnm.models.validation import nested_folds
from ptclnm.models.zoo import Plan, Tables, fits, run_zoo
from ptclnm.schema import Cohort

# What a page that does not declare a parameter leaves to the zoo of page 02.
DEFAULTS: dict[str, Any] = {
    "settings": "", "classifiers": [], "folds": Plan.folds, "seed": Plan.seed, "n_jobs": 0,
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
    names = tuple(dict.fromkeys(p["classifiers"])) or NAMES
    return Plan(p["study"], names, p["folds"], p["seed"])


def stored(
    compute: Callable[..., Tables],
    data: ImageData,
    plan: Plan,
    folder: Path = store.FOLDER,
    **workers: Any,
) -> Tables:
    """Give the tables of a function of ``ptclnm.models.zoo``, computed once.

    Parameters
    ----------
    compute : callable
        A function of that module of data and plan, e.g. ``cross_validate``.
    data : ImageData
        What it is given.
    plan : Plan
        What is done. Where a step or a classifier is defined in a notebook, its code cannot be
        followed: the tables are then computed each time.
    folder : Path
        Where entries are kept.
    **workers
        What `compute` is given beside, e.g. ``n_jobs``; its tables may not depend on it.
    """
    models = list(plan.models().items())
    asked = plan.chain(data.names), models, plan.folds, plan.seed, plan.bootstraps
    try:
        entry = folder / compute.__name__ / store.key(run_zoo, compute.__name__, data, asked)
    except TypeError:
        return compute(data, plan, **workers)
    return store.read(store.keep(entry, lambda *_: compute(data, plan, **workers)))


stored_fits = partial(stored, fits)


def stored_zoo(
    data: ImageData, plan: Plan, n_jobs: int | None = None, folder: Path = store.FOLDER
) -> Tables:
    """Give the tables of ``ptclnm.models.zoo.run_zoo``; what takes long is computed once."""
    return run_zoo(data, plan, n_jobs, partial(stored, folder=folder))


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

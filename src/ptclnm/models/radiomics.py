"""The radiomics zoo of a cohort, computed once whoever asks."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ptclnm import store
from ptclnm.compute import scheduler
from ptclnm.features import extract
from ptclnm.models.data import ImageData, join
from ptclnm.models.sources import Plans
from ptclnm.models.validation import nested_folds
from ptclnm.models.zoo import Plan, Tables, fits, run_zoo
from ptclnm.schema import Cohort


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


def zoo_of(cohort: Cohort, plans: Plans) -> Tables:
    """Extract features and fit the zoo, or find both in the cache.

    Returns
    -------
    dict of str to DataFrame
        See ``ptclnm.models.zoo.run_zoo``.

    Raises
    ------
    PtclnmError
        Whatever is wrong with pictures or features, by name; numbers of patients before any work.
    """
    train = cohort.table[cohort.table["split"] == "train"]
    nested_folds(train["patient_id"], train["label"], plans.zoo.folds, plans.zoo.seed)
    with scheduler(plans.scheduler, plans.n_jobs):
        data = join(cohort.table, extract(cohort, plans.settings, n_jobs=plans.n_jobs))
        return stored_zoo(data, plans.zoo, plans.n_jobs)


def predictions(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score the patients of every set by every classifier; see :func:`zoo_of`."""
    return zoo_of(cohort, plans)["predictions"]


def out_of_fold(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score training patients by classifiers that have not seen them; see :func:`zoo_of`."""
    return zoo_of(cohort, plans)["cv_scores"].assign(split="train")

"""The deep models of a cohort as a page's parameters ask for them, trained once whoever asks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ptclnm.cohorts.schema import Cohort
from ptclnm.models.data import TRAIN
from ptclnm.models.deep.architectures import ARCHITECTURES, of_paper
from ptclnm.models.deep.plan import IMAGENET, NONE, DeepPlan, plans
from ptclnm.models.validation import patient_folds

# What a page that does not declare a parameter leaves to the deep models of page 03.
DEFAULTS: dict[str, Any] = {
    "models": [], "weights": "none", "image_size": 96, "margin": 0.0, "epochs": 4,
    "batch_size": 16, "lr": 3e-4, "freeze": False, "seed": 0, "devices": 1,
}  # fmt: skip
FALLBACK = ("EfficientNet-Lite0",)


def plans_of(parameters: Mapping[str, Any]) -> tuple[DeepPlan, ...]:
    """Read the plans of all models from a page's parameters, and check them.

    Parameters
    ----------
    parameters : mapping
        ``study``, and optionally those of ``DEFAULTS``. No `models` are the study's own.

    Raises
    ------
    ParameterError
        Listing each setting that is not allowed.
    MissingDataError, WeightsError
        If a model's first weights are not to be had, or are another network's.
    """
    p = DEFAULTS | {key: parameters[key] for key in DEFAULTS if key in parameters}
    names = p.pop("models") or of_paper(parameters["study"]) or FALLBACK
    made = plans(names, DeepPlan("", **p))
    if others := [plan for plan in made if not _installed(plan)]:
        from ptclnm.models.deep.weights import require

        require(others)
    return made


def _installed(plan: DeepPlan) -> bool:
    """Whether the first weights are drawn, or part of an installed package."""
    package = ARCHITECTURES[plan.architecture].weights.startswith("package:")
    return plan.weights == NONE or (package and plan.weights == IMAGENET)


def predictions(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score the patients of every set by every model; see :func:`plans_of`."""
    from ptclnm.models.deep.crops import crops
    from ptclnm.models.deep.stored import stored_all

    asked = plans_of(parameters)
    made = crops(cohort, asked[0].image_size, asked[0].margin)
    return stored_all(made, asked)["predictions"]


def out_of_fold(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score training patients by models that have not seen them; see :func:`plans_of`.

    Every model is trained once for each of ``folds`` (5 where left out), which takes as many times
    as long.
    """
    from ptclnm.models.deep.crops import crops
    from ptclnm.models.deep.stored import stored_all

    asked = plans_of(parameters)
    train = crops(cohort, asked[0].image_size, asked[0].margin).train
    fold_of = patient_folds(train.patients, train.labels, parameters.get("folds", 5), asked[0].seed)
    parts = []
    for fold in range(int(fold_of.max()) + 1):
        splits = np.where(fold_of == fold, "internal", TRAIN)
        found = stored_all(train.with_splits(splits), asked)["predictions"]
        parts.append(found[found["split"] != TRAIN])
    return pd.concat(parts, ignore_index=True).assign(split=TRAIN)

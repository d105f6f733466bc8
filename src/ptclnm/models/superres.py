"""Models on super-resolved pictures, and on every other arm: same patients, folds and seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ptclnm import store
from ptclnm.cohorts.schema import Cohort
from ptclnm.compute import parallel_map
from ptclnm.errors import ParameterError, nearest
from ptclnm.features import extract, load_settings
from ptclnm.imaging.superres.arms import LEARNT, Arm, called
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.models import classifiers, zoo
from ptclnm.models.data import ImageData, join
from ptclnm.models.deep.architectures import ARCHITECTURES
from ptclnm.models.radiomics import plan_of, stored_fits, stored_zoo
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schedulers import scheduler

# What a page that does not declare a parameter leaves to the models of page 04. The network's
# epochs are called so here because `epochs` are those of the deep models.
DEFAULTS: dict[str, Any] = {
    "scale": 4, "noise": 0.02, "blocks": 4, "channels": 16, "sr_epochs": 8, "patch_size": 64,
    "adversarial": 0.02, "train_on": "train", "devices": 1, "sr_models": ["SVM", "KNN"],
    "settings": "", "folds": 5, "seed": 0, "n_jobs": 0, "scheduler": "processes",
}  # fmt: skip


@dataclass(frozen=True)
class SuperRes:
    """Trained generators of a cohort.

    Parameters
    ----------
    plan : SRPlan
        Of the GAN.
    gan, pixel : Path
        Folders of the GAN's entry and of that without an adversary.
    """

    plan: SRPlan
    gan: Path
    pixel: Path

    def arm(self, name: str) -> Arm:
        """Give what makes an arm's pictures."""
        plan = self.plan.without_adversary() if name == "sr_pixel" else self.plan
        entry = self.pixel if name == "sr_pixel" else self.gan
        weights = entry / "generator.pt" if name in LEARNT else None
        return Arm(name, plan, weights, store.FOLDER)


def sr_plan_of(parameters: Mapping[str, Any]) -> SRPlan:
    """Read the network's plan from a page's parameters, and check it.

    Parameters
    ----------
    parameters : mapping
        Optionally those of ``DEFAULTS``.

    Raises
    ------
    ParameterError
        Listing each setting that is not allowed.
    """
    p = DEFAULTS | dict(parameters)
    names = ("scale", "noise", "blocks", "channels", "patch_size", "adversarial", "train_on",
             "seed", "devices")  # fmt: skip
    plan = SRPlan(epochs=p["sr_epochs"], **{name: p[name] for name in names})
    plan.check()
    return plan


def models_of(parameters: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the classifiers and the deep models asked for.

    Raises
    ------
    ParameterError
        Listing names that are neither.
    """
    asked = tuple(dict.fromkeys((DEFAULTS | dict(parameters))["sr_models"]))
    known = (*classifiers.NAMES, *ARCHITECTURES)
    problems = [f"no model {name!r}; {nearest(name, known)}" for name in asked if name not in known]
    if problems or not asked:
        raise ParameterError("models", problems or ["no model; name one at least"])
    cheap = tuple(name for name in asked if name in classifiers.NAMES)
    return cheap, tuple(name for name in asked if name in ARCHITECTURES)


def super_resolution(cohort: Cohort, parameters: Mapping[str, Any]) -> SuperRes:
    """Train a cohort's generators, or find them in the cache.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters or pictures, by name.
    """
    from ptclnm.imaging.superres.pictures import training_pictures
    from ptclnm.imaging.superres.stored import stored_generator

    plan = sr_plan_of(parameters)
    n_jobs = (DEFAULTS | dict(parameters))["n_jobs"] or None
    pictures = training_pictures(cohort, plan, n_jobs)
    pixel = stored_generator(pictures, plan.without_adversary(), store.FOLDER)
    return SuperRes(plan, stored_generator(pictures, plan, store.FOLDER), pixel)


def arm_features(
    cohort: Cohort, made: SuperRes, arm: str, parameters: Mapping[str, Any]
) -> pd.DataFrame:
    """Extract the features of an arm's pictures; originals are shared with page 02's cache."""
    p = DEFAULTS | dict(parameters)
    settings, n_jobs = load_settings(p["settings"] or p["study"]), p["n_jobs"] or None
    change = None if arm == "or" else made.arm(arm)
    with scheduler(p["scheduler"], n_jobs):
        return extract(cohort, settings, n_jobs=n_jobs, progress=f"images, {arm}", change=change)


def arm_data(cohort: Cohort, made: SuperRes, arm: str, parameters: Mapping[str, Any]) -> ImageData:
    """Join an arm's features to the cohort; those of shape come from the mask and are the same."""
    return join(cohort.table, arm_features(cohort, made, arm, parameters))


def zoo_plan_of(parameters: Mapping[str, Any]) -> zoo.Plan:
    """Give the plan of the classifiers on every arm: page 02's, without its resamples."""
    p = DEFAULTS | dict(parameters)
    cheap, _ = models_of(p)
    made = plan_of({name: p[name] for name in ("study", "folds", "seed")})
    return zoo.Plan(made.selection, cheap or ("SVM",), made.folds, made.seed, bootstraps=0)


def deep_plans_of(parameters: Mapping[str, Any]):
    """Give the plans of the deep models asked for, checked; see ``deep.source.plans_of``."""
    from ptclnm.models.deep.source import plans_of

    deep = models_of(parameters)[1]
    return plans_of(dict(parameters) | {"models": list(deep)}) if deep else ()


def arm_deep(
    cohort: Cohort, made: SuperRes, arm: str, parameters: Mapping[str, Any]
) -> pd.DataFrame:
    """Train the deep models on an arm's crops and score everyone: the predictions table.

    Originals are shared with page 03's cache.
    """
    from ptclnm.models.deep.stored import stored_all

    plans = deep_plans_of(parameters)
    crops = arm_crops(cohort, made, arm, plans[0].image_size, plans[0].margin, parameters)
    return stored_all(crops, plans)["predictions"]


def arm_crops(
    cohort: Cohort, made: SuperRes, arm: str, side: int, margin: float,
    parameters: Mapping[str, Any],
):  # fmt: skip
    """Cut the nodules' rectangles out of an arm's pictures, as page 03 cuts them."""
    from ptclnm.models.deep.crops import crops

    n_jobs = (DEFAULTS | dict(parameters))["n_jobs"] or None
    first = crops(cohort, side, margin, n_jobs=n_jobs)
    if arm == "or":
        return first
    rows = list(cohort.table[["image_id", "image", "mask"]].itertuples(index=False, name=None))
    cut = parallel_map(partial(_cut, made.arm(arm), side, margin), rows, n_jobs, f"crops, {arm}")
    names = (str(row[0]) for row in rows)
    return first.with_pixels(dict(zip(names, cut, strict=True)))


def _cut(arm: Arm, side: int, margin: float, row: tuple[str, str, str]) -> np.ndarray:
    from ptclnm.models.deep.crops import rectangle, resized

    mask = read_mask(row[2])
    array = arm(str(row[0]), read_image(row[1], max_colour=1.0).array, mask)
    return resized(array, rectangle(mask, margin), side)


def arm_predictions(
    cohort: Cohort, made: SuperRes, arm: str, parameters: Mapping[str, Any]
) -> pd.DataFrame:
    """Score the patients of every set by every model on an arm's pictures.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score``; the models are called e.g. ``SR_SVM``.
    """
    cheap, deep = models_of(parameters)
    parts = []
    if cheap:
        data = arm_data(cohort, made, arm, parameters)
        parts.append(stored_fits(data, zoo_plan_of(parameters))["predictions"])
    if deep:
        parts.append(arm_deep(cohort, made, arm, parameters))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(model=[called(arm, name) for name in table["model"]])


def predictions(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score the patients of every set by the models on super-resolved pictures."""
    made = super_resolution(cohort, parameters)
    return arm_predictions(cohort, made, "sr", parameters)


def out_of_fold(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score training patients by classifiers that have not seen them.

    The network has seen the training patients' pictures, and no label. Deep models are left out.
    """
    p = DEFAULTS | dict(parameters)
    plan = zoo_plan_of(p)
    data = arm_data(cohort, super_resolution(cohort, p), "sr", p)
    with scheduler(p["scheduler"], p["n_jobs"] or None):
        table = stored_zoo(data, plan, p["n_jobs"] or None)["cv_scores"]
    names = [called("sr", name) for name in table["model"]]
    return table.assign(model=names, split="train")

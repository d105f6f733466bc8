"""The fused models of a cohort as a page's parameters ask for them, computed once whoever asks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import ParameterError
from ptclnm.features import extract, load_settings
from ptclnm.limits import checked_whole
from ptclnm.models import radiomics
from ptclnm.models.choice import chosen
from ptclnm.models.data import TRAIN, ImageData
from ptclnm.models.fusion.join import DEEP, RADIOMICS, fuse
from ptclnm.models.fusion.late import Stack, mean_of_scores, stack
from ptclnm.models.fusion.parts import METHOD
from ptclnm.models.radiomics import stored_zoo
from ptclnm.models.validation import patient_folds, train_test
from ptclnm.models.zoo import Plan, Tables, fit_zoo, predict
from ptclnm.schedulers import scheduler

if TYPE_CHECKING:  # torch takes seconds to import, and plans are read on cheap paths
    from ptclnm.models.deep.plan import DeepPlan

# The paper's names, and those of what stands beside them.
ALONE, NETWORK, FUSED = "Thy-Radiomics", "Thy-DL", "Thy-DL-Radiomics"
MEAN, STACKED = "mean of scores", "stacked scores"
# What a page that does not declare a parameter leaves to the fusion of page 05. Resamples are not
# called bootstraps: those of other pages are of other things, and in thousands.
DEFAULTS: dict[str, Any] = radiomics.DEFAULTS | {
    "network": "EfficientNet-Lite0@imagenet", "layer": "pooled", "resamples": 50, "stack": True,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fused:
    """Everything that fusion made of a cohort.

    Parameters
    ----------
    network : DeepPlan
        The network that the deep features come from.
    layer : str
        Which of its layers.
    about : dict
        Where its weights come from, and how it was trained.
    parts : dict of str to DataFrame
        ``radiomics`` and ``DL``: features by image.
    data : ImageData
        Both, joined.
    tables, alone : dict of str to DataFrame
        From ``ptclnm.models.zoo.run_zoo``: the fused zoo, and that of radiomics alone.
    predictions : DataFrame
        ``model, split, patient_id, label, score`` of Thy-Radiomics, Thy-DL, Thy-DL-Radiomics,
        and the two late fusions.
    stack : Stack or None
        How the stacked scores are weighed; None where it was not asked for.
    """

    network: "DeepPlan"
    layer: str
    about: dict[str, Any]
    parts: dict[str, pd.DataFrame]
    data: ImageData
    tables: Tables
    alone: Tables
    predictions: pd.DataFrame
    stack: Stack | None

    @property
    def classifier(self) -> str:
        """The classifier that Ni's rule chooses behind the fused features."""
        return chosen(self.tables["cv"])


def network_of(parameters: Mapping[str, Any]) -> "DeepPlan":
    """Read the network's plan from a page's parameters, and check it and its layer.

    Raises
    ------
    ParameterError
        If a setting is not allowed, or the network has no such layer.
    """
    from ptclnm.models.deep.features import layers
    from ptclnm.models.deep.source import plans_of

    p = DEFAULTS | dict(parameters)
    plan = plans_of(p | {"models": [p["network"]]})[0]
    if p["layer"] not in (known := layers(plan.architecture)):
        raise ParameterError("layer", [f"{plan.architecture} has no layer {p['layer']!r}; "
                                       f"allowed: {', '.join(known)}"])  # fmt: skip
    return plan


def plan_of(parameters: Mapping[str, Any]) -> Plan:
    """Read the fused zoo's plan from a page's parameters, and check it."""
    p = DEFAULTS | dict(parameters)
    checked_whole("fusion", "resamples", p["resamples"], 0)
    plan = replace(radiomics.plan_of(p), selection=METHOD, bootstraps=p["resamples"])
    plan.check()
    return plan


def fused_of(cohort: Cohort, parameters: Mapping[str, Any]) -> Fused:
    """Extract, train and fuse, or find all of it in the cache.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    parameters : mapping
        Those of pages 02 and 03, and ``network`` (``name`` or ``name@weights``), ``layer``,
        ``resamples`` and ``stack``; see ``DEFAULTS``.

    Returns
    -------
    Fused
        See there. The radiomics model is that of page 02, the network that of page 03, from the
        same entries of the cache where the parameters are the same.

    Raises
    ------
    PtclnmError
        Whatever is wrong with parameters, pictures, weights or features, by name; parameters
        before any work.
    """
    p = DEFAULTS | dict(parameters)
    plan, network, n_jobs = plan_of(p), network_of(p), p["n_jobs"] or None
    alone = radiomics.zoo_of(cohort, p)[1]
    parts, about, scores = _parts(cohort, p, network)
    data = fuse(cohort.table, parts)
    with scheduler(p["scheduler"], n_jobs):
        tables = stored_zoo(data, plan, n_jobs)
    own = _named(alone, chosen(alone["cv"]), ALONE)
    three = pd.concat(
        [own, scores.assign(model=NETWORK), _named(tables, chosen(tables["cv"]), FUSED)],
        ignore_index=True,
    )
    made = _stack(cohort, p, alone) if p["stack"] else None
    late = [mean_of_scores(three, [ALONE, NETWORK], MEAN)]
    late += [made.score(three, STACKED)] if made else []
    everything = pd.concat([three, *late], ignore_index=True)
    return Fused(network, p["layer"], about, parts, data, tables, alone, everything, made)


def _named(tables: Tables, classifier: str, name: str) -> pd.DataFrame:
    scores = tables["predictions"]
    return scores[scores["model"] == classifier].assign(model=name)


def _parts(
    cohort: Cohort, p: Mapping[str, Any], network: "DeepPlan"
) -> tuple[dict[str, pd.DataFrame], dict[str, Any], pd.DataFrame]:
    """Features by part, what is known of the network, and its own scores."""
    from ptclnm.models.deep.crops import crops
    from ptclnm.models.deep.features import deep_features
    from ptclnm.models.deep.stored import stored_deep

    settings = load_settings(p["settings"] or p["study"])
    found = extract(cohort, settings, n_jobs=p["n_jobs"] or None)
    pictures = crops(cohort, network.image_size, network.margin)
    deep = deep_features(pictures, network, p["layer"])
    trained = stored_deep(pictures, network)
    about = trained["about"].iloc[0].to_dict()
    return {RADIOMICS: found, DEEP: deep}, about, trained["predictions"]


def _stack(cohort: Cohort, p: Mapping[str, Any], alone: Tables) -> Stack:
    """Learn the weights of the two models from scores of patients that neither has seen."""
    from ptclnm.models.deep import source

    deep = source.out_of_fold(cohort, dict(p) | {"models": [p["network"]]})
    own = alone["cv_scores"]
    own = own[own["model"] == chosen(alone["cv"])].assign(model=ALONE, split=TRAIN)
    both = pd.concat([own.drop(columns="fold"), deep.assign(model=NETWORK)], ignore_index=True)
    return stack(both, [ALONE, NETWORK])


def predictions(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score the patients of every set by early fusion and by the mean of scores."""
    found = fused_of(cohort, dict(parameters) | {"stack": False}).predictions
    return found[found["model"].isin([FUSED, MEAN])].reset_index(drop=True)


def out_of_fold(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score training patients by fused models, networks included, that have not seen them.

    The network is trained anew for each fold; the classifier is the one chosen on all training
    patients.
    """
    from ptclnm.models.deep.crops import crops
    from ptclnm.models.deep.features import deep_features
    from ptclnm.models.deep.stored import stored_deep

    p = DEFAULTS | dict(parameters)
    found = fused_of(cohort, p | {"stack": False})
    plan = replace(plan_of(p), classifiers=(found.classifier,))
    pictures = crops(cohort, found.network.image_size, found.network.margin).train
    fold_of = patient_folds(pictures.patients, pictures.labels, plan.folds, plan.seed)
    table = cohort.table[cohort.table["split"] == TRAIN]
    table = table.astype({"image_id": str})
    parts = []
    for _, left_out in train_test(fold_of):
        splits = pd.Series(TRAIN, index=pictures.image_ids)
        splits.iloc[left_out] = "internal"
        own = pictures.with_splits(splits.to_numpy())
        deep = deep_features(own, found.network, p["layer"])
        moved = table.assign(split=table["image_id"].map(splits))
        data = fuse(moved, {RADIOMICS: found.parts[RADIOMICS], DEEP: deep})
        early = predict(fit_zoo(data.train, plan), data).assign(model=FUSED)
        alone = _alone(found.alone, own.patients[left_out])
        network = stored_deep(own, found.network)["predictions"]
        network = network[network["split"] != TRAIN].assign(model=NETWORK, split=TRAIN)
        mean = mean_of_scores(pd.concat([alone, network]), [ALONE, NETWORK], MEAN)
        parts += [early[early["split"] != TRAIN].assign(split=TRAIN), mean]
    return pd.concat(parts, ignore_index=True)


def _alone(tables: Tables, patients: Any) -> pd.DataFrame:
    """Scores of these training patients by radiomics models that have not seen them."""
    own = tables["cv_scores"]
    own = own[(own["model"] == chosen(tables["cv"])) & own["patient_id"].isin(set(patients))]
    return own.drop(columns="fold").assign(model=ALONE, split=TRAIN)

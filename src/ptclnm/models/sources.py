"""Who predicts: one table of families of models, each imported when asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from ptclnm.errors import ProblemsError, nearest, refuse
from ptclnm.models.deep.plan import IMAGENET, DeepPlan
from ptclnm.models.predictions import check_predictions
from ptclnm.schema import Cohort
from quickradiomics.settings import Settings

if TYPE_CHECKING:  # slow to import, and the families are named before any work
    from ptclnm.models.zoo import Plan

PICTURES, CLINICAL = "pictures", "clinical columns"
READING = {"No": 0.0, "Yes": 1.0}


@dataclass(frozen=True)
class Plans:
    """How the models of all families are made; each family reads what concerns it.

    The same plans find the same entries of the cache, whichever page asks.

    Parameters
    ----------
    study : str
        What the predictions table names as their study.
    zoo : Plan
        Of radiomics. Other families share its folds and seed.
    settings : Settings
        Of the radiomics features.
    networks : tuple of DeepPlan
        Of the family ``deep``, all of one size of input.
    fused : DeepPlan
        The network whose features and scores the family ``fusion`` joins to radiomics.
    resamples : int
        Bootstrap draws in which the fused selection is repeated.
    n_jobs : int, optional
        Processes; see ``ptclnm.compute.parallel_map``.
    scheduler : str
        What runs them; see ``ptclnm.schedulers.scheduler``.
    """

    study: str
    zoo: "Plan"
    settings: Settings
    networks: tuple[DeepPlan, ...]
    fused: DeepPlan = DeepPlan("EfficientNet-Lite0", IMAGENET)
    resamples: int = 50
    n_jobs: int | None = None
    scheduler: str = "processes"


class Family(NamedTuple):
    """One way to score the patients of a cohort.

    Parameters
    ----------
    needs : str
        ``pictures``, ``clinical columns``, or a column of the cohort table.
    module : str
        Its ``predictions`` and, for training patients scored by models that have not seen them,
        ``out_of_fold`` take the cohort and :class:`Plans` and return columns ``model, split,
        patient_id, label, score``. Empty where nothing is fitted on these patients.
    columns : mapping of str to str
        Then the models' names, by the column of the cohort table that holds their scores.
    """

    needs: str
    module: str = ""
    columns: Mapping[str, str] = MappingProxyType({})


FAMILIES: dict[str, Family] = {
    "radiomics": Family(PICTURES, "ptclnm.models.radiomics"),
    "deep": Family(PICTURES, "ptclnm.models.deep.source"),
    "superres": Family(PICTURES, "ptclnm.superres.source"),
    "fusion": Family(PICTURES, "ptclnm.models.fusion.source"),
    "clinical": Family(CLINICAL, "ptclnm.models.clinical"),
    # CLNM-in-PTC publishes the signature of one network, and of each fold of its training.
    "dl_folds": Family(
        "dl_signature_fold_1",
        columns={f"dl_signature_fold_{k}": f"DL signature, fold {k}" for k in range(1, 6)},
    ),
    "dl_signature": Family("dl_signature", columns={"dl_signature": "DL signature"}),
    # LLNM-Net's score, and 108 readers of 200 of its patients: the share that called, the majority.
    "llnm_net": Family("llnm_net", columns={"llnm_net": "LLNM-Net"}),
    "readers": Family(
        "readers",
        columns={"readers": "108 radiologists, share", "majority": "108 radiologists, majority"},
    ),
    # A radiologist's reading, yes or no (Li 2024, Table 2).
    "radiologist": Family("radiologist", columns={"radiologist": "Radiologist"}),
}


class ColumnError(ProblemsError):
    """A column of the cohort table that is not a score."""


def available(cohort: Cohort) -> tuple[str, ...]:
    """Name the families that can score this cohort."""
    return tuple(name for name, family in FAMILIES.items() if _has(cohort, family.needs))


def _has(cohort: Cohort, needed: str) -> bool:
    table = cohort.table
    if needed == CLINICAL:
        return bool(cohort.clinical)
    if needed == PICTURES:
        return bool(len(table)) and bool((table[["image", "mask"]] != "").all(axis=None))
    return needed in table


def predictions(
    family: str, cohort: Cohort, plans: Plans, function: str = "predictions"
) -> pd.DataFrame:
    """Score the patients of every set by every model of a family.

    Parameters
    ----------
    family : str
        A name of ``FAMILIES``.
    cohort : Cohort
        The patients.
    plans : Plans
        How they are made.
    function : str
        ``predictions`` or ``out_of_fold`` of the family's module; the same where it has none.

    Returns
    -------
    DataFrame
        The predictions table, ``study, model, split, patient_id, label, score``.

    Raises
    ------
    ParameterError
        If there is no such family, or the cohort lacks what it needs.
    PredictionsError
        If the family's table does not follow the schema.
    """
    require([family], cohort)
    _, module, columns = FAMILIES[family]
    if module:
        table = getattr(import_module(module), function)(cohort, plans)
    else:
        table = column_scores(cohort, columns)
    return check_predictions(table.assign(study=plans.study), f"predictions of {family}")


def out_of_fold(family: str, cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score training patients by models that have not seen them; see :func:`predictions`.

    What is fitted on such scores, e.g. a nomogram, does not take a model's memory for its skill.
    """
    table = predictions(family, cohort, plans, "out_of_fold")
    return table[table["split"] == "train"].reset_index(drop=True)


def all_predictions(families: Iterable[str], cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score the patients of every set by every model of several families.

    Parameters
    ----------
    families : iterable of str
        Names of ``FAMILIES``, each taken once; none are all that can score the cohort.
    cohort, plans
        As in :func:`predictions`.

    Returns
    -------
    DataFrame
        The predictions table, training patients included.

    Raises
    ------
    PtclnmError
        Whatever is wrong with families or cohort, by name; families before any of them works.
    """
    families = tuple(dict.fromkeys(families)) or available(cohort)
    refuse("families", "" if families else f"no family can score {cohort.name}")
    require(families, cohort)
    return pd.concat([predictions(f, cohort, plans) for f in families], ignore_index=True)


def require(families: Iterable[str], cohort: Cohort) -> None:
    """Check that families exist and can score a cohort, before any of them works.

    Raises
    ------
    ParameterError
        Listing every family that does not or cannot.
    """
    able, problems = available(cohort), []
    for name in families:
        if name not in FAMILIES:
            problems.append(f"no family {name!r}; {nearest(name, FAMILIES)}")
        elif name not in able:
            needed = FAMILIES[name].needs
            problems.append(f"{name!r} needs {needed!r}, which {cohort.name} lacks. Able here: "
                            f"{', '.join(able) or 'none'}.")  # fmt: skip
    refuse("families", *problems)


def column_scores(cohort: Cohort, columns: Mapping[str, str]) -> pd.DataFrame:
    """Take columns of the cohort table as scores of models.

    Parameters
    ----------
    cohort : Cohort
        Of several rows of a patient the first counts: such a column is the patient's.
    columns : mapping of str to str
        Model's name by column; numbers, or ``Yes`` and ``No``. Higher means more likely 1.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score``. Patients without a value are left out, so
        that this model is then judged on fewer of them.

    Raises
    ------
    ColumnError
        Listing columns that hold other text.
    """
    patients, problems, parts = cohort.patients, [], []
    for column, model in columns.items():
        values = patients[column].map(lambda value: READING.get(value, value))
        score = pd.to_numeric(values, errors="coerce")
        odd = sorted({str(value) for value in values[score.isna() & values.notna()]})
        if odd:
            problems.append(f"column {column!r}: found {', '.join(odd[:5])}; "
                            "allowed: numbers, or Yes and No")  # fmt: skip
        parts.append(patients.assign(model=model, score=score)[score.notna()])
    if problems:
        raise ColumnError(f"cohort {cohort.name}", problems)
    table = pd.concat(parts, ignore_index=True)
    return table[["model", "split", "patient_id", "label", "score"]].astype({"score": float})

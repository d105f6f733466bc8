"""Who predicts: one table of families of models, each imported when asked for."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import pandas as pd

from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import ParameterError, nearest
from ptclnm.models.predictions import check_predictions

Source = Callable[[Cohort, Mapping[str, Any]], pd.DataFrame]
PICTURES, CLINICAL = "pictures", "clinical columns"


class Family(NamedTuple):
    """One way to score the patients of a cohort.

    Parameters
    ----------
    scores : str
        ``module:function``. It takes the cohort and the page's parameters, and returns columns
        ``model, split, patient_id, label, score``, training patients included.
    needs : str
        ``pictures``, ``clinical columns``, or a column of the cohort table.
    out_of_fold : str
        The same for training patients scored by models that have not seen them; empty where the
        family is not fitted on these patients at all, so that its plain scores are such.
    """

    scores: str
    needs: str
    out_of_fold: str = ""


FAMILIES: dict[str, Family] = {
    "radiomics": Family(
        "ptclnm.models.radiomics:predictions", PICTURES, "ptclnm.models.radiomics:out_of_fold"
    ),
    "deep": Family(
        "ptclnm.models.deep.stored:predictions", PICTURES, "ptclnm.models.deep.stored:out_of_fold"
    ),
    "superres": Family(
        "ptclnm.superres.source:predictions", PICTURES, "ptclnm.superres.source:out_of_fold"
    ),
    "fusion": Family(
        "ptclnm.models.fusion.source:predictions",
        PICTURES,
        "ptclnm.models.fusion.source:out_of_fold",
    ),
    "clinical": Family(
        "ptclnm.models.clinical:predictions", CLINICAL, "ptclnm.models.clinical:out_of_fold"
    ),
    "dl_folds": Family("ptclnm.models.columns:dl_folds", "dl_signature_fold_1"),
    "dl_signature": Family("ptclnm.models.columns:dl_signature", "dl_signature"),
    "radiologist": Family("ptclnm.models.columns:radiologist", "radiologist"),
}


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


def predictions(family: str, cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score the patients of every set by every model of a family.

    Parameters
    ----------
    family : str
        A name of ``FAMILIES``.
    cohort : Cohort
        The patients.
    parameters : mapping
        The page's parameters: ``study``, and what the family reads of them; see its function. The
        same parameters find the same entry of the cache, whichever page asks.

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
    return _asked(family, FAMILIES.get(family, Family("", "")).scores, cohort, parameters)


def out_of_fold(family: str, cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Score training patients by models that have not seen them; see :func:`predictions`.

    What is fitted on such scores, e.g. a nomogram, does not take a model's memory for its skill.
    """
    own = FAMILIES.get(family, Family("", ""))
    table = _asked(family, own.out_of_fold or own.scores, cohort, parameters)
    return table[table["split"] == "train"].reset_index(drop=True)


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
    if problems:
        raise ParameterError("families", problems)


def _asked(family: str, place: str, cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    require([family], cohort)
    table = _load(place)(cohort, parameters).assign(study=parameters["study"])
    return check_predictions(table, f"predictions of {family}")


def _load(place: str) -> Source:
    module, _, function = place.partition(":")
    return getattr(import_module(module), function)

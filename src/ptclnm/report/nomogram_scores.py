"""What goes into the nomograms of page 06: patients, clinical columns, and models' scores."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate.patients import STUDIES, study_of
from ptclnm.errors import ParameterError, nearest
from ptclnm.evaluation.nomogram.study import KEYS
from ptclnm.models import sources
from ptclnm.published.tables import Study

OUT_OF_FOLD, RESUBSTITUTED = "out-of-fold", "resubstituted"
READER = "radiologist"


class Source(NamedTuple):
    """Where a nomogram's signature may come from.

    Parameters
    ----------
    family : str
        A name of ``ptclnm.models.sources.FAMILIES``.
    asked : str
        The page's parameter that names the model; empty where the family has one.
    model : str
        That one.
    """

    family: str
    asked: str = ""
    model: str = ""


# Nomograms of the paper, each with the signatures it may have; the first that can score the
# cohort is taken. None: clinical variables alone.
SIGNATURES: dict[str, tuple[Source, ...]] = {
    "Nomogram_A": (Source("radiomics", "classifier"),),
    "Nomogram_B": (Source("deep", "deep"), Source("dl_signature", model="DL signature")),
    "Nomogram_C": (),
}
FAMILIES = tuple(source.family for places in SIGNATURES.values() for source in places)
KINDS = {"Nomogram_A": "a radiomics signature", "Nomogram_B": "the score of a deep model"}
# What the paper's multivariable regression kept, as the simulated cohort calls it.
PAPER = ("age", "diameter_mm", "margin", "multifocality")


class Scores(NamedTuple):
    """Patients with everything that the nomograms are made of.

    Parameters
    ----------
    table : DataFrame
        ``split, patient_id, label``, clinical columns, signatures.
    signatures : dict of str to str
        Column of the signature by nomogram; empty for a nomogram without one.
    alone : DataFrame
        Predictions of the signatures and the reader by themselves.
    remembered, honest : dict of str to Series
        By signature, the training patients' scores by models that have seen them, and by models
        that have not.
    left_out : dict of str to str
        Why a nomogram is not there.
    """

    table: pd.DataFrame
    signatures: dict[str, str]
    alone: pd.DataFrame
    remembered: dict[str, pd.Series]
    honest: dict[str, pd.Series]
    left_out: dict[str, str]


def gather(cohort: Cohort, paper: Study, parameters: Mapping[str, Any]) -> Scores:
    """Put clinical columns and models' scores side by side, one row a patient.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    paper : Study
        The paper; its table gives the order of levels.
    parameters : mapping
        The page's: ``families, classifier, deep, train_scores, fit_on``, and what the families
        read.

    Raises
    ------
    ParameterError
        If a signature is to be fitted on one set and its nomogram on another.
    """
    table = cohort.patients[[*KEYS, *cohort.clinical]].copy()
    table["patient_id"] = table["patient_id"].astype(str)
    table = with_levels(table, cohort, paper)
    signatures, remembered, honest, left_out, alone = {}, {}, {}, {}, []
    for name, places in SIGNATURES.items():
        source = next((s for s in places if _usable(s, cohort, parameters)), None)
        if places and source is None:
            left_out[name] = _reason(name, places[0], cohort)
            continue
        signatures[name] = ""
        if source is None:
            continue
        column = column_of(source, parameters)
        plain, own = _scored(source, cohort, parameters)
        values = plain.set_index("patient_id")["score"].copy()
        if len(own):
            remembered[column], honest[column] = values[own.index].copy(), own
            if parameters["train_scores"] == OUT_OF_FOLD:
                values[own.index] = own
        table[column] = table["patient_id"].map(values)
        signatures[name] = column
        alone.append(plain.assign(model=column, score=plain["patient_id"].map(values)))
    if _able(READER, cohort):
        alone.append(sources.predictions(READER, cohort, parameters))
    columns = ["model", *KEYS, "score"]
    made = pd.concat(alone, ignore_index=True)[columns] if alone else pd.DataFrame(columns=columns)
    return Scores(table, signatures, made, remembered, honest, left_out)


def with_levels(table: pd.DataFrame, cohort: Cohort, paper: Study) -> pd.DataFrame:
    """Order the levels of text: as the paper's table prints them, else the commonest first."""
    printed = study_of(cohort.name).PRINTED if cohort.name in STUDIES else {}
    ordered = {}
    for column in cohort.clinical:
        if pd.api.types.is_numeric_dtype(table[column]):
            continue
        own = table[column].dropna().astype(str)
        rows = paper.counts[paper.counts["variable"] == printed.get(column, "")]
        levels = [level for level in dict.fromkeys(rows["level"]) if level]
        if not set(own) <= set(levels):
            levels = list(own.value_counts().index)
        ordered[column] = pd.Categorical(table[column].where(table[column].isna(), own), levels)
    return table.assign(**ordered)


def _able(family: str, cohort: Cohort) -> bool:
    return family in sources.available(cohort)


def _usable(source: Source, cohort: Cohort, parameters: Mapping[str, Any]) -> bool:
    asked = parameters["families"]
    return _able(source.family, cohort) and (not asked or source.family in asked)


def _reason(name: str, source: Source, cohort: Cohort) -> str:
    """Why a nomogram is not there: nothing to score, or not asked for."""
    needed = sources.FAMILIES[source.family].needs.replace("_", " ")
    why = f"`{source.family}` needs {needed}, which this cohort does not have"
    if _able(source.family, cohort):
        why = f"this run was not asked for the family `{source.family}`, which takes long; name it "
        why += "in the parameter `families`"
    return f"{name} is left out: it needs {KINDS[name]}, and {why}."


def column_of(source: Source, parameters: Mapping[str, Any]) -> str:
    """Name the column of a signature, after its family and model."""
    if source.model:
        return source.model
    return f"{source.family} score ({parameters[source.asked]})"


def _scored(
    source: Source, cohort: Cohort, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.Series]:
    """Scores of every patient; and, where the family is fitted on these, those out of fold."""
    p = dict(parameters) | {"models": [parameters["deep"]]}
    model = source.model or parameters[source.asked]
    fitted = bool(sources.FAMILIES[source.family].out_of_fold)
    if fitted and parameters["fit_on"] != "train":
        raise ParameterError(
            "fit_on",
            [f"is {parameters['fit_on']!r}, but the models of {source.family!r} are fitted on the "
             "set 'train'; a nomogram is fitted on the same patients"],
        )  # fmt: skip
    plain = _of_model(sources.predictions(source.family, cohort, p), model, source)
    if not fitted:
        return plain, pd.Series(dtype=float)
    own = _of_model(sources.out_of_fold(source.family, cohort, p), model, source)
    return plain, own.set_index("patient_id")["score"]


def _of_model(predictions: pd.DataFrame, model: str, source: Source) -> pd.DataFrame:
    """The rows of the model that the nomogram takes; a network's name may say how it began."""
    names = predictions["model"].astype(str)
    part = predictions[(names == model) | names.str.startswith(f"{model} (")]
    if part.empty:
        hint = nearest(model, set(predictions["model"]))
        raise ParameterError(source.asked, [f"{source.family} has no model {model!r}; {hint}"])
    return part.assign(patient_id=part["patient_id"].astype(str))


def predictors_of(cohort: Cohort, paper: Study, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Clinical variables of the nomograms: asked for, or the paper's, or left to the screen."""
    asked = _asked("predictors", cohort, parameters)
    whole = paper.name == "li2024" and set(PAPER) <= set(cohort.clinical)
    return asked or (PAPER if whole else ())


def candidates_of(cohort: Cohort, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Clinical columns that are screened; the reader's reading is a comparator and is not."""
    every = tuple(name for name in cohort.clinical if name != READER)
    return _asked("candidates", cohort, parameters) or every


def _asked(name: str, cohort: Cohort, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns that a parameter names, each once.

    Raises
    ------
    ParameterError
        Listing those that are not among the cohort's clinical columns.
    """
    asked = tuple(dict.fromkeys(parameters[name]))
    known = cohort.clinical
    unknown = [column for column in asked if column not in known]
    if unknown:
        raise ParameterError(
            name, [f"no clinical column {column!r}; {nearest(column, known)}" for column in unknown]
        )
    return asked

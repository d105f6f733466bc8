"""What goes into the nomograms of page 06: patients, clinical columns, and models' scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ptclnm.cohorts.simulate.patients import STUDIES, study_of
from ptclnm.errors import ParameterError, nearest
from ptclnm.evaluation.nomogram.study import KEYS, check_patients
from ptclnm.models import sources
from ptclnm.report.beside import read_beside
from ptclnm.schema import Cohort
from recount import Study

OUT_OF_FOLD, RESUBSTITUTED = KINDS = "out-of-fold", "resubstituted"
READER = "radiologist"
NOBODY = pd.DataFrame([("", "", "", 0, 0.0)], columns=["model", *KEYS, "score"])[:0]


def patients(cohort: Cohort, paper: Study, fit_on: str) -> pd.DataFrame:
    """Lay out ``split, patient_id, label`` and clinical columns, one row a patient.

    Levels of text are ordered as the paper's table prints them, else the commonest first.

    Raises
    ------
    ModelError
        If no patient is in the set to fit on.
    """
    clinical = [*cohort.clinical, *cohort.after_surgery]
    table = cohort.patients[[*KEYS, *clinical]].astype({"patient_id": str})
    printed = study_of(cohort.name).STUDY.variables if cohort.name in STUDIES else {}
    for column in clinical:
        if pd.api.types.is_numeric_dtype(table[column]):
            continue
        own = table[column].dropna().astype(str)
        rows = paper.counts[paper.counts["variable"] == printed.get(column, "")]
        levels = [level for level in dict.fromkeys(rows["level"]) if level]
        if not set(own) <= set(levels):
            levels = list(own.value_counts().index)
        table[column] = pd.Categorical(table[column].where(table[column].isna(), own), levels)
    return check_patients(table, fit_on)


def candidates(cohort: Cohort, asked: Sequence[str]) -> tuple[str, ...]:
    """Columns to screen: those asked for, else all that are known before surgery.

    A reader's reading is no candidate.
    """
    every = tuple(name for name in cohort.clinical if name != READER)
    return _columns("candidates", asked, cohort) or every


def predictors(cohort: Cohort, paper: Study, asked: Sequence[str]) -> tuple[str, ...]:
    """Columns of the nomograms: those asked for, else the paper's; none leaves it to the screen."""
    factors = read_beside(paper, "nomogram").query("rule == 'factor'").drop_duplicates("printed")
    whole = set(factors["ours"]) <= set(cohort.clinical)
    return _columns("predictors", asked, cohort) or (tuple(factors["ours"]) if whole else ())


def _columns(parameter: str, asked: Sequence[str], cohort: Cohort) -> tuple[str, ...]:
    known = (*cohort.clinical, *cohort.after_surgery)
    if unknown := [column for column in asked if column not in known]:
        problems = [f"no clinical column {name!r}; {nearest(name, known)}" for name in unknown]
        raise ParameterError(parameter, problems)
    return tuple(dict.fromkeys(asked))


@dataclass(frozen=True)
class Signature:
    """One model's score of every patient.

    Parameters
    ----------
    column : str
        Its name in a table of patients; empty for a nomogram of clinical variables alone.
    predictions : DataFrame
        ``split, patient_id, label, score``, training patients scored by models that know them.
    out_of_fold : Series
        Scores of training patients by models that have not seen them, by patient; empty where the
        model was not fitted on these patients at all.
    """

    column: str = ""
    predictions: pd.DataFrame = field(default_factory=pd.DataFrame)
    out_of_fold: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))

    def scores(self, kind: str) -> pd.Series:
        """Score by patient; of the training patients out of fold, or resubstituted."""
        scores = self.predictions.set_index("patient_id")["score"].copy()
        if kind == OUT_OF_FOLD:
            scores.update(self.out_of_fold)
        return scores


def signatures(
    asked: Mapping[str, Mapping[str, str]],
    cohort: Cohort,
    plans: sources.Plans,
    families: Sequence[str] = (),
    fit_on: str = "train",
) -> tuple[dict[str, Signature], dict[str, str]]:
    """Score every patient by the signature of each nomogram.

    Parameters
    ----------
    asked : mapping of str to mapping of str to str
        Model by family, by nomogram; the first family that can score the cohort is taken. None for
        a nomogram of clinical variables alone.
    cohort : Cohort
        The patients.
    plans : Plans
        How the families' models are made.
    families : sequence of str
        Those that this run has time for; all where empty.
    fit_on : str
        The set that the nomograms are fitted on.

    Returns
    -------
    signatures : dict of str to Signature
        By nomogram.
    left_out : dict of str to str
        Why a nomogram is not there.

    Raises
    ------
    ParameterError
        If a signature is to be fitted on one set and its nomogram on another, or a family has no
        such model.
    """
    able = sources.available(cohort)
    found, left_out = {}, {}
    for nomogram, models in asked.items():
        usable = [f for f in models if f in able and (not families or f in families)]
        if usable:
            found[nomogram] = _signature(usable[0], models[usable[0]], cohort, plans, fit_on)
        elif models:
            left_out[nomogram] = _reason(next(iter(models)), able)
        else:
            found[nomogram] = Signature()
    return found, left_out


def _reason(family: str, able: Sequence[str]) -> str:
    if family in able:
        return (
            f"this run was not asked for the family `{family}`, which takes long; name it in the "
            "parameter `families`"
        )
    needed = sources.FAMILIES[family].needs.replace("_", " ")
    return f"`{family}` needs {needed}, which this cohort does not have"


def _signature(
    family: str, model: str, cohort: Cohort, plans: sources.Plans, fit_on: str
) -> Signature:
    if not sources.FAMILIES[family].module:
        return Signature(model, of_model(sources.predictions(family, cohort, plans), model))
    if fit_on != "train":
        raise ParameterError(
            "fit_on",
            [f"is {fit_on!r}, but the models of {family!r} are fitted on the set 'train'; a "
             "nomogram is fitted on the same patients"],
        )  # fmt: skip
    plain = of_model(sources.predictions(family, cohort, plans), model)
    own = of_model(sources.out_of_fold(family, cohort, plans), model)
    return Signature(f"{family} score ({model})", plain, own.set_index("patient_id")["score"])


def of_model(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """Rows of one model; a network's name may say in brackets how it began.

    Raises
    ------
    ParameterError
        If there is no such model.
    """
    names = predictions["model"].astype(str)
    part = predictions[(names == model) | names.str.startswith(f"{model} (")]
    if part.empty:
        hint = nearest(model, set(predictions["model"]))
        raise ParameterError("signatures", [f"the family has no model {model!r}; {hint}"])
    return part.astype({"patient_id": str})


def with_scores(
    table: pd.DataFrame, signatures: Mapping[str, Signature], kind: str
) -> pd.DataFrame:
    """Put each signature's scores, of that kind on training patients, beside the patients."""
    own = [s for s in signatures.values() if s.column]
    return table.assign(**{s.column: table["patient_id"].map(s.scores(kind)) for s in own})


def alone(signatures: Mapping[str, Signature], kind: str) -> pd.DataFrame:
    """Predictions of the signatures by themselves, on the scores that the nomograms saw."""
    parts = [
        s.predictions.assign(model=s.column, score=s.predictions["patient_id"].map(s.scores(kind)))
        for s in signatures.values()
        if s.column
    ]
    return pd.concat([NOBODY, *parts])[list(NOBODY)]


def reader(cohort: Cohort, plans: sources.Plans) -> pd.DataFrame:
    """Predictions of the reader where the cohort has one; else none."""
    if READER not in sources.available(cohort):
        return NOBODY
    return sources.predictions(READER, cohort, plans)[list(NOBODY)]

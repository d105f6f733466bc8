"""A plain clinical model to compare others with: ridge logistic regression on the table's columns.

The regression of Li 2024, section 2.9, with its selection and odds ratios, is
``ptclnm.evaluation.clinical``.
"""

from collections.abc import Sequence

import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ptclnm.models.data import TRAIN
from ptclnm.models.sources import Plans
from ptclnm.models.validation import patient_folds, train_test
from ptclnm.schema import Cohort

CLINICAL, SIGNATURE = "Clinical", "dl_signature"
WITH_SIGNATURE = "Clinical + DL signature"
# Columns that are a reader's verdict, not a finding.
READINGS = ("radiologist",)


def inputs(cohort: Cohort) -> dict[str, tuple[str, ...]]:
    """Say which columns each model of this module is given: by them nested models are known."""
    own = tuple(name for name in cohort.clinical if name not in READINGS)
    signature = (SIGNATURE,) if SIGNATURE in cohort.table else ()
    return {CLINICAL: own} | ({WITH_SIGNATURE: own + signature} if signature else {})


def model() -> Pipeline:
    """Chain of imputation, scaling or indicators, and logistic regression, all unfitted."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def predictions(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score every patient by the models of :func:`inputs`, fitted on training patients.

    Parameters
    ----------
    cohort : Cohort
        Of several rows of a patient the first counts.
    plans : Plans
        Nothing is read.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score``.
    """
    patients = cohort.patients
    train = patients[patients["split"] == TRAIN]
    parts = [_scored(name, train, patients, own) for name, own in inputs(cohort).items()]
    return pd.concat(parts, ignore_index=True)


def out_of_fold(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score training patients by models that have not seen them, in the zoo's folds.

    Parameters
    ----------
    cohort : Cohort
        As in :func:`predictions`.
    plans : Plans
        Of whose zoo are the folds and their seed.

    Raises
    ------
    FoldsError
        If a class has too few patients for the folds.
    """
    train = cohort.patients.query("split == @TRAIN").reset_index(drop=True)
    zoo = plans.zoo
    folds = patient_folds(train["patient_id"], train["label"], zoo.folds, zoo.seed)
    parts = [
        _scored(name, train.iloc[rest], train.iloc[out], own)
        for name, own in inputs(cohort).items()
        for rest, out in train_test(folds)
    ]
    return pd.concat(parts, ignore_index=True)


def _scored(
    name: str, fitted_on: pd.DataFrame, scored: pd.DataFrame, columns: Sequence[str]
) -> pd.DataFrame:
    fitted = model().fit(fitted_on[list(columns)], fitted_on["label"].astype(int))
    score = fitted.predict_proba(scored[list(columns)])[:, 1]
    table = scored[["split", "patient_id", "label"]].assign(model=name, score=score)
    return table[["model", "split", "patient_id", "label", "score"]]

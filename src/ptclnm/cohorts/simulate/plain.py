"""Plain models of a simulated cohort: what its signals are set by."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from echophantom.drivers import Drivers
from echophantom.latent import Streams
from echophantom.render import render_plane
from ptclnm.cohorts.simulate import li2024
from ptclnm.cohorts.simulate.files import drawn_outline
from ptclnm.cohorts.simulate.patients import Patients
from ptclnm.cohorts.simulate.scanners import examination
from ptclnm.cohorts.simulate.truth import picture_rng
from ptclnm.compute import parallel_map
from quickradiomics.engine import measure
from quickradiomics.settings import Settings, from_content

PLAIN = {
    "setting": {"binWidth": 25, "label": 1, "additionalInfo": False},
    "imageType": {"Original": {}},
    "featureClass": {"shape": [], "firstorder": [], "glcm": []},
}


@dataclass(frozen=True)
class Task:
    """One patient to be rendered and measured."""

    streams: Streams
    row: int
    patient_id: str
    center: str
    plane: str
    drivers: Drivers


@cache
def plain_settings() -> Settings:
    """First-order, GLCM and shape features of the picture as it is."""
    return from_content(PLAIN, "plain")


def patient_features(task: Task) -> dict[str, float | str]:
    """Render one patient's first plane in memory and measure it within a reader's outline."""
    machine = task.streams.rng("examination", task.row)
    scanner = examination(task.streams.study, task.center, task.drivers.diameter_mm, machine)
    picture = render_plane(
        task.drivers, scanner, picture_rng(task.streams, task.row, 0), task.plane
    )
    hand = task.streams.rng("reader", task.row, 0)
    outline = drawn_outline(picture.mask, picture.spacing_mm, hand)
    return {"patient_id": task.patient_id} | measure(
        picture.frame, outline, plain_settings()
    ).values


def features(patients: Patients, n_jobs: int | None = None) -> pd.DataFrame:
    """Measure one picture of each patient of a cohort that is not written anywhere.

    Returns
    -------
    DataFrame
        Column ``patient_id``, then the features; one row a patient.
    """
    tasks = [
        Task(
            Streams(patients.seed, patients.name, int(known.block)),
            int(known.row), known.patient_id, center, planes[0], patients.drivers(place),
        )
        for place, (known, center, planes) in enumerate(
            zip(
                patients.truth.itertuples(), patients.table["center"], patients.planes,
                strict=True,
            )
        )
    ]  # fmt: skip
    return pd.DataFrame(parallel_map(patient_features, tasks, n_jobs, "patients measured"))


def lasso() -> Pipeline:
    """Logistic regression with an L1 penalty, chosen by cross-validation."""
    model = LogisticRegressionCV(
        Cs=np.logspace(-2, 0.5, 8), l1_ratios=(1,), solver="liblinear", cv=5, scoring="roc_auc",
        class_weight="balanced", random_state=0, use_legacy_attributes=False,
    )  # fmt: skip
    return make_pipeline(StandardScaler(), model)


def trees() -> ExtraTreesClassifier:
    """ExtraTrees with leaves of at least five pictures."""
    return ExtraTreesClassifier(
        500, min_samples_leaf=5, class_weight="balanced_subsample", random_state=0
    )


def outer_auc(patients: Patients, measured: pd.DataFrame, make: Callable) -> float:
    """AUC on all sets but the training set, of a model fitted on the training set."""
    table = patients.table.set_index("patient_id").loc[measured["patient_id"]]
    x, y = measured.drop(columns="patient_id").to_numpy(), table["label"].to_numpy()
    inside = table["split"].eq("train").to_numpy()
    model = make().fit(x[inside], y[inside])
    return float(roc_auc_score(y[~inside], model.predict_proba(x[~inside])[:, 1]))


def inner_auc(patients: Patients, measured: pd.DataFrame, make: Callable) -> float:
    """AUC of five-fold cross-validation in the training set."""
    table = patients.table.set_index("patient_id").loc[measured["patient_id"]]
    inside = table["split"].eq("train").to_numpy()
    x, y = measured.drop(columns="patient_id").to_numpy()[inside], table["label"][inside]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    score = cross_val_predict(make(), x, y, cv=folds, method="predict_proba")
    return float(roc_auc_score(y, score[:, 1]))


def clinical_auc(table: pd.DataFrame) -> float:
    """Test AUC of a logistic model of age, diameter, margin and multifocality."""
    columns = list(li2024.NOMOGRAM_C)
    x = pd.get_dummies(table[columns], drop_first=True).astype(float)
    inside = table["split"] == "train"
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e4, max_iter=1000))
    model.fit(x[inside], table["label"][inside])
    return float(roc_auc_score(table["label"][~inside], model.decision_function(x[~inside])))

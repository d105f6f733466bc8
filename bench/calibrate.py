"""Set how far the classes of simulated cohorts lie apart, so that plain models come near the AUCs.

It prints each cohort's strengths, to be written into its file of ``data_manifest/simulated`` by
hand after a change of patients, drivers or rendering. Run from the project's folder: ``python
bench/calibrate.py``; with the name of a cohort, that cohort's alone.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from echophantom.patients import Signals
from ptclnm.cohorts.simulate import li2024, truth
from ptclnm.cohorts.simulate.patients import Patients, draw_with
from ptclnm.compute import parallel_map
from quickradiomics import from_content, measure

# Reported: Nomogram C on Li's test set, there the mean of OR_SVM (0.822) and SR_SVM (0.878), and
# Thy-Radiomics on Ni's internal set.
NOMOGRAM_C, LI_SVM, THY_RADIOMICS = 0.880, 0.850, 0.787
CLINICAL_GRID, CLINICAL_SEEDS = (1.0, 1.1, 1.2, 1.3, 1.4), range(40)
PICTURE_GRID, PICTURE_SEEDS = (0.5, 1.0, 1.5), (0, 1)
# The training set is Table 1's; the other set is larger and balanced, for a steadier AUC.
WANTED = {"ni2024-sim": (315, 35, 150, 150, 0, 0), "li2024-sim": (259, 121, 150, 150)}
PLAIN = {
    "setting": {"binWidth": 25, "label": 1, "additionalInfo": False},
    "imageType": {"Original": {}},
    "featureClass": {"shape": [], "firstorder": [], "glcm": []},
}
NOMOGRAM_PREDICTORS = ["age", "diameter_mm", "margin", "multifocality"]


def patient_features(record: Mapping[str, Any]) -> dict[str, float | str]:
    """Render one patient's first plane in memory and measure it within a reader's outline."""
    picture = truth.render(record)
    outline = truth.outline(record, picture)
    measured = measure(picture.frame, outline, from_content(PLAIN, "plain"))
    return {"patient_id": record["patient_id"]} | measured.values


def features(patients: Patients) -> pd.DataFrame:
    """Measure one picture of each patient: ``patient_id``, then the features."""
    first = truth.records(patients).drop_duplicates("patient_id").to_dict("records")
    return pd.DataFrame(parallel_map(patient_features, first, None, "patients measured"))


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


def nomogram_auc(clinical: float, seed: int) -> float:
    """Test AUC of the four clinical predictors of Nomogram C, fitted on the training set."""
    sizes = [stratum.size for stratum in li2024.strata()]
    strength = {"clinical": clinical, "size": clinical, "shape": clinical, "texture": 1.0}
    table = draw_with("li2024-sim", sizes, seed, Signals(), strength).table
    x = pd.get_dummies(table[NOMOGRAM_PREDICTORS], drop_first=True).astype(float)
    inside = table["split"] == "train"
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e4, max_iter=1000))
    model.fit(x[inside], table["label"][inside])
    return float(roc_auc_score(table["label"][~inside], model.decision_function(x[~inside])))


def radiomics_auc(name: str, strength: dict[str, float], seed: int) -> float:
    """Mean test AUC of the two plain models."""
    patients = draw_with(name, WANTED[name], seed, Signals(), strength)
    measured = features(patients)
    found = [outer_auc(patients, measured, make) for make in (lasso, trees)]
    inner = [inner_auc(patients, measured, make) for make in (lasso, trees)]
    said = ("test", np.round(found, 3), "5-fold", np.round(inner, 3))
    print(name, strength, seed, *said, flush=True)
    return float(np.mean(found))


def solve(grid: Sequence[float], aucs: Sequence[float], target: float) -> float:
    """Strength at which a straight line through the nearest AUCs reaches the target."""
    rising = np.maximum.accumulate(aucs)
    return round(float(np.interp(target, rising, grid)), 2)


def calibrate(names: Sequence[str]) -> None:
    """Find and print the strengths; a target out of reach gives the end of the grid."""
    aucs = [np.mean([nomogram_auc(s, seed) for seed in CLINICAL_SEEDS]) for s in CLINICAL_GRID]
    clinical = solve(CLINICAL_GRID, aucs, NOMOGRAM_C)
    print("nomogram C", np.round(aucs, 3), clinical, flush=True)

    def li(texture: float) -> dict[str, float]:
        return {"clinical": clinical, "size": clinical, "shape": clinical, "texture": texture}

    def ni(both: float) -> dict[str, float]:
        return {"shape": both, "texture": both}

    for name, make, target in (("ni2024-sim", ni, THY_RADIOMICS), ("li2024-sim", li, LI_SVM)):
        if name not in names:
            continue
        means = [
            np.mean([radiomics_auc(name, make(s), seed) for seed in PICTURE_SEEDS])
            for s in PICTURE_GRID
        ]
        strength = make(solve(PICTURE_GRID, means, target))
        print(f"{name}: {np.round(means, 3)}, strength: {strength}")


if __name__ == "__main__":
    calibrate(sys.argv[1:] or list(WANTED))

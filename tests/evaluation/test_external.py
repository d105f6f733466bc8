"""Scores in other hospitals."""

import numpy as np
import pandas as pd

from ptclnm.evaluation.calibration import calibration
from ptclnm.evaluation.external import by_setting, drift, leave_one_center_out
from ptclnm.evaluation.logistic import fit_logistic
from ptclnm.evaluation.sets import measured, unseen

FUSED = "Thy-DL-Radiomics"


def predictions(signal: float, n: int = 900) -> pd.DataFrame:
    """Scores of one model in two sets."""
    rng, parts = np.random.default_rng(0), []
    for split in ("internal", "external"):
        label = (np.arange(n) % 3 == 0).astype(int)
        score = signal * label + rng.normal(size=n)
        ids = [f"{split}{i:03d}" for i in range(n)]
        columns = {"model": FUSED, "split": split, "label": label, "score": score}
        parts.append(pd.DataFrame(columns | {"patient_id": ids}))
    return pd.concat(parts, ignore_index=True)


def test_a_gain_that_moves_scores_is_found_by_group_and_by_rank() -> None:
    scores = predictions(0.8)
    patients = scores["patient_id"].unique()
    gain = pd.Series(np.random.default_rng(9).normal(0, 5, len(patients)), index=patients)
    moved = scores.assign(score=scores["score"] + 0.3 * gain.loc[scores["patient_id"]].to_numpy())
    settings = pd.DataFrame({"patient_id": patients, "gain_db": gain.to_numpy(), "center": "A"})
    table = by_setting(moved, settings, {"center": 0, "gain_db": 3})
    thirds = table[(table["model"] == FUSED) & (table["setting"] == "gain_db")]
    assert thirds["score_without"].is_monotonic_increasing and len(thirds) == 3
    assert thirds["n"].sum() == 1800 and thirds["mean_setting"].is_monotonic_increasing
    centers = settings.drop(columns="gain_db")
    assert set(by_setting(moved, centers, {"center": 0, "gain_db": 3})["setting"]) == {"center"}
    assert drift(moved, centers, "gain_db").empty
    own = drift(moved, settings, "gain_db").set_index("model").loc[FUSED]
    assert own["rho"] > 0.5 and own["p"] < 1e-6
    assert abs(drift(scores, settings, "gain_db").set_index("model").loc[FUSED, "rho"]) < 0.15


def test_calibration_leaves_out_train_and_sets_of_one_class() -> None:
    rng = np.random.default_rng(0)
    risk = rng.uniform(0.05, 0.95, 900)
    label = (rng.random(900) < risk).astype(int)
    split = np.repeat(["train", "internal", "external"], 300)
    table = pd.DataFrame({"model": FUSED, "split": split, "label": label, "score": risk})
    found = measured(unseen(table), calibration).set_index("split")
    assert list(found.index) == ["internal", "external"]
    assert (found["slope_low"] < 1).all() and (found["slope_high"] > 1).all()
    one = table.assign(label=np.where(split == "external", 0, label))
    assert measured(unseen(one), calibration)["split"].tolist() == ["internal"]


def patients_of(centers: dict[str, int], signal: dict[str, float]) -> pd.DataFrame:
    rng, parts = np.random.default_rng(3), []
    for center, n in centers.items():
        label = np.arange(n) % 2
        size = 20 + 6 * signal[center] * label + rng.normal(0, 6, n)
        parts.append(pd.DataFrame({"label": label, "size_mm": size, "center": center}))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(patient_id=[f"p{k}" for k in table.index])


def test_a_centre_is_judged_by_a_regression_that_has_not_seen_it() -> None:
    table = patients_of({"A": 400, "B": 300, "C": 8}, {"A": 1.5, "B": -1.5, "C": 0.0})
    by_patient = table.set_index("patient_id")["center"]
    found = leave_one_center_out(table, by_patient, ["size_mm"])
    assert found["center"].tolist() == ["A", "B"], "C has four of a class: fitted on, not judged"
    # Size means the opposite in the two, so whoever is fitted on the other is wrong here.
    assert (found["high"] < 0.5).all()
    rest = table[table["center"] != "A"].reset_index(drop=True)
    own = table[table["center"] == "A"]
    foretold = fit_logistic(rest, rest["label"], ["size_mm"]).probability(own)
    assert found.loc[0, "expected"] == foretold.mean()
    assert found.loc[0, ["n", "positives", "observed"]].tolist() == [400, 200, 0.5]


def test_one_centre_alone_is_not_judged() -> None:
    table = patients_of({"A": 100}, {"A": 1.0})
    by_patient = table.set_index("patient_id")["center"]
    assert leave_one_center_out(table, by_patient, ["size_mm"]).empty

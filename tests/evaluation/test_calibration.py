"""Calibration: rms's val.prob, Hosmer-Lemeshow by its definition, and the edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from ptclnm.evaluation import OneClassError
from ptclnm.evaluation.calibration import (
    RiskError,
    calibration,
    calibration_curve,
    grouped,
    hosmer_lemeshow,
)
from ptclnm.evaluation.logistic import fit_logistic

from .conftest import PREDICTORS, oracle


@pytest.fixture(scope="module")
def risks(patients) -> np.ndarray:
    return fit_logistic(patients, patients["label"], PREDICTORS["all"]).probability(patients)


def test_measures_are_those_of_valprob_and_glm(patients, risks) -> None:
    found = calibration(patients["external"], risks)
    r = oracle("valprob").set_index("quantity")["value"]
    pairs = {
        "brier": "Brier", "ici": "Eavg", "e90": "E90", "slope": "Slope", "intercept": "large",
        "intercept_low": "large_low", "intercept_high": "large_high", "slope_low": "slope_low",
        "slope_high": "slope_high",
    }  # fmt: skip
    for own, theirs in pairs.items():
        assert found[own] == pytest.approx(r[theirs], abs=1e-6), own


def test_on_its_own_patients_a_regression_is_calibrated_by_construction(patients, risks) -> None:
    found = calibration(patients["label"], risks)
    assert [found["intercept"], found["slope"]] == pytest.approx([0, 1], abs=1e-6)
    assert found["expected"] == pytest.approx(found["events"])


def test_hosmer_lemeshow_is_that_of_r_with_the_degrees_of_each_use(patients, risks) -> None:
    for row in oracle("hosmer").itertuples():
        own = row.set == "label"
        found = hosmer_lemeshow(patients[row.set], risks, own, [row.g]).iloc[0]
        assert found["df"] == row.df == row.g - (2 if row.set == "label" else 0)
        assert found["statistic"] == pytest.approx(row.statistic, abs=1e-6)
        assert found["p"] == pytest.approx(row.p, abs=1e-8)


def test_the_number_of_groups_moves_the_p(patients, risks) -> None:
    table = hosmer_lemeshow(patients["label"], risks, development=True)
    assert table["g"].tolist() == list(range(5, 16))
    assert table["p"].min() < 0.05 < 0.5 < table["p"].max(), "one model, one set of patients"


@pytest.mark.parametrize(("a", "b"), [(0.7, 1.0), (0.0, 0.5), (-0.5, 1.6)])
def test_a_planted_miscalibration_is_found(a: float, b: float) -> None:
    rng = np.random.default_rng(7)
    truth = rng.normal(size=40_000)
    labels = rng.random(40_000) < expit(truth)
    found = calibration(labels.astype(int), expit((truth - a) / b))
    assert found["slope"] == pytest.approx(b, abs=0.05)
    assert np.sign(round(found["intercept"], 1)) == np.sign(a)
    right = calibration(labels.astype(int), expit(truth))
    assert right["ici"] < 0.02 < found["ici"]


@given(st.integers(0, 10**6), st.integers(2, 12))
@settings(max_examples=40)
def test_groups_hold_every_patient_once_and_ties_together(seed: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    risks = rng.choice([0.1, 0.2, 0.25, 0.5, 0.9], 40) if seed % 2 else rng.random(40)
    labels = np.r_[0, 1, rng.integers(0, 2, 38)]
    table = grouped(labels, risks, groups)
    assert table["n"].sum() == 40 and table["observed"].sum() == labels.sum()
    assert table["expected"].sum() == pytest.approx(risks.sum())
    assert len(table) <= groups
    assert (table["expected"] / table["n"]).is_monotonic_increasing


def test_the_band_holds_the_curve_and_narrows_with_patients() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for n in (150, 1500):
        risks = rng.uniform(0.1, 0.9, n)
        curve = calibration_curve((rng.random(n) < risks).astype(int), risks, draws=80)
        middle = curve[(curve["predicted"] > 0.3) & (curve["predicted"] < 0.7)]
        assert (
            (middle["low"] <= middle["observed"]) & (middle["observed"] <= middle["high"])
        ).all()
        widths.append((middle["high"] - middle["low"]).mean())
    assert widths[1] < widths[0] / 2


def test_a_yes_or_no_has_no_slope_but_a_brier_score() -> None:
    labels, read = np.array([0, 0, 1, 1, 1]), np.array([0.0, 1, 1, 1, 0])
    found = calibration(labels, read)
    assert np.isnan(found["slope"]) and found["brier"] == pytest.approx(0.4)


def test_one_risk_for_all_has_no_curve() -> None:
    labels, same = np.array([0, 0, 0, 1, 1]), np.full(5, 0.4)
    found = calibration(labels, same)
    assert found["ici"] == pytest.approx(0) and np.isnan(found["slope"])
    with pytest.raises(RiskError, match="all risks are 0.4"):
        calibration_curve(labels, same)


def test_what_is_no_risk_is_named(patients, risks) -> None:
    labels = patients["label"]
    with pytest.raises(RiskError, match="a score that is no probability"):
        calibration(labels, logit(risks))
    with pytest.raises(RiskError, match="not between 0 and 1, the first"):
        calibration(labels, np.where(np.arange(260) == 3, np.nan, risks))
    with pytest.raises(RiskError, match="needed: one each"):
        calibration(labels, risks[1:])
    with pytest.raises(OneClassError):
        calibration(np.zeros(260), risks)
    few = np.r_[np.ones(4), np.zeros(256)]
    assert hosmer_lemeshow(few, risks).empty, "fewer of the rarer outcome than groups"
    assert hosmer_lemeshow(labels, risks, True, [2]).empty, "no degree of freedom"

"""Page 01's claims: directions that agree, that do not, and that the paper itself leaves open."""

from dataclasses import replace

import pandas as pd
import pytest

from ptclnm import published
from ptclnm.pages.cohort.claims import HERE, alone, directions, table
from ptclnm.report.beside import read_beside
from ptclnm.report.verdict import same_direction
from ptclnm.schema import Cohort
from recount import audit

PAPER = published.load("ni2024")
CONTRASTS, BESIDE = audit(PAPER).contrasts, read_beside(PAPER, "cohort")


def cohort(evidence="public", turned=False, shift=8.0, **columns):
    n = 400
    label = pd.Series(range(n)) % 2
    patients = pd.DataFrame(
        {"patient_id": [f"p{k}" for k in range(n)], "label": label, "split": "train",
         "size_mm": (pd.Series(range(n)) % 37 + shift * (1 - label if turned else label))} | columns
    )  # fmt: skip
    return Cohort("somebody", "Somebody's", evidence, "Nodes.", patients, ("size_mm",),
                  pd.DataFrame(), "0")  # fmt: skip


@pytest.mark.parametrize(
    ("reported", "low", "high", "verdict"),
    [
        ([1.0, 2.0], 0.6, 0.7, "consistent"),
        ([1.0, 2.0], 0.3, 0.4, "not consistent"),
        ([-1.0, -2.0], 0.3, 0.4, "consistent"),
        ([-1.0, -2.0], 0.6, 0.7, "not consistent"),
        ([1.0, 2.0], 0.45, 0.7, "too wide to tell"),
        ([1.0, -2.0], 0.6, 0.7, "cannot be checked"),
        ([], 0.6, 0.7, "cannot be checked"),
        ([1.0], float("nan"), float("nan"), "cannot be checked"),
    ],
)
def test_a_direction_is_judged_by_all_of_the_interval(reported, low, high, verdict):
    assert same_direction(reported, low, high) == verdict


@pytest.mark.parametrize(("turned", "verdict"), [(False, "consistent"), (True, "not consistent")])
def test_a_planted_difference_of_size_is_found_either_way(turned, verdict):
    patients = cohort(turned=turned)
    rows = list(directions(alone(CONTRASTS, BESIDE, patients), BESIDE))
    assert [(row[0], row[5]) for row in rows] == [("direction-size_mm", verdict)]
    assert table(iter(rows), PAPER, patients)["evidence"].tolist() == ["public"]


def test_on_another_endpoint_the_papers_numbers_stand_beside_and_no_claim_is_judged():
    patients = replace(cohort(), nodes=False)
    beside = alone(CONTRASTS, BESIDE, patients)
    assert len(beside[beside["group"] != HERE]) and len(beside[beside["group"] == HERE])
    assert table(directions(beside, BESIDE), PAPER, patients).empty


def test_a_category_alone_has_the_mean_of_sensitivity_and_specificity():
    sex = ["Male"] * 100 + ["Female"] * 300
    label = [1] * 60 + [0] * 40 + [1] * 100 + [0] * 200
    found = alone(CONTRASTS, BESIDE, cohort(sex=sex, label=label))
    here = found[(found["group"] == HERE) & (found["variable"] == "sex")].iloc[0]
    assert here["auc"] == pytest.approx((60 / 160 + 200 / 240) / 2)
    assert here["difference"] == pytest.approx(60 / 160 - 40 / 240)


def test_a_patient_without_the_value_is_left_out_and_counted():
    found = alone(CONTRASTS, BESIDE, cohort(age=[40.0, 50.0] * 150 + [None] * 100))
    assert found.loc[(found["group"] == HERE) & (found["variable"] == "age"), "n"].item() == 300


def test_simulated_patients_are_not_held_against_the_table_they_were_drawn_from():
    assert alone(CONTRASTS, BESIDE, cohort("simulated")).empty


def test_a_level_that_nobody_has_says_nothing():
    assert same_direction([1.0, 2.0], 0.5, 0.5) == "cannot be checked"


def test_the_papers_own_aucs_stand_beside_and_are_said_to_lie_outside():
    patients = cohort(shift=4.0)
    (row,) = directions(alone(CONTRASTS, BESIDE, patients), BESIDE)
    assert "(AUC 0.80)" in row[3]
    here = alone(CONTRASTS, BESIDE, patients).query("group == @HERE").iloc[0]
    assert here["high"] < 0.70, "the least of the paper's"
    assert row[6] == "Every AUC of the paper's sets lies outside the interval here."

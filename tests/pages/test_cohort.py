"""Page 01: the printed table, what simulated patients have of it, and what is said of a cohort."""

import pandas as pd
import pytest

from ptclnm import published
from ptclnm.cohorts.simulate.patients import draw, study_of
from ptclnm.pages.cohort import words
from ptclnm.pages.cohort.printed import pair_name, published_flow, published_table1
from ptclnm.pages.cohort.realism import beside_ddti
from ptclnm.pages.cohort.simulated import (
    printed_and_drawn,
    reported_against_obtained,
    side_by_side,
)
from ptclnm.schema import FLOW_COLUMNS, Cohort
from recount import p_values


def test_printed_table_keeps_every_printed_cell_and_adds_the_reproducing_p():
    li = published.load("li2024")
    table = published_table1(li, p_values(li))
    levels = li.counts[li.counts["where"].str.startswith("Table")]
    assert len(table) == len(
        levels.query("statistic != 'p'").drop_duplicates(["variable", "level"])
    )
    first = table.drop_duplicates("variable").set_index("variable")
    assert first.loc["Gender", "test"] == "125 (76.22)"
    assert first.loc["Age", "train"] == "42.75 ± 11.40"
    printed = first["printed p"].astype(float)
    counts = printed.drop(["Age", "Diameter"])
    assert (abs(first["p"][counts.index] - counts) <= 0.0005).all()


def test_printed_flow_has_the_printed_sizes():
    flow = published_flow(published.load("ni2024"))
    assert list(flow["patients"]) == [854, 350, 150, 374]
    assert flow["step"].iloc[-1] == "split: external, 63 LVLNM"


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ("train", "test", "train / test"),
        ("training_NLVLNM", "training_LVLNM", "training: NLVLNM / LVLNM"),
        ("train_yes", "test_yes", "train yes / test yes"),
    ],
)
def test_pairs_say_once_what_they_share(first, second, name):
    assert pair_name(first, second) == name


@pytest.mark.parametrize("name", ["ni2024", "li2024"])
def test_every_printed_count_is_met_but_the_readings_that_contradict_table_2(name):
    variables = study_of(f"{name}-sim").STUDY.variables
    table = draw(f"{name}-sim").table
    compared = reported_against_obtained(published.load(name), table, variables)
    assert set(variables.values()) <= set(compared["variable"])
    counts = compared[compared["statistic"] == "count"]
    assert set(counts.loc[~counts["same"], "variable"]) <= {"Radiologist"}


def test_what_differs_is_shown_with_both_numbers():
    table = draw("ni2024-sim").table.assign(sex="Female")
    printed = study_of("ni2024-sim").STUDY.variables
    compared = reported_against_obtained(published.load("ni2024"), table, printed)
    wide = side_by_side(compared).set_index(["variable", "level"])
    assert wide.loc[("Sex", "Male"), "training_LVLNM"] == "14 → 0"
    assert wide.loc[("Multifocality", "No"), "training_LVLNM"] == "17"


@pytest.fixture
def cohort() -> Cohort:
    """Seven patients without pictures, two of them with the outcome."""
    table = pd.DataFrame({"patient_id": list("abcdefg"), "label": [1, 1, 0, 0, 0, 0, 0]})
    flow = [("all", 9, 0, 9, ""), ("subset", 2, 0, 2, "double"), ("kept", 7, 0, 7, "")]
    flow = pd.DataFrame(flow, columns=FLOW_COLUMNS)
    return Cohort("mine", "Mine", "own", "e", table, (), flow, "f")


def test_the_answer_tells_patients_outcome_and_the_largest_differences(cohort):
    sets = pd.DataFrame({"split": ["train", "train", "test"], "patients": [2, 3, 2],
                         "positives": [1, 0, 1]})  # fmt: skip
    balance = pd.DataFrame({"variable": list("stuv"), "smd": [0.1, 0.5, 0.02, 0.3]})
    text = words.answer(cohort, sets, balance)
    assert "**7 patients, 2 with the outcome**, of Mine (evidence: own)." in text
    assert "1 of 5 in train and 1 of 2 in test" in text
    assert "t (0.50), v (0.30) and s (0.10)" in text
    assert "Kept: 7 patients, of 9 patients." in text


def test_only_ddti_is_compared_and_only_simulations_have_a_printed_table(cohort):
    compared = beside_ddti(cohort, 0)
    assert compared.empty and "on the page of DDTI" in words.realism(compared)
    assert printed_and_drawn(cohort, 0).empty

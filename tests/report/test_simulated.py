"""The simulated patients beside the printed table that they were drawn from."""

import pytest

from ptclnm import published
from ptclnm.cohorts.simulate.patients import draw, study_of
from ptclnm.report.simulated import reported_against_obtained, side_by_side


@pytest.mark.parametrize("name", ["ni2024", "li2024"])
def test_every_printed_count_is_met_but_the_readings_that_contradict_table_2(name):
    simulated = study_of(f"{name}-sim")
    table = draw(f"{name}-sim").table
    compared = reported_against_obtained(published.load(name), table, simulated.PRINTED)
    assert set(simulated.PRINTED.values()) <= set(compared["variable"])
    counts = compared[compared["statistic"] == "count"]
    assert set(counts.loc[~counts["same"], "variable"]) <= {"Radiologist"}


def test_what_differs_is_shown_with_both_numbers():
    table = draw("ni2024-sim").table.assign(sex="Female")
    printed = study_of("ni2024-sim").PRINTED
    compared = reported_against_obtained(published.load("ni2024"), table, printed)
    wide = side_by_side(compared).set_index(["variable", "level"])
    assert wide.loc[("Sex", "Male"), "training_LVLNM"] == "14 → 0"
    assert wide.loc[("Multifocality", "No"), "training_LVLNM"] == "17"

"""Table 1 against R, and its rules."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ptclnm.pages.cohort.table1 import (
    compare_counts,
    compare_numbers,
    is_normal,
    table1,
    variable_kinds,
)

ORACLES = Path(__file__).parents[1] / "oracles"
NUMBERS = ["age", "gap", "size"]
GROUPS = ["sex", "margin", "rare", "site"]


@pytest.fixture(scope="module")
def given() -> pd.DataFrame:
    return pd.read_csv(ORACLES / "table1_input.csv")


@pytest.fixture(scope="module")
def made(given) -> pd.DataFrame:
    return table1(given, "label", NUMBERS, GROUPS)


@pytest.fixture(scope="module")
def by_r() -> pd.DataFrame:
    return pd.read_csv(ORACLES / "table1.csv", index_col="variable")


def first_rows(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop_duplicates("variable").set_index("variable")


@pytest.mark.parametrize("name", ["age", "gap", "size", "sex", "margin", "rare"])
def test_p_is_that_of_r(made, by_r, name):
    assert first_rows(made).loc[name, "p"] == pytest.approx(by_r.loc[name, "p"], rel=1e-6)


def test_fisher_of_a_larger_table_is_near_the_exact_one(made, by_r):
    # 9,999 permutations: a standard error of 0.005 at p = 0.4
    assert first_rows(made).loc["site", "p"] == pytest.approx(by_r.loc["site", "p"], abs=0.02)
    assert "permutations" in first_rows(made).loc["site", "test"]


@pytest.mark.parametrize("name", NUMBERS + GROUPS)
def test_smd_is_that_of_r(made, by_r, name):
    assert first_rows(made).loc[name, "smd"] == pytest.approx(by_r.loc[name, "smd"], rel=1e-9)


def test_tests_are_chosen_as_in_r(made, by_r):
    ours = first_rows(made)["test"].drop("patients").str.replace("–", "-")
    assert all(ours[name].startswith(by_r.loc[name, "test"]) for name in by_r.index)


def test_counts_of_each_category_add_up_to_those_present(made, given):
    for name in GROUPS:
        rows = made[made["variable"] == name]
        for column, part in (("overall", given), ("0", given[given["label"] == 0])):
            total = rows[column].str.extract(r"^([\d,]+) \(")[0].astype(int).sum()
            assert total == part[name].notna().sum()


def test_missing_values_are_counted_once_a_variable(made, given):
    shown = made.dropna(subset="missing").set_index("variable")["missing"]
    assert shown.drop("patients").to_dict() == given[NUMBERS + GROUPS].isna().sum().to_dict()


def test_missing_categories_do_not_enter_the_smd():
    frame = pd.DataFrame({"label": [0] * 40 + [1] * 40, "sex": (["F"] * 3 + ["M"]) * 20})
    frame.loc[60:, "sex"] = None
    rows = table1(frame, "label", [], ["sex"])
    assert rows.loc[1, "smd"] == pytest.approx(0, abs=1e-12)


def test_groups_head_their_columns(given):
    table = table1(given, "label", ["age"], [])
    assert list(table) == [
        "variable",
        "level",
        "overall",
        "0",
        "1",
        "missing",
        "test",
        "p",
        "smd",
    ]
    assert table.loc[0, "overall"] == "140"
    assert int(table.loc[0, "0"]) + int(table.loc[0, "1"]) == 140


def test_mean_and_median_are_shown_by_normality(made):
    levels = first_rows(made)["level"]
    assert levels["gap"] == "mean ± SD"
    assert levels["size"] == "median (Q1–Q3)"


def test_nothing_to_compare_is_said_so():
    assert compare_numbers([np.ones(5), np.ones(5)], False).test == "not tested"
    assert np.isnan(compare_counts(np.array([[5, 4]])).p)
    assert not is_normal([np.ones(10), np.arange(10.0)])


def test_few_values_are_categories():
    frame = pd.DataFrame(
        {
            "age": range(20),
            "stage": [0, 1, 2, 3] * 5,
            "sex": ["F", "M"] * 10,
            "flag": [True, False] * 10,
        }
    )
    assert variable_kinds(frame, list(frame)) == (["age"], ["stage", "sex", "flag"])


def test_a_category_without_any_value_has_no_row():
    frame = pd.DataFrame({"label": [0, 1] * 20, "age": range(40), "empty": None})
    assert set(table1(frame, "label", ["age"], ["empty"])["variable"]) == {"patients", "age"}

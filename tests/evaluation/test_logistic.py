"""Logistic regression: R's glm, separation, and input that cannot be fitted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptclnm.evaluation import OneClassError
from ptclnm.evaluation.clinical import passing, regression_table, univariable
from ptclnm.evaluation.logistic import ModelError, SeparationError, fit_logistic, separating

from .conftest import PREDICTORS, oracle


@pytest.mark.parametrize("name", PREDICTORS)
def test_coefficients_and_wald_intervals_are_those_of_glm(patients, name: str) -> None:
    found = fit_logistic(patients, patients["label"], PREDICTORS[name]).table()
    expected = oracle("glm").query("model == @name").reset_index(drop=True)
    assert len(found) == len(expected)
    for column in ("coefficient", "se", "p", "odds_ratio", "low", "high"):
        assert found[column].to_numpy() == pytest.approx(
            expected[column].to_numpy(), rel=1e-5 if column == "p" else 1e-6
        )


def test_the_interval_of_a_risk_is_that_of_predict(patients) -> None:
    model = fit_logistic(patients, patients["label"], PREDICTORS["all"])
    expected, few = oracle("intervals"), patients.head(20)
    low, high = model.interval(few)
    assert model.probability(few) == pytest.approx(expected["risk"].to_numpy(), abs=1e-6)
    assert low == pytest.approx(expected["low"].to_numpy(), abs=1e-6)
    assert high == pytest.approx(expected["high"].to_numpy(), abs=1e-6)


def test_the_test_of_a_whole_variable_and_its_inflation_are_those_of_r(patients) -> None:
    screen = univariable(patients, patients["label"], PREDICTORS["all"])
    p = screen.drop_duplicates("variable").set_index("variable")["p_variable"]
    expected = oracle("univariable").set_index("variable")["p"]
    assert p[expected.index].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)
    model = fit_logistic(patients, patients["label"], PREDICTORS["all"])
    assert regression_table(model, patients)["vif"].to_numpy()[1:] == pytest.approx(
        oracle("vif")["vif"].to_numpy(), rel=1e-9
    )


def test_units_and_order_change_nothing(patients) -> None:
    model = fit_logistic(patients, patients["label"], PREDICTORS["all"])
    other = patients.assign(size=patients["size"] / 10).sample(frac=1, random_state=3)
    again = fit_logistic(other, other["label"], PREDICTORS["all"][::-1])
    assert again.probability(other.loc[patients.index]) == pytest.approx(
        model.probability(patients), abs=1e-9
    )


def test_a_variable_that_separates_is_named_and_left_out_of_the_screen(patients) -> None:
    rare = np.where((patients["label"] == 1) & (patients.index % 9 == 0), "b", "a")
    table = patients.assign(rare=rare)
    with pytest.raises(SeparationError, match="'rare: b' .*odds ratio is infinite"):
        fit_logistic(table, table["label"], ["age", "rare"])
    screen = univariable(table, table["label"], ["age", "rare"])
    row = screen.set_index("variable").loc["rare"]
    assert not row["kept"] and "separation" in row["note"] and np.isnan(row["coefficient"])
    assert "rare" not in passing(screen)


def test_a_number_that_separates_at_one_value_is_found() -> None:
    x, y = np.arange(10.0), np.array([0] * 5 + [1] * 5)
    assert separating(np.column_stack([np.ones(10), x]), y)[1]
    x[5] = 4.0  # both outcomes at 4: quasi-complete, still no estimate
    assert separating(np.column_stack([np.ones(10), x]), y)[1]
    x[5] = 3.5
    assert not separating(np.column_stack([np.ones(10), x]), y).any()


@given(st.integers(0, 10**6), st.integers(8, 25), st.integers(1, 3))
@settings(max_examples=40)
def test_where_nothing_separates_the_score_is_zero_at_the_estimate(seed, n, k) -> None:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(n, k)).round(1), columns=[f"x{i}" for i in range(k)])
    labels = np.r_[0, 1, rng.integers(0, 2, n - 2)]
    try:
        model = fit_logistic(table, labels)
    except (SeparationError, ModelError):
        return
    gradient = model.design(table).T @ (labels - model.probability(table))
    assert np.abs(gradient).max() < 1e-6


@pytest.mark.parametrize(
    ("change", "names", "message"),
    [
        ({}, ["agee"], "no column 'agee'; did you mean 'age'"),
        ({}, ["age", "age"], "named more than once"),
        ({}, [], "no column is named"),
        ({"age": 40}, ["age", "size"], "'age' is constant"),
        ({"age": np.nan}, ["age"], "260 values are missing"),
        ({"age": np.inf}, ["age"], "no finite number"),
    ],
)
def test_columns_that_cannot_be_used_are_named(patients, change, names, message) -> None:
    with pytest.raises(ModelError, match=message):
        fit_logistic(patients.assign(**change), patients["label"], names)


def test_a_column_that_follows_from_others_is_named(patients) -> None:
    table = patients.assign(sum=patients["age"] + patients["size"])
    with pytest.raises(ModelError, match="'sum' follows from the terms before it"):
        fit_logistic(table, table["label"], ["age", "size", "sum"])


def test_labels_of_one_class_or_of_other_values_are_named(patients) -> None:
    with pytest.raises(OneClassError, match="all 260 labels are 1"):
        fit_logistic(patients, np.ones(260), ["age"])
    with pytest.raises(ModelError, match="found 2; allowed: 0 and 1"):
        fit_logistic(patients, np.r_[2, patients["label"].to_numpy()[1:]], ["age"])


def test_other_patients_need_the_columns_and_levels_that_were_fitted(patients) -> None:
    model = fit_logistic(patients, patients["label"], PREDICTORS["two"])
    with pytest.raises(ModelError, match="no level 'spiky' was fitted; known: smooth"):
        model.probability(pd.DataFrame({"age": [40], "margin": ["spiky"]}))
    with pytest.raises(ModelError, match="no column 'margin'"):
        model.probability(pd.DataFrame({"age": [40]}))


def test_the_screen_keeps_what_lies_below_the_level(patients) -> None:
    noise = np.random.default_rng(5).normal(size=260)
    table = patients.assign(noise=noise)
    screen = univariable(table, table["label"], ["noise", "size"])
    assert passing(screen) == ["size"]

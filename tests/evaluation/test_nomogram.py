"""The nomogram: rms's ticks and points, its optimism and calibration, and what must hold."""

import numpy as np
import pytest

from ptclnm.errors import ParameterError
from ptclnm.evaluation.clinical import passing, univariable
from ptclnm.evaluation.logistic import ModelError, fit_logistic
from ptclnm.evaluation.nomogram import corrected_calibration, nomogram, validate
from ptclnm.evaluation.nomogram.points import pretty
from ptclnm.evaluation.nomogram.resampling import newton

from .conftest import PREDICTORS, oracle


@pytest.fixture(scope="module")
def model(patients):
    return fit_logistic(patients, patients["label"], PREDICTORS["all"])


@pytest.mark.parametrize("name", PREDICTORS)
def test_every_tick_and_its_points_are_those_of_rms(patients, name: str) -> None:
    fitted = fit_logistic(patients, patients["label"], PREDICTORS[name])
    found = nomogram(fitted, patients).table()
    expected = oracle("points").query("model == @name").reset_index(drop=True)
    assert found["label"].tolist() == expected["value"].tolist()
    risk = found["kind"] == "risk"
    gap = np.abs(found["points"] - expected["points"])
    assert gap[~risk].max() < 1e-6
    assert gap[risk].max() < 1e-3, "rms finds the log odds of a risk between two of 1,000 points"


def test_ticks_are_those_of_r() -> None:
    for row in oracle("pretty").itertuples():
        expected = [float(tick) for tick in row.ticks.split()]
        assert pretty(row.low, row.high, row.n) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_total_points_give_the_risk_of_the_regression(patients, model) -> None:
    made = nomogram(model, patients)
    points = made.points(patients)
    log_odds = made.origin + points["total"].to_numpy() / made.scale
    assert log_odds == pytest.approx(model.linear_predictor(patients), abs=1e-9)
    levels = made.axes[3]
    of_level = dict(zip(levels.labels, levels.points, strict=True))
    assert points["margin"].to_numpy() == pytest.approx(
        patients["margin"].astype(str).map(of_level).to_numpy()
    )


def test_the_longest_axis_has_all_points_and_every_axis_begins_at_none(patients, model) -> None:
    made = nomogram(model, patients)
    assert max(axis.points.max() for axis in made.axes) == pytest.approx(100)
    assert [axis.points.min() for axis in made.axes] == pytest.approx([0] * 5)


def test_optimism_is_that_of_validate_within_its_monte_carlo_error(patients) -> None:
    found = validate(patients, patients["label"], PREDICTORS["all"], draws=600).set_index("index")
    rms = oracle("validate").set_index("index")
    names = {"r2": "R2", "intercept": "Intercept", "slope": "Slope", "brier": "B"}
    for own, theirs in names.items():
        row = found.loc[own]
        assert row["apparent"] == pytest.approx(rms.loc[theirs, "index.orig"], abs=1e-6)
        gap = row["optimism"] - rms.loc[theirs, "optimism"]
        assert abs(gap) < 4 * row["se"], own
    assert 2 * found.loc["auc", "apparent"] - 1 == pytest.approx(rms.loc["Dxy", "index.orig"])
    gap = 2 * found.loc["auc", "optimism"] - rms.loc["Dxy", "optimism"]
    assert abs(gap) < 4 * 2 * found.loc["auc", "se"]
    assert (found["draws"] == 600).all()


def test_the_corrected_curve_is_that_of_calibrate(patients) -> None:
    found = corrected_calibration(patients, patients["label"], PREDICTORS["all"], draws=400)
    rms = oracle("calibrate")
    assert found["predicted"].to_numpy() == pytest.approx(rms["predy"].to_numpy(), abs=1e-6)
    assert found["apparent"].to_numpy() == pytest.approx(
        rms["calibrated.orig"].to_numpy(), abs=1e-6
    )
    gap = found["corrected"].to_numpy() - rms["calibrated.corrected"].to_numpy()
    assert np.abs(gap).max() < 0.012


def test_choosing_the_variables_within_the_resamples_costs_more(patients) -> None:
    rng = np.random.default_rng(8)
    noise = {f"noise{i}": rng.normal(size=80) for i in range(12)}
    table = patients.head(80).assign(**noise)
    candidates = ["age", *noise]

    def screened(part, labels):
        return fit_logistic(part, labels, passing(univariable(part, labels, candidates, 0.3)))

    model = screened(table, table["label"])
    frozen = validate(table, table["label"], model.names, draws=60).set_index("index")

    def whole(part, labels):
        return screened(part, labels).linear_predictor

    honest = validate(table, table["label"], whole, draws=60).set_index("index")
    assert frozen.loc["auc", "apparent"] == pytest.approx(honest.loc["auc", "apparent"], abs=1e-6)
    assert honest.loc["auc", "optimism"] > frozen.loc["auc", "optimism"] + 0.02


def test_the_same_seed_gives_the_same_numbers_and_another_does_not(patients) -> None:
    one, two, other = (
        validate(patients, patients["label"], ["size"], draws=20, seed=s)["optimism"]
        for s in (1, 1, 2)
    )
    assert one.equals(two) and not one.equals(other)


def test_the_fast_fit_is_the_careful_one(patients, model) -> None:
    found = newton(model.design(patients), patients["label"].to_numpy())
    assert found == pytest.approx(model.coefficients, abs=1e-6)


def test_too_few_patients_for_the_terms_is_named(patients) -> None:
    calls = []

    def brittle(part, labels):
        calls.append(1)
        if len(calls) > 1:
            raise ModelError("fit", ["fails on every resample"])
        return lambda table: table["size"].to_numpy() / 10 - 1

    with pytest.raises(ModelError, match="fitted on 0 of 30 resamples only"):
        validate(patients, patients["label"], brittle, draws=30)


def test_settings_that_make_no_nomogram_are_named(patients, model) -> None:
    with pytest.raises(ParameterError, match="draws"):
        validate(patients, patients["label"], ["size"], draws=1)
    with pytest.raises(ModelError, match="no column 'age'"):
        nomogram(model, patients.drop(columns="age"))

"""The audit's statistics against R, and against properties that only the right formula has."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from recount.auc import Z95, auc_bounds, binary_auc, hanley_mcneil_se, interval_se, intervals
from recount.comparisons import correlation_for_p, paired_p
from recount.printed import interval, rounds_to
from recount.pvalues import (
    count_tests,
    mean_test_bounds,
    mean_tests,
    smd_counts,
    smd_means,
)
from recount.samplesize import cox_snell_from_auc, mean_error_minimum, riley_minimum
from recount.totals import pooled

ORACLES = Path(__file__).parents[1] / "oracles"
UNIT = st.floats(0.001, 0.999)


def oracle(name: str) -> pd.DataFrame:
    return pd.read_csv(ORACLES / f"published_{name}.csv", skipinitialspace=True)


@pytest.mark.parametrize(
    "row", list(oracle("counts").itertuples()), ids=lambda row: f"table{row.table}"
)
def test_tests_of_counts_equal_r(row):
    table = np.array(row.counts.split(), dtype=int).reshape(-1, 2)
    found = count_tests(table)
    assert found["chi-square"] == pytest.approx(row.chisq, rel=1e-10)
    assert found["Fisher"] == pytest.approx(row.fisher, rel=1e-7)
    if len(table) == 2:
        assert found["chi-square, Yates"] == pytest.approx(row.yates, rel=1e-10)


@pytest.mark.parametrize(
    "row", list(oracle("means").itertuples()), ids=lambda row: f"{row.m1}-{row.m2}"
)
def test_tests_of_means_and_pooling_equal_r(row):
    first, second = (row.m1, row.s1, int(row.n1)), (row.m2, row.s2, int(row.n2))
    found = mean_tests(first, second)
    assert found["Student"] == pytest.approx(row.student, rel=1e-9)
    assert found["Welch"] == pytest.approx(row.welch, rel=1e-9)
    assert pooled([first, second]) == pytest.approx((row.mean, row.sd), rel=1e-9)


@given(UNIT, UNIT, st.floats(1, 3), st.floats(1, 3), st.integers(3, 80), st.integers(3, 80))
def test_rounding_bounds_hold_the_p_value_of_any_unrounded_input(m1, m2, s1, s2, n1, n2):
    exact = mean_tests((m1, s1, n1), (m2, s2, n2))
    bounds = mean_test_bounds((f"{m1:.2f}", f"{s1:.2f}", n1), (f"{m2:.2f}", f"{s2:.2f}", n2))
    for name, p in exact.items():
        assert bounds[name][0] - 1e-12 <= p <= bounds[name][1] + 1e-12


def test_intervals_equal_r():
    for row in oracle("intervals").itertuples():
        columns = ["study", "evaluation_set", "model", "tp", "fp", "fn", "tn"]
        table = pd.DataFrame([("s", "test", "m", row.k, 0, row.n - row.k, 5)], columns=columns)
        found = intervals(table).query("metric == 'sensitivity'").set_index("method")
        exact, wilson = found.loc["Clopper-Pearson"], found.loc["Wilson"]
        assert (exact.low, exact.high) == pytest.approx((row.exact_low, row.exact_high), abs=1e-9)
        assert (wilson.low, wilson.high) == pytest.approx(
            (row.wilson_low, row.wilson_high), abs=1e-9
        )


def test_hanley_mcneil_is_the_variance_of_the_exponential_model():
    # Under that model scores are exponential with rates 1 and a/(1-a); simulate and compare.
    rng, auc, n_pos, n_neg = np.random.default_rng(0), 0.8, 45, 119
    pos = rng.exponential(auc / (1 - auc), (4000, n_pos, 1))
    neg = rng.exponential(1.0, (4000, 1, n_neg))
    simulated = np.mean(pos > neg, axis=(1, 2))
    assert simulated.mean() == pytest.approx(auc, abs=0.003)
    assert simulated.std() == pytest.approx(hanley_mcneil_se(auc, n_pos, n_neg), rel=0.05)


@given(st.lists(st.tuples(st.floats(-3, 3), st.booleans()), min_size=4, max_size=60), UNIT)
def test_no_curve_leaves_the_bounds_of_its_operating_point(scored, share):
    score = np.array([s for s, _ in scored])
    label = np.array([y for _, y in scored])
    assume(0 < label.sum() < len(label))
    cut = np.quantile(score, share)
    low, high = auc_bounds((score[label] >= cut).mean(), (score[~label] < cut).mean())
    assert low - 1e-12 <= roc_auc_score(label, score) <= high + 1e-12


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=4, max_size=60))
def test_yes_no_reading_has_the_mean_of_sensitivity_and_specificity(read):
    score, label = (np.array(column) for column in zip(*read, strict=True))
    assume(0 < label.sum() < len(label))
    expected = binary_auc(score[label].mean(), (~score[~label]).mean())
    assert roc_auc_score(label, score.astype(int)) == pytest.approx(expected)


@given(st.floats(0.01, 0.3), st.floats(0.01, 0.08), st.floats(0.01, 0.08), st.floats(-0.95, 0.95))
def test_correlation_needed_gives_back_the_p_value(difference, se_a, se_b, rho):
    p = paired_p(difference, se_a, se_b, rho)
    assume(1e-12 < p < 0.999)
    assert correlation_for_p(difference, se_a, se_b, p) == pytest.approx(rho, abs=1e-6)


def test_interval_se_inverts_the_interval():
    assert interval_se(0.8 - Z95 * 0.03, 0.8 + Z95 * 0.03) == pytest.approx(0.03)


def test_riley_minimum_equals_the_published_example():
    # Riley et al. 2020 (BMJ 368:m441), as in the help of pmsampsize: 24 parameters, R2 0.288.
    sizes = riley_minimum(r2=0.288, prevalence=0.174, predictors=24)
    assert (sizes["shrinkage"], sizes["optimism"], sizes["risk"]) == (623, 662, 221)
    assert sizes["minimum"] == sizes["error"] == 801


def test_mean_error_minimum_equals_the_published_example_and_ends_at_its_range():
    # The article's example: 30 parameters, 5 % with the outcome.
    assert mean_error_minimum(prevalence=0.05, predictors=30) == 544
    assert np.isnan(mean_error_minimum(prevalence=0.05, predictors=31))
    many = riley_minimum(r2=0.288, prevalence=0.174, predictors=1561)
    assert np.isnan(many["error"]) and many["minimum"] == max(many["shrinkage"], many["optimism"])


@pytest.mark.parametrize(("auc", "prevalence"), [(0.65, 0.1), (0.8, 0.3), (0.9, 0.5)])
def test_cox_snell_from_auc_equals_a_fitted_model(auc, prevalence):
    rng, n = np.random.default_rng(1), 400_000
    label = rng.random(n) < prevalence
    x = rng.normal(label * np.sqrt(2) * norm.ppf(auc))
    shift = np.sqrt(2) * norm.ppf(auc)
    lp = np.log(prevalence / (1 - prevalence)) - shift**2 / 2 + shift * x
    fitted = -np.logaddexp(0, np.where(label, -lp, lp)).mean()
    null = prevalence * np.log(prevalence) + (1 - prevalence) * np.log1p(-prevalence)
    assert cox_snell_from_auc(auc, prevalence) == pytest.approx(
        1 - np.exp(2 * (null - fitted)), abs=0.01
    )


def test_standardised_differences():
    assert smd_means((5, 2), (3, 2)) == pytest.approx(1)
    p, q = 0.7, 0.4  # Austin 2009, equation for a binary variable
    expected = abs(p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert smd_counts(np.array([[70, 40], [30, 60]])) == pytest.approx(expected)
    three = np.array([[30, 10], [20, 30], [50, 60]])
    assert smd_counts(three) == pytest.approx(smd_counts(three[[2, 0, 1]])), (
        "whatever level is left out"
    )


@given(st.floats(0, 1), st.integers(1, 4))
def test_a_number_always_rounds_to_its_own_print(value, places):
    text = f"{value:.{places}f}"
    assert rounds_to(value, text)
    assert not rounds_to(value + 1.01 * 10.0**-places, text)
    low, high = interval(text)
    assert high - low == pytest.approx(10.0**-places, rel=1e-4)
    assert rounds_to(value, text.rstrip("0"), places), "a dropped zero changes nothing"

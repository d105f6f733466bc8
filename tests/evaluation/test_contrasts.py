"""The k-way test: pROC's covariances solved in R, the pairwise test, and rank-deficient cases."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptclnm.evaluation import contrast_test, delong, paired_tests

ORACLES = Path(__file__).parents[1] / "oracles"


@pytest.fixture(scope="module")
def sets() -> dict[str, pd.DataFrame]:
    tables = [pd.read_csv(ORACLES / f"{n}_input.csv") for n in ("delong", "contrasts")]
    return {name: part for table in tables for name, part in table.groupby("set")}


def test_chi_square_is_that_of_procs_covariances(sets) -> None:
    rows = pd.read_csv(ORACLES / "contrasts.csv")
    assert set(rows["df"]) >= {1, 2, 3, 5}
    for row in rows.itertuples():
        part, names = sets[row.set], list(row.models)
        found = contrast_test(delong(part["label"], part[names], names))
        assert found.df == row.df
        assert (found.chi2, found.p) == pytest.approx((row.chi2, row.p), abs=1e-10)


def drawn(seed: int, k: int, n: int = 80):
    rng = np.random.default_rng(seed)
    labels = np.r_[0, 0, 1, 1, rng.integers(0, 2, n - 4)]
    scores = rng.normal(size=(n, k)).round(1) + rng.normal(size=(n, 1)) + 0.5 * labels[:, None]
    return labels, scores


@given(st.integers(0, 10**6))
def test_of_two_models_it_is_the_square_of_the_paired_z(seed: int) -> None:
    curves = delong(*drawn(seed, 2))
    pair, found = paired_tests(curves).iloc[0], contrast_test(curves)
    assert (found.chi2, found.p) == pytest.approx((pair["z"] ** 2, pair["p"]), rel=1e-9)


@given(st.integers(0, 10**6), st.integers(2, 5))
def test_the_order_of_the_models_does_not_matter(seed: int, k: int) -> None:
    labels, scores = drawn(seed, k)
    rng = np.random.default_rng(seed)
    plain = contrast_test(delong(labels, scores))
    turned = contrast_test(delong(labels, scores[:, rng.permutation(k)]))
    assert plain.df == turned.df == k - 1
    assert turned.chi2 == pytest.approx(plain.chi2, rel=1e-7)


def test_a_model_there_twice_adds_nothing() -> None:
    labels, scores = drawn(3, 3)
    twice = np.column_stack([scores, np.exp(scores[:, 0])])
    first, second = (contrast_test(delong(labels, s)) for s in (scores, twice))
    assert second.df == first.df == 2
    assert second.chi2 == pytest.approx(first.chi2, rel=1e-8)


def test_where_nothing_varies_equal_is_equal_and_different_cannot_be_tested() -> None:
    labels = np.repeat([0, 1], 5)
    perfect, constant = np.arange(10.0), np.ones(10)
    same = contrast_test(delong(labels, np.column_stack([perfect, 2 * perfect])))
    assert same == (0.0, 0, 1.0)
    apart = contrast_test(delong(labels, np.column_stack([perfect, constant])))
    assert np.isnan(apart.chi2) and np.isnan(apart.p) and apart.df == 0

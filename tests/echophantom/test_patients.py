"""Patients of a population: numbers that add up, ranks, streams, and cut distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echophantom.patients import (
    Streams,
    apportion,
    beta_between,
    by_rank,
    enough,
    lognormal_between,
    shown_label,
)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=6), st.integers(0, 2000))
def test_apportioned_parts_are_within_one_of_their_share(sizes, total):
    parts = apportion(sizes, total)
    assert sum(parts) == total
    assert all(abs(p - total * s / sum(sizes)) < 1 for p, s in zip(parts, sizes, strict=True))
    assert apportion(sizes, sum(sizes)) == sizes


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_enough_is_the_smallest_number_that_leaves_no_group_empty(sizes):
    least = enough(sizes)
    assert all(min(apportion(sizes, n)) > 0 for n in range(least, sum(sizes) + 1))
    assert min(apportion(sizes, least - 1)) == 0


@given(st.floats(0, 3), st.integers(0, 50))
def test_exchanged_labels_keep_each_sets_total(signal, seed):
    label = np.array([0, 1, 1, 0, 1, 0, 0, 0, 1, 1])
    sets = np.array(list("aaaaabbbbb"))
    shown = shown_label(label, sets, signal, Streams(seed, "any", 0))
    for name in "ab":
        assert shown[sets == name].sum() == label[sets == name].sum()
    if signal >= 1:
        assert (shown == label).all()


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=6, unique=True))
def test_higher_liabilities_never_have_a_lower_level(liability):
    level = by_rank(np.array(liability), {"0": 2, "1": 3, "2": 1}).astype(int)
    assert sorted(level) == [0, 0, 1, 1, 1, 2]
    assert (np.diff(level[np.argsort(liability)]) >= 0).all()


@pytest.mark.parametrize("make", [beta_between, lognormal_between])
@pytest.mark.parametrize(("mean", "sd"), [(12.51, 8.72), (7.36, 3.26), (12.35, 3.51)])
def test_cut_distributions_have_the_moments_asked_for(make, mean, sd):
    values = make(2.5, 40.0, mean, sd)((np.arange(100_000) + 0.5) / 100_000)
    assert values.mean() == pytest.approx(mean, rel=2e-3)
    assert values.std() == pytest.approx(sd, rel=5e-3)
    assert values.min() >= 2.5 and values.max() <= 40.0

"""Verdict rules."""

from math import nan

import pytest

from ptclnm.report.claims import VERDICTS
from ptclnm.report.verdict import (
    CHANCE,
    among,
    auc,
    chosen,
    difference,
    kept_count,
    ranges_meet,
    within_interval,
)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [(0.7, "consistent"), (0.9, "consistent"), (0.69, "not consistent"), (0.91, "not consistent"),
     (nan, "cannot be checked")],
)  # fmt: skip
def test_limits_belong_to_the_interval(reported: float, expected: str) -> None:
    assert within_interval(reported, 0.7, 0.9) == expected
    assert expected in VERDICTS


def test_missing_limits_cannot_be_checked() -> None:
    assert within_interval(0.5, nan, 0.9, CHANCE) == among("a", [], 2) == "cannot be checked"


def test_counts_and_choices() -> None:
    assert among("b", ["a", "b", "a"], 3) == "consistent"
    assert among("c", ["a", "b"], 3) == "not consistent"
    assert among("b", ["a", "b", "a"], 2) == "too wide to tell", "no choice could have failed"


@pytest.mark.parametrize(
    ("first", "others", "expected"),
    [("a", ["b", "b"], "consistent"), ("b", ["b", "a"], "too wide to tell"),
     ("b", ["b", "c"], "not consistent"), ("b", [], "not consistent")],
)  # fmt: skip
def test_a_choice_is_judged_by_that_on_all_patients(first, others, expected) -> None:
    found, note = chosen("a", first, others)
    assert found == expected
    assert bool(note) == (expected == "too wide to tell")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(2, 9, "too wide to tell"), (2, 8, "consistent"), (0, 6, "too wide to tell"),
     (1, 4, "not consistent"), (6, 90, "not consistent"), (nan, nan, "cannot be checked")],
)  # fmt: skip
def test_a_range_that_few_numbers_could_contradict_is_too_wide(low, high, expected) -> None:
    found, note = kept_count(5, low, high)
    assert found == expected
    assert note == (f"Resamples keep from {low} to {high}: few numbers would lie outside."
                    if expected == "too wide to tell" else "")  # fmt: skip


@pytest.mark.parametrize(
    ("reported", "low", "high", "nothing", "expected"),
    [(0.8, 0.4, 0.9, 0.5, "too wide to tell"), (0.8, 0.5, 0.9, 0.5, "too wide to tell"),
     (0.8, 0.51, 0.9, 0.5, "consistent"), (0.8, 0.2, 0.49, 0.5, "not consistent"),
     (0.95, 0.4, 0.9, 0.5, "not consistent"), (0.8, 0.4, 0.9, nan, "consistent"),
     (0.4, 0.3, 0.49, 0.5, "consistent")],
)  # fmt: skip
def test_an_interval_that_holds_the_report_and_nothing_alike_cannot_tell(
    reported, low, high, nothing, expected
) -> None:
    assert within_interval(reported, low, high, nothing) == expected


def test_a_difference_without_variance_judges_nothing() -> None:
    for value in (0.0, 0.1):
        assert difference(0.1, value, value) == (
            "cannot be checked", "No interval: the estimated variance of the difference is 0."
        )  # fmt: skip


@pytest.mark.parametrize(
    ("reported", "low", "high", "expected"),
    [(0.1, 0.05, 0.2, "consistent"), (0.1, -0.05, 0.2, "too wide to tell"),
     (0.1, 0.0, 0.2, "too wide to tell"), (-0.1, -0.2, -0.01, "consistent"),
     (0.3, -0.1, 0.2, "not consistent"), (0.0, -0.1, 0.2, "too wide to tell")],
)  # fmt: skip
def test_a_difference_that_could_also_be_none_is_too_wide(reported, low, high, expected) -> None:
    assert difference(reported, low, high) == (expected, "")


@pytest.mark.parametrize(
    ("low", "expected"), [(0.3, "too wide to tell"), (0.6, "consistent"), (0.85, "not consistent")]
)
def test_a_reported_auc_is_judged_against_chance_too(low: float, expected: str) -> None:
    row = {"split": "test", "n": 27, "positives": 3, "auc_low": low, "auc_high": 1.0,
           "reported_auc": 0.8}  # fmt: skip
    assert auc(row) == (expected, "27 patients, 3 with the outcome.")
    own = auc(row | {"split": "train"})
    assert own[1] == "The training patients' own scores: 27 patients, 3 with the outcome."


@pytest.mark.parametrize("value", [0.5, 1.0])
def test_an_auc_without_interval_judges_nothing_and_says_why(value: float) -> None:
    row = {"split": "test", "n": 27, "positives": 3, "auc": value, "auc_low": nan, "auc_high": nan,
           "reported_auc": value}  # fmt: skip
    found, note = auc(row)
    assert found == "cannot be checked"
    assert note.endswith("the outcome. No interval: the estimated variance of the AUC is "
                         "0 or cannot be had.")  # fmt: skip


@pytest.mark.parametrize(
    ("needed", "found", "verdict"),
    [((0.5, 1.0), (0.6, 0.9), "consistent"), ((0.5, 1.0), (0.2, 0.9), "too wide to tell"),
     ((0.5, 1.0), (0.1, 0.4), "not consistent"), ((0.79, 0.79), (0.2, 0.9), "too wide to tell"),
     ((-1.0, 0.55), (float("nan"), 0.9), "cannot be checked")],
)  # fmt: skip
def test_a_need_is_met_only_by_all_that_was_found(needed, found, verdict):
    assert ranges_meet(*needed, *found) == verdict

"""Verdict rules."""

from math import nan

import pytest

from ptclnm.report.claims import VERDICTS
from ptclnm.report.verdict import among, auc_note, chosen, difference, reach, wide, within_interval


@pytest.mark.parametrize(
    ("reported", "expected"),
    [(0.7, "consistent"), (0.9, "consistent"), (0.69, "not consistent"), (0.91, "not consistent"),
     (nan, "cannot be checked")],
)  # fmt: skip
def test_limits_belong_to_the_interval(reported: float, expected: str) -> None:
    assert within_interval(reported, 0.7, 0.9) == expected
    assert expected in VERDICTS


def test_missing_limits_cannot_be_checked() -> None:
    assert within_interval(0.5, nan, 0.9) == among("a", []) == "cannot be checked"


def test_counts_and_choices() -> None:
    assert among("b", ["a", "b"]) == "consistent"
    assert among("c", ["a", "b"]) == "not consistent"


@pytest.mark.parametrize(
    ("first", "others", "expected"),
    [("a", ["b", "b"], "consistent"), ("b", ["b", "a"], "cannot be checked"),
     ("b", ["b", "c"], "not consistent"), ("b", [], "not consistent")],
)  # fmt: skip
def test_a_choice_is_judged_by_that_on_all_patients(first, others, expected) -> None:
    found, note = chosen("a", first, others)
    assert found == expected
    assert bool(note) == (expected == "cannot be checked")


@pytest.mark.parametrize(
    ("low", "high", "said"), [(2, 9, True), (2, 8, False), (0, 3, True), (0, 0, False),
                              (nan, nan, False)]
)  # fmt: skip
def test_a_range_that_nothing_could_contradict_says_so(low, high, said: bool) -> None:
    text = wide(low, high)
    assert text == (f"Resamples keep from {low} to {high}: nearly any number would lie between."
                    if said else "")  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "nothing", "said"),
    [(0.4, 0.9, 0.5, "0.5, chance"), (0.5, 0.9, 0.5, "0.5"), (0.51, 0.9, 0.5, ""),
     (-0.1, 0.2, 0, "0, no difference"), (0.1, 0.2, 0, ""), (nan, nan, 0.5, "")],
)  # fmt: skip
def test_an_interval_that_holds_no_effect_says_so(low, high, nothing, said) -> None:
    text = reach(low, high, nothing)
    assert said in text and bool(text) == bool(said)


def test_a_difference_without_variance_judges_nothing() -> None:
    for value in (0.0, 0.1):
        assert difference(0.1, value, value) == (
            "cannot be checked", "No interval: the estimated variance of the difference is 0."
        )  # fmt: skip
    assert difference(0.1, 0.05, 0.2) == ("consistent", "")
    assert difference(0.3, -0.1, 0.2) == (
        "not consistent", "The interval also holds 0, no difference."
    )  # fmt: skip


def test_the_note_of_an_auc_tells_patients_and_reach() -> None:
    row = {"split": "test", "n": 27, "positives": 3, "auc_low": 0.3, "auc_high": 1.0}
    assert auc_note(row) == (
        "27 patients, 3 with the outcome. The interval also holds 0.5, chance."
    )
    own = auc_note(row | {"split": "train", "auc_low": 0.6})
    assert own == "The training patients' own scores: 27 patients, 3 with the outcome."


@pytest.mark.parametrize("value", [0.5, 1.0])
def test_an_auc_without_interval_judges_nothing_and_says_why(value: float) -> None:
    row = {"split": "test", "n": 27, "positives": 3, "auc": value, "auc_low": nan, "auc_high": nan}
    assert within_interval(value, row["auc_low"], row["auc_high"]) == "cannot be checked"
    assert auc_note(row).endswith("the outcome. No interval: the estimated variance of the AUC is "
                                  "0 or cannot be had.")  # fmt: skip

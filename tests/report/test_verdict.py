"""Verdict rules."""

from math import nan

import pytest

from ptclnm.report.claims import VERDICTS
from ptclnm.report.verdict import among, same_number, within_interval


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
    assert same_number(1357, 1357) == among("b", ["a", "b"]) == "consistent"
    assert same_number(1357, 1356) == among("c", ["a", "b"]) == "not consistent"

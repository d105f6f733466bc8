"""Limits of parameters."""

from dataclasses import dataclass

import numpy as np
import pytest

from ptclnm.errors import (
    ParameterError,
    checked_whole,
    choice_problem,
    number_problems,
    real_problem,
    refuse,
    whole_problem,
)


@pytest.mark.parametrize("value", [True, 1.0, "3", None, -1, np.float64(2)])
def test_only_whole_numbers_from_the_least_pass(value: object) -> None:
    assert whole_problem("epochs", value, 0).startswith(f"epochs is {value!r}; allowed: a whole")
    with pytest.raises(ParameterError, match="epochs is"):
        checked_whole("plan", "epochs", value, 0)


def test_whole_numbers_of_any_library_pass_and_become_pythons() -> None:
    assert whole_problem("seed", np.int64(0), 0) == ""
    assert type(checked_whole("draw", "seed", np.int64(3), 0)) is int


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.1, False, "0.5", 1j])
def test_only_numbers_within_the_limits_pass(value: object) -> None:
    assert "allowed: 0 to 1" in real_problem("lr", value, 0, 1)


def test_limits_are_allowed_but_for_the_lowest_where_it_is_not() -> None:
    assert real_problem("lr", 0, 0, 1) == real_problem("lr", 1, 0, 1, above=True) == ""
    assert "above 0 to 1" in real_problem("lr", 0.0, 0, 1, above=True)


def test_all_numbers_of_a_plan_are_reported_at_once() -> None:
    @dataclass
    class Plan:
        epochs: int = 0
        seed: int = 0
        lr: float = 2.0

    found = number_problems(Plan(), {"epochs": 1, "seed": 0}, {"lr": (0.0, 1.0, True)})
    assert [line.split()[0] for line in found] == ["epochs", "lr"]


def test_a_word_that_is_none_of_the_choice_is_named_with_the_nearest() -> None:
    assert choice_problem("policy", "drop", ("drop", "keep")) == ""
    line = choice_problem("policy", "dorp", ("drop", "keep"))
    assert line.startswith("policy is 'dorp': did you mean 'drop'? Allowed: drop, keep")


def test_only_lines_that_say_something_are_refused() -> None:
    refuse("plan", "", "")
    with pytest.raises(ParameterError) as caught:
        refuse("plan", "", "a is wrong", "b is wrong")
    assert caught.value.problems == ["a is wrong", "b is wrong"]

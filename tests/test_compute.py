"""Work on several cores: order, errors, and silence where nobody watches."""

import pytest

from ptclnm.compute import cores, parallel_map
from ptclnm.errors import ParameterError


def square(x):
    return x * x


def slowly_first(x):
    """The first item takes longest, so that it is finished last."""
    return sum(range(200_000 if x == 0 else 1)) * 0 + x


def refuse(x):
    if x == 2:
        raise ValueError(f"item {x}")
    return x


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_results_are_in_the_order_of_the_items(n_jobs):
    assert parallel_map(slowly_first, range(6), n_jobs) == list(range(6))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_of_the_function_reaches_the_caller(n_jobs):
    with pytest.raises(ValueError, match="item 2"):
        parallel_map(refuse, range(4), n_jobs)


def test_with_one_process_even_a_local_function_will_do():
    seen = []
    assert parallel_map(lambda x: seen.append(x) or x, iter("abc"), 1) == ["a", "b", "c"]
    assert seen == ["a", "b", "c"]


def test_nothing_to_do_gives_nothing():
    assert parallel_map(square, [], 4) == []


@pytest.mark.parametrize("n_jobs", [0, -1, 1.5, True, "2"])
def test_impossible_numbers_of_processes_are_named(n_jobs):
    with pytest.raises(ParameterError, match="n_jobs is .*; allowed: a whole number from 1"):
        parallel_map(square, [1], n_jobs)


def test_the_variable_sets_the_default_and_an_argument_goes_before_it(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert cores() == 1
    assert cores(3) == 3

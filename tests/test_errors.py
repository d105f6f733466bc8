"""The formatter of pydantic's errors: place, what was found, what is allowed."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from ptclnm.errors import model_problems


def positive(value: object) -> object:
    if not isinstance(value, int) or value < 1:
        raise ValueError("allowed: a whole number from 1")
    return value


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["oak", "ash"]
    count: Annotated[int, BeforeValidator(positive)] = 1


class Tree(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    leaves: list[Leaf] = []
    best: Leaf | None = None

    @model_validator(mode="after")
    def no_best_alone(self):
        if self.best and not self.leaves:
            raise ValueError("best is of no leaves\nleaves are missing")
        return self


def lines(content: object) -> list[str]:
    try:
        Tree.model_validate(content)
    except ValidationError as error:
        return model_problems(error, Tree)
    return []


def test_each_problem_says_where_what_was_found_and_what_is_allowed():
    assert lines({"leaves": [{"kind": "oak"}, {"kind": "aash", "count": 0}]}) == [
        "name is missing",
        "leaves[2]: kind is 'aash': did you mean 'ash'? Allowed: ash, oak",
        "leaves[2]: count is 0; allowed: a whole number from 1",
    ]


def test_an_unknown_key_comes_first_with_the_nearest_of_its_own_section():
    problems = lines({"best": {"knid": "oak"}, "nmae": "x"})
    assert set(problems[:2]) == {
        "unknown key 'nmae': did you mean 'name'? Allowed: best, leaves, name",
        "best: unknown key 'knid': did you mean 'kind'? Allowed: count, kind",
    }
    assert set(problems[2:]) == {"name is missing", "best: kind is missing"}


def test_sentences_of_a_validator_come_each_on_a_line_of_its_own():
    problems = lines({"name": "x", "best": {"kind": "oak"}})
    assert problems == ["best is of no leaves", "leaves are missing"]


def test_what_is_no_mapping_is_said_so_and_long_values_are_cut():
    assert lines([1]) == ["it is [1]; allowed: a mapping of keys to values"]
    (line,) = lines({"name": "x", "leaves": "l" * 500})
    assert line.startswith("leaves is 'lll") and line.endswith("...; allowed: a list")
    assert len(line) < 100

"""A parameter is declared in one line, and only values that fit its line get through."""

from collections.abc import Callable
from pathlib import Path

import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptclnm.book.parameters import check_values, declared, parse, scalar
from ptclnm.book.project import Project
from ptclnm.errors import ParameterError

LINES = """\
study: str = "li2024"  # which paper [li2024|ni2024]
level: float = 0.95  # confidence level [0..1]
folds: int = 5  # folds of cross-validation [2..]
names: list[str] = ["lr"]  # classifiers [lr|svm|knn]
leak: bool = False  # select before the split"""


def values_of(text: str, **values: object) -> tuple[dict[str, object], list[str]]:
    return check_values(parse(text, "cell"), values, Project())


def test_a_line_gives_type_default_help_and_limits() -> None:
    found = parse(LINES, "cell")
    assert list(found) == ["study", "level", "folds", "names", "leak"]
    assert found["study"].choices == ("li2024", "ni2024")
    assert found["study"].help == "which paper"
    assert found["level"].range == (0.0, 1.0)
    assert found["folds"].range == (2.0, float("inf"))
    assert found["leak"].default is False


def test_papermill_reads_the_same_parameters(parameters_cell: Callable[[str], Path]) -> None:
    notebook = parameters_cell(LINES)
    read = papermill.inspect_notebook(str(notebook))
    own = declared(notebook)
    assert {n: p["inferred_type_name"] for n, p in read.items()} == {
        n: p.type for n, p in own.items()
    }
    assert all(read[name]["help"].startswith(own[name].help) for name in own)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("study = 'a'  # x", "write `name: type = value"),
        ("study: str = 'a'", "no comment"),
        ("study: string = 'a'  # x", "did you mean 'str'"),
        ("study: int = 'a'  # x", "expected int"),
        ("study: str = other  # x", "plain value"),
        ("study: str = 'a'  # x [published_papers]", "did you mean 'published'"),
        ("study: int = 1  # x [a|b]", "does not fit type int"),
        ("study: str = 'a=b'  # x", "single '='"),
        ("study: list = [\n  1]  # x", "one line"),
    ],
)
def test_a_line_that_breaks_the_grammar_is_named(line: str, told: str) -> None:
    with pytest.raises(ParameterError, match="line 1") as error:
        parse(line, "page.ipynb")
    assert told in str(error.value)


def test_all_problems_are_told_at_once() -> None:
    wrong = {"studdy": "li2024", "level": 1.5, "folds": "5", "names": ["lr", "svn"]}
    _, problems = values_of(LINES, **wrong)
    assert len(problems) == 4
    assert "did you mean 'study'" in problems[0]
    assert "from 0 to 1" in problems[1]
    assert "expected int" in problems[2]
    assert "did you mean 'svm'" in problems[3]


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_range_is_closed_and_lets_nothing_else_in(value: float) -> None:
    fitting, problems = values_of(LINES, level=value)
    assert (fitting == {"level": value}) == (0 <= value <= 1)
    assert bool(problems) == (not 0 <= value <= 1)


@given(st.one_of(st.integers(), st.text(), st.none(), st.lists(st.integers()), st.just(1.0)))
def test_a_truth_value_is_nothing_else(value: object) -> None:
    assert values_of(LINES, leak=value)[0] == {}


def test_a_whole_number_passes_for_a_float_and_truth_not_for_a_number() -> None:
    fitting, _ = values_of(LINES, level=1)
    assert isinstance(fitting["level"], float)
    assert values_of(LINES, folds=True, level=True)[0] == {}


CUTOFF = 'cutoff: str = "youden"  # a rule, or a number'


@pytest.mark.parametrize(("given", "text"), [(0.5, "0.5"), (1, "1"), ("0.5", "0.5")])
def test_a_number_passes_for_text(given: float | str, text: str) -> None:
    assert values_of(CUTOFF, cutoff=given) == ({"cutoff": text}, [])
    assert values_of(CUTOFF, cutoff=scalar(str(given))) == ({"cutoff": text}, [])


def test_a_number_for_text_is_held_to_its_choices_and_truth_is_no_text() -> None:
    assert "did you mean" in values_of(LINES, study=2024)[1][0]
    assert values_of(LINES, names=[1])[0] == {}
    assert "expected str" in values_of(CUTOFF, cutoff=True)[1][0]


def test_the_default_is_allowed_though_the_choice_lacks_it() -> None:
    line = 'cohort: str = ""  # which cohort [ddti|uci_thyroid]'
    assert values_of(line, cohort="") == ({"cohort": ""}, [])
    assert values_of(line, cohort="dti")[1]


def test_published_studies_are_the_folders_of_tables(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.published / "demo2025").mkdir(parents=True)
    line = 'study: str = "demo2025"  # which paper [published]'
    assert check_values(parse(line, "cell"), {"study": "demo2025"}, project)[1] == []
    problem = check_values(parse(line, "cell"), {"study": "li2024"}, project)[1][0]
    assert "demo2025" in problem


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("1e-3", 0.001), ("true", True), ("[a, b]", ["a", "b"]), ("li2024", "li2024")],
)
def test_a_value_of_the_command_line_is_read_as_yaml(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_a_missing_notebook_is_named_with_the_nearest(
    parameters_cell: Callable[[str], Path],
) -> None:
    notebook = parameters_cell(LINES)
    with pytest.raises(ParameterError, match="did you mean 'page'"):
        declared(notebook.with_stem("pgae"))

"""A profile that cannot be run says everything that is wrong with it."""

import pytest
import yaml

from ptclnm.book.profiles import load_profile
from ptclnm.book.project import Project
from ptclnm.errors import ParameterError
from ptclnm.paths import PROFILES


@pytest.mark.parametrize("name", [path.stem for path in sorted(PROFILES.glob("*.yml"))])
def test_every_profile_of_the_book_follows_the_schema(name: str) -> None:
    assert load_profile(name, Project()).pages


def test_an_unknown_profile_is_named_with_the_nearest(small: Project) -> None:
    with pytest.raises(ParameterError, match="did you mean 'quick'"):
        load_profile("quik", small)


def test_schema_errors_are_told_at_once(small: Project) -> None:
    pages = [
        {"page": "one/two", "notebook": "first", "title": "T", "part": "P"},
        {"page": "three", "notebok": "first", "title": 3, "part": "P"},
    ]
    path = small.profiles / "quick.yml"
    path.write_text(yaml.safe_dump({"title": "T", "pages": pages}), encoding="utf-8")
    with pytest.raises(ParameterError) as error:
        load_profile("quick", small)
    told = "\n".join(error.value.problems)
    assert "pages[1]: page is 'one/two'" in told
    assert "pages[2]: unknown key 'notebok': did you mean 'notebook'" in told
    assert "pages[2]: title is 3" in told


def test_pages_are_unique_have_notebooks_and_hide_no_prose(small: Project) -> None:
    page = {"notebook": "first", "title": "T", "part": "P"}
    pages = [
        {**page, "page": "one"},
        {**page, "page": "one"},
        {**page, "page": "index"},
        {**page, "page": "two", "notebook": "frist"},
    ]
    path = small.profiles / "quick.yml"
    path.write_text(yaml.safe_dump({"title": "T", "pages": pages}), encoding="utf-8")
    with pytest.raises(ParameterError) as error:
        load_profile("quick", small)
    assert len(error.value.problems) == 3
    assert "did you mean 'first'" in error.value.problems[2]


def test_a_profile_like_another_has_its_pages_with_other_parameters(small: Project) -> None:
    """Changes of a page go before those of its notebook; what is not changed stays."""
    small.profile_of(
        small.entry("one", "first", study="a", number=5),
        small.entry("two", "first", study="b", number=6),
        small.entry("three", "second", number=7),
    )
    text = {
        "title": "Tiny", "like": "quick",
        "changes": {"first": {"number": 1}, "two": {"number": 2}},
    }  # fmt: skip
    (small.profiles / "tiny.yml").write_text(yaml.safe_dump(text), encoding="utf-8")
    quick, tiny = load_profile("quick", small), load_profile("tiny", small)
    assert [s.page for s in tiny.pages] == [s.page for s in quick.pages] == ["one", "two", "three"]
    assert [spec.parameters for spec in tiny.pages] == [
        {"study": "a", "number": 1}, {"study": "b", "number": 2}, {"number": 7}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"like": "quick", "changes": {"frist": {}}}, "did you mean 'first'"),
        ({"like": "quik"}, "did you mean 'quick'"),
        ({"like": "tiny"}, "a profile that does"),
        ({"changes": {"first": {}}}, "name as 'like'"),
        ({}, "list the pages"),
    ],
)
def test_what_is_wrong_with_a_profile_like_another(small: Project, content, word) -> None:
    path = small.profiles / "tiny.yml"
    path.write_text(yaml.safe_dump({"title": "Tiny"} | content), encoding="utf-8")
    with pytest.raises(ParameterError, match=word):
        load_profile("tiny", small)

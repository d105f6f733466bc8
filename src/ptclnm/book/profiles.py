"""Profiles: which notebooks a book runs, in which order and with which parameters."""

from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ptclnm.book.project import Project
from ptclnm.errors import ParameterError, model_problems, nearest


class PageSpec(BaseModel):
    """One page of a profile: a notebook with parameters.

    Parameters
    ----------
    page : str
        Unique name; the executed notebook and its results folder have it.
    notebook : str
        Name of the notebook, without folder and suffix.
    title : str
        Heading of the page.
    part : str
        Part of the book that the page stands in.
    parameters : dict
        Values that differ from the notebook's own.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    page: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    notebook: str
    title: str = Field(min_length=1)
    part: str = Field(min_length=1)
    parameters: dict[str, Any] = {}


class _ProfileFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: str
    pages: list[PageSpec] = []
    like: str = ""
    changes: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True)
class Profile:
    """A list of pages that make a book.

    Parameters
    ----------
    name, title : str
        File name without suffix, and what pages call it.
    pages : tuple of PageSpec
        In reading order.
    """

    name: str
    title: str
    pages: tuple[PageSpec, ...]


def load_profile(name: str, project: Project) -> Profile:
    """Read a profile from ``book/profiles``.

    A file lists its ``pages``, or names the profile that it is ``like``: then it has the pages of
    that one. ``changes`` to their parameters are given by notebook or by page; a page's go first.

    Parameters
    ----------
    name : str
        File name without suffix.
    project : Project
        Where profiles and notebooks are.

    Returns
    -------
    Profile
        With unique page names and existing notebooks.

    Raises
    ------
    ParameterError
        If there is no such profile, or listing every field that breaks the schema.
    """
    read, where = _read(name, project)
    base = _read(read.like, project)[0] if read.like else read
    if bool(read.like) == bool(read.pages) or not base.pages:
        line = "list the pages under 'pages', or name as 'like' a profile that does; not both"
        raise ParameterError(where, [line])
    known = {word for spec in base.pages for word in (spec.page, spec.notebook)}
    if unknown := [key for key in read.changes if key not in known]:
        lines = [
            f"changes.{key}: no such page or notebook; {nearest(key, known)}" for key in unknown
        ]
        raise ParameterError(where, lines)
    pages = []
    for spec in base.pages:
        own = read.changes.get(spec.notebook, {}) | read.changes.get(spec.page, {})
        pages.append(spec.model_copy(update={"parameters": spec.parameters | own}))
    return Profile(name, read.title, tuple(pages))


def _read(name: str, project: Project) -> tuple[_ProfileFile, str]:
    """Read a profile's file and check it; give its path for errors too."""
    path = project.profiles / f"{name}.yml"
    if not path.is_file():
        names = [found.stem for found in project.profiles.glob("*.yml")]
        raise ParameterError("profile", [f"no profile {name!r}; {nearest(name, names)}"])
    try:
        read = _ProfileFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ParameterError(str(path), [" ".join(str(error).split())]) from error
    except ValidationError as error:
        raise ParameterError(str(path), model_problems(error, _ProfileFile)) from error
    if problems := _problems(read.pages, project):
        raise ParameterError(str(path), problems)
    return read, str(path)


def _problems(pages: list[PageSpec], project: Project) -> list[str]:
    names = [spec.page for spec in pages]
    prose = {path.stem for path in project.book.glob("*.md")}
    notebooks = {path.stem for path in project.notebooks.glob("*.ipynb")}
    repeated = sorted({name for name in names if names.count(name) > 1})
    return [
        *(f"page {name!r} is listed more than once" for name in repeated),
        *(f"page {name!r} has the name of a prose page" for name in names if name in prose),
        *(f"page {spec.page!r}: no notebook {spec.notebook!r}; {nearest(spec.notebook, notebooks)}"
          for spec in pages if spec.notebook not in notebooks),
    ]  # fmt: skip

"""Profiles: which notebooks a book runs, in which order and with which parameters."""

from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ptclnm.book.project import Project
from ptclnm.errors import ParameterError, nearest


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
    parameters: dict[str, Any] = {}
    pages: list[PageSpec] = Field(min_length=1)


@dataclass(frozen=True)
class Profile:
    """A list of pages that make a book.

    Parameters
    ----------
    name, title : str
        File name without suffix, and what pages call it.
    parameters : dict
        Values given to each notebook that declares them.
    pages : tuple of PageSpec
        In reading order.
    """

    name: str
    title: str
    parameters: dict[str, Any]
    pages: tuple[PageSpec, ...]


def load_profile(name: str, project: Project) -> Profile:
    """Read a profile from ``book/profiles``.

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
    path = project.profiles / f"{name}.yml"
    if not path.is_file():
        names = [found.stem for found in project.profiles.glob("*.yml")]
        raise ParameterError("profile", [f"no profile {name!r}; {nearest(name, names)}"])
    try:
        read = _ProfileFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ParameterError(str(path), [" ".join(str(error).split())]) from error
    except ValidationError as error:
        raise ParameterError(str(path), map(_phrase, error.errors())) from error
    if problems := _problems(read.pages, project):
        raise ParameterError(str(path), problems)
    return Profile(name, read.title, read.parameters, tuple(read.pages))


def _phrase(error: Any) -> str:
    place = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        fields = _ProfileFile if len(error["loc"]) == 1 else PageSpec
        return f"{place}: no such field; {nearest(str(error['loc'][-1]), fields.model_fields)}"
    return f"{place or 'file'}: {error['msg']}"


def _problems(pages: list[PageSpec], project: Project) -> list[str]:
    names = [spec.page for spec in pages]
    prose = {path.stem for path in project.book.glob("*.md")} | {"status", "claims"}
    notebooks = {path.stem for path in project.notebooks.glob("*.ipynb")}
    repeated = sorted({name for name in names if names.count(name) > 1})
    absent = [spec for spec in pages if spec.notebook not in notebooks]
    return [
        *(f"page {name!r} is listed more than once" for name in repeated),
        *(f"page {name!r} has the name of a prose page" for name in names if name in prose),
        *(
            f"page {spec.page!r}: no notebook {spec.notebook!r}; "
            + nearest(spec.notebook, notebooks)
            for spec in absent
        ),
    ]

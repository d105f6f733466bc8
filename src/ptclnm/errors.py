"""Named errors: each says where, what was found, what is allowed and what to do."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:  # slow to import, and met here only when they have failed
    from pandera.errors import SchemaErrors
    from pydantic import BaseModel, ValidationError

# What pydantic's types of error allow, in words that need no Python.
ALLOWED = {
    **dict.fromkeys(("model_type", "dict_type"), "a mapping of keys to values"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false"),
}


class PtclnmError(Exception):
    """Base of every error that a user can mend."""


class ProblemsError(PtclnmError):
    """Several problems of one input, reported at once.

    Parameters
    ----------
    subject : str
        What was checked, e.g. a file's path.
    problems : iterable of str
        One line a problem.
    """

    def __init__(self, subject: str, problems: Iterable[str]) -> None:
        self.subject = subject
        self.problems = list(problems)
        count = len(self.problems)
        head = f"{subject}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  - {line}" for line in self.problems)]))


class ParameterError(ProblemsError):
    """Parameters of a notebook or profile that cannot be run with."""


class PublishedTableError(ProblemsError):
    """Transcribed tables that do not follow their schema."""


class ManifestError(ProblemsError):
    """A cohort manifest, or the files it names, that cannot be used."""


class MissingDataError(PtclnmError):
    """Data that are not on this machine; the message says how to get them."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Phrase the nearest allowed name and the whole choice.

    Parameters
    ----------
    word : str
        The name that was given.
    allowed : iterable of str
        The names that exist.

    Returns
    -------
    str
        ``"did you mean 'x'? Allowed: x, y"``; without a near name, only the second part.
    """
    names = sorted(map(str, allowed))
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(names) or 'none'}."


def shown(value: object) -> str:
    """Show a value that was found, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def whole_problem(name: str, value: object, low: int) -> str:
    """Say what is wrong with a value that is to be a whole number.

    Parameters
    ----------
    name : str
        Of the parameter.
    value : object
        What was given; true and false are no numbers.
    low : int
        Least value that is allowed.

    Returns
    -------
    str
        E.g. ``epochs is 0; allowed: a whole number from 1``; empty where nothing is wrong.
    """
    good = isinstance(value, Integral) and not isinstance(value, bool) and value >= low
    return "" if good else f"{name} is {value!r}; allowed: a whole number from {low}"


def checked_whole(subject: str, name: str, value: object, low: int) -> int:
    """Return a whole number, or raise ParameterError with the line of `whole_problem`."""
    if problem := whole_problem(name, value, low):
        raise ParameterError(subject, [problem])
    return int(value)


def real_problem(name: str, value: object, low: float, high: float, above: bool = False) -> str:
    """Say what is wrong with a value that is to be a number between two limits.

    Parameters
    ----------
    name, value
        As for `whole_problem`.
    low, high : float
        Limits, both allowed.
    above : bool
        Whether `low` itself is not allowed.

    Returns
    -------
    str
        E.g. ``lr is 2; allowed: above 0 to 1``; empty where nothing is wrong. NaN is wrong.
    """
    good = isinstance(value, Real) and not isinstance(value, bool) and low <= value <= high
    if good and not (above and value == low):
        return ""
    return f"{name} is {value!r}; allowed: {'above ' if above else ''}{low:g} to {high:g}"


def choice_problem(name: str, value: object, allowed: Sequence[object]) -> str:
    """Say what is wrong with a value that is to be one of a few.

    Returns
    -------
    str
        E.g. ``policy is 'dorp': did you mean 'drop'? Allowed: drop, keep.``; empty where nothing
        is wrong.
    """
    return (
        "" if value in allowed else f"{name} is {value!r}: {nearest(str(value), map(str, allowed))}"
    )


def refuse(subject: str, *problems: str) -> None:
    """Raise ParameterError with the lines that are not empty, if there are any."""
    if lines := [line for line in problems if line]:
        raise ParameterError(subject, lines)


def number_problems(
    settings: object, whole: Mapping[str, int], real: Mapping[str, tuple] | None = None
) -> list[str]:
    """List what is wrong with the numbers among an object's settings.

    Parameters
    ----------
    settings : object
        With an attribute of each name.
    whole : mapping of str to int
        Least value of each whole number.
    real : mapping of str to tuple, optional
        Arguments of `real_problem` after the value: limits, and `above`.
    """
    lines = [whole_problem(name, getattr(settings, name), low) for name, low in whole.items()]
    for name, ends in (real or {}).items():
        lines.append(real_problem(name, getattr(settings, name), *ends))
    return [line for line in lines if line]


def model_problems(error: "ValidationError", model: "type[BaseModel]") -> list[str]:
    """Phrase what a pydantic model refuses.

    Parameters
    ----------
    error : ValidationError
        A validator's ValueError that starts with ``allowed: `` is taken as what its field allows,
        any other as a sentence of its own, or as several on as many lines.
    model : type of BaseModel
        The model, for the names of its fields.

    Returns
    -------
    list of str
        E.g. ``split: internal is 1; allowed: a number above 0 and below 1``. Keys that do not
        exist come first: they tell why another is missing.
    """
    items = sorted(error.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
    return [line for item in items for line in _model_lines(item, model)]


def _model_lines(item: Any, model: "type[BaseModel]") -> list[str]:
    *outer, last = item["loc"] or ("it",)
    key = f"entry {last + 1}" if isinstance(last, int) else last
    head, kind = _head(outer), item["type"]
    if kind == "missing":
        return [f"{head}{key} is missing"]
    if kind == "extra_forbidden":
        return [f"{head}unknown key {shown(key)}: {nearest(key, _fields(model, outer))[:-1]}"]
    allowed = f"allowed: {ALLOWED.get(kind) or item['msg'].removeprefix('Input should be ')}"
    if kind == "literal_error":
        words = re.findall("'([^']*)'", item["ctx"]["expected"])
        return [f"{head}{key} is {shown(item['input'])}: {nearest(str(item['input']), words)[:-1]}"]
    if kind == "value_error":
        allowed = str(item["ctx"]["error"])
        if not allowed.startswith("allowed: "):
            return [_head(item["loc"]) + line for line in allowed.splitlines()]
    return [f"{head}{key} is {shown(item['input'])}; {allowed}"]


def _head(place: Sequence[str | int]) -> str:
    """Phrase where something stands: ``columns.clinical[2]: ``, counted from 1."""
    steps = (f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).lstrip(".") + (": " if place else "")


def _fields(model: Any, place: Sequence[str | int]) -> Iterable[str]:
    """Names of the fields of the model that stands at a place within another."""
    for step in place:
        if step in model.model_fields:
            kind = model.model_fields[step].annotation
            kinds = (kind, *get_args(kind))
            model = next((k for k in kinds if hasattr(k, "model_fields")), model)
    return model.model_fields


def table_problems(error: "SchemaErrors", first_row: int = 2, remedy: str = "") -> list[str]:
    """Phrase what a pandera schema refuses.

    Parameters
    ----------
    error : SchemaErrors
        Of a lazy validation. The error text of each check says what is allowed.
    first_row : int
        What the row of index 0 is called; 2 where a file's header is row 1.
    remedy : str
        What to do about a column that is missing; all that are needed where not given.

    Returns
    -------
    list of str
        E.g. ``row 3, column 'Age': found '270'; allowed: 1 to 120``, by column and row.
    """
    columns, cases = list(error.schema.columns), error.failure_cases
    absent = "column_in_dataframe" in set(cases["check"])
    lines: dict[str, tuple[int, float]] = {}
    for case in cases.itertuples():
        value = getattr(case.failure_case, "item", lambda case=case: case.failure_case)()
        whole = case.index is None or case.index != case.index
        row, place = -1 if whole else int(case.index) + first_row, -1
        where = "every row" if whole else f"row {row}"
        if case.check == "column_in_dataframe":
            line = f"no column {value!r}; {remedy or 'needed: ' + ', '.join(columns)}"
        elif case.check == "column_in_schema":
            line = f"unknown column {value!r}: {nearest(value, columns).rstrip('.')}"
        elif case.schema_context == "Column":
            place = columns.index(case.column)
            line = f"{where}, column {case.column!r}: found {shown(value)}; {case.check}"
        elif absent:
            continue  # a check of several columns cannot be made without one of them
        else:
            place, line = len(columns), f"{where}: {case.check}"
        lines.setdefault(line, (place, row))
    return sorted(lines, key=lines.__getitem__)

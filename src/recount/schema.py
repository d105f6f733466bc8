"""What the CSVs of a study's folder must hold; every problem is reported at once."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import pandas as pd
import pandera.pandas as pa
from pydantic import AfterValidator, BaseModel, Field, PositiveInt, ValidationError

from recount.printed import NUMBER

CELL_METRICS = ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1")
METRICS = ("auc", "auc_low", "auc_high", *CELL_METRICS)
COUNT_STATISTICS = ("count", "percent", "mean", "sd", "p")
COMPARISONS = (
    "p", "p_below", "auc_difference", "greater_auc", "greater_accuracy", "not_significant",
)  # fmt: skip
ROLES = ("", "positive", "negative")
STATEMENTS = ("significant", "best_auc", "adds_more")
# Columns that a table may leave out, with what they then hold.
DEFAULTS = {
    "set_stated": "yes", "basis": "printed", "relation": "=", "premise": "", "inputs": "",
    "whole": "", "combine": "parts", "matter": "", "kind": "slip", "finding": "",
}  # fmt: skip
SOURCE = ("study", "where", "quote_hint")


class RecordError(ValueError):
    """Transcribed tables that do not follow their schema.

    Parameters
    ----------
    subject : str
        What was checked, e.g. a folder's path.
    problems : iterable of str
        One line a problem.
    """

    def __init__(self, subject: str, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        head = f"{subject}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  - {line}" for line in self.problems)]))


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Phrase the nearest allowed name and the whole choice.

    Examples
    --------
    >>> nearest("tets", ["test", "train"])
    "did you mean 'test'? Allowed: test, train."
    """
    names = sorted(map(str, allowed))
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(names) or 'none'}."


def is_number(text: str) -> bool:
    """Tell whether a cell is one plain decimal number."""
    return NUMBER.fullmatch(text) is not None


def is_fraction(text: str) -> bool:
    """Tell whether a cell is a number from 0 to 1."""
    return is_number(text) and 0 <= float(text) <= 1


def is_count(text: str) -> bool:
    """Tell whether a cell is a whole number of patients."""
    return text.isascii() and text.isdigit()


def each(test, error: str) -> pa.Check:
    """Check every cell of a column with a plain predicate."""
    return pa.Check(test, element_wise=True, error=error)


def choice(allowed: tuple[str, ...]) -> pa.Check:
    """Check that a cell is one of the allowed words."""
    words = ", ".join(word or "(empty)" for word in allowed)
    return pa.Check.isin(list(allowed), error=f"allowed: {words}")


FILLED = each(lambda text: text != "", "must not be empty")
WHOLE = each(lambda text: text == "" or is_count(text), "must be a whole number or empty")
FRACTION = each(is_fraction, "must be a number from 0 to 1")
ABOVE_CHANCE = each(lambda text: is_fraction(text) and 0.5 < float(text) < 1,
                    "must be a number above 0.5 and below 1")  # fmt: skip


def _count_value(frame: pd.DataFrame) -> pd.Series:
    tests = {
        "count": is_count,
        "percent": lambda text: is_number(text) and 0 <= float(text) <= 100,
        "mean": is_number,
        "sd": lambda text: is_number(text) and float(text) >= 0,
        "p": lambda text: is_fraction(text.removeprefix("<")),
    }
    pairs = zip(frame["statistic"], frame["value"], strict=True)
    return pd.Series([tests.get(name, is_number)(text) for name, text in pairs], frame.index)


def _comparison_value(frame: pd.DataFrame) -> pd.Series:
    bare = frame["statistic"].isin(["greater_auc", "greater_accuracy", "not_significant"])
    return frame["value"].map(is_fraction) | (bare & (frame["value"] == ""))


def _schema(columns: dict, unique: list[str] | None = None, **settings) -> pa.DataFrameSchema:
    source = dict.fromkeys(SOURCE, [FILLED])
    every = {
        name: pa.Column(str, checks, required=name not in DEFAULTS)
        for name, checks in (source | columns).items()
    }
    return pa.DataFrameSchema(
        every, unique=unique, report_duplicates="exclude_first", strict=True, **settings
    )


SCHEMAS = {
    "groups": _schema(
        {"group": [FILLED], "parent": [], "role": [choice(ROLES)], "n": [WHOLE]}, ["group"]
    ),
    "counts": _schema(
        {
            "variable": [FILLED], "level": [], "group": [FILLED],
            "statistic": [choice(COUNT_STATISTICS)], "value": [FILLED],
        },
        ["where", "variable", "level", "group", "statistic"],
        checks=pa.Check(_count_value, error="value does not parse as its statistic"),
    ),
    "performance": _schema(
        {
            "evaluation_set": [FILLED], "set_stated": [choice(("yes", "no"))], "model": [FILLED],
            "metric": [choice(METRICS)], "value": [FRACTION],
        },
        ["where", "evaluation_set", "model", "metric"],
    ),
    "comparisons": _schema(
        {
            "model_a": [FILLED], "set_a": [FILLED], "model_b": [FILLED], "set_b": [FILLED],
            "statistic": [choice(COMPARISONS)], "value": [],
        },
        checks=pa.Check(_comparison_value, error="value must be a number from 0 to 1"),
    ),
    "features": _schema({"quantity": [FILLED], "value": [each(is_count, "must be a count")]}),
    "design": _schema(
        {
            "model": [FILLED], "training_group": [FILLED],
            "predictors": [each(lambda text: is_count(text) and int(text) > 0, "must be above 0")],
            "auc": [ABOVE_CHANCE],
            "basis": [choice(("printed", "counted"))], "inputs": [],
        }
    ),
    "relations": _schema(
        {
            "quantity": [FILLED], "total": [FILLED], "parts": [FILLED],
            "relation": [choice(("=", "<="))], "premise": [],
        }
    ),
    "statements": _schema(
        {
            "statement": [choice(STATEMENTS)], "evaluation_set": [FILLED], "model_a": [FILLED],
            "model_b": [FILLED], "whole": [], "premise": [],
        }
    ),
    "claims": pa.DataFrameSchema(
        {
            **{name: pa.Column(str, [FILLED]) for name in ("claim_id", "where", "quantity")},
            "reported": pa.Column(str), "check": pa.Column(str), "settled_by": pa.Column(str),
            "headline": pa.Column(str, [choice(("yes", "no"))]),
            "combine": pa.Column(str, [choice(("parts", "alternatives"))], required=False),
            "kind": pa.Column(str, [choice(("slip", "substance"))], required=False),
            **{name: pa.Column(str, required=False) for name in ("matter", "finding")},
        },
        unique=["claim_id"], report_duplicates="exclude_first", strict=True,
    ),
}  # fmt: skip
REQUIRED = ("groups", "counts", "performance")
OPTIONAL = {name: list(schema.columns) for name, schema in SCHEMAS.items() if name not in REQUIRED}


def _ascending(pair: list[int]) -> list[int]:
    if pair[0] > pair[1]:
        raise ValueError(pair)
    return pair


Pair = Annotated[list[PositiveInt], Field(min_length=2, max_length=2)]
Names = list[Annotated[str, Field(min_length=1)]]


class RandomSplit(BaseModel, extra="forbid", strict=True):
    """Two sets that were drawn from one: where it says so, and in what ratio."""

    sets: Annotated[Names, Field(min_length=2, max_length=2)]
    where: str
    stated: bool
    ratio: Pair = None


Text = Annotated[str, Field(min_length=1, description="text; put it in quotes")]


class About(BaseModel, extra="forbid", strict=True):
    """Keys of ``study.yml``: those that it needs, then those that it may have."""

    name: Text
    title: Text
    citation: Text
    doi: Text
    endpoint: Text
    positive: Text
    negative: Text
    summary: Text
    text: Text
    images_per_patient: Annotated[Pair, AfterValidator(_ascending)] = Field(
        None, description="fewest and most images of a patient, such as [1, 3]"
    )
    readers: Names = Field([], description="a list of models of performance.csv")
    whole_numbers: Names = Field([], description="a list of variables of counts.csv")
    known_after: Names = Field([], description="a list of variables of counts.csv")
    random_split: RandomSplit = Field(
        None,
        description="sets (two), where, stated (true or false) and perhaps ratio, such as [7, 3]",
    )
    network: str = Field("", description="the name of a network of torchvision")


STUDY_KEYS = tuple(name for name, field in About.model_fields.items() if field.is_required())


def about_problems(about: dict[str, object]) -> list[str]:
    """List what is wrong with the keys of ``study.yml``, one line a key."""
    try:
        About.model_validate(about)
    except ValidationError as error:
        found = dict.fromkeys(str(one["loc"][0]) for one in error.errors())
        return [f"study.yml: {_about_line(about, key)}" for key in found]
    return []


def _about_line(about: dict[str, object], key: str) -> str:
    if key not in About.model_fields:
        return f"unknown key {key!r}; {nearest(key, About.model_fields)}"
    if key not in about:
        return f"{key!r} is missing"
    return f"{key!r} is {about[key]!r}; needed: {About.model_fields[key].description}"


def _line(file: Path, failure: pd.Series, columns: list[str]) -> str:
    column, check, found = failure["column"], str(failure["check"]), failure["failure_case"]
    if check == "column_in_dataframe":
        return f"{file.name}: column {found!r} is missing; needed: {', '.join(columns)}"
    if check == "column_in_schema":
        return f"{file.name}: unknown column {found!r}; {nearest(str(found), columns)}"
    row = f"row {int(failure['index']) + 2}" if pd.notna(failure["index"]) else "every row"
    if check == "multiple_fields_uniqueness":
        return f"{file.name}, {row}, column {column!r}: {found!r} was given by an earlier row"
    hint = ""
    if check.startswith("allowed: "):
        hint = f" ({nearest(str(found), check.removeprefix('allowed: ').split(', '))})"
        check = "unknown word"
    return f"{file.name}, {row}, column {column!r}: found {found!r}; {check}{hint}"


def _one_line_a_row(failures: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Keep one cell of the checks that look at a whole record: its value, or its last key."""
    whole = failures["schema_context"].eq("DataFrameSchema") & failures["index"].notna()
    repeated = failures["check"].eq("multiple_fields_uniqueness")
    key = failures["column"].eq(schema.unique[-1] if schema.unique else "")
    return failures[~whole | (repeated & key) | (~repeated & failures["column"].eq("value"))]


def problems(frame: pd.DataFrame, file: Path, name: str) -> list[str]:
    """List what is wrong with one table.

    Parameters
    ----------
    frame : DataFrame
        All columns as text, as read from `file`.
    file : Path
        Where it was read from; named in each line with row and column.
    name : str
        Which table it is, a key of ``SCHEMAS``.

    Returns
    -------
    list of str
        One line a problem; empty where the table is sound.
    """
    schema = SCHEMAS[name]
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        failures = _one_line_a_row(error.failure_cases, schema)
        lines = [_line(file, row, list(schema.columns)) for _, row in failures.iterrows()]
        return list(dict.fromkeys(lines))
    return []

"""The manifest of a reader's own cohort: one plain YAML file, read strictly."""

import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ptclnm.cohorts.own.problems import Problem, UnreadableError
from ptclnm.cohorts.schema import COLUMNS, SPLITS
from ptclnm.errors import model_problems
from ptclnm.pictures.header import is_file, is_folder
from ptclnm.pictures.read import MAX_COLOUR

MAX_BYTES = 256 * 1024
# Limits where the manifest gives none; a name is told by its words.
HUMAN_RANGES = {"age": (0.0, 120.0), "size": (0.0, 200.0), "diameter": (0.0, 200.0)}
# How patients come into sets, and what else each way needs.
SPLIT_KINDS = {"column": {"map"}, "ratio": {"seed"}, "by_center": {"internal", "seed"}}
HINTS = {"columns.split": "name the column as split: {column: ..., map: ...} instead"}


class YamlError(Exception):
    """A file that is no plain YAML; the message says why."""


class _PlainLoader(yaml.SafeLoader):
    """`yaml.SafeLoader` with less: no tags, no anchors, no repeated keys.

    Words are booleans only as ``true`` and ``false``, so that a label ``no`` stays text, and
    there are no dates.
    """

    yaml_implicit_resolvers: dict = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.YAMLError(f"anchors and aliases are not allowed{event.start_mark}")
        if getattr(event, "tag", None):
            raise yaml.YAMLError(f"tags are not allowed{event.start_mark}")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [str(self.construct_object(key, deep=True)) for key, _ in node.value]
        if repeated := sorted(_repeated(keys)):
            raise yaml.YAMLError(f"key {repeated[0]!r} is given twice{node.start_mark}")
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]{1,18}", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]{1,3})?", "-+0123456789."),
    ("null", r"~|null|", ["~", "n", ""]),
):
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def load_plain_yaml(path: Path) -> Any:
    """Load a YAML file's mapping.

    Parameters
    ----------
    path : Path
        UTF-8, at most 256 KiB.

    Returns
    -------
    object
        Mappings, lists, text, whole numbers, real numbers, booleans and None.

    Raises
    ------
    YamlError
        If the file is missing, too large, not UTF-8 or not plain YAML.
    """
    if not is_file(path):
        raise YamlError("there is no such file")
    if path.stat().st_size > MAX_BYTES:
        raise YamlError(f"it has more than {MAX_BYTES:,} bytes")
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_PlainLoader)  # noqa: S506
    except UnicodeDecodeError as error:
        raise YamlError(f"it is not UTF-8 (byte {error.start + 1})") from error
    except RecursionError:
        raise YamlError("it is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise YamlError("it is no plain YAML: " + " ".join(str(error).split())[:300]) from error


def canonical(value: Any) -> str:
    """Bring a label's value to the form in which manifest and CSV are compared.

    Parameters
    ----------
    value : object
        Text, number or boolean.

    Returns
    -------
    str
        Without surrounding spaces and in lower case; ``1``, ``1.0`` and ``"01"`` are the same.
    """
    text = str(value).strip().casefold()
    try:
        number = float(text)
    except ValueError:
        return text
    return f"{number:.12g}" if math.isfinite(number) else text


def _repeated(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _refuse(lines: Iterable[str]) -> None:
    """Raise all lines as one error, if there are any."""
    if text := "\n".join(lines):
        raise ValueError(text)


def _that(test: Callable[[Any], bool], allowed: str) -> BeforeValidator:
    """Let pass what passes a test, and say what is allowed."""

    def check(value: Any) -> Any:
        if not test(value):
            raise ValueError(f"allowed: {allowed}")
        return value

    return BeforeValidator(check)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)  # true and false are none


def _is_whole(value: Any, low: int, high: int = 2**32 - 1) -> bool:
    return type(value) is int and low <= value <= high


def _is_pair(value: Any) -> bool:
    numbers = isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
    return numbers and -math.inf < value[0] < value[1] < math.inf


def _line(value: Any) -> str:
    # 2024 may be a column's or a cohort's name.
    text = str(value).strip() if isinstance(value, str | int) else ""
    if not text or len(text) > 500 or not text.isprintable():
        raise ValueError("allowed: text of one line")
    return text


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, str | int | float) and str(v).strip() for v in values):
        raise ValueError("allowed: a value or a list of values")
    # YAML's true, not Python's True.
    return [str(v).lower() if isinstance(v, bool) else str(v).strip() for v in values]


def _labels(value: Any) -> frozenset[str]:
    return frozenset(map(canonical, _texts(value)))


def _short_name(value: Any, info: ValidationInfo) -> str:
    text = info.context.stem if value is None else _line(value)
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "own"


def _beside(value: Any, info: ValidationInfo) -> Path:
    """Take a path as relative to the manifest's folder."""
    return info.context.parent / _line(value)


Line = Annotated[str, BeforeValidator(_line)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Labels = Annotated[frozenset[str], BeforeValidator(_labels)]
Beside = Annotated[Path, BeforeValidator(_beside)]
Fraction = Annotated[
    float, _that(lambda v: _is_number(v) and 0 < v < 1, "a number above 0 and below 1")
]
Seed = Annotated[int, _that(lambda v: _is_whole(v, 0), "a whole number from 0")]
RoiPixels = Annotated[int, _that(lambda v: _is_whole(v, 16), "a whole number from 16")]
Limits = Annotated[tuple[float, float], _that(_is_pair, "[lowest, highest]")]
MaskLabel = Annotated[
    int | str,
    _that(
        lambda v: v == "any" or _is_whole(v, 1, 65_535), "a whole number from 1 to 65535, or any"
    ),
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _given(cls, content: Any) -> Any:
        """Take keys as text; an empty value is none given, but for a number."""
        if not isinstance(content, dict):
            return content
        fields = {k: f for k, f in cls.model_fields.items() if type(f.default) not in (int, float)}
        named = {str(key): value for key, value in content.items()}
        return {k: value for k, value in named.items() if value is not None or k not in fields}


class Clinical(_Section):
    """One clinical column: its name in the CSV, its name in the cohort, kind and limits."""

    column: Line
    name: Line = ""
    kind: Literal["numeric", "categorical"]
    range: Limits | None = None

    @model_validator(mode="after")
    def _completed(self) -> "Clinical":
        """Name it as in the CSV where it has no other name."""
        if self.range and self.kind == "categorical":
            raise ValueError("range is for kind: numeric")
        return self if self.name else self.model_copy(update={"name": self.column})

    @property
    def limits(self) -> tuple[float, float] | None:
        """The range, or a human one by the words of the name; None where there is neither."""
        words = [] if self.kind == "categorical" else re.split("[-_ ]", self.name.lower())
        return self.range or next((HUMAN_RANGES[w] for w in words if w in HUMAN_RANGES), None)

    def settings(self) -> dict[str, Any]:
        """As in `Manifest.settings`."""
        low, high = self.limits or (None, None)
        return self.model_dump(exclude={"range"}) | {"low": low, "high": high}


class Columns(_Section):
    """Names of the CSV's columns; empty where the manifest gives none."""

    patient: Line
    image: Line
    mask: Line
    label: Line
    image_id: Line = ""
    center: Line = ""
    clinical: tuple[Clinical, ...] = ()

    @field_validator("clinical")
    @classmethod
    def _names_apart(cls, clinical: tuple[Clinical, ...]) -> tuple[Clinical, ...]:
        names = [c.name for c in clinical]
        taken = sorted(_repeated(names) | set(names) & set(COLUMNS))
        _refuse(f"name {name!r} is taken; give the column another name:" for name in taken)
        return clinical


class Centers(_Section):
    """Centres that are divided into training and internal validation, and external ones."""

    train: Texts
    external: Texts

    @model_validator(mode="after")
    def _apart(self) -> "Centers":
        both = sorted(set(self.train) & set(self.external))
        _refuse(f"centre {name!r} is both in train and in external" for name in both)
        return self


class Split(_Section):
    """How patients come into sets: by a column, at random, or by centre."""

    column: Line = ""
    map: dict[Line, Literal[SPLITS]] = dict(zip(SPLITS, SPLITS, strict=True))
    ratio: Fraction = 0.7
    by_center: Centers = Centers.model_construct(train=(), external=())
    internal: Fraction = 0.3
    seed: Seed = 0

    @model_validator(mode="after")
    def _one_kind(self) -> "Split":
        given = self.model_fields_set
        if len(given & set(SPLIT_KINDS)) != 1:
            needed = "column (with map), ratio, by_center (with internal)"
            raise ValueError(f"it needs exactly one of {needed}")
        lost = sorted(given - SPLIT_KINDS[self.kind] - {self.kind})
        _refuse(f"{key} does not go with {self.kind}" for key in lost)
        return self

    @property
    def kind(self) -> str:
        """The key of ``SPLIT_KINDS`` that is given."""
        return next(kind for kind in SPLIT_KINDS if kind in self.model_fields_set)

    def settings(self) -> dict[str, Any]:
        """As in `Manifest.settings`; the map only where it is used."""
        plain = self.model_dump(include={"column", "ratio", "internal", "seed"})
        values = list(self.map.items()) if self.kind == "column" else []
        return plain | self.by_center.model_dump() | {"kind": self.kind, "values": values}


class Options(_Section):
    """Limits that a reader may move."""

    min_roi_pixels: RoiPixels = 64
    max_colour: Fraction = MAX_COLOUR


class Manifest(_Section):
    """A manifest that follows its schema.

    Parameters
    ----------
    title, endpoint, name : str
        As in `Cohort`.
    csv, root : Path
        The CSV and the folder that images and masks stay under; absolute.
    columns : Columns
        Where the CSV holds what.
    positive, negative, exclude : frozenset of str
        Values of the label, in the form of `canonical`.
    mask_label : int or str
        Value of the ROI's pixels, or ``"any"`` for all above 0.
    split : Split
        How patients come into sets.
    options : Options
        Limits.
    """

    title: Line
    endpoint: Line
    name: Annotated[str, BeforeValidator(_short_name)] = Field(None, validate_default=True)
    csv: Beside
    root: Beside = Field(".", validate_default=True)
    columns: Columns
    positive: Labels
    negative: Labels
    exclude: Labels = frozenset()
    mask_label: MaskLabel
    split: Split
    options: Options = Options()
    _file: str = PrivateAttr()

    def model_post_init(self, context: Path) -> None:
        """Keep the manifest's own name, which no key of it gives."""
        self._file = context.name

    @property
    def file(self) -> str:
        """Name of the manifest."""
        return self._file

    @field_validator("root")
    @classmethod
    def _is_there(cls, root: Path) -> Path:
        if not is_folder(root):
            raise ValueError("allowed: a folder, relative to the manifest's")
        return root

    @field_validator("negative", "exclude")
    @classmethod
    def _apart(cls, labels: frozenset[str], info: ValidationInfo) -> frozenset[str]:
        """Compare with the sets of labels before."""
        earlier = [info.data.get(name, frozenset()) for name in ("positive", "negative")]
        twice = sorted(labels & frozenset().union(*earlier))
        _refuse(f"label {v!r} is in two of positive, negative and exclude" for v in twice)
        return labels

    @field_validator("split")
    @classmethod
    def _has_centers(cls, split: Split, info: ValidationInfo) -> Split:
        columns = info.data.get("columns")
        if split.kind == "by_center" and columns and not columns.center:
            raise ValueError("by_center needs columns: center, which is missing")
        return split

    def settings(self) -> dict[str, Any]:
        """Whatever decides the cohort's contents, without any folder, as JSON."""
        sets = {k: sorted(getattr(self, k)) for k in ("positive", "negative", "exclude")}
        texts = {k: getattr(self, k) for k in ("title", "endpoint", "mask_label")}
        clinical = [c.settings() for c in self.columns.clinical]
        columns = self.columns.model_dump() | {"clinical": clinical}
        parts = {"split": self.split.settings(), "options": self.options.model_dump()}
        return {**texts, **sets, "columns": columns, **parts}


def read_manifest(path: Path) -> Manifest:
    """Read a manifest and check it against the schema.

    Parameters
    ----------
    path : Path
        The YAML file.

    Raises
    ------
    UnreadableError
        With all problems that the manifest alone can tell.
    """
    try:
        content = load_plain_yaml(path)
    except YamlError as error:
        raise UnreadableError([Problem("manifest_unreadable", path.name, str(error))]) from error
    try:
        return Manifest.model_validate(content, context=path.absolute())
    except ValidationError as error:
        lines = model_problems(error, Manifest, HINTS)
        raise UnreadableError(
            [Problem("manifest_key", path.name, line) for line in lines]
        ) from None

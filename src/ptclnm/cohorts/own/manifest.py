"""The manifest of a reader's own cohort: one plain YAML file, read strictly."""

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ptclnm.cohorts.own.problems import Problem, UnreadableError
from ptclnm.errors import model_problems
from ptclnm.pictures.read import MAX_COLOUR, is_there
from ptclnm.schema import COLUMNS, SPLITS

MAX_BYTES = 256 * 1024
# Limits where the manifest gives none; a name is told by its words.
HUMAN_RANGES = {"age": (0.0, 120.0), "size": (0.0, 200.0), "diameter": (0.0, 200.0)}
# How patients come into sets, and what else each way needs.
SPLIT_KINDS = {"column": {"map"}, "ratio": {"seed"}, "by_center": {"internal", "seed"}}
HINTS = {"columns.split": "name the column as split: {column: ..., map: ...} instead"}


class _PlainLoader(yaml.BaseLoader):
    """YAML with less: no tags, no anchors, no repeated keys, and every value is text.

    So a label ``no`` stays a word; what is to be a number is told by the manifest's fields.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.YAMLError(f"anchors and aliases are not allowed{event.start_mark}")
        if getattr(event, "tag", None):
            raise yaml.YAMLError(f"tags are not allowed{event.start_mark}")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        content = super().construct_mapping(node, deep)
        if len(content) < len(node.value):
            raise yaml.YAMLError(f"a key is given twice{node.start_mark}")
        return content


def load_plain_yaml(path: Path) -> Any:
    """Load a YAML file.

    Parameters
    ----------
    path : Path
        UTF-8, at most 256 KiB.

    Returns
    -------
    object
        Mappings and lists of text.

    Raises
    ------
    UnreadableError
        If the file is missing, too large, not UTF-8 or not plain YAML; it says why.
    """
    try:
        if not is_there(path):
            raise ValueError("there is no such file")
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_PlainLoader)  # noqa: S506
    except RecursionError:
        found = "it is nested too deeply"
    except yaml.YAMLError as error:
        found = "it is no plain YAML: " + " ".join(str(error).split())[:300]
    except ValueError as error:
        found = str(error)
    raise UnreadableError([Problem("manifest_unreadable", path.name, found)])


def canonical(text: str) -> str:
    """Bring a label's value to the form in which manifest and CSV are compared.

    Returns
    -------
    str
        Without surrounding spaces and in lower case; ``1``, ``1.0`` and ``01`` are the same.
    """
    text = text.strip().casefold()
    try:
        number = float(text)
    except ValueError:
        return text
    return f"{number:.12g}" if math.isfinite(number) else text


def _refuse(lines: Iterable[str]) -> None:
    """Raise all lines as one error, if there are any."""
    if text := "\n".join(lines):
        raise ValueError(text)


def _line(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > 500 or not text.isprintable():
        raise ValueError("allowed: text of one line")
    return text


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, str) and v.strip() for v in values):
        raise ValueError("allowed: a value or a list of values")
    return tuple(v.strip() for v in values)


def _limits(value: Any) -> tuple[float, float]:
    try:
        low, high = map(float, value if isinstance(value, list) else ())
    except (TypeError, ValueError):
        low = high = math.nan
    if not -math.inf < low < high < math.inf:
        raise ValueError("allowed: [lowest, highest]")
    return low, high


def _mask_label(value: Any) -> int | str:
    if value == "any":
        return value
    number = isinstance(value, str) and re.fullmatch("[0-9]{1,5}", value)
    if not number or not 1 <= int(value) <= 65_535:
        raise ValueError("allowed: a whole number from 1 to 65535, or any")
    return int(value)


def _short_name(value: Any, info: ValidationInfo) -> str:
    text = info.context.stem if value is None else _line(value)
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "own"


def _beside(value: Any, info: ValidationInfo) -> Path:
    """Take a path as relative to the manifest's folder."""
    return info.context.parent / _line(value)


Line = Annotated[str, BeforeValidator(_line)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Labels = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: sorted(set(map(canonical, _texts(value)))))
]
Beside = Annotated[Path, BeforeValidator(_beside)]
Fraction = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Limits = Annotated[tuple[float, float], BeforeValidator(_limits)]
MaskLabel = Annotated[int | str, BeforeValidator(_mask_label)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
    def limits(self) -> tuple[float, float]:
        """The range, or a human one by the words of the name, or none."""
        words = re.split("[-_ ]", self.name.lower())
        human = (HUMAN_RANGES[word] for word in words if word in HUMAN_RANGES)
        return self.range or next(human, (-math.inf, math.inf))


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
        taken = sorted({name for name in names if name in COLUMNS or names.count(name) > 1})
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
    by_center: Centers | None = None
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


class Options(_Section):
    """Limits that a reader may move."""

    min_roi_pixels: int = Field(64, ge=16)
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
    positive, negative, exclude : tuple of str
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
    exclude: Labels = ()
    mask_label: MaskLabel
    split: Split
    options: Options = Options()

    @field_validator("root")
    @classmethod
    def _is_there(cls, root: Path) -> Path:
        if not is_there(root, Path.is_dir):
            raise ValueError("allowed: a folder, relative to the manifest's")
        return root

    @field_validator("negative", "exclude")
    @classmethod
    def _apart(cls, labels: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Compare with the labels before."""
        earlier = {*info.data.get("positive", ()), *info.data.get("negative", ())}
        twice = [label for label in labels if label in earlier]
        _refuse(f"label {v!r} is in two of positive, negative and exclude" for v in twice)
        return labels

    @field_validator("split")
    @classmethod
    def _has_centers(cls, split: Split, info: ValidationInfo) -> Split:
        columns = info.data.get("columns")
        if split.kind == "by_center" and columns and not columns.center:
            raise ValueError("by_center needs columns: center, which is missing")
        return split


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
    content = load_plain_yaml(path)
    try:
        return Manifest.model_validate(content, context=path.absolute())
    except ValidationError as error:
        problems = model_problems(error, Manifest, HINTS)
    raise UnreadableError(Problem("manifest_key", path.name, line) for line in problems)

"""The manifest of a reader's own cohort: one plain YAML file, read strictly."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ptclnm.cohorts.own.problems import Problem, UnreadableError, read_bytes
from ptclnm.errors import model_problems
from ptclnm.pictures.read import is_there
from ptclnm.schema import COLUMNS, SPLITS

MAX_BYTES = 256 * 1024
# Limits where the manifest gives none; a name is told by its words.
HUMAN_RANGES = {"age": (0.0, 120.0), "size": (0.0, 200.0), "diameter": (0.0, 200.0)}
# How patients come into sets, and what else each way needs.
SPLIT_KINDS = {"column": {"map"}, "ratio": {"seed"}, "by_center": {"internal", "seed"}}


class _PlainLoader(yaml.BaseLoader):
    """YAML with less: no tags, no anchors, no repeated keys, and every value is text.

    So a label ``no`` stays a word; what is to be a number is told by the manifest's fields.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise yaml.YAMLError(f"tags, anchors and aliases are not allowed{event.start_mark}")
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
    content = read_bytes(path, MAX_BYTES, "manifest_unreadable")
    try:
        return yaml.load(content, Loader=_PlainLoader)  # noqa: S506
    except RecursionError:
        found = "it is nested too deeply"
    except yaml.YAMLError as error:
        found = "it is no plain YAML: " + " ".join(str(error).split())[:300]
    raise UnreadableError(Problem("manifest_unreadable", path.name, found))


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


def _apart(names: Iterable[str], said: str) -> None:
    """Refuse the names that are there more than once."""
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        raise ValueError("\n".join(said.format(repr(name)) for name in twice))


def _line(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > 500 or not text.isprintable():
        raise ValueError("allowed: text of one line")
    return text


def _labels(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(map(canonical, texts))))


def _limits(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError("allowed: [lowest, highest]")
    return ends


def _mask_label(value: Any) -> int | str:
    if (text := _line(value)) == "any":
        return text
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65_535:
        raise ValueError("allowed: a whole number from 1 to 65535, or any")
    return int(text)


def _beside(value: Any, info: ValidationInfo) -> Path:
    """Take a path as relative to the manifest's folder."""
    return info.context.parent / _line(value)


Line = Annotated[str, BeforeValidator(_line)]
Texts = Annotated[tuple[Line, ...], BeforeValidator(lambda v: v if isinstance(v, list) else [v])]
Labels = Annotated[Texts, AfterValidator(_labels)]
Beside = Annotated[Path, BeforeValidator(_beside)]
Fraction = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Limits = Annotated[tuple[FiniteFloat, FiniteFloat], AfterValidator(_limits)]
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
        names = (c.name for c in clinical)
        _apart((*COLUMNS, *names), "name {} is taken; give the column another name:")
        return clinical


class Centers(_Section):
    """Centres that are divided into training and internal validation, and external ones."""

    train: Texts
    external: Texts

    @model_validator(mode="after")
    def _sets_apart(self) -> "Centers":
        names = chain(set(self.train), set(self.external))
        _apart(names, "centre {} is both in train and in external")
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
        if lost := sorted(given - SPLIT_KINDS[self.kind] - {self.kind}):
            raise ValueError(f"{', '.join(lost)} does not go with {self.kind}")
        return self

    @property
    def kind(self) -> str:
        """The key of ``SPLIT_KINDS`` that is given."""
        return next(kind for kind in SPLIT_KINDS if kind in self.model_fields_set)


class Manifest(_Section):
    """A manifest that follows its schema.

    Parameters
    ----------
    title, endpoint : str
        As in `Cohort`.
    csv, root : Path
        The CSV and the folder that images and masks stay under; absolute.
    columns : Columns
        Where the CSV holds what.
    positive, negative, exclude : tuple of str
        Values of the label, in the form of `canonical`.
    mask_label : int or str
        Value of the ROI's pixels, or ``"any"`` for all above 0.
    lymph_nodes : bool
        Whether the endpoint is lymph-node metastasis.
    split : Split
        How patients come into sets.
    """

    title: Line
    endpoint: Line
    csv: Beside
    root: Beside = Field(".", validate_default=True)
    columns: Columns
    positive: Labels
    negative: Labels
    exclude: Labels = ()
    mask_label: MaskLabel
    lymph_nodes: bool = True
    split: Split

    @field_validator("root")
    @classmethod
    def _is_there(cls, root: Path) -> Path:
        if not is_there(root, Path.is_dir):
            raise ValueError("allowed: a folder, relative to the manifest's")
        return root

    @field_validator("negative", "exclude")
    @classmethod
    def _labels_apart(cls, labels: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Compare with the labels before."""
        earlier = info.data.get("positive", ()), info.data.get("negative", ())
        _apart(chain(*earlier, labels), "label {} is in two of positive, negative and exclude")
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
        problems = model_problems(error, Manifest)
    raise UnreadableError(*(Problem("manifest_key", path.name, line) for line in problems))

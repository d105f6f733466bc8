"""The manifest of a reader's own cohort: one YAML file, read strictly."""

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ptclnm.cohorts.own.problems import Problem
from ptclnm.cohorts.own.section import Section, canonical
from ptclnm.cohorts.own.yaml_file import YamlError, load_plain_yaml
from ptclnm.cohorts.schema import COLUMNS, SPLITS
from ptclnm.imaging.header import is_folder
from ptclnm.imaging.read import MAX_COLOUR

# Limits where the manifest gives none; a name is told by its words.
HUMAN_RANGES = {
    "age": (0.0, 120.0),
    "size": (0.0, 200.0),
    "diameter": (0.0, 200.0),
}
KINDS = ("numeric", "categorical")


@dataclass(frozen=True)
class Clinical:
    """One clinical column: its name in the CSV, its name in the cohort, kind and limits."""

    column: str
    name: str
    kind: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Columns:
    """Names of the CSV's columns; empty where the manifest gives none."""

    patient: str
    image: str
    mask: str
    label: str
    image_id: str = ""
    center: str = ""
    clinical: tuple[Clinical, ...] = ()


@dataclass(frozen=True)
class SplitRule:
    """How patients come into sets: by a column, at random, or by centre."""

    kind: str
    column: str = ""
    values: tuple[tuple[str, str], ...] = ()
    ratio: float = 0.7
    train: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    internal: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class Options:
    """Limits that a reader may move."""

    min_roi_pixels: int = 64
    max_colour: float = MAX_COLOUR


@dataclass(frozen=True)
class Manifest:
    """A manifest that follows its schema.

    Parameters
    ----------
    path, csv, root : Path
        The manifest, the CSV and the folder that images and masks stay under; absolute.
    name, title, endpoint : str
        As in `Cohort`.
    columns : Columns
        Where the CSV holds what.
    positive, negative, exclude : frozenset of str
        Values of the label, in the form of `canonical`.
    mask_label : int or str
        Value of the ROI's pixels, or ``"any"`` for all above 0.
    split : SplitRule
        How patients come into sets.
    options : Options
        Limits.
    """

    path: Path
    csv: Path
    root: Path
    name: str
    title: str
    endpoint: str
    columns: Columns
    positive: frozenset[str]
    negative: frozenset[str]
    mask_label: int | str
    split: SplitRule
    exclude: frozenset[str] = frozenset()
    options: Options = field(default_factory=Options)

    def settings(self) -> dict[str, Any]:
        """Whatever decides the cohort's contents, without any folder, as JSON."""
        sets = {k: sorted(getattr(self, k)) for k in ("positive", "negative", "exclude")}
        parts = {k: asdict(getattr(self, k)) for k in ("columns", "split", "options")}
        texts = {k: getattr(self, k) for k in ("title", "endpoint", "mask_label")}
        return {**texts, **sets, **parts}


def read_manifest(path: Path) -> tuple[Manifest | None, list[Problem]]:
    """Read a manifest and check it against the schema.

    Parameters
    ----------
    path : Path
        The YAML file.

    Returns
    -------
    manifest : Manifest or None
        None where there is any problem.
    problems : list of Problem
        All that the manifest alone can tell.
    """
    try:
        content = load_plain_yaml(path)
    except YamlError as error:
        return None, [Problem("manifest_unreadable", path.name, str(error))]
    problems: list[Problem] = []
    manifest = _manifest(content, path.absolute(), problems)
    return (None if problems else manifest), problems


def _manifest(content: Any, path: Path, problems: list[Problem]) -> Manifest:
    allowed = (
        "title endpoint csv root name columns positive negative exclude mask_label split options"
    )
    top = Section(content, "", allowed.split(), path.name, problems)
    manifest = Manifest(
        path=path,
        csv=path.parent / top.text("csv", required=True),
        root=path.parent / top.text("root", default="."),
        name=re.sub(r"[^A-Za-z0-9]+", "_", top.text("name", default=path.stem)).strip("_") or "own",
        title=top.text("title", required=True),
        endpoint=top.text("endpoint", required=True),
        columns=_columns(top),
        positive=frozenset(map(canonical, top.texts("positive", required=True))),
        negative=frozenset(map(canonical, top.texts("negative", required=True))),
        exclude=frozenset(map(canonical, top.texts("exclude"))),
        mask_label=_mask_label(top),
        split=_split(top),
        options=_options(top),
    )
    _check_whole(manifest, top)
    return manifest


def _check_whole(manifest: Manifest, top: Section) -> None:
    labels = (manifest.positive, manifest.negative, manifest.exclude)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        for value in sorted(labels[first] & labels[second]):
            top.problem(f"label {value!r} is in two of positive, negative and exclude")
    if not is_folder(manifest.root):
        top.problem("root is not a folder; it is relative to the manifest's folder")
    if manifest.split.kind == "by_center" and not manifest.columns.center:
        top.problem("split by_center needs columns: center, which is missing")


def _columns(top: Section) -> Columns:
    keys = ("patient", "image", "mask", "label", "image_id", "center", "clinical")
    hints = {"split": "name the column as split: {column: ..., map: ...} instead"}
    part = top.section("columns", keys, required=True, hints=hints)
    names = {key: part.text(key, required=True) for key in keys[:4]}
    names |= {key: part.text(key) for key in keys[4:6]}
    clinical = tuple(_clinical(item) for item in part.items("clinical", _CLINICAL_KEYS))
    taken = [c.name for c in clinical]
    for name in sorted({n for n in taken if taken.count(n) > 1 or n in COLUMNS}):
        part.problem(f"clinical name {name!r} is taken; give the column another name:")
    return Columns(**names, clinical=clinical)


_CLINICAL_KEYS = ("column", "name", "kind", "range")


def _clinical(item: Section) -> Clinical:
    column = item.text("column", required=True)
    name = item.text("name", default=column)
    kind = item.choice("kind", KINDS, required=True)
    limits = item.pair("range")
    if kind == "categorical" and limits:
        item.problem("range is for kind: numeric")
    if limits is None and kind == "numeric":
        words = name.lower().replace("-", "_").replace(" ", "_").split("_")
        limits = next((HUMAN_RANGES[word] for word in words if word in HUMAN_RANGES), None)
    low, high = limits or (None, None)
    return Clinical(column, name, kind, low, high)


def _mask_label(top: Section) -> int | str:
    value = top.value("mask_label", required=True)
    if value is None or value == "any":
        return "any"
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65_535:
        top.problem(f"mask_label is {value!r}; allowed: a whole number from 1 to 65535, or any")
        return "any"
    return value


def _split(top: Section) -> SplitRule:
    part = top.section("split", ("column", "map", "ratio", "seed", "by_center", "internal"), True)
    if not part.given:
        return SplitRule("ratio")
    kinds = [key for key in ("column", "ratio", "by_center") if key in part.given]
    if len(kinds) != 1:
        part.problem("it needs exactly one of column (with map), ratio, by_center (with internal)")
        return SplitRule("ratio")
    needs = {"column": {"map"}, "ratio": {"seed"}, "by_center": {"internal", "seed"}}[kinds[0]]
    for key in sorted(set(part.given) - needs - set(kinds)):
        part.problem(f"{key} does not go with {kinds[0]}")
    seed = part.whole("seed", default=0)
    if kinds[0] == "column":
        return SplitRule(
            "column", column=part.text("column", True), values=_set_names(part), seed=seed
        )
    if kinds[0] == "ratio":
        return SplitRule("ratio", ratio=part.fraction("ratio", 0.7), seed=seed)
    centers = part.section("by_center", ("train", "external"), True)
    train = centers.texts("train", required=True)
    external = centers.texts("external", required=True)
    for name in sorted(set(train) & set(external)):
        centers.problem(f"centre {name!r} is both in train and in external")
    internal = part.fraction("internal", 0.3)
    return SplitRule("by_center", train=train, external=external, internal=internal, seed=seed)


def _set_names(part: Section) -> tuple[tuple[str, str], ...]:
    if "map" not in part.given:
        return tuple((name, name) for name in SPLITS)
    values = part.section("map", None)
    return tuple((value, values.choice(value, SPLITS, required=True)) for value in values.given)


def _options(top: Section) -> Options:
    part = top.section("options", ("min_roi_pixels", "max_colour"))
    defaults = Options()
    return Options(
        min_roi_pixels=part.whole("min_roi_pixels", defaults.min_roi_pixels, low=16),
        max_colour=part.fraction("max_colour", defaults.max_colour),
    )

"""DDTI's cases: one untrusted XML a case, contours as JSON inside, and the table they make."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from scipy.cluster.hierarchy import DisjointSet

from ptclnm.cohorts.schema import Flow
from ptclnm.errors import ManifestError

LARGEST_FILE = 1_000_000
LARGEST_COORDINATE = 100_000
# TI-RADS grades, and what each counts as.
LABELS = {"2": 0, "3": 0, "4a": 1, "4b": 1, "4c": 1, "5": 1}
SONOGRAPHIC = ("composition", "echogenicity", "margins", "calcifications")
SPELLINGS = {
    r"-\s+": "-", r"^ill defined$": "ill-defined", r"calcifications?$": "calcifications"
}  # fmt: skip
FORBIDDEN = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)

Point = tuple[float, float]
Polygon = tuple[Point, ...]


@dataclass(frozen=True)
class Mark:
    """What is drawn on one picture.

    Parameters
    ----------
    number : str
        Number of the picture within its case.
    polygons : tuple of polygons
        Closed outlines in pixels, (x, y) from the upper left corner; arrows are not among them.
    state : str
        ``drawn``; ``none`` where nothing is; ``cut`` where the source holds a part only.
    """

    number: str
    polygons: tuple[Polygon, ...]
    state: str


@dataclass(frozen=True)
class Case:
    """One case: its number, TI-RADS grade (empty if not given), findings and marks."""

    number: str
    grade: str
    fields: dict[str, str]
    marks: tuple[Mark, ...]


def read_cases(folder: Path) -> list[Case]:
    """Read every case of a folder, in the order of their numbers.

    Parameters
    ----------
    folder : Path
        Holds the XML files.

    Returns
    -------
    list of Case
        One a file.

    Raises
    ------
    ManifestError
        Every problem of every file at once.
    """
    cases, problems = [], []
    for path in sorted(folder.glob("*.xml")):
        try:
            cases.append(read_case(path))
        except ManifestError as error:
            problems += [f"{path.name}: {line}" for line in error.problems]
    if problems or not cases:
        raise ManifestError(str(folder), problems or ["no .xml file in this folder"])
    return sorted(cases, key=lambda case: int(case.number))


def read_case(path: Path) -> Case:
    """Read one case file.

    Parameters
    ----------
    path : Path
        An XML file, at most a megabyte, in UTF-8, without a document type or entities.

    Returns
    -------
    Case
        Contours that the source cuts off are marked so, not mended.

    Raises
    ------
    ManifestError
        If it is none, or holds numbers, grades or contours that cannot be understood.
    """
    root = _parse(path)
    number = (root.findtext("number") or "").strip()
    grade = (root.findtext("tirads") or "").strip()
    problems = []
    if not re.fullmatch(r"[0-9]{1,6}", number):
        problems.append(f"<number> is {number[:40]!r}; it must be a whole number")
    if grade and grade not in LABELS:
        problems.append(f"<tirads> is {grade[:40]!r}. Allowed: {', '.join(LABELS)}, or nothing.")
    marks = []
    for position, element in enumerate(root.findall("mark"), start=1):
        try:
            marks.append(_mark(element))
        except ValueError as error:
            problems.append(f"mark {position}: {error}")
    if problems:
        raise ManifestError(str(path), problems)
    fields = {name: (root.findtext(name) or "").strip() for name in ("age", "sex", *SONOGRAPHIC)}
    return Case(number, grade, fields, tuple(marks))


def parse_polygons(text: str) -> tuple[tuple[Polygon, ...], str]:
    """Read the contours of one picture.

    Parameters
    ----------
    text : str
        JSON: a list of regions with ``points`` and ``regionType``.

    Returns
    -------
    polygons : tuple of polygons
        The freehand regions; arrows point at something and outline nothing.
    state : str
        ``drawn``, ``none`` or ``cut``, as in :class:`Mark`.

    Raises
    ------
    ValueError
        If it is JSON but no list of regions.
    """
    if not text.strip():
        return (), "none"
    try:
        regions = json.loads(text)
    except RecursionError as error:
        raise ValueError("contours are nested too deeply") from error
    except ValueError:
        # The source keeps 2,500 characters of each contour text and drops the rest.
        return (), "cut"
    if not isinstance(regions, list) or not all(isinstance(r, dict) for r in regions):
        raise ValueError("contours are not a list of regions")
    outlines = [r for r in regions if r.get("regionType") != "arrow"]
    polygons = tuple(_polygon(region.get("points")) for region in outlines)
    return polygons, "drawn" if polygons else "none"


def _parse(path: Path) -> ElementTree.Element:
    """Parse XML that can neither expand nor refer to anything."""
    if path.stat().st_size > LARGEST_FILE:
        raise ManifestError(str(path), [f"larger than {LARGEST_FILE:,} bytes; no case file is"])
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(str(path), [f"not UTF-8 (byte {error.start})"]) from error
    if FORBIDDEN.search(text):
        raise ManifestError(str(path), ["declares a document type or an entity; not allowed"])
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise ManifestError(str(path), [f"not XML: {error}"]) from error


def _mark(element: ElementTree.Element) -> Mark:
    number = (element.findtext("image") or "").strip()
    if not re.fullmatch(r"[0-9]{1,3}", number):
        raise ValueError(f"<image> is {number[:40]!r}; it must be a whole number")
    return Mark(number, *parse_polygons(element.findtext("svg") or ""))


def _polygon(points: object) -> Polygon:
    if not isinstance(points, list) or len(points) < 3:
        raise ValueError("a contour needs a list of at least three points")
    if not all(isinstance(point, dict) for point in points):
        raise ValueError("a point is not a pair of x and y")
    return tuple((_coordinate(p.get("x")), _coordinate(p.get("y"))) for p in points)


def _coordinate(value: object) -> float:
    # True is no number, and what is not finite is no less than any limit.
    if type(value) not in (int, float) or not abs(value) <= LARGEST_COORDINATE:
        raise ValueError(f"{str(value)[:40]!r} is not a coordinate in pixels")
    return float(value)


def picture_table(cases: Sequence[Case], contents: Mapping[str, str]) -> pd.DataFrame:
    """List every picture with its case.

    Parameters
    ----------
    cases : sequence of Case
        In the order of their numbers.
    contents : mapping
        Hash of each picture's bytes by its name, ``<case>_<number>.jpg``.

    Returns
    -------
    DataFrame
        Columns ``patient_id, case, image, content, grade, polygons, state``, then age, sex and
        the four sonographic findings in one spelling each; the patient is the case.
    """
    rows = [
        {
            "patient_id": f"ddti-{case.number}",
            "case": int(case.number),
            "image": f"{case.number}_{mark.number}.jpg",
            "grade": case.grade,
            "polygons": mark.polygons,
            "state": mark.state,
            **clinical_fields(case.fields),
        }
        for case in cases
        for mark in case.marks
    ]
    table = pd.DataFrame(rows)
    return table.assign(content=table["image"].map(contents))


def clinical_fields(fields: Mapping[str, str]) -> dict[str, object]:
    """Bring a case's fields to one spelling each; what is not given is missing.

    Parameters
    ----------
    fields : mapping
        As in the XML.

    Returns
    -------
    dict
        ``age`` in years (NaN unless 1 to 120), ``sex`` (``F``, ``M``), and the findings.
    """
    years = float(fields["age"]) if re.fullmatch(r"[0-9]{1,3}", fields["age"]) else math.nan
    findings = {name: fields[name] for name in SONOGRAPHIC}
    for pattern, spelling in SPELLINGS.items():
        findings = {name: re.sub(pattern, spelling, text) for name, text in findings.items()}
    return {
        "age": years if 0 < years <= 120 else math.nan,
        "sex": fields["sex"] if fields["sex"] in ("F", "M") else None,
        **{name: text or None for name, text in findings.items()},
    }


def select(table: pd.DataFrame, duplicates: str) -> tuple[pd.DataFrame, Flow]:
    """Keep graded pictures with a whole contour, each once.

    Parameters
    ----------
    table : DataFrame
        As :func:`picture_table` returns it.
    duplicates : str
        A picture under several cases: ``group`` makes these cases one patient and keeps the
        picture once; ``remove`` drops it, since which case it belongs to is not known.

    Returns
    -------
    table : DataFrame
        Column ``label`` added.
    flow : Flow
        What was lost on the way.
    """
    flow = Flow()
    flow.there("DDTI, all pictures and cases", table)
    reason = "the same picture twice in one case"
    table = flow.lost("copies", table, table[~_copies(table, ["content", "case"])], reason)
    if duplicates == "group":
        grouped = _group_cases(table)
        reason = "the same picture under several cases, which are taken as one patient"
        table = flow.lost("copies", table, grouped[~_copies(grouped, ["content"])], reason)
    else:
        shared = table.groupby("content")["case"].transform("nunique") > 1
        reason = "the same picture under several cases"
        table = flow.lost("copies", table, table[~shared], reason)
    table = flow.lost("grade", table, table[table["grade"] != ""], "no TI-RADS grade")
    table = table.assign(label=table["grade"].map(LABELS))
    agreed = table[table.groupby("patient_id")["label"].transform("nunique") == 1]
    table = flow.lost("grade", table, agreed, "cases of one patient, graded on both sides")
    table = flow.lost("contour", table, table[table["state"] != "none"], "no contour")
    reason = "contour cut off in the source"
    table = flow.lost("contour", table, table[table["state"] != "cut"], reason)
    inside = table[table["polygons"].map(len) > 0]
    return flow.lost("contour", table, inside, "contour outside the picture"), flow


def drop_outside(table: pd.DataFrame, width: int, height: int) -> pd.DataFrame:
    """Drop contours that leave the picture: they were not drawn on what is seen there.

    Parameters
    ----------
    table : DataFrame
        Column ``polygons``.
    width, height : int
        Size of the pictures, in pixels.

    Returns
    -------
    DataFrame
        The same rows, with the contours that lie inside.
    """

    def inside(polygon: Polygon) -> bool:
        return all(0 <= x < width and 0 <= y < height for x, y in polygon)

    return table.assign(
        polygons=table["polygons"].map(lambda ps: tuple(p for p in ps if inside(p)))
    )


def _copies(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Mark all but the best of equal pictures: graded and drawn on, then by case and number."""
    order = table.assign(bare=table["grade"] == "", undrawn=table["state"] != "drawn")
    order = order.sort_values(["bare", "undrawn"], kind="stable")
    return order.duplicated(columns).reindex(table.index)


def _group_cases(table: pd.DataFrame) -> pd.DataFrame:
    """Make cases that share a picture one patient."""
    sets = DisjointSet(table["case"].tolist())
    for _, cases in table.groupby("content")["case"]:
        for case in cases:
            sets.merge(cases.iloc[0], case)
    first = {case: min(subset) for subset in sets.subsets() for case in subset}
    return table.assign(patient_id="ddti-" + table["case"].map(first).astype(str))

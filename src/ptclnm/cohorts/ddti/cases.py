"""DDTI's case files: one XML a case, contours as JSON inside. Nothing in them is trusted."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ptclnm.errors import ManifestError

LARGEST_FILE = 1_000_000
LARGEST_COORDINATE = 100_000
GRADES = ("2", "3", "4a", "4b", "4c", "5")
FIELDS = ("age", "sex", "composition", "echogenicity", "margins", "calcifications")
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
    if grade and grade not in GRADES:
        problems.append(f"<tirads> is {grade[:40]!r}. Allowed: {', '.join(GRADES)}, or nothing.")
    marks = []
    for position, element in enumerate(root.findall("mark"), start=1):
        try:
            marks.append(_mark(element))
        except ValueError as error:
            problems.append(f"mark {position}: {error}")
    if problems:
        raise ManifestError(str(path), problems)
    fields = {name: (root.findtext(name) or "").strip() for name in FIELDS}
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
    return tuple(_point(point) for point in points)


def _point(point: object) -> Point:
    if not isinstance(point, dict):
        raise ValueError("a point is not a pair of x and y")
    values = [point.get("x"), point.get("y")]
    for value in values:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or abs(value) > LARGEST_COORDINATE or not math.isfinite(value):
            raise ValueError(f"{str(value)[:40]!r} is not a coordinate in pixels")
    return float(values[0]), float(values[1])

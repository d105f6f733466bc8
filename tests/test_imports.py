"""Imports point one way, from the libraries to the book, and in no circle."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

from ptclnm.paths import ROOT

SOURCE = ROOT / "src"
LIBRARIES = {"recount", "echophantom", "quickradiomics"}
# Each room imports itself and those above it.
ROOMS = (
    {"errors", "files", "limits", "paths", "progress", "compute", "schedulers", "schema", "store"},
    {"imaging", "pictures", "features"},
    {"cohorts", "published"},
    {"models", "superres", "habitats"},
    {"evaluation"},
    {"report"},
    {"pages"},
    {"book", "cli"},
)
# Modules that stand in another folder than their room's, and the room.
ELSEWHERE = {
    "ptclnm.report.files": "files",
    "ptclnm.cohorts.schema": "schema",
    "ptclnm.book.page": "report",
    "ptclnm.imaging.superres": "superres",
    "ptclnm.imaging.habitat_truth": "habitats",
}
# Imports that still point upwards, and why; a line that is no longer needed fails.
UPWARDS = {
    ("ptclnm.book.page", "ptclnm.book.parameters"): "moves to report with the page",
    ("ptclnm.book.page", "ptclnm.book.project"): "moves to report with the page",
}
# One import of each circle that is still there, and why.
CIRCLES = {
    ("ptclnm.book.generated", "ptclnm.book.stage"): "for the type of a page alone",
    ("ptclnm.models.deep.convolutions", "ptclnm.models.deep.same_padding"): "timm starts slowly",
    ("ptclnm.report.fusion_page", "ptclnm.report.fusion_look"): "goes when page 05 is rebuilt",
}
# How a table names what is imported when it is needed.
PLACE = re.compile(r"([a-z_][\w.]*):\w+")


def read(folder: Path) -> dict[str, tuple[str, ast.Module]]:
    """Package and syntax of every module, by its full name."""
    found = {}
    for path in sorted(folder.glob("*/**/*.py")):
        *packages, stem = path.relative_to(folder).with_suffix("").parts
        name = ".".join(packages if stem == "__init__" else [*packages, stem])
        found[name] = ".".join(packages), ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = read(SOURCE)


def imported(name: str) -> Iterator[str]:
    """What a module imports, wherever in it, modules rather than their contents."""
    package, tree = MODULES[name]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            for full in (f"{base}.{alias.name}" for alias in node.names):
                yield full if full in MODULES else base
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if place := PLACE.fullmatch(node.value):
                yield place[1]


IMPORTS = {name: set(imported(name)) - {name} for name in MODULES}
INSIDE = {name: found & MODULES.keys() for name, found in IMPORTS.items()}


def room(module: str, elsewhere: dict[str, str] = ELSEWHERE) -> int:
    """Which of the rooms a module of the helper is in."""
    above = module.split(".")
    for known in (".".join(above[:n]) for n in range(len(above), 1, -1)):
        if known in elsewhere:
            return next(k for k, names in enumerate(ROOMS) if elsewhere[known] in names)
    if len(above) == 1:
        return 0
    found = [k for k, names in enumerate(ROOMS) if above[1] in names]
    assert found, f"{module} stands in none of the rooms"
    return found[0]


def upwards(elsewhere: dict[str, str] = ELSEWHERE) -> set[tuple[str, str]]:
    ours = {name for name in MODULES if name.split(".")[0] not in LIBRARIES}
    return {
        (name, other)
        for name in ours
        for other in INSIDE[name] & ours
        if room(other, elsewhere) > room(name, elsewhere)
    }


def test_libraries_import_neither_the_helper_nor_each_other() -> None:
    there = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    assert there - LIBRARIES == {"ptclnm"}
    for name, found in IMPORTS.items():
        library = name.split(".")[0]
        if library in LIBRARIES:
            others = {"ptclnm", *LIBRARIES} - {library}
            assert not {other for other in found if other.split(".")[0] in others}, name


@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_a_library_names_its_public_functions_and_says_what_it_is(library: str) -> None:
    if not (SOURCE / library).is_dir():
        pytest.skip("not there yet")
    _, tree = MODULES[library]
    offered = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom)
               for alias in node.names}  # fmt: skip
    public = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)
                  and ast.unparse(node.targets[0]) == "__all__")  # fmt: skip
    assert sorted(offered) == sorted(public)
    readme = (SOURCE / library / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 60


def test_imports_point_one_way() -> None:
    found = upwards()
    assert not found - UPWARDS.keys(), "an import that points upwards"
    assert not UPWARDS.keys() - found, "no longer an exception: take it out of the list"


@pytest.mark.parametrize("module", ELSEWHERE)
def test_a_module_that_is_said_to_belong_elsewhere_does(module: str) -> None:
    rest = {name: place for name, place in ELSEWHERE.items() if name != module}
    assert upwards(rest) != upwards(), "it may stand where it is: take it out of the list"


def test_there_is_no_circle() -> None:
    left = {name: {other for other in found if (name, other) not in CIRCLES}
            for name, found in INSIDE.items()}  # fmt: skip
    tuple(TopologicalSorter(left).static_order())


@pytest.mark.parametrize("edge", CIRCLES)
def test_an_import_that_is_said_to_close_a_circle_does(edge: tuple[str, str]) -> None:
    left = {name: {other for other in found if (name, other) not in CIRCLES.keys() - {edge}}
            for name, found in INSIDE.items()}  # fmt: skip
    with pytest.raises(CycleError):
        tuple(TopologicalSorter(left).static_order())

"""Imports point one way, from the libraries to the book, and in no circle."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

from ptclnm.paths import ROOT

SOURCE = ROOT / "src"
LIBRARIES = {"recount", "echophantom", "quickradiomics"}
# Each room imports itself and those above it.
ROOMS = (
    {"errors", "files", "paths", "progress", "compute", "schema", "store"},
    {"pictures", "features"},
    {"cohorts", "published"},
    {"models", "superres", "habitats"},
    {"evaluation"},
    {"report"},
    {"pages"},
    {"book", "cli"},
)
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


def room(module: str) -> int:
    """Which of the rooms a module of the helper is in."""
    name = module.partition(".")[2].partition(".")[0]
    found = [k for k, names in enumerate(ROOMS) if name in names or not name]
    assert found, f"{module} stands in none of the rooms"
    return found[0]


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
    _, tree = MODULES[library]
    offered = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom)
               for alias in node.names}  # fmt: skip
    public = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)
                  and ast.unparse(node.targets[0]) == "__all__")  # fmt: skip
    assert sorted(offered) == sorted(public)
    readme = (SOURCE / library / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 60


def test_imports_point_one_way() -> None:
    ours = {name for name in MODULES if name.split(".")[0] not in LIBRARIES}
    upwards = {(a, b) for a in ours for b in INSIDE[a] & ours if room(b) > room(a)}
    assert not upwards


def test_there_is_no_circle() -> None:
    tuple(TopologicalSorter(INSIDE).static_order())


def test_below_the_pages_nothing_is_given_a_mapping_of_parameters() -> None:
    pages = room("ptclnm.pages")
    below = [name for name in MODULES if name.split(".")[0] not in LIBRARIES and room(name) < pages]
    asked = {name for name in below for node in ast.walk(MODULES[name][1])
             if isinstance(node, ast.arg) and node.arg == "parameters"}  # fmt: skip
    assert not asked

"""The library stands alone: it names its public functions, and no paper or project."""

import re
from pathlib import Path

import pytest

import recount

SOURCES = sorted(Path(recount.__file__).parent.glob("*.py"))
NAMED = re.compile(r"ptclnm|thyroid|LNM|metasta|lymph|\bnomogram|[nl]i20\d\d|\bThy-|\b(Ni|Li)\b")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_module_names_no_paper_and_nothing_of_the_project(source):
    found = NAMED.search(source.read_text(encoding="utf-8"))
    assert not found, f"{source.name} says {found[0]!r}"


def test_what_it_offers_is_there_and_said():
    assert all(hasattr(recount, name) for name in recount.__all__)
    readme = (SOURCES[0].parent / "README.md").read_text(encoding="utf-8")
    said = set(re.findall(r"recount\.(\w+)", readme))
    assert said <= {*recount.__all__} and {"load", "audit", "claims"} <= said

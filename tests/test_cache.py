"""What is kept between runs is listed whole, and cleared by age."""

import os
import re
from pathlib import Path

import pytest

from ptclnm import cache
from ptclnm.errors import ParameterError
from ptclnm.paths import ROOT

NOW = 100 * cache.DAY


def keep(path: Path, size: int, days: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW - days * cache.DAY,) * 2)


@pytest.fixture
def folder(tmp_path) -> Path:
    keep(tmp_path / "deep/aa/network.pt", 700, 40)
    keep(tmp_path / "deep/aa/about.parquet", 300, 3)
    keep(tmp_path / "deep/.training-bb/last.ckpt", 50, 40)
    keep(tmp_path / "deep/features/cc/features.parquet", 10, 40)
    keep(tmp_path / "cohorts/li2024-sim/dd/images/1.png", 20, 1)
    keep(tmp_path / "radiomics/ee.npz", 5, 8)
    return tmp_path


def test_an_entry_is_listed_once_with_all_its_files(folder: Path) -> None:
    found = {str(e.path.relative_to(folder)): e for e in cache.entries(folder)}
    assert set(found) == {
        "deep/aa", "deep/.training-bb", "deep/features/cc", "cohorts/li2024-sim/dd",
        "radiomics/ee.npz",
    }  # fmt: skip
    assert found["deep/aa"].bytes == 1000
    assert found["deep/aa"].used == NOW - 3 * cache.DAY
    assert found["deep/features/cc"].kind == "deep features"


def test_only_what_was_not_used_goes_and_the_rest_stays_whole(folder: Path) -> None:
    chosen = cache.unused(cache.entries(folder), 7, NOW)
    cache.clear(chosen, folder)
    left = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert left == [
        "cohorts/li2024-sim/dd/images/1.png", "deep/aa/about.parquet", "deep/aa/network.pt",
    ]  # fmt: skip
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]


def test_reading_an_entry_keeps_it(folder: Path) -> None:
    os.utime(folder / "radiomics/ee.npz", (NOW, NOW - 8 * cache.DAY))  # read, not written
    chosen = cache.unused(cache.entries(folder), 7, NOW)
    assert "radiomics" not in {entry.kind for entry in chosen}


def test_the_overview_adds_up(folder: Path) -> None:
    text = cache.overview(cache.entries(folder), NOW)
    assert re.search(r"deep +2 +0\.0 +3 days ago", text)
    assert re.search(r"all +5 ", text)
    assert "all" in cache.overview([])


@pytest.mark.parametrize("days", [0, -1, True, 1.5])
def test_days_are_whole_and_from_one(folder: Path, days: object) -> None:
    with pytest.raises(ParameterError, match="older-than"):
        cache.unused([], days)


def test_every_shelf_that_code_writes_to_is_known() -> None:
    known = {pattern.partition("/")[0] for pattern in cache.ENTRIES}
    written = set()
    for path in (ROOT / "src").rglob("*.py"):
        written |= set(re.findall(r'BUILD / "cache" / "(\w+)"', path.read_text("utf-8")))
    assert written and written == known

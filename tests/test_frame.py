"""The three lists of what is installed cannot drift apart, and nothing else is installed."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ptclnm.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TOOLS = ("pip", "setuptools", "wheel")


def direct() -> list[Requirement]:
    """Read what pyproject.toml asks for, extras included."""
    extras = PROJECT["optional-dependencies"].values()
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in extra), *TOOLS]
    return [Requirement(line) for line in lines]


def locked() -> dict[str, str]:
    """Read the versions of the lock that are for this platform."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    entries = [Requirement(line) for line in lines if line and not line.startswith("#")]
    here = [entry for entry in entries if entry.marker is None or entry.marker.evaluate()]
    return {canonicalize_name(entry.name): version_of(entry) for entry in here}


def version_of(entry: Requirement) -> str:
    """Give the one version that an entry of the lock allows."""
    (only,) = entry.specifier
    assert only.operator == "==" and not only.version.endswith("*"), f"{entry} is no exact pin"
    return only.version


def needed(todo: Iterable[Requirement]) -> dict[str, list[Requirement]]:
    """Follow requirements through what is installed; by name, every requirement met."""
    todo, found, extras = list(todo), {}, {}
    while todo:
        entry = todo.pop()
        name = canonicalize_name(entry.name)
        found.setdefault(name, []).append(entry)
        new = {"", *entry.extras} - extras.setdefault(name, set())
        extras[name] |= new
        for extra in new:
            required = [Requirement(line) for line in distribution(name).requires or []]
            todo += [r for r in required if r.marker is None or r.marker.evaluate({"extra": extra})]
    return found


def environment() -> tuple[dict[str, str], list[str]]:
    """Read environment.yml: versions by conda package, and the lines for pip."""
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [line for line in content["dependencies"] if isinstance(line, str)]
    (pip,) = [entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict)]
    return dict((line.split("=", 1) + [""])[:2] for line in conda), pip


def test_the_lock_is_closed_satisfies_everyone_and_holds_nothing_else() -> None:
    found, lock = needed(direct()), locked()
    assert sorted(found) == sorted(lock)
    unsatisfied = [
        f"{entry} but locked {lock[name]}"
        for name, entries in found.items()
        for entry in entries
        if not entry.specifier.contains(lock[name], prereleases=True)
    ]
    assert unsatisfied == []


def test_what_is_installed_is_what_is_locked() -> None:
    installed = {canonicalize_name(d.metadata["Name"]): d.version for d in distributions()}
    lock = locked()
    assert {name: installed.get(name) for name in lock} == lock


def test_pyproject_has_ranges_and_the_lock_versions() -> None:
    exact = [entry.name for entry in direct() if any(s.operator == "==" for s in entry.specifier)]
    assert exact == ["pyradiomics"], "the lock holds exact versions; 3.0.1 is one that builds"


def test_the_versions_of_python_agree() -> None:
    conda, _ = environment()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = re.search(r"^PYTHON \?= python([\d.]+)$", makefile, re.MULTILINE)
    assert made is not None
    assert PROJECT["requires-python"] == f"=={made[1]}.*"
    assert conda["python"] == made[1]
    assert ".".join(map(str, sys.version_info[:2])) == made[1]


def test_conda_lists_a_compiler_and_what_pyradiomics_needs_to_build_and_the_lock() -> None:
    conda, pip = environment()
    lock = locked()
    assert pip == ["-r requirements.lock"]
    assert set(conda) == {"python", "c-compiler", "pip", "numpy", "setuptools", "wheel"}
    assert {name: conda[name] for name in ("numpy", *TOOLS)} == {
        name: lock[name] for name in ("numpy", *TOOLS)
    }


def test_what_the_package_imports_is_asked_for() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    text = "\n".join(sources)
    modules = set(
        re.findall(r"^\s*(?:import|from) ([A-Za-z_]\w*)(?!\w*:)[. \n]", text, re.MULTILINE)
    )
    asked = {canonicalize_name(entry.name) for entry in direct()}
    owners = {
        module: canonicalize_name(d.metadata["Name"])
        for d in distributions()
        for module in top_level(d)
    }
    used = {owners[module] for module in modules & set(owners)} - {"ptclnm"}
    assert sorted(used - asked) == []


def top_level(dist: object) -> set[str]:
    """Name the modules that a distribution installs at the top level."""
    parts = {file.parts[0] for file in dist.files or [] if not file.parts[0].startswith(".")}
    return {part.removesuffix(".py") for part in parts if not part.endswith("-info")}


def check(python: Path, path: str) -> subprocess.CompletedProcess[str]:
    """Run the check of the machine with a Python and a PATH."""
    return subprocess.run(
        ["/bin/sh", ROOT / ".ci" / "check", python],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def fake_python(folder: Path, *cases: str) -> Path:
    """Write a command that answers like a Python to the questions that a case lists."""
    path = folder / "python3.11"
    lines = "\n".join(f"  *{case}" for case in cases)
    path.write_text(f'#!/bin/sh\ncase "$2" in\n{lines}\nesac\n', encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        (("version_info*) echo 3.12;;",), "is 3.12"),
        (("version_info*) echo 3.11;;", "ensurepip*) exit 1;;"), "python3.11-venv"),
        (("version_info*) echo 3.11;;", "Python.h*) exit 1;;"), "headers"),
        (("version_info*) echo 3.11;;", "CC*) echo no-such-cc;;"), "C compiler"),
    ],
)
def test_what_a_machine_lacks_is_one_sentence(
    cases: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    done = check(fake_python(tmp_path, *cases), "/usr/bin:/bin")
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_python_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = check(tmp_path / "python3.11", "/usr/bin:/bin")
    assert done.returncode == 1
    assert "is not found" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_make_lists_every_target_that_people_use() -> None:
    done = subprocess.run(["make", "-C", ROOT, "-s"], capture_output=True, text=True, check=True)
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert {"help", "book", "test", "serve", "clean"} <= listed


def test_both_papers_are_references_of_the_citation() -> None:
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    dois = [reference["doi"] for reference in cff["references"]]
    assert dois == ["10.21037/gs-24-308", "10.1007/s12672-024-01601-0"]
    assert cff["license"] == PROJECT["license"]

"""What is kept between runs: its key, whole or computed anew, how much there is, clearing it.

An entry is a folder, ``<kind>/<key>``: tables as Parquet, arrays in one npz, whatever else its
maker puts there, and an index of all with their hashes. The key is the hash of what decides the
contents: the inputs, the code of every module of the project that the computing function reaches by
import, and the versions of the packages that these modules import. Code counts without its comments
and docstrings, so that words can be mended without computing anything again.
"""

import ast
import hashlib
import json
import re
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import packages_distributions, version
from importlib.util import resolve_name
from pathlib import Path
from tempfile import mkdtemp
from textwrap import shorten
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.errors import PtclnmError
from ptclnm.files import write_json
from ptclnm.paths import BUILD, ROOT

Tables = dict[str, pd.DataFrame]
Contents = Mapping[str, pd.DataFrame | NDArray]
FOLDER = BUILD / "cache"
INDEX, ARRAYS = "files.json", "arrays.npz"
DAY = 86_400.0
# How a table names what is imported when it is needed: module:attribute.
_PLACE = re.compile(r"[a-z_][\w.]*:\w+")
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """The source of a module, and the package that its relative imports start from."""

    package: str
    text: str


def read_sources(folder: Path) -> dict[str, Module]:
    """Read all modules of the packages in a folder, by their full names."""
    found = {}
    for path in sorted(folder.glob("*/**/*.py")):
        *packages, stem = path.relative_to(folder).with_suffix("").parts
        package = ".".join(packages)
        name = package if stem == "__init__" else f"{package}.{stem}"
        found[name] = Module(package, path.read_text(encoding="utf-8"))
    return found


# Read at once and early: what is edited while a page runs is not what it runs.
SOURCES = read_sources(ROOT / "src")


def key(compute: Callable | str, *inputs: object) -> str:
    """Name an entry by all that decides it.

    Parameters
    ----------
    compute : callable or str
        The function of this project that computes it, or its :func:`code`, found once for many
        entries.
    *inputs : object
        Data and plan: numbers, text, arrays, dataclasses, estimators that are not fitted, and
        lists and mappings of these.

    Returns
    -------
    str
        24 hexadecimal digits.

    Raises
    ------
    PtclnmError
        As :func:`code`.
    TypeError
        If an input is of another kind.
    """
    made_by = compute if isinstance(compute, str) else code(compute)
    text = json.dumps([made_by, inputs], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _plain(value: Any) -> Any:
    """Give JSON something that stands for a value it does not know."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        array = np.ascontiguousarray(value)
        return [str(array.dtype), array.shape, hashlib.sha256(array).hexdigest()]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, type | FunctionType):
        return _named(value)
    if hasattr(value, "get_params"):  # an estimator of scikit-learn, not fitted
        return [type(value), value.get_params(deep=False)]
    raise TypeError(f"a {type(value).__name__} cannot be part of a key")


def _named(value: Callable) -> list[str]:
    """Name a class or function, with its code or the version of its package."""
    name, module = f"{value.__module__}.{value.__qualname__}", value.__module__
    if module in SOURCES:
        return [name, _code(module)]
    if not (owners := _owners().get(module.partition(".")[0], ())):
        raise TypeError(f"{name} is defined where its code cannot be followed")
    return [name, *map(version, owners)]


def code(compute: Callable) -> str:
    """Hash the code and the versions that decide what a function of this project computes.

    Raises
    ------
    PtclnmError
        If the function is defined outside the project, where its code cannot be followed.
    """
    if compute.__module__ not in SOURCES:
        raise PtclnmError(
            f"{compute.__qualname__} is defined in {compute.__module__}; what it computes can be "
            f"kept only if it is defined in a module below {ROOT / 'src'}. Move it there, or do "
            "not keep it."
        )
    return _code(compute.__module__)


@cache
def _code(module: str) -> str:
    modules, packages = closure(module)
    owners = {owner for package in packages for owner in _owners().get(package, ())}
    about = {name: _parsed(SOURCES[name])[0] for name in modules}
    about |= {f"package {name}": version(name) for name in owners}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


@cache
def closure(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """Follow a module's imports through the project, those inside functions included.

    Parameters
    ----------
    module : str
        Its full name.

    Returns
    -------
    modules : frozenset of str
        The project's modules that it reaches, itself among them. Packages on the way to a module
        count with their own code, which runs when it is imported; what they import beside, to
        offer it under a shorter name, does not.
    packages : frozenset of str
        The top-level packages that these modules import from elsewhere.
    """
    reached: set[str] = set()
    todo = {module}
    while todo:
        name = todo.pop()
        reached.add(name)
        if name in SOURCES:
            todo |= _parsed(SOURCES[name])[1] - reached
    ours = reached & SOURCES.keys()
    outer = {name[: dot.start()] for name in ours for dot in re.finditer(r"\.", name)}
    foreign = frozenset(name.partition(".")[0] for name in reached - ours)
    return frozenset(ours | outer & SOURCES.keys()), foreign


@cache
def _parsed(module: Module) -> tuple[str, frozenset[str]]:
    """Hash of a module without comments and docstrings, and the names of what it imports."""
    tree = ast.parse(module.text)
    nodes = list(ast.walk(tree))
    imported = frozenset(found for node in nodes for found in _imported(node, module.package))
    for node in nodes:
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), imported


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = resolve_name("." * node.level + (node.module or ""), package)
        for full in (f"{base}.{alias.name}" for alias in node.names):
            yield full if full in SOURCES else base
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _PLACE.fullmatch(node.value):
            yield node.value.partition(":")[0]


@cache
def _owners() -> Mapping[str, list[str]]:
    return packages_distributions()


def keep(
    entry: Path,
    make: Callable[[Path, Path], Contents],
    warn: Callable[[str], object] = warnings.warn,
) -> Path:
    """Compute an entry where it is not there or is damaged.

    Parameters
    ----------
    entry : Path
        Its folder, named by its :func:`key`.
    make : callable
        Computes tables and arrays by name. It is given two folders: one for files that are to
        stand beside them, and one, not made yet, for half-finished work. What it writes to the
        second, each file whole or not at all, is found there again after a kill, and goes when
        the entry is complete.
    warn : callable
        Told which entry was damaged.

    Returns
    -------
    Path
        `entry`, whole. Nothing half-written is left where `make` fails; of several processes that
        compute the same entry, the first to end gives it.
    """
    if entry.is_dir():
        if not (damaged := damage(entry)):
            return entry
        warn(_said(entry, damaged))
        _remove(entry)
    entry.parent.mkdir(parents=True, exist_ok=True)
    unfinished = entry.with_name(f".unfinished-{entry.name}")
    partial = Path(mkdtemp(prefix=".partial-", dir=entry.parent))
    try:
        _write(make(partial, unfinished), partial)
        seal(partial, entry.name)
        _rename(partial, entry)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(unfinished, ignore_errors=True)
    return entry


def _rename(partial: Path, entry: Path) -> None:
    try:
        partial.rename(entry)
    except OSError:
        if not entry.is_dir():  # else another process was faster
            raise


def _write(contents: Contents, folder: Path) -> None:
    arrays = {}
    for name, value in contents.items():
        if isinstance(value, pd.DataFrame):
            value.to_parquet(folder / f"{name}.parquet", index=False)
        else:
            arrays[name] = value
    if arrays:
        np.savez(folder / ARRAYS, **arrays)


def read(entry: Path) -> dict[str, Any]:
    """Read the tables and arrays of an entry that :func:`keep` gave."""
    contents: dict[str, Any] = {
        path.stem: pd.read_parquet(path) for path in entry.glob("*.parquet")
    }
    if (entry / ARRAYS).is_file():
        with np.load(entry / ARRAYS, allow_pickle=False) as arrays:
            contents |= dict(arrays)
    return contents


def fill(entry: Path, make: Callable[[], object]) -> None:
    """Complete an entry in place: one of many files, each of which is whole or not there.

    Parameters
    ----------
    entry : Path
        Its folder, named by its :func:`key`.
    make : callable
        Makes the files that are missing. Those that a killed run left are kept; those that are
        damaged are removed before.
    """
    if damaged := damage(entry):
        if (entry / INDEX).is_file():
            warnings.warn(_said(entry, damaged), stacklevel=2)
        for name in damaged:
            (entry / name).unlink(missing_ok=True)
        make()
        seal(entry, entry.name)


def seal(folder: Path, name: str) -> None:
    """Write the index of an entry's files, after which it counts as whole."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    digests = {str(path.relative_to(folder)): _digest(path) for path in files
               if path.name != INDEX and not path.name.startswith(".")}  # fmt: skip
    write_json({"key": name, "files": digests}, folder / INDEX)


def damage(entry: Path) -> list[str]:
    """List an entry's files that are gone or are not as they were written.

    Returns
    -------
    list of str
        Paths within the entry; the index alone where that is missing, or is another entry's.
    """
    try:
        index = json.loads((entry / INDEX).read_text(encoding="utf-8"))
        files = dict(index["files"]) if index["key"] == entry.name else {INDEX: ""}
    except (OSError, ValueError, KeyError, TypeError):
        return [INDEX]
    return [name for name, digest in files.items() if _digest(entry / name) != digest]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except (OSError, ValueError):
        return "unreadable"


def _said(entry: Path, damaged: list[str]) -> str:
    names = shorten(", ".join(damaged), 80, placeholder=" …")
    return f"{entry} is damaged ({names} changed since written); it is computed again"


def entries(folder: Path = FOLDER) -> pd.DataFrame:
    """List what is kept; half-finished work of a run that was killed too.

    Returns
    -------
    DataFrame
        ``kind`` (the folder that it stands in), ``path``, ``MB``, and the days since it was last
        written or read. A disk that does not note when files are read gives the time of writing.
    """
    rows = []
    for path in sorted(folder.glob("*/*")):
        stats = [p.stat() for p in path.rglob("*") if p.is_file()] or [path.stat()]
        used = max(max(stat.st_atime, stat.st_mtime) for stat in stats)
        size = sum(stat.st_size for stat in stats) / 1e6
        rows.append((path.parent.name, path, size, (time.time() - used) / DAY))
    return pd.DataFrame(rows, columns=["kind", "path", "MB", "days"])


def overview(found: pd.DataFrame) -> str:
    """Lay out entries by kind: how many, their size, and days since any was used."""
    kinds = found.groupby("kind").agg(
        entries=("path", "size"), MB=("MB", "sum"), days=("days", "min")
    )
    return kinds.rename(columns={"days": "days unused"}).to_string(float_format="{:,.1f}".format)


def clear(found: pd.DataFrame) -> None:
    """Remove entries; one is gone or whole, also if this is interrupted."""
    for path in found["path"]:
        _remove(path)


def _remove(path: Path) -> None:
    aside = Path(mkdtemp(prefix=".cleared-", dir=path.parent))
    try:
        with suppress(FileNotFoundError):  # another process was faster
            path.rename(aside / path.name)
    finally:
        shutil.rmtree(aside)

"""Tables kept between runs: a folder of Parquet files for each thing that decides them."""

import hashlib
import json
import shutil
import warnings
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd
import pyarrow as pa

Tables = dict[str, pd.DataFrame]
INDEX = "files.json"


class KeptError(Exception):
    """An entry of the cache that is damaged; it is computed again."""


def kept(entry: Path, make: Callable[[Path], Tables], what: str) -> Tables:
    """Give tables that are computed once.

    Parameters
    ----------
    entry : Path
        Folder of the entry; its name says what decides the tables, see :func:`key_of`.
    make : callable
        Computes the tables. It is given a folder for files that are to stand beside them.
    what : str
        What is done again where an entry is damaged, as a warning says it.

    Returns
    -------
    dict of str to DataFrame
        As `make` gives them.
    """
    if entry.is_dir():
        try:
            return read(entry)
        except KeptError as error:
            warnings.warn(f"{error}; {what} again", stacklevel=3)
            shutil.rmtree(entry)
    entry.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(mkdtemp(prefix=".partial-", dir=entry.parent))
    try:
        tables = make(partial)
        _write(tables, partial)
        if not entry.exists():  # another process may have been faster
            partial.rename(entry)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return tables


def key_of(about: object, sources: Iterable[Path], libraries: Iterable[str]) -> str:
    """Hash all that decides an entry.

    Parameters
    ----------
    about : object
        Data's hashes and settings; must be JSON.
    sources : iterable of Path
        Files of code.
    libraries : iterable of str
        Names of packages, whose versions count.
    """
    made_with = {name: version(name) for name in libraries}
    digest = hashlib.sha256(json.dumps([about, made_with], sort_keys=True).encode())
    for source in sorted(sources):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:24]


def read(entry: Path) -> Tables:
    """Read an entry's tables.

    Raises
    ------
    KeptError
        If a file is missing or is not as it was written.
    """
    try:
        index = json.loads((entry / INDEX).read_text(encoding="utf-8"))
        wrong = [name for name, digest in index.items() if _digest(entry / name) != digest]
        if wrong:
            raise KeptError(f"{entry}: {', '.join(wrong)} changed since written")
        tables = [Path(name) for name in index if name.endswith(".parquet")]
        return {name.stem: pd.read_parquet(entry / name) for name in tables}
    except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
        raise KeptError(f"{entry} cannot be read ({error})") from error


def _write(tables: Tables, folder: Path) -> None:
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    index = {path.name: _digest(path) for path in sorted(folder.iterdir())}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()

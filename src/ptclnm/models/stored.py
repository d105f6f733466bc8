"""The zoo's tables, kept between runs: same data, plan, code and libraries, same tables."""

import hashlib
import json
import shutil
import warnings
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd
import pyarrow as pa

from ptclnm.models.data import ImageData
from ptclnm.models.zoo import Plan, Tables, run_zoo
from ptclnm.paths import BUILD

FOLDER = BUILD / "cache" / "zoo"
LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "xgboost", "lightgbm")
INDEX = "files.json"
# Modules of this room that decide nothing of the zoo's tables: they ask for them, or read others.
BESIDES = ("columns", "radiomics", "sources")


class StoredZooError(Exception):
    """An entry of the cache that is damaged; it is computed again."""


def stored_zoo(
    data: ImageData, plan: Plan, n_jobs: int | None = None, folder: Path = FOLDER
) -> Tables:
    """Give the tables of :func:`ptclnm.models.zoo.run_zoo`, computed once.

    Parameters
    ----------
    data : ImageData
        All sets.
    plan : Plan
        What is done.
    n_jobs : int, optional
        Processes.
    folder : Path
        Where entries are kept, each a folder of Parquet files.

    Returns
    -------
    dict of str to DataFrame
        As `run_zoo`. A damaged entry is computed again, with a warning.
    """
    plan.check()
    entry = folder / entry_key(data, plan)
    if entry.is_dir():
        try:
            return _read(entry)
        except StoredZooError as error:
            warnings.warn(f"{error}; the zoo is fitted again", stacklevel=2)
            shutil.rmtree(entry)
    tables = run_zoo(data, plan, n_jobs)
    _write(tables, entry)
    return tables


def entry_key(data: ImageData, plan: Plan) -> str:
    """Hash of all that decides the tables, the code of this room among it."""
    digest = hashlib.sha256(data.X.tobytes())
    for part in (data.labels, data.patients, data.splits, data.names):
        digest.update(json.dumps(list(map(str, part))).encode())
    digest.update(json.dumps(asdict(plan), sort_keys=True).encode())
    digest.update(json.dumps({name: version(name) for name in LIBRARIES}).encode())
    sources = sorted(Path(__file__).parent.glob("*.py"))
    for source in [path for path in sources if path.stem not in BESIDES]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:24]


def _write(tables: Tables, entry: Path) -> None:
    """Write all tables, then give the folder its name; another process may have been faster."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(mkdtemp(prefix=".partial-", dir=entry.parent))
    try:
        for name, table in tables.items():
            table.to_parquet(partial / f"{name}.parquet", index=False)
        index = {path.name: _digest(path) for path in sorted(partial.iterdir())}
        (partial / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
        if not entry.exists():
            partial.rename(entry)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _read(entry: Path) -> Tables:
    try:
        index = json.loads((entry / INDEX).read_text(encoding="utf-8"))
        wrong = [name for name, digest in index.items() if _digest(entry / name) != digest]
        if wrong:
            raise StoredZooError(f"{entry}: {', '.join(wrong)} changed since written")
        return {Path(name).stem: pd.read_parquet(entry / name) for name in index}
    except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
        raise StoredZooError(f"{entry} cannot be read ({error})") from error


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

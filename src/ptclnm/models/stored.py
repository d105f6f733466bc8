"""The zoo's tables, kept between runs: same data, plan, code and libraries, same tables."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from ptclnm.models.data import ImageData
from ptclnm.models.kept import kept, key_of
from ptclnm.models.zoo import Plan, Tables, run_zoo
from ptclnm.paths import BUILD

FOLDER = BUILD / "cache" / "zoo"
LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "xgboost", "lightgbm")
# Modules of this room that decide nothing of the zoo's tables: they ask for them, or read others.
BESIDES = ("clinical", "columns", "kept", "radiomics", "sources", "superres")


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
    return kept(entry, lambda _: run_zoo(data, plan, n_jobs), "the zoo is fitted")


def entry_key(data: ImageData, plan: Plan) -> str:
    """Hash of all that decides the tables, the code of this room among it."""
    parts = (data.labels, data.patients, data.splits, data.names)
    about = [hashlib.sha256(data.X.tobytes()).hexdigest(), asdict(plan)]
    about += [hashlib.sha256(json.dumps(list(map(str, p))).encode()).hexdigest() for p in parts]
    sources = Path(__file__).parent.glob("*.py")
    return key_of(about, [path for path in sources if path.stem not in BESIDES], LIBRARIES)

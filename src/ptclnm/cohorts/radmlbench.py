"""radMLBench: radiomics tables of published studies, each with a binary outcome."""

import pandas as pd

from ptclnm.cohorts.datasets import dataset, locate, require
from ptclnm.errors import ManifestError

BENCH = dataset("radmlbench")
PATIENT, OUTCOME = "ID", "Target"


def names() -> tuple[str, ...]:
    """Name the tables that are declared, in alphabetical order."""
    files = (file.partition("/")[2] for file in BENCH.registry() if file.endswith(".gz"))
    return tuple(sorted(file.removesuffix(".gz") for file in files))


def read(name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Read one table.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Returns
    -------
    features : DataFrame, shape (patients, features)
        Numbers, by patient.
    outcome : Series of int, shape (patients,)
        0 or 1, by patient.

    Raises
    ------
    MissingDataError
        If it is not on this machine.
    ManifestError
        If it is no gzipped CSV, lacks a column, names a patient twice, or holds what is no number.
    """
    path = require(locate(BENCH.name), f"datasets/{name}.gz")
    try:
        table = pd.read_csv(path, compression="gzip").set_index(PATIENT)
        outcome = table.pop(OUTCOME).astype(int)
    except (OSError, ValueError, KeyError) as error:
        raise ManifestError(str(path), [f"not such a table: {error}"]) from error
    words = list(table.select_dtypes(exclude=["number", "bool"]))
    problems = [f"column {column!r} is not of numbers" for column in words]
    if twice := list(table.index[table.index.duplicated()]):
        problems.append(f"column {PATIENT!r}: {twice[0]!r} stands on several rows")
    if not set(outcome) == {0, 1}:
        problems.append(f"column {OUTCOME!r} holds {sorted(set(outcome))}; needed: 0 and 1")
    if problems:
        raise ManifestError(str(path), problems)
    return table.astype(float), outcome

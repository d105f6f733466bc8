"""radMLBench: radiomics tables of published studies, each with a binary outcome."""

import pandas as pd

from ptclnm.cohorts.datasets import dataset, whole

BENCH = dataset("radmlbench")


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
        If the tables are not on this machine.
    FetchError
        If one is not the recorded one.
    """
    file = f"datasets/{name}.gz"
    table = pd.read_csv(whole(BENCH.name, file=file) / file, compression="gzip").set_index("ID")
    outcome = table.pop("Target").astype(int)
    return table.astype(float), outcome

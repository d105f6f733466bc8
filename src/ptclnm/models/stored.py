"""The zoo's tables, kept between runs."""

from pathlib import Path

from ptclnm import store
from ptclnm.models.data import ImageData
from ptclnm.models.zoo import Plan, Tables, run_fits, run_zoo


def stored_zoo(
    data: ImageData, plan: Plan, n_jobs: int | None = None, folder: Path = store.FOLDER
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
        Where entries are kept.

    Returns
    -------
    dict of str to DataFrame
        As `run_zoo`.
    """
    plan.check()
    entry = folder / "zoo" / store.key(run_zoo, data, plan)
    return store.read(store.keep(entry, lambda *_: run_zoo(data, plan, n_jobs)))


def stored_fits(data: ImageData, plan: Plan, folder: Path = store.FOLDER) -> Tables:
    """Give the tables of :func:`ptclnm.models.zoo.run_fits`, computed once."""
    entry = folder / "fits" / store.key(run_fits, data, plan)
    return store.read(store.keep(entry, lambda *_: run_fits(data, plan)))

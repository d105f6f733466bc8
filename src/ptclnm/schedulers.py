"""Where parallel work runs: processes of this machine, or a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

import joblib

from ptclnm.compute import cores
from ptclnm.errors import ParameterError, nearest

SCHEDULERS = ("processes", "dask")


@contextmanager
def scheduler(name: str, n_jobs: int | None = None) -> Iterator[None]:
    """Run every ``parallel_map`` inside the block on this scheduler.

    Parameters
    ----------
    name : str
        ``processes``: joblib's own, as without this block; ``dask``: a cluster of local workers
        of one thread each, started here and closed at the end.
    n_jobs : int, optional
        Workers of the cluster; as in ``ptclnm.compute.parallel_map``.

    Raises
    ------
    ParameterError
        If there is no such scheduler.
    """
    if name not in SCHEDULERS:
        raise ParameterError("compute", [f"no scheduler {name!r}; {nearest(name, SCHEDULERS)}"])
    if name == "processes":
        yield
        return
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=cores(n_jobs), threads_per_worker=1, dashboard_address=None
        ) as local,
        Client(local),
        joblib.parallel_config(backend="dask"),
    ):
        yield

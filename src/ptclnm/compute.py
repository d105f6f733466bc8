"""Work on several cores or a Dask cluster: the only module that knows of joblib."""

import ctypes
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import joblib

from ptclnm.errors import checked_whole, choice_problem, refuse
from ptclnm.progress import counted

Item = TypeVar("Item")
Result = TypeVar("Result")
SCHEDULERS = ("processes", "dask")
# Settings of glibc's malloc.h by their number: trim and mmap thresholds, in bytes; the second is
# the most that it takes.
_MALLOC = {-1: 1 << 28, -3: 1 << 25}


def parallel_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    n_jobs: int | None = None,
    progress: str = "",
) -> list[Result]:
    """Apply a function to each item, on several cores.

    Parameters
    ----------
    function : callable
        Of one item; importable, so that another process can find it. What it returns may depend
        on the item alone.
    items : iterable
        The items.
    n_jobs : int, optional
        Processes; by default as many as there are cores, or as joblib's variable
        ``LOKY_MAX_CPU_COUNT`` says. With 1 nothing is started.
    progress : str
        What is counted, e.g. ``"patients"``; shown in a terminal with the time left, never in a
        notebook or a log.

    Returns
    -------
    list
        The results in the order of the items, the same for any `n_jobs`.

    Raises
    ------
    ParameterError
        If `n_jobs` is no whole number from 1.
    """
    work = list(items)
    jobs = min(cores(n_jobs), max(len(work), 1))
    if jobs == 1:
        done: Iterable[Result] = map(function, work)
    else:
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator")
        done = parallel(joblib.delayed(function)(item) for item in work)
    with warnings.catch_warnings():
        # A worker that has grown is replaced between two jobs, and none of them is lost.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
        return list(counted(done, len(work), progress))


def cores(n_jobs: int | None = None) -> int:
    """Processes to use: `n_jobs`, else one a core, or as many as ``LOKY_MAX_CPU_COUNT`` says.

    Raises
    ------
    ParameterError
        If it is no whole number from 1.
    """
    return joblib.cpu_count() if n_jobs is None else checked_whole("compute", "n_jobs", n_jobs, 1)


@contextmanager
def scheduler(name: str, n_jobs: int | None = None) -> Iterator[None]:
    """Run every ``parallel_map`` inside the block on this scheduler.

    Parameters
    ----------
    name : str
        ``processes``: joblib's own, as without this block; ``dask``: a cluster of local workers
        of one thread each, started here and closed at the end.
    n_jobs : int, optional
        Workers of the cluster; as in ``parallel_map``.

    Raises
    ------
    ParameterError
        If there is no such scheduler.
    """
    refuse("compute", choice_problem("scheduler", name, SCHEDULERS))
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


@cache
def reuse_memory() -> None:
    """Let this process keep what it frees for its next array, where the C library can.

    glibc hands large arrays back to the system at once and clears them anew for every next one;
    work that makes many of some megabytes spends a fifth of its time on that.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        for setting, size in _MALLOC.items():
            mallopt(setting, size)

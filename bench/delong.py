"""Time DeLong's covariance of many models at once against a loop over pairs.

Writes ``_build/results/bench/delong.csv``: 50 models on 100,000 patients. Run from the project's
folder: ``python bench/delong.py``. The loop is that of MLstatkit, which is no part of this
project: ``python -m pip install --no-deps --target _build/bench/packages MLstatkit==0.1.91`` puts
it where it is looked for. A loop is timed on some pairs, and its time for all is extrapolated.
"""

import argparse
import itertools
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.evaluation import delong, paired_tests
from ptclnm.files import write_table
from ptclnm.paths import BUILD

OUT = BUILD / "results" / "bench" / "delong.csv"
PACKAGES = BUILD / "bench" / "packages"
Pairs = list[tuple[int, int]]


def data(models: int, patients: int) -> tuple[NDArray, NDArray]:
    """Labels, a third of them 1, and correlated scores of three decimals, so that some tie."""
    rng = np.random.default_rng(0)
    labels = (rng.random(patients) < 1 / 3).astype(int)
    shared = rng.normal(size=(patients, 1)) + labels[:, None]
    return labels, (shared + rng.normal(size=(patients, models))).round(3)


def at_once(labels: NDArray, scores: NDArray, pairs: Pairs) -> list[float]:
    """All models at once: full covariance, every pair with Holm's correction."""
    z = paired_tests(delong(labels, scores))["z"].to_numpy()
    every = list(itertools.combinations(range(scores.shape[1]), 2))
    where = {pair: i for i, pair in enumerate(every)}
    return [z[where[pair]] for pair in pairs]


def own_loop(labels: NDArray, scores: NDArray, pairs: Pairs) -> list[float]:
    """The same code, two models at a time: what the loop itself costs."""
    return [paired_tests(delong(labels, scores[:, pair])).loc[0, "z"] for pair in map(list, pairs)]


def mlstatkit_loop(labels: NDArray, scores: NDArray, pairs: Pairs) -> list[float]:
    """MLstatkit, two models at a time; its z has the other sign."""
    sys.path.insert(0, str(PACKAGES))
    try:
        from MLstatkit.delong import Delong_test
    except ImportError as error:
        raise SystemExit(f"MLstatkit is not there ({error}).\n{__doc__}") from error
    found = [Delong_test(labels, scores[:, a], scores[:, b], return_ci=False, return_auc=False)
             for a, b in pairs]  # fmt: skip
    return [-one[0] for one in found]


WAYS: dict[str, Callable] = {
    "ptclnm, all at once": at_once, "ptclnm, pair by pair": own_loop,
    "MLstatkit 0.1.91, pair by pair": mlstatkit_loop,
}  # fmt: skip


def measure(way: str, models: int, patients: int, pairs: Pairs) -> tuple[float, list, list]:
    """Seconds, memory in MB before and at the peak, and z of the pairs, in a process of its own."""
    labels, scores = data(models, patients)
    WAYS[way](*data(3, 500), [(0, 1)])  # libraries are loaded before the clock runs
    before = _peak_mb()
    start = time.perf_counter()
    z = WAYS[way](labels, scores, pairs)
    return time.perf_counter() - start, [before, _peak_mb()], z


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and write the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--models", type=int, default=50)
    asked.add_argument("--patients", type=int, default=100_000)
    asked.add_argument("--pairs", type=int, default=25, help="pairs that a loop is timed on")
    given = asked.parse_args()
    every = list(itertools.combinations(range(given.models), 2))
    timed = every[:: max(1, len(every) // given.pairs)][: given.pairs]
    spawn, rows, z = multiprocessing.get_context("spawn"), [], {}
    for way in WAYS:
        with spawn.Pool(1) as pool:
            seconds, memory, z[way] = pool.apply(
                measure, (way, given.models, given.patients, timed)
            )
        whole = way == next(iter(WAYS))
        rows.append(
            {"way": way, "models": given.models, "patients": given.patients, "pairs": len(every),
             "pairs_timed": len(every) if whole else len(timed),
             "seconds": seconds if whole else seconds / len(timed) * len(every),
             "extrapolated": not whole, "memory_mb_before": memory[0], "memory_mb_peak": memory[1]}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    first = z[next(iter(WAYS))]
    table["times_slower"] = table["seconds"] / table["seconds"].iloc[0]
    table["largest_difference_of_z"] = [
        float(np.max(np.abs(np.subtract(first, z[w])))) for w in WAYS
    ]
    table["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    print(write_table(table, OUT), table.to_string(index=False), sep="\n")


if __name__ == "__main__":
    main()

"""Time the making of simulated cohorts, from an empty cache.

Writes ``_build/results/bench/simulation.csv``: each cohort with 120 patients, then Ni's at full
size. Run from the project's folder: ``python bench/simulation.py``; ``--patients N`` makes each
cohort with N patients only, 0 for all.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import pandas as pd
from joblib.externals.loky import get_reusable_executor

from ptclnm import store
from ptclnm.cohorts.simulate import cohort as simulated
from ptclnm.cohorts.simulate.patients import STUDIES
from ptclnm.compute import cores
from ptclnm.files import write_table
from ptclnm.paths import BUILD

OUT = BUILD / "results" / "bench" / "simulation.csv"
SIZES: tuple[tuple[str, int | None], ...] = (
    *((name, 120) for name in STUDIES),
    ("ni2024-sim", None),
)


def measure(name: str, n_patients: int | None) -> dict[str, float | int | str]:
    """Make one cohort in a new folder and open it again.

    Memory is the largest resident set of this process and of any worker so far; a worker is
    counted when it has ended.
    """
    openers = {"ni2024-sim": simulated.open_ni2024, "li2024-sim": simulated.open_li2024}
    started = time.monotonic()
    made = openers[name](n_patients=n_patients)
    seconds = time.monotonic() - started
    started = time.monotonic()
    openers[name](n_patients=n_patients)
    again = time.monotonic() - started
    get_reusable_executor().shutdown(wait=True)
    peaks = [resource.getrusage(who).ru_maxrss for who in (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]  # fmt: skip
    return {
        "cohort": name, "patients": made.table["patient_id"].nunique(), "images": len(made.table),
        "processes": cores(None), "seconds": round(seconds, 1),
        "images_per_second": round(len(made.table) / seconds, 2), "seconds_again": round(again, 2),
        "peak_mb_main": round(peaks[0] / 1024), "peak_mb_worker": round(peaks[1] / 1024),
    }  # fmt: skip


def main() -> None:
    """Measure the cohorts and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, help="patients of each cohort; 0 for all")
    asked = parser.parse_args().patients
    sizes = SIZES if asked is None else tuple((name, asked or None) for name in STUDIES)
    rows = []
    for name, count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            store.FOLDER = Path(folder)
            rows.append(measure(name, count))
    table = pd.DataFrame(rows)
    print(write_table(table, OUT), table.to_string(index=False), sep="\n")


if __name__ == "__main__":
    main()

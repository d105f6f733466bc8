"""Time the making of simulated cohorts, from an empty cache.

Writes ``_build/results/bench/simulation.csv``. Run from the project's folder:
``python bench/simulation.py``; ``--patients 0`` makes the cohorts at full size.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import pandas as pd

from ptclnm.cohorts.simulate import cohort as simulated
from ptclnm.cohorts.simulate import truth
from ptclnm.cohorts.simulate.patients import STUDIES
from ptclnm.compute import cores
from ptclnm.paths import BUILD
from ptclnm.report.files import write_table

OUT = BUILD / "results" / "bench" / "simulation.csv"


def measure(name: str, n_patients: int | None) -> dict[str, float | int | str]:
    """Make one cohort in a new folder and open it again."""
    openers = {"ni2024-sim": simulated.open_ni2024, "li2024-sim": simulated.open_li2024}
    started = time.monotonic()
    made = openers[name](n_patients=n_patients)
    seconds = time.monotonic() - started
    started = time.monotonic()
    openers[name](n_patients=n_patients)
    again = time.monotonic() - started
    peaks = [resource.getrusage(who).ru_maxrss for who in (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]  # fmt: skip
    return {
        "cohort": name, "patients": made.table["patient_id"].nunique(), "images": len(made.table),
        "processes": cores(None), "seconds": round(seconds, 1),
        "images_per_second": round(len(made.table) / seconds, 2), "seconds_again": round(again, 2),
        "peak_mb_main": round(peaks[0] / 1024), "peak_mb_worker": round(peaks[1] / 1024),
    }  # fmt: skip


def main() -> None:
    """Measure every simulated cohort and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=120, help="patients; 0 for all")
    count = parser.parse_args().patients or None
    with tempfile.TemporaryDirectory() as folder:
        simulated.BUILD = truth.BUILD = Path(folder)
        rows = pd.DataFrame([measure(name, count) for name in STUDIES])
    print(write_table(rows, OUT), rows.to_string(index=False), sep="\n")


if __name__ == "__main__":
    main()

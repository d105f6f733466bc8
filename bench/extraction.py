"""Time the extraction against plain pyradiomics on all masks of DDTI.

Writes ``_build/results/bench/radiomics.csv``. Run from the project's folder with ``PTCLNM_DATA``
set: ``python bench/extraction.py``; plain pyradiomics takes about half an hour. ``--every 20``
takes one picture in 20.
"""

import argparse
import logging
import os
import platform
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ptclnm.cohorts.registry import open_cohort
from ptclnm.cohorts.schema import Cohort
from ptclnm.imaging.radiomics import extract_all
from ptclnm.imaging.radiomics.settings import FOLDER
from ptclnm.imaging.read import read_image, read_mask
from ptclnm.paths import BUILD
from ptclnm.report.files import write_table

OUT = BUILD / "results" / "bench" / "radiomics.csv"


def plain(rows: pd.DataFrame, settings: str) -> np.ndarray:
    """Features of every row by pyradiomics' own extractor."""
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    extractor = RadiomicsFeatureExtractor(str(FOLDER / f"{settings}.yml"))
    made = []
    for number, row in enumerate(rows.itertuples(), start=1):
        picture = sitk.GetImageFromArray(read_image(row.image).array[None])
        mask = sitk.GetImageFromArray(read_mask(row.mask)[None].astype(np.uint8))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made.append([float(value) for value in extractor.execute(picture, mask).values()])
        print(f"\rplain {number}/{len(rows)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return np.array(made)


def ours(cohort: Cohort, settings: str, n_jobs: int) -> np.ndarray:
    """Features of every row by this project, from an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        made = extract_all(cohort, settings, n_jobs=n_jobs, cache=Path(folder))
    return made.features.drop(columns="image_id").to_numpy()


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """Result and seconds."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def worker_peak(_: int) -> float:
    """Peak memory of this process in MB, its libraries included."""
    time.sleep(0.2)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and write the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--every", type=int, default=1)
    asked.add_argument("--settings", default="li2024")
    asked.add_argument("--jobs", type=int, default=2)
    given = asked.parse_args()
    whole = open_cohort("ddti")
    rows = whole.table.iloc[:: given.every]
    cohort = replace(whole, table=rows)
    # Workers are started, and libraries loaded, before the clock runs.
    ours(replace(whole, table=rows.head(2 * given.jobs)), given.settings, given.jobs)
    fast, seconds = timed(lambda: ours(cohort, given.settings, given.jobs))
    peaks = joblib.Parallel(n_jobs=given.jobs)(
        joblib.delayed(worker_peak)(i) for i in range(2 * given.jobs)
    )
    alone, seconds_alone = timed(lambda: ours(cohort, given.settings, 1))
    reference, seconds_plain = timed(lambda: plain(rows, given.settings))
    with np.errstate(all="ignore"):
        error = np.where(fast == reference, 0, np.abs(fast - reference) / np.abs(reference)).max()
    common = {
        "cohort": cohort.name,
        "settings": given.settings,
        "images": len(rows),
        "features": reference.shape[1],
        "largest_relative_difference": float(error),
        "same_for_any_number_of_processes": bool(np.array_equal(fast, alone, equal_nan=True)),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    lines = [("plain", 1, seconds_plain), ("ptclnm", 1, seconds_alone)]
    lines.append(("ptclnm", given.jobs, seconds))
    peak = {("ptclnm", given.jobs): round(max(peaks), 1)}
    table = pd.DataFrame(
        [
            {"way": way, "processes": jobs, "seconds": round(spent, 2),
             "images_per_second": round(len(rows) / spent, 3),
             "ratio_to_plain": round(seconds_plain / spent, 2),
             "peak_memory_mb_per_process": peak.get((way, jobs))} | common
            for way, jobs, spent in lines
        ]
    )  # fmt: skip
    write_table(table, OUT)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()

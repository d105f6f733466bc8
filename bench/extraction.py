"""Time the extraction against plain pyradiomics on all masks of DDTI.

Writes ``_build/results/bench/radiomics.csv``. Run from the project's folder with ``PTCLNM_DATA``
set: ``python bench/extraction.py``; plain pyradiomics takes most of the time, a quarter of an hour
or more. ``--images 20`` takes 20 pictures, evenly spread, and the table says so.

Plain is ``RadiomicsFeatureExtractor.execute`` picture after picture in one process, as pyradiomics
is used; it has no processes of its own. The row of one process here is thus like against like.
Each way is timed in turn on the same block of pictures, so that a load on the machine that comes
and goes meets them all; the lowest and highest ratio of a block say how steady the ratio is.
"""

import argparse
import logging
import os
import platform
import re
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
from ptclnm.features import FOLDER, extract
from ptclnm.files import write_table
from ptclnm.paths import BUILD
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort

OUT = BUILD / "results" / "bench" / "radiomics.csv"
BLOCK = 68
Way = tuple[str, int]


def plain(rows: pd.DataFrame, settings: str) -> np.ndarray:
    """Features of every row by pyradiomics' own extractor."""
    extractor = RadiomicsFeatureExtractor(str(FOLDER / f"{settings}.yml"))
    made = []
    for number, row in enumerate(rows.itertuples(), start=1):
        picture = sitk.GetImageFromArray(read_image(row.image).array[None])
        mask = sitk.GetImageFromArray(read_mask(row.mask)[None].astype(np.uint8))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made.append([float(value) for value in extractor.execute(picture, mask).values()])
        told(f"plain pyradiomics, picture {number} of {len(rows)} in this block")
    return np.array(made)


def ours(cohort: Cohort, settings: str, n_jobs: int) -> np.ndarray:
    """Features of every row by this project, from an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        made = extract(cohort, settings, n_jobs=n_jobs, cache=Path(folder), progress="")
    return made.drop(columns="image_id").to_numpy()


def told(text: str, end: str = "") -> None:
    """Say on one line of the terminal where the run is."""
    print(f"\r{text:<72}", end=end, file=sys.stderr, flush=True)


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float, float]:
    """Result, seconds, and seconds of this process's processor time."""
    start, used = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - start, time.process_time() - used


def peak(_: int = 0) -> float:
    """Peak memory of this process in MB, its libraries included."""
    time.sleep(0.2)
    # Not getrusage: a process starts there with the peak of the one that it is forked from.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


def worker_peak(jobs: int) -> float:
    """Peak memory of the largest worker so far in MB."""
    found = joblib.Parallel(n_jobs=jobs)(joblib.delayed(peak)(i) for i in range(2 * jobs))
    return round(max(found), 1)


def blocks(cohort: Cohort) -> list[Cohort]:
    """The cohort in parts of equal size, each of pictures from all over it."""
    count = -(-len(cohort.table) // BLOCK)
    return [replace(cohort, table=cohort.table.iloc[k::count]) for k in range(count)]


def measure(
    parts: list[Cohort], settings: str, jobs: int
) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[float, float]], float, bool]:
    """Time every way on every block.

    Returns
    -------
    seconds : DataFrame
        One row a block, one column a way.
    processor : DataFrame
        The same in seconds of processor time, of the ways of one process; a load on the machine
        hardly shows in it.
    peaks : list of (float, float)
        Peak memory of a worker after each block, and of this process, in MB.
    error : float
        Largest relative difference of a feature from plain pyradiomics.
    same : bool
        Whether the tables are the same for any number of processes.
    """
    spent, used, peaks, errors, same = [], [], [], [], []
    for number, part in enumerate(parts, start=1):
        fast, seconds, _ = timed(lambda part=part: ours(part, settings, jobs))
        peaks.append((worker_peak(jobs), round(peak(), 1)))
        alone, *one = timed(lambda part=part: ours(part, settings, 1))
        wanted, *reference = timed(lambda part=part: plain(part.table, settings))
        spent.append({("plain", 1): reference[0], ("ptclnm", 1): one[0], ("ptclnm", jobs): seconds})
        used.append({("plain", 1): reference[1], ("ptclnm", 1): one[1]})
        same.append(np.array_equal(fast, alone, equal_nan=True))
        with np.errstate(all="ignore"):
            off = np.where(fast == wanted, 0, np.abs(fast - wanted) / np.abs(wanted))
        errors.append(off.max())
        ratios = f"{reference[0] / one[0]:.1f} and {reference[0] / seconds:.1f}"
        told(f"block {number} of {len(parts)}: ratios {ratios}", "\n")
    return pd.DataFrame(spent), pd.DataFrame(used), peaks, float(max(errors)), all(same)


def line(
    way: Way, seconds: pd.DataFrame, processor: pd.DataFrame, images: int
) -> dict[str, float | int | str]:
    """One row of the table."""
    ratios, total = seconds["plain", 1] / seconds[way], seconds[way].sum()
    used = processor[way].sum() if way in processor else np.nan
    return {
        "way": way[0], "processes": way[1], "seconds": round(total, 2),
        "images_per_second": round(images / total, 3),
        "ratio_to_plain": round(seconds["plain", 1].sum() / total, 2),
        "ratio_lowest_block": round(ratios.min(), 2),
        "ratio_highest_block": round(ratios.max(), 2),
        "processor_seconds": round(used, 2),
        "ratio_of_processor_time": round(processor["plain", 1].sum() / used, 2),
    }  # fmt: skip


def main() -> None:
    """Measure and write the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--images", type=int, default=0, help="pictures; 0 for all")
    asked.add_argument("--settings", default="li2024")
    asked.add_argument("--jobs", type=int, default=2)
    given = asked.parse_args()
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    whole = open_cohort("ddti")
    every = len(whole.table)
    count = min(given.images or every, every)
    at = np.linspace(0, every - 1, count).round().astype(int)
    cohort = replace(whole, table=whole.table.iloc[at])
    # Workers are started, and libraries loaded, before the clock runs.
    first = replace(whole, table=whole.table.head(2 * given.jobs))
    for jobs in (1, given.jobs):
        ours(first, given.settings, jobs)
    seconds, processor, peaks, error, same = measure(blocks(cohort), given.settings, given.jobs)
    table = pd.DataFrame([line(way, seconds, processor, count) for way in seconds])
    workers = table["way"].eq("ptclnm") & table["processes"].eq(given.jobs)
    # Of the main process before plain pyradiomics has run in it.
    names = ["peak_mb_worker_after_first_block", "peak_mb_main_after_first_block"]
    table.loc[workers, names] = peaks[0]
    table.loc[workers, "peak_mb_worker"] = peaks[-1][0]
    table = table.assign(
        cohort=cohort.name, settings=given.settings,
        images=count, masks="all" if count == every else f"{count} of {every}",
        largest_relative_difference=error, same_for_any_number_of_processes=same,
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
    )  # fmt: skip
    write_table(table, OUT)
    print(table.astype(str).T.to_string(header=False))


if __name__ == "__main__":
    main()

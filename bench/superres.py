"""Time super-resolution and measure its memory on a picture of 4,000 by 4,000 pixels.

Writes ``_build/results/bench/superres.csv``. Run from the project's folder:
``python bench/superres.py``; takes a few minutes.
"""

import resource
import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch

from ptclnm import cohorts
from ptclnm.compute import cores
from ptclnm.files import write_table
from ptclnm.paths import BUILD
from ptclnm.superres.networks import new_generator, super_resolve
from ptclnm.superres.pictures import training_pictures
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.training import train_generator

OUT = BUILD / "results" / "bench" / "superres.csv"
SIDES = (500, 1000, 4000)


def memory() -> float:
    """Most memory that this process has had, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def applied() -> Iterator[dict[str, object]]:
    """Super-resolve pictures of growing size; the whole process's peak beside each."""
    network = new_generator(SRPlan())
    for side in SIDES:
        image = np.random.default_rng(0).integers(0, 256, (side, side)).astype(np.uint8)
        start = time.perf_counter()
        super_resolve(network, image)
        seconds = time.perf_counter() - start
        yield {"what": f"apply to {side} x {side} pixels", "seconds": seconds, "peak_mb": memory()}


def trained() -> Iterator[dict[str, object]]:
    """Train one epoch of each stage."""
    cohort = cohorts.open("li2024-sim", n_patients=20, seed=0)
    plan = SRPlan(epochs=1)
    pictures = training_pictures(cohort, plan)
    start, before = time.perf_counter(), None
    for stage in (plan.without_adversary(), plan):
        before, _ = train_generator(pictures, stage, before)
        kind = "adversarial" if stage.adversarial else "pixel"
        seconds, start = time.perf_counter() - start, time.perf_counter()
        yield {"what": f"one {kind} epoch", "seconds": seconds, "peak_mb": memory()}


def main() -> None:
    """Measure and write."""
    torch.set_num_threads(cores())
    table = pd.DataFrame([*applied(), *trained()]).assign(threads=cores())
    write_table(table, OUT)
    print(table.round(2).to_string(index=False))


if __name__ == "__main__":
    main()

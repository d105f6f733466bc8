"""Time the training of every deep model against the plain way, in the same run.

Plain is what a first script does: float32, pictures contiguous by channel, the optimizer's default
implementation, running means of batch normalisation as torch keeps them, and picture and mask read
and cut again each epoch. Both ways see the same patients, draw the same variations, take as many
steps, and keep the weights of the last. Only these steps are timed; what cutting all pictures once
takes, which the models of all pages share, stands in a column of its own. Each way runs several
times, in turn, and the median counts.

Writes ``_build/results/bench/deep.csv``. Run from the project's folder: ``python bench/deep.py``;
``--models ResNet50 --patients 40 --epochs 1`` takes a part, and leaves the other models' rows.
"""

import argparse
import os
import platform
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from ptclnm.cohorts.registry import open_cohort
from ptclnm.compute import cores
from ptclnm.evaluation.pairs import compare
from ptclnm.files import write_table
from ptclnm.models.deep.batches import VARIATION, generator, in_chance_order, vary
from ptclnm.models.deep.crops import Crops, crops
from ptclnm.models.deep.crops import _cut as cut
from ptclnm.models.deep.networks import network
from ptclnm.models.deep.plan import ARCHITECTURES, DeepPlan
from ptclnm.models.deep.training import (
    WEIGHT_DECAY,
    inner_split,
    rate,
    scores,
    standard_of,
    train,
    uses_bfloat16,
)
from ptclnm.models.validation import patient_scores
from ptclnm.paths import BUILD
from ptclnm.schema import Cohort

OUT = BUILD / "results" / "bench" / "deep.csv"


def plain(cohort: Cohort, made: Crops, plan: DeepPlan) -> tuple[nn.Module, float]:
    """Train as a first script does; give the network and the seconds."""
    fitted, _ = inner_split(made.train, plan)
    mean, sd = standard_of(made.train, plan.architecture)
    model, _ = network(plan.architecture, plan.weights, plan.image_size, plan.seed)
    model.train()
    asked = len(fitted.labels), plan.batch_size, plan.seed
    steps = plan.epochs * len(in_chance_order(*asked, 0))
    optimizer = torch.optim.AdamW(
        model.parameters(), plan.lr, weight_decay=WEIGHT_DECAY, foreach=False
    )
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(rate, steps))
    positive = fitted.labels.sum()
    weight = torch.tensor((len(fitted.labels) - positive) / positive)
    paths = cohort.table.set_index("image_id").loc[fitted.image_ids, ["image", "mask"]].to_numpy()
    roi = cohort.mask_label
    start = time.perf_counter()
    for epoch in range(plan.epochs):
        for number, rows in enumerate(in_chance_order(*asked, epoch)):
            squares = [cut(plan.image_size, plan.margin, roi, tuple(paths[i]))[0] for i in rows]
            images = torch.from_numpy((np.stack(squares) - mean) / sd).float()[:, None]
            images = vary(images, generator(plan.seed, VARIATION, epoch, number, 0))
            output = model(images.expand(-1, 3, -1, -1).contiguous())[:, 0]
            label = torch.from_numpy(fitted.labels[rows]).float()
            loss = nn.functional.binary_cross_entropy_with_logits(output, label, pos_weight=weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
    return model.eval(), time.perf_counter() - start


def ours(made: Crops, plan: DeepPlan) -> tuple[nn.Module, float]:
    """Train as this project does; give the network and the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        done = train(made, plan, Path(folder))
    return done.network, float(done.history["seconds"].sum())


def scored(model: nn.Module, made: Crops, plan: DeepPlan) -> pd.DataFrame:
    """Scores of the patients that were not trained on."""
    other = made.rows(made.splits != "train")
    found = scores(model, other, standard_of(made.train, plan.architecture))
    return patient_scores(other.patients, other.labels, found).assign(model=plan.name)


def measure(cohort: Cohort, made: Crops, plan: DeepPlan, repeats: int) -> list[dict]:
    """Train both ways, in turn; a row for each."""
    ways = {"plain": lambda: plain(cohort, made, plan), "ptclnm": lambda: ours(made, plan)}
    spent: dict[str, list[float]] = {way: [] for way in ways}
    networks = {}
    for number in range(repeats):
        for way in list(ways)[:: 1 if number % 2 else -1]:
            networks[way], seconds = ways[way]()
            spent[way].append(seconds)
    found = {way: scored(model, made, plan) for way, model in networks.items()}
    row = compare(found["ptclnm"], found["plain"])
    images = len(inner_split(made.train, plan)[0].labels) * plan.epochs
    median = {way: float(np.median(seconds)) for way, seconds in spent.items()}
    ratios = [a / b for a, b in zip(spent["plain"], spent["ptclnm"], strict=True)]
    return [
        {"model": plan.architecture, "way": way, "image_size": plan.image_size,
         "batch_size": plan.batch_size, "images": images, "seconds": round(seconds, 2),
         "images_per_second": round(images / seconds, 2),
         "ratio_to_plain": round(median["plain"] / seconds, 2),
         "ratio_lowest": round(min(ratios), 2), "ratio_highest": round(max(ratios), 2),
         "arithmetic": "bfloat16" if way == "ptclnm" and uses_bfloat16()
         else "float32",
         "auc": row["auc_b" if way == "plain" else "auc_a"], "auc_difference": row["difference"],
         "difference_low": row["low"], "difference_high": row["high"]}
        for way, seconds in median.items()
    ]  # fmt: skip


def main() -> None:
    """Measure and write the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--models", nargs="*", default=list(ARCHITECTURES), choices=ARCHITECTURES)
    asked.add_argument("--patients", type=int, default=120)
    asked.add_argument("--epochs", type=int, default=3)
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--size", type=int, default=96)
    given = asked.parse_args()
    cohort = open_cohort("li2024-sim", n_patients=given.patients)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        made = crops(cohort, given.size, folder=Path(folder))
        cutting = time.perf_counter() - start
    torch.set_num_threads(cores())
    common = DeepPlan("", "none", given.size, epochs=given.epochs, batch_size=16,
                      patience=0, keep_last=True)  # fmt: skip
    # What is loaded and compiled at first use is so before the clock runs.
    with tempfile.TemporaryDirectory() as folder:
        train(made, replace(common, architecture=given.models[0], epochs=1), Path(folder))
    rows = []
    for name in given.models:
        rows += measure(cohort, made, replace(common, architecture=name), given.repeats)
        print(pd.DataFrame(rows[-2:]).to_string(index=False), flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    table = pd.DataFrame(rows).assign(
        repeats=given.repeats, cutting_all_once_seconds=round(cutting, 2), cohort=cohort.name,
        machine=machine,
    )  # fmt: skip
    if OUT.is_file():
        before = pd.read_csv(OUT)
        if list(before.columns) == list(table.columns):
            table = pd.concat([before[~before["model"].isin(given.models)], table])
    write_table(table, OUT)


if __name__ == "__main__":
    main()

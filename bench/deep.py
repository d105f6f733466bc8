"""Time the training of every deep model against the plain way, in the same run.

Plain is what a first script does: float32, pictures contiguous by channel, the optimizer's default
implementation, and picture and mask read and cut again each epoch. Both ways see the same patients,
draw the same variations and take as many steps. Only these are timed.

Writes ``_build/results/bench/deep.csv``. Run from the project's folder: ``python bench/deep.py``;
``--models ResNet50 --patients 40 --epochs 1`` takes a part.
"""

import argparse
import os
import platform
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from ptclnm.cohorts.registry import open_cohort
from ptclnm.cohorts.schema import Cohort
from ptclnm.compute import cores
from ptclnm.evaluation import delong
from ptclnm.models.deep.architectures import NAMES
from ptclnm.models.deep.augment import vary
from ptclnm.models.deep.batches import VARIATION, TrainBatches, generator
from ptclnm.models.deep.crops import Crops, crops
from ptclnm.models.deep.crops import _cut as cut
from ptclnm.models.deep.module import Rate, uses_bfloat16
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.deep.training import inner_split, scores, standard_of, train
from ptclnm.models.deep.weights import network
from ptclnm.models.validation import patient_scores
from ptclnm.paths import BUILD
from ptclnm.report.files import write_table

OUT = BUILD / "results" / "bench" / "deep.csv"


def plain(cohort: Cohort, made: Crops, plan: DeepPlan) -> tuple[nn.Module, float]:
    """Train as a first script does; give the network and the seconds."""
    fitted, _ = inner_split(made.train, plan)
    mean, sd = standard_of(made.train)
    model, _ = network(plan.architecture, plan.weights, plan.image_size, plan.seed)
    model.train()
    batches = TrainBatches(fitted.labels, plan.batch_size, plan.seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), plan.lr, weight_decay=plan.weight_decay, foreach=False
    )
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, Rate(plan.epochs * len(batches)))
    positive = fitted.labels.sum()
    weight = torch.tensor((len(fitted.labels) - positive) / positive)
    paths = cohort.table.set_index("image_id").loc[fitted.image_ids, ["image", "mask"]].to_numpy()
    roi = cohort.mask_label
    start = time.perf_counter()
    for epoch in range(plan.epochs):
        batches.set_epoch(epoch)
        for number, rows in enumerate(batches):
            squares = [cut(plan.image_size, plan.margin, roi, tuple(paths[i]))[0] for i in rows]
            images = torch.from_numpy((np.stack(squares) - mean) / sd).float()[:, None]
            images = vary(images, generator(plan.seed, VARIATION, epoch, number, 0))
            output = model(images.expand(-1, 3, -1, -1).contiguous())[:, 0]
            label = torch.from_numpy(fitted.labels[rows]).float()
            loss = nn.functional.binary_cross_entropy_with_logits(output, label, pos_weight=weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rate.step()
    return model.eval(), time.perf_counter() - start


def judged(model: nn.Module, made: Crops, plan: DeepPlan) -> tuple[float, float, float]:
    """AUC of the patients that were not trained on, with DeLong's interval."""
    other = made.rows(made.splits != "train")
    found = scores(model, other, plan, standard_of(made.train))
    table = patient_scores(other.patients, other.labels, found)
    row = delong(table["label"], table["score"], [plan.name]).intervals(0.95).iloc[0]
    return row["auc"], row["low"], row["high"]


def measure(cohort: Cohort, made: Crops, plan: DeepPlan) -> list[dict]:
    """Train both ways; a row for each."""
    with tempfile.TemporaryDirectory() as folder:
        done = train(made, plan, Path(folder))
    images = int(done.history["images"].iloc[0]) * plan.epochs
    fast = (float(done.history["seconds"].sum()), judged(done.network, made, plan))
    model, seconds = plain(cohort, made, plan)
    slow = (seconds, judged(model, made, plan))
    inside = fast[1][1] <= slow[1][0] <= fast[1][2]
    ways = (("plain", slow, "float32"), ("ptclnm", fast, ""))
    return [
        {"model": plan.architecture, "way": way, "image_size": plan.image_size,
         "batch_size": plan.batch_size, "images": images, "seconds": round(spent, 2),
         "images_per_second": round(images / spent, 2),
         "ratio_to_plain": round(seconds / spent, 2),
         "arithmetic": kind or ("bfloat16" if uses_bfloat16(plan.precision) else "float32"),
         "auc": auc, "auc_low": low, "auc_high": high, "plain_auc_inside_interval": inside}
        for way, (spent, (auc, low, high)), kind in ways
    ]  # fmt: skip


def main() -> None:
    """Measure and write the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--models", nargs="*", default=list(NAMES), choices=NAMES)
    asked.add_argument("--patients", type=int, default=200)
    asked.add_argument("--epochs", type=int, default=4)
    asked.add_argument("--size", type=int, default=96)
    given = asked.parse_args()
    cohort = open_cohort("li2024-sim", n_patients=given.patients)
    made = crops(cohort, given.size)
    torch.set_num_threads(cores())
    common = DeepPlan("", "none", given.size, epochs=given.epochs, batch_size=16, patience=0)
    # What is loaded and compiled at first use is so before the clock runs.
    with tempfile.TemporaryDirectory() as folder:
        train(made, replace(common, architecture=given.models[0], epochs=1), Path(folder))
    rows = []
    for name in given.models:
        rows += measure(cohort, made, replace(common, architecture=name))
        print(pd.DataFrame(rows[-2:]).to_string(index=False), flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    write_table(pd.DataFrame(rows).assign(cohort=cohort.name, machine=machine), OUT)


if __name__ == "__main__":
    main()

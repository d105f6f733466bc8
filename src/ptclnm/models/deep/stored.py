"""Trained networks and their tables, kept between runs."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from ptclnm import store
from ptclnm.cohorts.schema import SPLITS
from ptclnm.models.deep.architectures import architecture
from ptclnm.models.deep.callbacks import save
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.module import uses_bfloat16
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.deep.training import Trained, scores, train
from ptclnm.models.deep.weights import origin_key, read_state
from ptclnm.models.validation import patient_scores
from ptclnm.progress import tell

STATE = "network.pt"


def stored_deep(crops: Crops, plan: DeepPlan, folder: Path = store.FOLDER) -> store.Tables:
    """Train a network and score everyone, once.

    Parameters
    ----------
    crops : Crops
        All sets; only ``train`` is trained on.
    plan : DeepPlan
        How.
    folder : Path
        Where entries are kept, the network's state dict beside the tables.

    Returns
    -------
    dict of str to DataFrame
        - ``predictions``: ``model, split, patient_id, label, score``, the training patients' own
          scores among them; a patient's score is the mean over its images;
        - ``images``: ``model, split, patient_id, image_id, label, score``;
        - ``history``: ``model, epoch, loss, inner_loss, inner_auc, lr, seconds, images, kept``;
        - ``about``: one row, ``model, origin, sha256, arithmetic, images, epochs, seconds,
          images_per_second, scoring_seconds, mean, sd``; times are those of the run that trained,
          without the judging of the inner patients.

    Raises
    ------
    PtclnmError
        As ``ptclnm.models.deep.training.train``.
    """
    return store.read(_kept(crops, plan, folder))


def stored_all(
    crops: Crops, plans: Sequence[DeepPlan], folder: Path = store.FOLDER
) -> store.Tables:
    """Give the tables of several plans, one below the other; see :func:`stored_deep`."""
    parts = [stored_deep(crops, plan, folder) for plan in plans]
    return {name: pd.concat([p[name] for p in parts], ignore_index=True) for name in parts[0]}


def stored_network(
    crops: Crops, plan: DeepPlan, folder: Path = store.FOLDER
) -> tuple[nn.Module, tuple[float, float]]:
    """Give the trained network of a plan, trained now if it is not kept.

    Returns
    -------
    network : Module
        In evaluation mode.
    standard : tuple of float
        Mean and standard deviation that its input is standardised by.
    """
    entry = _kept(crops, plan, folder)
    about = store.read(entry)["about"].iloc[0]
    with torch.random.fork_rng(devices=[]):
        made = architecture(plan.architecture).build(plan.image_size)
    made.load_state_dict(read_state(entry / STATE))
    return made.eval(), (float(about["mean"]), float(about["sd"]))


def network_key(crops: Crops, plan: DeepPlan) -> str:
    """Name a trained network by data, plan, first weights, arithmetic and code."""
    plan.check()
    origin = origin_key(plan.architecture, plan.weights)
    return store.key(_made, crops, plan, origin, uses_bfloat16(plan.precision))


def _kept(crops: Crops, plan: DeepPlan, folder: Path) -> Path:
    entry = folder / "deep" / network_key(crops, plan)
    return store.keep(entry, partial(_made, crops, plan))


def _made(crops: Crops, plan: DeepPlan, beside: Path, unfinished: Path) -> store.Tables:
    tell(f"training {plan.name}")
    done = train(crops, plan, unfinished)
    save(done.network.state_dict(), beside / STATE)
    start = time.perf_counter()
    found = scores(done.network, crops, plan, done.standard)
    return _tables(crops, plan, done, found, time.perf_counter() - start)


def _tables(
    crops: Crops, plan: DeepPlan, done: Trained, found: np.ndarray, scoring: float
) -> store.Tables:
    images = pd.DataFrame(
        {"model": plan.name, "split": crops.splits, "patient_id": crops.patients,
         "image_id": crops.image_ids, "label": crops.labels, "score": found}
    )  # fmt: skip
    seconds = float(done.history["seconds"].sum())
    seen = int(done.history["images"].sum())
    mean, sd = done.standard
    about = {
        "model": plan.name, "origin": done.origin.text, "sha256": done.origin.sha256,
        "arithmetic": "bfloat16" if uses_bfloat16(plan.precision) else "float32",
        "images": int(done.history["images"].iloc[0]), "epochs": len(done.history),
        "seconds": seconds, "images_per_second": seen / seconds, "scoring_seconds": scoring,
        "mean": mean, "sd": sd,
    }  # fmt: skip
    return {
        "predictions": by_patient(images),
        "images": images,
        "history": done.history.assign(model=plan.name),
        "about": pd.DataFrame([about]),
    }


def by_patient(images: pd.DataFrame) -> pd.DataFrame:
    """Reduce images' scores to their mean: ``model, split, patient_id, label, score``."""
    parts = []
    for split in [name for name in SPLITS if name in set(images["split"])]:
        part = images[images["split"] == split]
        table = patient_scores(part["patient_id"].to_numpy(), part["label"], part["score"])
        parts.append(table.assign(model=part["model"].iloc[0], split=split))
    return pd.concat(parts, ignore_index=True)[["model", "split", "patient_id", "label", "score"]]

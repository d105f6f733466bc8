"""Trained networks and their tables, kept between runs."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from ptclnm import store
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.networks import network, origin, read_state
from ptclnm.models.deep.plan import ARCHITECTURES, NONE, DeepPlan
from ptclnm.models.deep.training import scores, train, uses_bfloat16
from ptclnm.models.validation import patient_scores
from ptclnm.progress import tell
from ptclnm.schema import SPLITS

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
        - ``history``: ``model, epoch, loss, inner_loss, seconds, images, kept``;
        - ``about``: one row, ``model, origin, sha256, arithmetic, images, epochs, kept, seconds,
          images_per_second, mean, sd``; times are those of the run that trained, without the
          judging of the inner patients.

    Raises
    ------
    PtclnmError
        As ``ptclnm.models.deep.training.train``.
    """
    return store.read(_kept(crops, plan, folder))


def stored_all(
    crops: Crops, plans: Sequence[DeepPlan], folder: Path = store.FOLDER
) -> store.Tables:
    """Give the tables of several plans, one below the other; see :func:`stored_deep`.

    All first weights are looked for before any network is trained.
    """
    for plan in plans:
        if plan.weights != NONE:
            network(plan.architecture, plan.weights, plan.image_size, plan.seed)
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
    made = ARCHITECTURES[plan.architecture].build(plan.image_size)
    made.load_state_dict(read_state(entry / STATE))
    return made.eval(), (float(about["mean"]), float(about["sd"]))


def network_key(crops: Crops, plan: DeepPlan) -> str:
    """Name a trained network by data, plan, first weights, arithmetic and code."""
    start = origin(plan.architecture, plan.weights).sha256
    row = ARCHITECTURES[plan.architecture]
    return store.key(_made, crops, plan, row, start, uses_bfloat16())


def _kept(crops: Crops, plan: DeepPlan, folder: Path) -> Path:
    entry = folder / "deep" / network_key(crops, plan)
    return store.keep(entry, partial(_made, crops, plan))


def _made(crops: Crops, plan: DeepPlan, beside: Path, unfinished: Path) -> store.Tables:
    tell(f"training {plan.name}")
    done = train(crops, plan, unfinished)
    torch.save(done.network.state_dict(), beside / STATE)
    found = scores(done.network, crops, done.standard)
    history = done.history.assign(model=plan.name)
    seconds = float(history["seconds"].sum())
    about = {
        "model": plan.name, "origin": done.origin.text, "sha256": done.origin.sha256,
        "arithmetic": "bfloat16" if uses_bfloat16() else "float32",
        "images": int(history["images"].iloc[0]), "epochs": len(history),
        "kept": int(history.loc[history["kept"], "epoch"].iloc[0]) + 1, "seconds": seconds,
        "images_per_second": int(history["images"].sum()) / seconds,
        "mean": done.standard[0], "sd": done.standard[1],
    }  # fmt: skip
    sets = {
        split: patient_scores(crops.patients[at], crops.labels[at], found[at])
        for split in SPLITS if (at := crops.splits == split).any()
    }  # fmt: skip
    table = pd.concat(sets, names=["split"]).reset_index("split").reset_index(drop=True)
    table.insert(0, "model", plan.name)
    return {"predictions": table, "history": history, "about": pd.DataFrame([about])}

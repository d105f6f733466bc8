"""Trained generators and super-resolved pictures, kept between runs."""

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ptclnm import store
from ptclnm.imaging.superres.apply import super_resolve
from ptclnm.imaging.superres.errors import SuperResError
from ptclnm.imaging.superres.networks import Generator
from ptclnm.imaging.superres.pictures import Pictures
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.imaging.superres.training import TrainedSR, train_generator
from ptclnm.models.deep.training import save, uses_bfloat16
from ptclnm.progress import tell

WEIGHTS = "generator.pt"
SHAPE = ("scale", "blocks", "channels")


def stored_generator(pictures: Pictures, plan: SRPlan, folder: Path = store.FOLDER) -> Path:
    """Train a generator once.

    Parameters
    ----------
    pictures : Pictures
        What is trained on.
    plan : SRPlan
        How. The warm-up of an adversarial plan is an entry of its own.
    folder : Path
        Where entries are kept.

    Returns
    -------
    Path
        The entry's folder; it holds the weights as a state dict, and ``history.parquet``.

    Raises
    ------
    PtclnmError
        As ``ptclnm.imaging.superres.training.train_generator``.
    """
    plan.check()
    key = store.key(_made, pictures, plan, uses_bfloat16(plan.precision))
    return store.keep(folder / "superres" / key, partial(_made, pictures, plan, folder))


def history_of(entry: Path) -> pd.DataFrame:
    """Losses of every epoch; see ``TrainedSR``."""
    return store.read(entry)["history"]


def load_generator(path: Path, plan: SRPlan) -> Generator:
    """Load trained weights, safely.

    Parameters
    ----------
    path : Path
        A file that :func:`save_generator` wrote.
    plan : SRPlan
        What they are used for.

    Returns
    -------
    Generator
        In evaluation mode.

    Raises
    ------
    SuperResError
        If the file is missing, no such file, or of another scale or size than the plan.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        about, state = found["about"], found["state"]
        problems = [
            f"the weights are of {name} {about[name]}, the plan has {getattr(plan, name)}; "
            "set the plan's, or train again"
            for name in SHAPE
            if about[name] != getattr(plan, name)
        ]
    except UnpicklingError:
        raise SuperResError(str(path), ["it holds more than weights and is not opened"]) from None
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError) as error:
        found = f"no weights of a generator can be read ({type(error).__name__})"
        raise SuperResError(str(path), [found]) from None
    if problems:
        raise SuperResError(str(path), problems)
    made = Generator(plan.blocks, plan.channels).to(memory_format=torch.channels_last)
    made.load_state_dict(state)
    return made.eval()


def save_generator(network: Generator, plan: SRPlan, path: Path) -> None:
    """Write weights and what they are of, whole or not at all."""
    about = {name: getattr(plan, name) for name in SHAPE}
    save({"state": network.state_dict(), "about": about}, path)


@lru_cache(maxsize=4)
def _loaded(path: Path, plan: SRPlan) -> tuple[Generator, str]:
    """The generator and a hash of its weights; workers load it once."""
    return load_generator(path, plan), hashlib.sha256(path.read_bytes()).hexdigest()


def stored_picture(
    image: NDArray, weights: Path, plan: SRPlan, folder: Path | None = None
) -> NDArray[np.float32]:
    """Super-resolve a picture once.

    Parameters
    ----------
    image : ndarray, shape (rows, cols)
        Grey values.
    weights : Path
        The generator's file.
    plan : SRPlan
        Its plan.
    folder : Path, optional
        Where entries are kept; None keeps none.

    Returns
    -------
    ndarray of float32, shape (rows, cols)
        As ``ptclnm.imaging.superres.apply.super_resolve``.
    """
    network, digest = _loaded(weights, plan)
    if folder is None:
        return super_resolve(network, image)
    key = store.key(super_resolve, digest, np.asarray(image, dtype=np.float32))
    entry = folder / "superres_pictures" / key
    store.keep(entry, lambda *_: {"picture": super_resolve(network, image)})
    return store.read(entry)["picture"]


def _made(
    pictures: Pictures, plan: SRPlan, folder: Path, beside: Path, unfinished: Path
) -> store.Tables:
    start = None
    if plan.adversarial_epochs:
        first = plan.without_adversary()
        before = stored_generator(pictures, first, folder)
        start = TrainedSR(load_generator(before / WEIGHTS, first), history_of(before))
    tell("training the super-resolving network")
    done = train_generator(pictures, plan, unfinished, start)
    save_generator(done.network, plan, beside / WEIGHTS)
    about = json.dumps(asdict(plan))
    return {"history": done.history, "about": pd.DataFrame({"plan": [about]})}

"""What a part of a model's inputs adds: each combination against itself plus one part more."""

from collections.abc import Iterator

import pandas as pd

from ptclnm.evaluation.operating import TRAIN
from ptclnm.evaluation.pairs import compare

JOINED = " + "
INCREMENTS = (
    "split", "base", "adds", "n", "positives", "auc_base", "auc_with", "difference", "low", "high",
    "p",
)  # fmt: skip


def increments(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare each combination with itself plus one part more, on the same patients.

    Parameters
    ----------
    predictions : DataFrame
        ``model, split, patient_id, label, score``; a model is named after its parts, joined by
        " + ". The training set is left out.

    Returns
    -------
    DataFrame
        ``split, base, adds, n, positives, auc_base, auc_with, difference, low, high, p``. With
        DeLong's paired interval; the models are fixed and their patients new, so that it holds
        although one model's inputs contain the other's. An empty `base` is chance.
    """
    rows = []
    for split, part in predictions[predictions["split"] != TRAIN].groupby("split", sort=False):
        by = {tuple(name.split(JOINED)): p for name, p in part.groupby("model", sort=False)}
        for base, adds, with_it in _steps(list(by)):
            rows.append({"split": split} | _step(by.get(base), adds, by[with_it]))
    return pd.DataFrame(rows, columns=list(INCREMENTS))


def _steps(
    known: list[tuple[str, ...]],
) -> Iterator[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    for with_it in known:
        for adds in with_it:
            base = tuple(name for name in with_it if name != adds)
            if not base or base in known:
                yield base, adds, with_it


def _step(base: pd.DataFrame | None, adds: str, with_it: pd.DataFrame) -> dict[str, object]:
    chance = base is None
    other = with_it.assign(score=0.5, model="chance") if chance else base
    found = compare(with_it, other)
    return {
        "base": "" if chance else str(base["model"].iloc[0]), "adds": adds, "n": found["n"],
        "positives": int(with_it["label"].sum()), "auc_base": found["auc_b"],
        "auc_with": found["auc_a"], "difference": found["difference"], "low": found["low"],
        "high": found["high"], "p": found["p"],
    }  # fmt: skip

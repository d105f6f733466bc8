"""What page 03 compares: train with other sets, pretrained with not, and the best of several."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptclnm.evaluation.operating import TRAIN
from ptclnm.evaluation.pairs import COLUMNS, compare, wide_scores
from ptclnm.models.deep.plan import IMAGENET, NONE, DeepPlan

DRAWS = 1000
GAP = {"model_a": "model", "split": "split", "auc_a": "auc_train", "auc_b": "auc",
       "difference": "difference", "low": "low", "high": "high"}  # fmt: skip


def gaps(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare each model's AUC on the patients it was trained on with that on others.

    Returns
    -------
    DataFrame
        ``model, split, auc_train, auc, difference, low, high``; the interval is DeLong's for
        different patients.
    """
    by = dict(list(predictions.groupby(["model", "split"], sort=False)))
    rows = [
        {**compare(by[model, TRAIN], part), "split": split}
        for (model, split), part in by.items()
        if split != TRAIN and (model, TRAIN) in by
    ]
    return pd.DataFrame(rows, columns=list(GAP)).rename(columns=GAP)


def transfer(predictions: pd.DataFrame, plans: Sequence[DeepPlan]) -> pd.DataFrame:
    """Compare each pretrained model with the same from scratch, on the same patients.

    Returns
    -------
    DataFrame
        ``split``, then the columns of ``ptclnm.evaluation.compare``; a row for each set but the
        training set. Empty where no architecture is there both ways.
    """
    new = predictions[predictions["split"] != TRAIN]
    by = dict(list(new.groupby(["model", "split"], sort=False)))
    scratch = {plan.architecture: plan.name for plan in plans if plan.weights == NONE}
    known = [p for p in plans if p.weights == IMAGENET and p.architecture in scratch]
    rows = [
        {"split": split, **compare(by[plan.name, split], by[scratch[plan.architecture], split])}
        for plan in known
        for split in new["split"].unique()
    ]
    return pd.DataFrame(rows, columns=["split", *COLUMNS])


def best_in_draws(predictions: pd.DataFrame, seed: int, draws: int = DRAWS) -> pd.Series:
    """Share of bootstrap draws of patients in which each model has the highest AUC.

    Parameters
    ----------
    predictions : DataFrame
        One set: columns ``model, patient_id, label, score``.
    seed, draws : int
        Of the draws; classes keep their numbers.

    Returns
    -------
    Series
        Share by model, the highest first; of equal AUCs the first model's counts.
    """
    labels, wide = wide_scores(predictions)
    a, b = wide[labels == 1].to_numpy(), wide[labels != 1].to_numpy()
    wins = (a[:, None] > b[None]) + 0.5 * (a[:, None] == b[None])
    rng = np.random.default_rng(seed)
    best = np.zeros(wide.shape[1])
    for _ in range(draws):
        of_a, of_b = (np.bincount(rng.integers(n, size=n), minlength=n) for n in (len(a), len(b)))
        best[np.argmax(np.einsum("i,j,ijm->m", of_a, of_b, wins))] += 1
    return pd.Series(best / draws, index=wide.columns).sort_values(ascending=False, kind="stable")

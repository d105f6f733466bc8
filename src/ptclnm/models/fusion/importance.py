"""What a fused model rests on: how its AUC falls when a group of features is shuffled."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ptclnm.models.components import is_deep
from ptclnm.models.data import ImageData
from ptclnm.models.validation import patient_scores

REPEATS = 50
CLASS, FILTER, FEATURE = "class", "filter", "feature"
DEEP_GROUP = "DL"
COLUMNS = ("kind", "group", "features", "drop", "low", "high")


def class_of(name: str) -> str:
    """Class of a feature: pyradiomics', e.g. ``glcm``, or ``DL``."""
    if is_deep(name):
        return DEEP_GROUP
    parts = str(name).split("_")
    return parts[1] if len(parts) > 2 else "other"


def filter_of(name: str) -> str:
    """Filter of a feature: ``original``, ``wavelet``, …, or ``DL``."""
    return DEEP_GROUP if is_deep(name) else str(name).split("_")[0].split("-")[0]


def group_table(names: Sequence[str]) -> pd.DataFrame:
    """Group features by class, by filter, and each on its own: ``kind, group, at``."""
    rows = []
    for kind, key in ((CLASS, class_of), (FILTER, filter_of), (FEATURE, str)):
        groups: dict[str, list[int]] = {}
        for at, name in enumerate(names):
            groups.setdefault(key(name), []).append(at)
        rows += [(kind, group, tuple(at)) for group, at in groups.items()]
    return pd.DataFrame(rows, columns=["kind", "group", "at"])


def importance(
    model: Pipeline, data: ImageData, seed: int = 0, repeats: int = REPEATS
) -> pd.DataFrame:
    """Shuffle groups of kept features among the images and see how far the AUC falls.

    Parameters
    ----------
    model : Pipeline
        Fitted; its last step is the classifier.
    data : ImageData
        Patients that the model has not seen, of both classes.
    seed, repeats : int
        Of the shuffles, and how many.

    Returns
    -------
    DataFrame
        ``kind, group, features, drop, low, high``: by class of feature, by filter, and feature
        by feature; how many kept features are in the group, the mean fall of the AUC by patient,
        and the middle 95 % of the shuffles. Falls of groups do not add up. Empty where no
        feature is kept.

    Notes
    -----
    Breiman 2001; the features of a group are shuffled together, so that what one of them knows
    is not made up for by another of the same group.
    """
    names = model[:-1].get_feature_names_out(np.array(data.names, dtype=object))
    classifier = model.named_steps["classifier"]
    with threadpool_limits(1):
        X = model[:-1].transform(data.X)
        whole = _auc(classifier, X, data)
        rows = []
        for number, (kind, group, at) in enumerate(group_table(names).itertuples(index=False)):
            drops = [
                whole - _auc(classifier, _shuffled(X, at, [seed, number, draw]), data)
                for draw in range(repeats)
            ]
            low, high = np.percentile(drops, [2.5, 97.5])
            rows.append((kind, group, len(at), float(np.mean(drops)), low, high))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table["kind"].map({CLASS: 0, FILTER: 1, FEATURE: 2})
    return (
        table.assign(order=order)
        .sort_values(["order", "drop"], ascending=[True, False], kind="stable", ignore_index=True)
        .drop(columns="order")
    )


def _auc(classifier, X: NDArray, data: ImageData) -> float:
    scores = classifier.predict_proba(X)[:, 1]
    by = patient_scores(data.patients, data.labels, scores)
    return float(roc_auc_score(by["label"], by["score"]))


def _shuffled(X: NDArray, at: tuple[int, ...], seed: list[int]) -> NDArray:
    rows = np.random.default_rng(seed).permutation(len(X))
    changed = X.copy()
    changed[:, list(at)] = X[rows][:, list(at)]
    return changed

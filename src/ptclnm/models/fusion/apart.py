"""A fused model taken apart: what each part adds, texture or size, what it rests on."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ptclnm.models import classifiers
from ptclnm.models.components import is_deep
from ptclnm.models.data import TRAIN, ImageData
from ptclnm.models.fusion.join import CLINICAL, DEEP, SIZE, area_of, fuse
from ptclnm.models.selection import ZScore, selection
from ptclnm.models.validation import patient_scores
from ptclnm.models.zoo import predict

METHOD = "fusion"
JOINED = " + "
# Few columns that a clinician would not have selected away: they enter as they are.
FORCED = (CLINICAL, SIZE, "area alone")
DEGREE = 3


def select(train: ImageData, folds: int, seed: int) -> Pipeline:
    """Fit the selection of the combined features, components among it."""
    chain = Pipeline(selection(METHOD, folds, seed, train.names))
    return chain.fit(train.X, train.labels, lasso__groups=train.patients)


def part_predictions(
    table: pd.DataFrame, parts: Mapping[str, pd.DataFrame], folds: int, seed: int
) -> pd.DataFrame:
    """Fit a model on every combination of parts and score everyone.

    Parameters
    ----------
    table : DataFrame
        The cohort table.
    parts : mapping of str to DataFrame
        Features by part, e.g. ``radiomics``, ``DL``, ``clinical``, ``size``.
    folds, seed : int
        Of the selection.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score``, a model a combination, the smallest first, named
        e.g. ``radiomics + size``. Radiomics and deep features go through the selection together;
        those of ``FORCED`` enter as they are. The classifier is logistic regression throughout, so
        that models differ by their inputs alone.
    """
    data = fuse(table, parts)
    train = data.splits == TRAIN
    part_of = {column: name for name, part in parts.items() for column in part}
    owner = np.array([part_of[name] for name in data.names])
    kept: dict[tuple[str, ...], NDArray] = {(): np.empty((len(data.X), 0))}
    scores = []
    for chosen in [c for size in range(len(parts)) for c in combinations(parts, size + 1)]:
        free = tuple(name for name in chosen if name not in FORCED)
        with threadpool_limits(1):
            if free not in kept:
                at = np.flatnonzero(np.isin(owner, free))
                own = replace(data, X=data.X[:, at], names=tuple(data.names[i] for i in at))
                kept[free] = select(own.train, folds, seed).transform(own.X)
            forced = data.X[:, np.isin(owner, [name for name in chosen if name in FORCED])]
            X = np.hstack([kept[free], ZScore().fit(forced[train]).transform(forced)])
            model = classifiers.make("LR", seed).fit(X[train], data.labels[train])
        scores.append(predict({JOINED.join(chosen): model}, replace(data, X=X)))
    return pd.concat(scores, ignore_index=True)


def without_area(features: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Take out of every feature what a cubic of the area's logarithm foretells of it.

    Parameters
    ----------
    features : DataFrame
        ``image_id``, then the features, the mask's area among them.
    table : DataFrame
        The cohort table; the cubic is fitted on its training images.

    Returns
    -------
    DataFrame
        The residuals; the area itself becomes zero.
    """
    area, X = area_of(features), features.drop(columns="image_id")
    train = features["image_id"].isin(table.loc[table["split"] == TRAIN, "image_id"]).to_numpy()
    logs = np.log(X[area].to_numpy(dtype=float))
    at = (logs - logs[train].mean()) / (logs[train].std() or 1.0)
    # Beyond the training nodules a cubic runs away; the nearest of them stands for those.
    powers = np.vander(np.clip(at, -3.0, 3.0), DEGREE + 1)
    foretold = powers @ np.linalg.lstsq(powers[train], X[train], rcond=None)[0]
    return features[["image_id"]].join((X - foretold).assign(**{area: 0.0}))


def class_of(name: str) -> str:
    """Class of a feature: pyradiomics', e.g. ``glcm``, or ``DL``."""
    parts = name.split("_")
    return DEEP if is_deep(name) else parts[1] if len(parts) > 2 else "other"


def filter_of(name: str) -> str:
    """Filter of a feature: ``original``, ``wavelet``, …, or ``DL``."""
    return DEEP if is_deep(name) else name.split("_")[0].split("-")[0]


def importance(model: Pipeline, data: ImageData, seed: int = 0, repeats: int = 50) -> pd.DataFrame:
    """Shuffle groups of kept features among the images and see how far the AUC falls.

    Parameters
    ----------
    model : Pipeline
        Fitted; its last step is the classifier.
    data : ImageData
        Patients that the model has not seen.
    seed, repeats : int
        Of the shuffles, and how many.

    Returns
    -------
    DataFrame
        ``kind, group, features, drop, low, high``: by class of feature and by filter; how many
        kept features are in the group, the mean fall of the AUC by patient, and the middle 95 %
        of the shuffles. Falls of groups do not add up. Empty where no feature is kept, or the
        patients are not of both classes.

    Notes
    -----
    Breiman 2001; the features of a group are shuffled together, so that what one of them knows
    is not made up for by another of the same group.
    """
    names = model[:-1].get_feature_names_out(np.array(data.names, dtype=object))
    groups: dict[tuple[str, str], list[int]] = {}
    for kind, group_of in (("class", class_of), ("filter", filter_of)):
        for at, name in enumerate(names if len(set(data.labels)) == 2 else ()):
            groups.setdefault((kind, group_of(name)), []).append(at)
    rows = []
    with threadpool_limits(1):
        X = model[:-1].transform(data.X)
        for number, ((kind, group), at) in enumerate(groups.items()):
            aucs = []
            for draw in range(repeats):
                order = np.random.default_rng([seed, number, draw]).permutation(len(X))
                shuffled = X.copy()
                shuffled[:, at] = X[order][:, at]
                aucs.append(_auc(model[-1], shuffled, data))
            falls = _auc(model[-1], X, data) - np.array(aucs)
            rows.append((kind, group, len(at), falls.mean(), *np.percentile(falls, [2.5, 97.5])))
    table = pd.DataFrame(rows, columns=["kind", "group", "features", "drop", "low", "high"])
    return table.sort_values(["kind", "drop"], ascending=[True, False], ignore_index=True)


def _auc(classifier: classifiers.Scored, X: NDArray, data: ImageData) -> float:
    scores = classifier.predict_proba(X)[:, 1]
    by = patient_scores(data.patients, data.labels, scores)
    return float(roc_auc_score(by["label"], by["score"]))

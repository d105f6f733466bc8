"""What each part adds: models of every combination of radiomics, deep, clinical features, size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ptclnm.models import classifiers
from ptclnm.models.data import ImageData
from ptclnm.models.fusion.join import CLINICAL, SIZE, fuse
from ptclnm.models.selection import ZScore, selection
from ptclnm.models.zoo import predict

METHOD = "fusion"
# Few columns that a clinician would not have selected away: they enter as they are.
FORCED = (CLINICAL, SIZE)


@dataclass(frozen=True)
class Combined:
    """A fitted logistic regression on what a selection keeps, and on columns that are forced in.

    Parameters
    ----------
    many, few : ndarray of int
        Columns that are selected from, and that enter as they are.
    chain : Pipeline or None
        The fitted selection; None where there is nothing to select from.
    scale : ZScore
        Of the columns forced in.
    classifier : Scored
        Logistic regression on both.
    """

    many: NDArray[np.int64]
    few: NDArray[np.int64]
    chain: Pipeline | None
    scale: ZScore
    classifier: classifiers.Scored

    def inputs(self, X: NDArray) -> NDArray[np.float64]:
        """Give what the regression is given, shape (rows, kept + forced)."""
        parts = [self.scale.transform(X[:, self.few])]
        if self.chain is not None:
            parts.insert(0, self.chain.transform(X[:, self.many]))
        return np.hstack(parts)

    def predict_proba(self, X: NDArray) -> NDArray[np.float64]:
        """Scores of both classes, shape (rows, 2)."""
        return self.classifier.predict_proba(self.inputs(X))


def select(train: ImageData, folds: int, seed: int) -> Pipeline:
    """Fit the selection of the combined features, components among it."""
    with threadpool_limits(1):
        chain = Pipeline(selection(METHOD, folds, seed, train.names))
        return chain.fit(train.X, train.labels, lasso__groups=train.patients)


def combined(
    train: ImageData, forced: Sequence[str], chain: Pipeline | None, seed: int
) -> Combined:
    """Fit the regression behind a selection.

    Parameters
    ----------
    train : ImageData
        Training images.
    forced : sequence of str
        Columns that enter as they are.
    chain : Pipeline or None
        Selection fitted on all other columns of the same images.
    seed : int
        Of the classifier.
    """
    is_few = np.isin(train.names, list(forced))
    few, many = np.flatnonzero(is_few), np.flatnonzero(~is_few)
    scale = ZScore().fit(train.X[:, few])
    empty = Combined(many, few, chain, scale, classifiers.make("LR", seed))
    with threadpool_limits(1):
        made = empty.classifier.fit(empty.inputs(train.X), train.labels)
    return Combined(many, few, chain, scale, made)


def combinations_of(parts: Mapping[str, pd.DataFrame]) -> list[tuple[str, ...]]:
    """Every combination of parts, the smallest first."""
    return [c for size in range(1, len(parts) + 1) for c in combinations(parts, size)]


def title(chosen: Sequence[str]) -> str:
    """Name of a combination, e.g. ``radiomics + size``."""
    return " + ".join(chosen)


def part_predictions(
    table: pd.DataFrame, parts: Mapping[str, pd.DataFrame], folds: int, seed: int
) -> pd.DataFrame:
    """Fit a model on every combination of parts and score everyone.

    Parameters
    ----------
    table : DataFrame
        The cohort table.
    parts : mapping of str to DataFrame
        Features by part: ``radiomics``, ``DL``, ``clinical``, ``size`` or some of them.
    folds, seed : int
        Of the selection.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score``, a model a combination. Radiomics and deep
        features go through the selection together; clinical features and size enter as they
        are. The classifier is logistic regression throughout, so that models differ by their
        inputs alone.
    """
    chains: dict[tuple[str, ...], Pipeline | None] = {(): None}
    found = []
    for chosen in combinations_of(parts):
        data = fuse(table, {name: parts[name] for name in chosen})
        heavy = tuple(name for name in chosen if name not in FORCED)
        if heavy not in chains:
            own = fuse(table, {name: parts[name] for name in heavy})
            chains[heavy] = select(own.train, folds, seed)
        forced = [c for name in chosen if name in FORCED
                  for c in parts[name].columns.drop("image_id")]  # fmt: skip
        model = combined(data.train, forced, chains[heavy], seed)
        found.append(predict({title(chosen): model}, data))
    return pd.concat(found, ignore_index=True)

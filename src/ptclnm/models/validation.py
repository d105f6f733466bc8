"""Folds, scores and resamples by patient: never by image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ptclnm.errors import PtclnmError

# Each use of a seed draws from a stream of its own.
FOLDS, RESAMPLES = 1, 2


class FoldsError(PtclnmError):
    """Patients that cannot be divided into the folds asked for."""


def by_patient(patients: ArrayLike, labels: ArrayLike) -> pd.Series:
    """Reduce rows to patients.

    Parameters
    ----------
    patients : array_like, shape (rows,)
        Whose row it is.
    labels : array_like, shape (rows,)
        0 or 1; a patient counts as positive if any of its rows is.

    Returns
    -------
    Series
        Label by patient, sorted by the patient's id as text, so that nothing that is drawn from
        it depends on the order of rows.
    """
    series = pd.Series(np.asarray(labels, dtype=int), index=pd.Index(patients).astype(str))
    return series.groupby(level=0).max()


def dealt_folds(patients: ArrayLike, labels: ArrayLike, folds: int, seed: int) -> NDArray[np.int64]:
    """Deal patients into folds like cards: each class shuffled, one after the other.

    Parameters
    ----------
    patients, labels : array_like, shape (rows,)
        As in :func:`by_patient`.
    folds : int
        Number of folds; no more than there are patients.
    seed : int
        Seed of the shuffle.

    Returns
    -------
    ndarray of int, shape (rows,)
        Fold of each row, from 0. All rows of a patient are in one fold. Fold sizes in patients,
        and in patients of a class, differ by one at most.
    """
    label_of = by_patient(patients, labels)
    order: list[str] = []
    for label in (1, 0):
        names = label_of.index[label_of == label]
        rng = np.random.default_rng([seed, FOLDS, label])
        order += list(names[rng.permutation(len(names))])
    fold_of = pd.Series(np.arange(len(order)) % folds, index=order)
    return fold_of[pd.Index(patients).astype(str)].to_numpy()


def patient_folds(
    patients: ArrayLike, labels: ArrayLike, folds: int, seed: int
) -> NDArray[np.int64]:
    """Deal patients into folds that each have both classes; see :func:`dealt_folds`.

    Raises
    ------
    FoldsError
        If a class has fewer patients than there are folds.
    """
    counts = class_counts(patients, labels)
    if min(counts) < folds:
        raise _refused(folds, counts, "a fold would have one class only")
    return dealt_folds(patients, labels, folds, seed)


def nested_folds(
    patients: ArrayLike, labels: ArrayLike, folds: int, seed: int
) -> NDArray[np.int64]:
    """Deal patients as :func:`patient_folds`, so that what each fold leaves can be divided again.

    Raises
    ------
    FoldsError
        If a class has fewer patients than there are folds, or fewer than two outside a fold.
    """
    fold_of = patient_folds(patients, labels, folds, seed)
    names, known = np.asarray(patients), np.asarray(labels)
    left = min(min(class_counts(names[rest], known[rest])) for rest, _ in train_test(fold_of))
    if left < 2:
        why = f"outside a fold, a class has {left} of them, and is divided again"
        raise _refused(folds, class_counts(patients, labels), why)
    return fold_of


def _refused(folds: int, counts: tuple[int, int], why: str) -> FoldsError:
    return FoldsError(
        f"{folds} folds, but {counts[1]} patients with the outcome and {counts[0]} without: {why}. "
        "Change folds or take more patients."
    )


def class_counts(patients: ArrayLike, labels: ArrayLike) -> tuple[int, int]:
    """Count patients without and with the outcome."""
    label_of = by_patient(patients, labels)
    return int((label_of == 0).sum()), int((label_of == 1).sum())


def resample(patients: ArrayLike, labels: ArrayLike, seed: int, draw: int) -> NDArray[np.int64]:
    """Draw as many patients of each class as there are, with replacement.

    Parameters
    ----------
    patients, labels : array_like, shape (rows,)
        As in :func:`by_patient`.
    seed, draw : int
        Seed of all draws, and which of them this is.

    Returns
    -------
    ndarray of int
        Row numbers; the rows of a patient drawn twice are there twice.
    """
    label_of = by_patient(patients, labels)
    rng = np.random.default_rng([seed, RESAMPLES, draw])
    names = np.asarray(pd.Index(patients).astype(str))
    rows_of = pd.Series(names).groupby(names).indices
    drawn: list[str] = []
    for label in (1, 0):
        own = label_of.index[label_of == label]
        drawn += list(own[rng.integers(len(own), size=len(own))])
    return np.concatenate([rows_of[name] for name in drawn])


def train_test(fold_of_row: NDArray[np.int64]) -> list[tuple[NDArray, NDArray]]:
    """Give row numbers of the training and the left-out part, fold by fold."""
    return [
        (np.flatnonzero(fold_of_row != fold), np.flatnonzero(fold_of_row == fold))
        for fold in range(int(fold_of_row.max()) + 1)
    ]


def patient_scores(
    patients: Sequence[Any] | ArrayLike, labels: ArrayLike, scores: ArrayLike
) -> pd.DataFrame:
    """Reduce the scores of several images to one a patient: their mean.

    Parameters
    ----------
    patients, labels : array_like, shape (rows,)
        As in :func:`by_patient`.
    scores : array_like, shape (rows,)
        A model's scores.

    Returns
    -------
    DataFrame
        Columns ``patient_id, label, score``, one row a patient, sorted by id.
    """
    names, labels = pd.Index(patients).astype(str), np.asarray(labels, dtype=int)
    table = pd.DataFrame({"patient_id": names, "label": labels, "score": np.asarray(scores)})
    table = table.astype({"score": float}).groupby("patient_id", as_index=False)
    return table.agg({"label": "max", "score": "mean"})

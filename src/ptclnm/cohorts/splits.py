"""Splits and subsamples by patient: never by image, never by the order of rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ptclnm.errors import ParameterError, checked_whole, whole_problem


def stratified_split(
    table: pd.DataFrame,
    ratio: float = 0.7,
    seed: int = 0,
    names: tuple[str, str] = ("train", "test"),
) -> pd.Series:
    """Split patients in two, each label in the same proportion.

    Parameters
    ----------
    table : DataFrame
        Columns ``patient_id`` and ``label``, one row an image or a patient. A patient counts
        as positive if any row of it is.
    ratio : float
        Share of the first set, between 0 and 1; both papers' 7:3 is 0.7.
    seed : int
        Seed of the permutation.
    names : tuple of str
        Names of the two sets.

    Returns
    -------
    Series
        The set of each row, indexed as `table`. It depends on the patients' ids, labels and the
        seed alone. Each set has a patient of every label that two patients have.

    Raises
    ------
    ParameterError
        If `ratio` is not between 0 and 1, or `seed` is no whole number from 0.

    Notes
    -----
    Li et al. 2024, section 2.1: patients at random, 7:3. The stratification is ours.
    """
    if not 0 < ratio < 1:
        raise ParameterError("split", [f"ratio is {ratio}; allowed: above 0, below 1, e.g. 0.7"])
    chosen: dict[Any, str] = {}
    for patients in _shuffled(table, seed):
        count = min(max(round(ratio * len(patients)), 1), max(len(patients) - 1, 1))
        chosen |= dict.fromkeys(patients[:count], names[0])
        chosen |= dict.fromkeys(patients[count:], names[1])
    return table["patient_id"].map(chosen).astype(object).rename("split")


def center_split(
    table: pd.DataFrame, train: Sequence[str], internal: float = 0.3, seed: int = 0
) -> pd.Series:
    """Split by centre into ``train``, ``internal`` and ``external``.

    Parameters
    ----------
    table : DataFrame
        Columns ``patient_id``, ``label`` and ``center``; a patient belongs to one centre.
    train : sequence of str
        Centres that are divided into ``train`` and ``internal``; all others are ``external``.
    internal : float
        Share of the patients of the `train` centres that goes to ``internal``.
    seed : int
        Seed of the permutation.

    Returns
    -------
    Series
        The set of each row, indexed as `table`.

    Raises
    ------
    ParameterError
        If `internal` is not between 0 and 1.

    Notes
    -----
    Ni et al. 2024: training and internal validation from the same centres, external validation
    from another.
    """
    inside = table[table["center"].isin(train)]
    sets = pd.Series("external", index=table.index, name="split", dtype=object)
    sets[inside.index] = stratified_split(inside, 1 - internal, seed, ("train", "internal"))
    return sets


def subsample(table: pd.DataFrame, n_patients: int | None, seed: int = 0) -> pd.DataFrame:
    """Keep fewer patients, each label in its proportion; a larger sample holds a smaller one.

    Parameters
    ----------
    table : DataFrame
        Columns ``patient_id`` and ``label``, and ``split`` where the sets are to keep their
        proportions too.
    n_patients : int or None
        Patients to keep; None, or as many as there are, keeps all.
    seed : int
        Seed of the permutation.

    Returns
    -------
    DataFrame
        All rows of the patients kept, in the order of `table` and with its index.

    Raises
    ------
    ParameterError
        If `n_patients` is less than 2 or no whole number, or `seed` is negative.
    """
    if n_patients is None:
        return table
    if problem := whole_problem("n_patients", n_patients, 2):
        raise ParameterError("cohort", [f"{problem}, or None"])
    strata = [_by_set(patients, table) for patients in _shuffled(table, seed)]
    return table[table["patient_id"].isin(interleave(strata)[:n_patients])]


def interleave(groups: Sequence[Sequence[Any]]) -> list[Any]:
    """Merge ordered groups so that every prefix holds them nearly in proportion.

    Parameters
    ----------
    groups : sequence of sequences
        Items in the order in which each group is to be used.

    Returns
    -------
    list
        All items. The first of each group come first; the others by their rank over their
        group's size.
    """
    keyed = [
        ((-1.0 if rank == 0 else (rank + 0.5) / len(group)), position, item)
        for position, group in enumerate(groups)
        for rank, item in enumerate(group)
    ]
    return [item for _, _, item in sorted(keyed, key=lambda entry: entry[:2])]


def _shuffled(table: pd.DataFrame, seed: int) -> list[list[Any]]:
    """Patients of each label in a seeded order; the labels do not disturb one another."""
    seed = checked_whole("split", "seed", seed, 0)
    labels = table.groupby("patient_id")["label"].max()
    order = []
    for label in sorted(labels.unique()):
        patients = sorted(labels.index[labels == label], key=str)
        shuffle = np.random.default_rng([seed, int(label)]).permutation(len(patients))
        order.append([patients[i] for i in shuffle])
    return order


def _by_set(patients: list[Any], table: pd.DataFrame) -> list[Any]:
    if "split" not in table:
        return patients
    sets: Mapping[Any, str] = dict(zip(table["patient_id"], table["split"], strict=True))
    names = sorted({sets[p] for p in patients})
    return interleave([[p for p in patients if sets[p] == name] for name in names])

"""Class splits that the printed metrics admit, without assuming the stated sizes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptclnm.published.printed import TIE, common_decimals, interval
from ptclnm.published.schema import CELL_METRICS
from ptclnm.published.search import (
    UNEXPLAINED,
    Row,
    best_tables,
    cost_map,
    unexplained,
)
from ptclnm.published.tables import Study

LIMIT = 1000
# With one decimal nearly every split explains every row.
FEWEST_DECIMALS = 2
# So many different values of a column do not all end in a zero that was dropped.
SEVERAL = 3
Stated = tuple[int | None, int | None]
SPLIT_COLUMNS = [
    "study", "evaluation_set", "n_positive", "n_negative", "n_solutions",
    "stated_positive", "stated_negative", "models",
]  # fmt: skip
CHECK_COLUMNS = [
    "key", "study", "evaluation_set", "model", "where", "cells", "found_positive",
    "found_negative", "found_fit", "stated_positive", "stated_negative", "stated_fit",
    "mlscorecheck_found", "mlscorecheck_stated", "fits_set", "set_stated", "verdict",
]  # fmt: skip
CONFUSION_COLUMNS = ["study", "evaluation_set", "model", "tp", "fp", "fn", "tn"]


@dataclass(frozen=True)
class ModelRow:
    """One model's printed metrics in one evaluation set."""

    evaluation_set: str
    model: str
    where: str
    cells: dict[str, str]
    places: dict[str, int]
    set_stated: bool = True

    @property
    def bounds(self) -> Row:
        """Bounds of the printed metrics."""
        return {name: interval(text, self.places[name]) for name, text in self.cells.items()}

    @property
    def usable(self) -> bool:
        """Whether the row constrains a split.

        It takes three cells of two decimals or more, sensitivity or specificity among them.
        """
        fine = [name for name in self.cells if self.places[name] >= FEWEST_DECIMALS]
        return len(fine) >= 3 and bool({"sensitivity", "specificity"} & set(fine))


@dataclass(frozen=True)
class Group:
    """Models of an evaluation set that one and the same split explains.

    Parameters
    ----------
    evaluation_set : str
        The set that the paper assigns the models to.
    models : tuple of str
        The models explained.
    splits : tuple of tuple of int
        Every (positives, negatives) that leaves fewest cells unexplained, smallest first.
    chosen : tuple of int or None
        The split that the rest of the audit uses: of the stated size where one is, else the
        smallest. None where no split explains the models.
    """

    evaluation_set: str
    models: tuple[str, ...]
    splits: tuple[tuple[int, int], ...]
    chosen: tuple[int, int] | None


def column_places(study: Study) -> dict[tuple[str, str], int]:
    """Decimals that each metric of a table was rounded to, by (where, metric).

    Software drops trailing zeros, so a cell may show fewer digits than it was rounded to: it has
    the most that its column shows, or, in a column of fewer than three different values, the most
    that the table shows.
    """
    cells = study.performance[study.performance["metric"].isin(CELL_METRICS)]
    whole = cells.groupby("where")["value"].agg(common_decimals)
    return {
        (where, metric): int(
            common_decimals(column) if column.nunique() >= SEVERAL else whole[where]
        )
        for (where, metric), column in cells.groupby(["where", "metric"])["value"]
    }


def model_rows(study: Study) -> list[ModelRow]:
    """Collect each model's printed metrics, from the table that prints most of them.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    list of ModelRow
        In the order of printing, with the precision of each column (``column_places``).
    """
    cells = study.performance[study.performance["metric"].isin(CELL_METRICS)]
    places = column_places(study)
    rows: dict[tuple[str, str], ModelRow] = {}
    for (where, name, model), part in cells.groupby(
        ["where", "evaluation_set", "model"], sort=False
    ):
        found = dict(zip(part["metric"], part["value"], strict=True))
        row = ModelRow(
            name, model, where, found, {metric: places[where, metric] for metric in found},
            set_stated=bool((part["set_stated"] == "yes").all()),
        )  # fmt: skip
        before = rows.get((name, model))
        if before is None or len(found) > len(before.cells):
            rows[name, model] = row
    return list(rows.values())


def _choose(splits: list[tuple[int, int]], stated: Stated, size: int | None) -> tuple[int, int]:
    """Prefer the stated split, then one of the stated size, then the smallest."""
    of_size = [split for split in splits if sum(split) == size]
    return stated if stated in splits else (of_size or splits)[0]


def _group(rows: list[ModelRow], maps: list[np.ndarray], stated: Stated, size: int | None) -> Group:
    """Find the splits with the smallest number of unexplained cells over all rows."""
    total = np.sum(maps, axis=0, dtype=np.int64)
    best = np.argwhere(total == total.min())
    splits = sorted((tuple(map(int, pair)) for pair in best), key=lambda pair: (sum(pair), pair))
    chosen = _choose(splits, stated, size)
    explained = np.array([costs[tuple(zip(*splits, strict=True))] < UNEXPLAINED for costs in maps])
    here = explained[:, splits.index(chosen)]
    if not here.any():
        return Group(rows[0].evaluation_set, tuple(row.model for row in rows), (), None)
    same = (explained == here[:, None]).all(axis=0)
    return Group(
        evaluation_set=rows[0].evaluation_set,
        models=tuple(row.model for row, yes in zip(rows, here, strict=True) if yes),
        splits=tuple(split for split, yes in zip(splits, same, strict=True) if yes),
        chosen=chosen,
    )


def groups_of_set(
    rows: list[ModelRow], stated: Stated, size: int | None, limit: int = LIMIT
) -> list[Group]:
    """Explain the rows of one evaluation set with as few class splits as possible.

    Parameters
    ----------
    rows : list of ModelRow
        Usable rows of one evaluation set.
    stated : tuple of int or None
        Stated positives and negatives; only decides between equally good splits.
    size : int or None
        Stated number of patients; likewise.
    limit : int
        Largest number of patients to consider.

    Returns
    -------
    list of Group
        The first explains most. A row with two or more unexplained cells under it goes on to the
        next, until every row is explained or cannot be by any split.
    """
    maps = {row.model: cost_map(row.bounds, limit) for row in rows}
    left, groups = list(rows), []
    while left:
        group = _group(left, [maps[row.model] for row in left], stated, size)
        groups.append(group)
        left = [row for row in left if row.model not in group.models]
    return groups


def models_explained(study: Study, evaluation_set: str, limit: int = LIMIT) -> np.ndarray:
    """Count the models of a set whose rows each class split explains, but for one cell at most.

    Returns
    -------
    ndarray of int, shape (limit + 1, limit + 1)
        Entry ``[p, n]`` is for p positives and n negatives.
    """
    rows = [r for r in model_rows(study) if r.usable and r.evaluation_set == evaluation_set]
    return np.sum([cost_map(row.bounds, limit) < UNEXPLAINED for row in rows], axis=0)


def find_groups(study: Study, limit: int = LIMIT) -> list[Group]:
    """Search the splits of every evaluation set of a study."""
    rows = [row for row in model_rows(study) if row.usable]
    names = dict.fromkeys(row.evaluation_set for row in rows)
    return [
        group
        for name in names
        for group in groups_of_set(
            [row for row in rows if row.evaluation_set == name],
            study.stated_split(name),
            study.size(name),
            limit,
        )
    ]


def class_split(study: Study, groups: list[Group]) -> pd.DataFrame:
    """One row for each distinct split that explains an evaluation set's models best.

    Returns
    -------
    DataFrame
        Columns ``study, evaluation_set, n_positive, n_negative, n_solutions, stated_positive,
        stated_negative, models``; `n_solutions` is how many splits explain these models equally
        well, `models` names them, separated by semicolons.
    """
    records = []
    for group in groups:
        stated = study.stated_split(group.evaluation_set)
        for positive, negative in group.splits:
            values = [study.name, group.evaluation_set, positive, negative, len(group.splits)]
            records.append([*values, *stated, ";".join(group.models)])
    frame = pd.DataFrame(records, columns=SPLIT_COLUMNS)
    whole = ["stated_positive", "stated_negative"]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def confusion(study: Study, groups: list[Group]) -> pd.DataFrame:
    """The 2x2 tables of every model at the chosen split of its group.

    Returns
    -------
    DataFrame
        Columns ``study, evaluation_set, model, tp, fp, fn, tn``; several rows for a model where
        several tables explain its row equally well.
    """
    rows = {(row.evaluation_set, row.model): row for row in model_rows(study)}
    records = [
        [study.name, group.evaluation_set, model, *map(int, table)]
        for group in groups
        if group.chosen
        for model in group.models
        for table in best_tables(rows[group.evaluation_set, model].bounds, *group.chosen)[1]
    ]
    return pd.DataFrame(records, columns=CONFUSION_COLUMNS)


def mlscorecheck_agrees(row: ModelRow, split: tuple[int, int]) -> bool:
    """Ask mlscorecheck whether a split can give a row's metrics (Fazekas & Kovács 2024).

    A cell that the split's best 2x2 table does not give is set aside first, so that the answer
    is about the other cells.
    """
    names = {"accuracy": "acc", "sensitivity": "sens", "specificity": "spec"}
    # It loads symbolic algebra, which every page but this check's would wait for.
    from mlscorecheck.check.binary import check_1_testset_no_kfold

    missed, tables = best_tables(row.bounds, *split)
    aside = unexplained(row.bounds, tables[0]) if missed < UNEXPLAINED else []
    scores = {
        names.get(metric, metric): float(text)
        for metric, text in row.cells.items()
        if metric not in aside
    }
    testset = {"p": split[0], "n": split[1]}
    eps = 0.5 * 10.0 ** -min(row.places.values()) + TIE
    return not check_1_testset_no_kfold(testset=testset, scores=scores, eps=eps)["inconsistency"]


def _cells_that_fit(row: ModelRow, split: tuple[int | None, int | None] | None) -> int | None:
    if split is None or None in split:
        return None
    return len(row.cells) - best_tables(row.bounds, *split)[0]


def split_checks(study: Study, groups: list[Group]) -> pd.DataFrame:
    """Hold every model's row against the split found and the split stated.

    Returns
    -------
    DataFrame
        One row a model: columns ``CHECK_COLUMNS``. `cells` counts the printed metrics,
        `found_fit` and `stated_fit` those that the split found and the split stated give.
        `fits_set` names another evaluation set whose split explains the whole row where its own
        does not.
    """
    rows = {(row.evaluation_set, row.model): row for row in model_rows(study)}
    main = {}
    for group in groups:
        main.setdefault(group.evaluation_set, group.chosen)
    records = []
    for group in groups:
        for model in group.models:
            row = rows[group.evaluation_set, model]
            records.append(_split_record(study, row, group, main))
    whole = [c for c in CHECK_COLUMNS if c.startswith(("found_", "stated_"))]
    frame = pd.DataFrame(records, columns=CHECK_COLUMNS)
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _split_record(
    study: Study,
    row: ModelRow,
    group: Group,
    main: dict[str, tuple[int, int] | None],
) -> dict[str, object]:
    chosen = group.chosen
    stated = study.stated_split(row.evaluation_set)
    known = None not in stated
    own = chosen is not None and chosen == main[row.evaluation_set]
    others = [
        name
        for name, split in main.items()
        if not own and name != row.evaluation_set and _cells_that_fit(row, split) == len(row.cells)
    ]
    fit_stated = _cells_that_fit(row, stated)
    return {
        "key": f"{row.evaluation_set}/{row.model}", "study": study.name,
        "evaluation_set": row.evaluation_set, "model": row.model, "where": row.where,
        "cells": len(row.cells),
        "found_positive": chosen[0] if chosen else pd.NA,
        "found_negative": chosen[1] if chosen else pd.NA,
        "found_fit": _cells_that_fit(row, chosen),
        "stated_positive": stated[0], "stated_negative": stated[1], "stated_fit": fit_stated,
        "mlscorecheck_found": mlscorecheck_agrees(row, chosen) if chosen else pd.NA,
        "mlscorecheck_stated": mlscorecheck_agrees(row, stated) if known else pd.NA,
        "fits_set": ";".join(others), "set_stated": row.set_stated,
        "verdict": _verdict(stated, group),
    }  # fmt: skip


def _verdict(stated: Stated, group: Group) -> str:
    """Agree where no other split explains the models better than the stated one."""
    if None in stated or not group.splits:
        return "cannot be checked"
    return "agrees" if stated in group.splits else "contradicts"

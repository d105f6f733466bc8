"""Single printed cells that cannot be right, and where they may have come from."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.published.printed import interval, rounds_to
from ptclnm.published.schema import CELL_METRICS
from ptclnm.published.search import best_tables, metrics_of, unexplained
from ptclnm.published.splits import Group, ModelRow, column_places, model_rows
from ptclnm.published.tables import Study

# With more equally good splits than this, which cell is wrong cannot be told.
SPLITS_TRIED = 50
CELL_COLUMNS = [
    "key", "study", "where", "evaluation_set", "model", "metric", "printed", "follows", "problem",
    "same_as", "verdict",
]  # fmt: skip


def _record(
    where: str, name: str, model: str, metric: str, printed: str, follows: str, problem: str,
    same_as: str = "",
) -> dict[str, str]:  # fmt: skip
    return {
        "key": f"{name}/{model}/{metric}", "where": where, "evaluation_set": name, "model": model,
        "metric": metric, "printed": printed, "follows": follows, "problem": problem,
        "same_as": same_as, "verdict": "contradicts",
    }  # fmt: skip


def _same_as(row: ModelRow, metric: str, rows: list[ModelRow]) -> str:
    """Other cells that print the same number: of the row, or of the column elsewhere."""
    value = float(row.cells[metric])
    here = [name for name, text in row.cells.items() if name != metric and float(text) == value]
    there = [
        f"{metric} of {other.model} in {other.evaluation_set}"
        for other in rows
        if other is not row
        and other.model == row.model
        and float(other.cells.get(metric, "nan")) == value
    ]
    return "; ".join([*(f"{name} of the same row" for name in here), *there])


def _impossible(rows: list[ModelRow], groups: list[Group]) -> Iterator[dict]:
    found = {(g.evaluation_set, model): g for g in groups for model in g.models}
    for row in rows:
        group = found.get((row.evaluation_set, row.model))
        if group is None or group.chosen is None:
            continue
        missed, tables = best_tables(row.bounds, *group.chosen)
        if not missed:
            continue
        metrics = _missed_by_all(row, group, tables)
        for metric in metrics:
            places = row.places[metric]
            follows = {f"{metrics_of(*table)[metric]:.{places}f}" for table in tables}
            yield _record(
                row.where, row.evaluation_set, row.model, metric, row.cells[metric],
                " or ".join(sorted(follows)), "impossible given the rest of its row",
                _same_as(row, metric, rows),
            )  # fmt: skip
        if not metrics:
            yield _record(
                row.where, row.evaluation_set, row.model, "one of them",
                "; ".join(row.cells.values()), "", "one cell of the row cannot be right",
            )  # fmt: skip


def _missed_by_all(row: ModelRow, group: Group, tables: NDArray[np.int64]) -> list[str]:
    """Metrics that every 2x2 table of every equally good split leaves unexplained."""
    sets = [set(unexplained(row.bounds, table)) for table in tables]
    for split in group.splits[:SPLITS_TRIED]:
        sets += [set(unexplained(row.bounds, t)) for t in best_tables(row.bounds, *split)[1]]
    return sorted(set.intersection(*sets)) if len(group.splits) <= SPLITS_TRIED else []


def _without_split(rows: list[ModelRow], groups: list[Group]) -> Iterator[dict]:
    lost = {(g.evaluation_set, model) for g in groups if g.chosen is None for model in g.models}
    for row in rows:
        if (row.evaluation_set, row.model) in lost:
            yield _record(
                row.where, row.evaluation_set, row.model, "all", "; ".join(row.cells.values()), "",
                "no class split explains all of its cells but one",
            )  # fmt: skip


def _other_set(checks: pd.DataFrame) -> Iterator[dict]:
    for row in checks[checks["fits_set"] != ""].itertuples():
        yield _record(
            row.where, row.evaluation_set, row.model, "all", "", "",
            "the row fits the split of another set", row.fits_set,
        )  # fmt: skip


def _disagree(first: str, second: str) -> bool:
    """Whether two printings of a number cannot be the same number rounded."""
    return not (rounds_to(float(first), second) or rounds_to(float(second), first))


def _between_places(study: Study) -> Iterator[dict]:
    keys = ["evaluation_set", "model", "metric"]
    for (name, model, metric), part in study.performance.groupby(keys, sort=False):
        table = part[part["where"].str.startswith(("Table", "Figure"))]
        base = (table if len(table) else part).iloc[0]
        for row in part.itertuples():
            if _disagree(row.value, base["value"]):
                yield _record(
                    row.where, name, model, metric, row.value, base["value"],
                    f"differs from {base['where']}",
                )  # fmt: skip


def _accuracy_alone(study: Study, groups: list[Group]) -> Iterator[dict]:
    """Accuracies printed without sensitivity and specificity: k of n for some whole k."""
    sizes = {}
    for group in groups:
        if group.chosen:
            sizes.setdefault(group.evaluation_set, sum(group.chosen))
    cells = study.performance[study.performance["metric"].isin(CELL_METRICS)]
    places = column_places(study)
    counted = cells.groupby(["evaluation_set", "model"])["metric"].transform("nunique")
    for row in cells[(counted == 1) & (cells["metric"] == "accuracy")].itertuples():
        size = sizes.get(row.evaluation_set)
        if not size:
            continue
        digits = places[row.where, "accuracy"]
        low, high = interval(row.value, digits)
        if np.floor(high * size) < np.ceil(low * size):
            near = round(float(row.value) * size) / size
            yield _record(
                row.where, row.evaluation_set, row.model, "accuracy", row.value,
                f"{near:.{digits}f}",
                f"no whole number of {size} patients gives it",
            )  # fmt: skip


def cells(study: Study, groups: list[Group], checks: pd.DataFrame) -> pd.DataFrame:
    """List the printed cells that contradict other printed cells.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    groups : list of Group
        From ``splits.find_groups``.
    checks : DataFrame
        From ``splits.split_checks``.

    Returns
    -------
    DataFrame
        Columns ``key, study, where, evaluation_set, model, metric, printed, follows, problem,
        same_as, verdict``. `follows` is what the other cells give; `same_as` names cells that
        print the same number, from which a wrong one may have been copied.
    """
    rows = [row for row in model_rows(study) if row.usable]
    records = [
        *_impossible(rows, groups), *_without_split(rows, groups), *_other_set(checks),
        *_between_places(study), *_accuracy_alone(study, groups),
    ]  # fmt: skip
    frame = pd.DataFrame(records, columns=[c for c in CELL_COLUMNS if c != "study"])
    frame.insert(1, "study", study.name)
    return frame

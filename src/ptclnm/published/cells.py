"""Single printed cells that cannot be right, and where they may have come from."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.published.printed import interval
from ptclnm.published.schema import CELL_METRICS
from ptclnm.published.search import best_tables, cost_map, metrics_of, unexplained
from ptclnm.published.splits import Group, ModelRow, Splits, column_places
from ptclnm.published.stated import images_a_patient
from ptclnm.published.tables import Study
from ptclnm.published.totals import alike
from ptclnm.published.verdicts import conflict, together

# With more equally good splits than this, which cell is wrong cannot be told.
SPLITS_TRIED = 50
ONE_CUT_OFF = "the accuracy is at the same cut-off as the other metrics"
CELL_COLUMNS = [
    "key", "study", "where", "evaluation_set", "model", "metric", "printed", "follows", "problem",
    "same_as", "favours", "premise", "verdict",
]  # fmt: skip


def _record(
    where: str, name: str, model: str, metric: str, printed: str, follows: str, problem: str,
    same_as: str = "", favours: str = "", premise: str = "",
) -> dict[str, str]:  # fmt: skip
    return {
        "key": f"{name}/{model}/{metric}", "where": where, "evaluation_set": name, "model": model,
        "metric": metric, "printed": printed, "follows": follows, "problem": problem,
        "same_as": same_as, "favours": favours, "premise": premise, "verdict": conflict(premise),
    }  # fmt: skip


def _same_as(row: ModelRow, metric: str, rows: tuple[ModelRow, ...]) -> str:
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


def favours(study: Study, model: str, printed: float, follows: float) -> str:
    """How a wrong cell makes a model, or a reader it is compared with, look."""
    who = "the reader" if model in study.about.get("readers", ()) else "the model"
    return f"{who} look {'better' if printed > follows else 'worse'}"


def _impossible(splits: Splits) -> Iterator[dict]:
    for group in splits.groups:
        for model in group.models if group.chosen else ():
            row = splits.row(group.evaluation_set, model)
            missed, tables = best_tables(row.bounds, *group.chosen)
            if missed:
                yield from _wrong_cells(splits, row, group, tables)


def _wrong_cells(
    splits: Splits, row: ModelRow, group: Group, tables: NDArray[np.int64]
) -> Iterator[dict]:
    """Records of a row's cells that its split does not give."""
    metrics = _missed_by_all(row, group, tables)
    premise = _premise(splits, row)
    head = (row.where, row.evaluation_set, row.model)
    for metric in metrics:
        places, printed = row.places[metric], row.cells[metric]
        values = [float(metrics_of(*table)[metric]) for table in tables]
        follows = sorted({f"{value:.{places}f}" for value in values})
        whom = {favours(splits.study, row.model, float(printed), value) for value in values}
        yield _record(
            *head, metric, printed, " or ".join(follows), "impossible given the rest of its row",
            _same_as(row, metric, splits.rows), whom.pop() if len(whom) == 1 else "", premise,
        )  # fmt: skip
    if not metrics:
        yield _record(
            *head, "one of them", "; ".join(row.cells.values()), "",
            "one cell of the row cannot be right", premise=premise,
        )  # fmt: skip


def _premise(splits: Splits, row: ModelRow) -> str:
    """What it presupposes that a row holds a wrong cell.

    Nothing, where no split of as many cases as there may be explains the whole row, however its
    digits were rounded, nor the row without its accuracy, which is often taken at a cut-off of
    its own.
    """
    whole, split = _explained(splits, row), splits.of(row.evaluation_set, row.model)
    counted = "the row counts {} with and {} without the outcome".format(*split) if split else ""
    digits = f"the row's digits are {'cut off' if row.cut else 'rounded'}"
    rest = {name: text for name, text in row.cells.items() if name != "accuracy"}
    without = len(rest) < len(row.cells) and _explained(splits, replace(row, cells=rest))
    return together([
        (counted or digits) if whole else "", _within(splits, row), ONE_CUT_OFF if without else "",
    ])  # fmt: skip


def _explained(splits: Splits, row: ModelRow) -> bool:
    """Whether some split explains every cell of a row, rounded or cut off."""
    each = (cost_map(replace(row, cut=cut).bounds, splits.limit) for cut in (False, True))
    return any((costs == 0).any() for costs in each)


def _within(splits: Splits, row: ModelRow) -> str:
    """Say that the search ended below the most cases that a set may have; else empty."""
    most = images_a_patient(splits.study)[1] * (splits.study.size(row.evaluation_set) or 0)
    return f"the row counts at most {splits.limit:,} cases" if most > splits.limit else ""


def _missed_by_all(row: ModelRow, group: Group, tables: NDArray[np.int64]) -> list[str]:
    """Metrics that every 2x2 table of every equally good split leaves unexplained."""
    sets = [set(unexplained(row.bounds, table)) for table in tables]
    for split in group.splits[:SPLITS_TRIED]:
        sets += [set(unexplained(row.bounds, t)) for t in best_tables(row.bounds, *split)[1]]
    return sorted(set.intersection(*sets)) if len(group.splits) <= SPLITS_TRIED else []


def _without_split(splits: Splits) -> Iterator[dict]:
    for group in splits.groups:
        for model in () if group.chosen else group.models:
            row = splits.row(group.evaluation_set, model)
            yield _record(
                row.where, row.evaluation_set, row.model, "all", "; ".join(row.cells.values()), "",
                "no class split explains all of its cells but one", premise=_premise(splits, row),
            )  # fmt: skip


def _other_set(checks: pd.DataFrame) -> Iterator[dict]:
    for row in checks[checks["fits_set"] != ""].itertuples():
        yield _record(
            row.where, row.evaluation_set, row.model, "all", "", "",
            "the row fits the split of another set", row.fits_set,
            premise=f"the row is of the {row.evaluation_set} set",
        )  # fmt: skip


def _between_places(study: Study) -> Iterator[dict]:
    keys = ["evaluation_set", "model", "metric"]
    twice = study.performance[study.performance.duplicated(keys, keep=False)]
    for (name, model, metric), part in twice.groupby(keys, sort=False):
        table = part[part["where"].str.startswith(("Table", "Figure"))]
        base = (table if len(table) else part).iloc[0]
        for row in part.itertuples():
            if not alike(row.value, base["value"]):
                yield _record(
                    row.where, name, model, metric, row.value, base["value"],
                    f"differs from {base['where']}",
                    premise="both are at one cut-off" if metric in CELL_METRICS else "",
                )  # fmt: skip


def _accuracy_alone(splits: Splits) -> Iterator[dict]:
    """Accuracies printed without sensitivity and specificity: k of n for some whole k."""
    study = splits.study
    cells = study.performance[study.performance["metric"].isin(CELL_METRICS)]
    places = column_places(study)
    counted = cells.groupby(["evaluation_set", "model"])["metric"].transform("nunique")
    for row in cells[(counted == 1) & (cells["metric"] == "accuracy")].itertuples():
        size = sum(splits.chosen.get((row.evaluation_set, "")) or ())
        digits = places[row.where, "accuracy"]
        low, high = interval(row.value, digits)
        if size and np.floor(high * size) < np.ceil(low * size):
            near = round(float(row.value) * size) / size
            yield _record(
                row.where, row.evaluation_set, row.model, "accuracy", row.value,
                f"{near:.{digits}f}", f"no whole number of {size} patients gives it",
                premise=f"all {size} patients of the set are counted, and rounded",
            )  # fmt: skip


def cells(splits: Splits, checks: pd.DataFrame) -> pd.DataFrame:
    """List the printed cells that conflict with other printed cells.

    Parameters
    ----------
    splits : Splits
        From ``find_splits``.
    checks : DataFrame
        From ``split_checks``.

    Returns
    -------
    DataFrame
        Columns ``CELL_COLUMNS``. `follows` is what the other cells give; `same_as` names cells that
        print the same number, from which a wrong one may have been copied; `favours` says whom the
        printed value serves.
    """
    records = [
        *_impossible(splits), *_without_split(splits), *_other_set(checks),
        *_between_places(splits.study), *_accuracy_alone(splits),
    ]  # fmt: skip
    frame = pd.DataFrame(records, columns=[c for c in CELL_COLUMNS if c != "study"])
    frame.insert(1, "study", splits.study.name)
    return frame

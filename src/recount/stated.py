"""Do the printed metrics fit the stated class split, and which single cells cannot be right."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recount.printed import TIE, alike
from recount.schema import CELL_METRICS
from recount.search import UNEXPLAINED, best_tables, cost_map, metrics_of, unexplained
from recount.splits import SEVERAL, Group, ModelRow, Splits
from recount.tables import Split, Stated, Study
from recount.totals import MISSING, resolve
from recount.verdicts import judged, together

# So many cases of a class may be missing from a row in any case, however small it is.
A_FEW = 3
# Pictures a patient that are thought possible where a study's folder does not say.
IMAGES = (1, 3)
# With more equally good splits than this, which cell is wrong cannot be told.
SPLITS_TRIED = 50
ALL_THERE = "no patient of the set is missing from the row"
NOT_MANY = "no more than a fifth of the patients is missing from the row"
PATIENTS = "patients are counted, not images"
ONCE = "each patient is counted, and once"
ONE_CUT_OFF = "the accuracy is at the same cut-off as the other metrics"
CUT_OFF = "fits, if digits were cut off and not rounded"
CHECK_COLUMNS = [
    "key", "study", "evaluation_set", "model", "where", "cells", "found_positive",
    "found_negative", "found_fit", "stated_positive", "stated_negative", "stated_fit", "off_by",
    "as_images", "fits_set", "set_stated", "premise", "verdict", "follows",
]  # fmt: skip
CELL_COLUMNS = [
    "key", "study", "where", "evaluation_set", "model", "metric", "printed", "follows", "problem",
    "same_as", "favours", "premise", "verdict",
]  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """Another way to read what a row counts: a range of class splits.

    Parameters
    ----------
    premise : str
        What a conflict presupposes, namely that this reading is wrong.
    low, high : tuple of int
        Fewest and most cases with and without the outcome.
    """

    premise: str
    low: Split
    high: Split

    def holds(self, possible: NDArray[np.bool_]) -> bool:
        """Whether one of the possible splits is in the range."""
        (p, n), (top_p, top_n) = self.low, self.high
        return bool(possible[p : top_p + 1, n : top_n + 1].any())


def images_a_patient(study: Study) -> tuple[int, int]:
    """Fewest and most images of a patient, as the study's folder says."""
    return tuple(study.about.get("images_per_patient", IMAGES))


def _fewest(split: Split) -> Split:
    return tuple(max(min(int((1 - MISSING) * n), n - A_FEW), 1) for n in split)


def _largest(study: Study, name: str) -> Split:
    """The stated split; some more where its classes are sums over levels, which may lack values."""
    parts = study.groups[study.groups["parent"] == name]
    room = A_FEW if (parts.loc[parts["role"] != "", "n"] == "").any() else 0
    positive, negative = study.stated_split(name)
    return positive + room, negative + room


def _times(split: Split, images: int) -> Split:
    return split[0] * images, split[1] * images


def readings(study: Study, row: ModelRow) -> Iterator[Reading]:
    """Give the innocent explanations of a row that does not fit the stated split of its set.

    A patient may be missing from the row; images may be counted; where the set is not named it may
    be another; the paper may print the outcome in two ways.
    """
    name = row.evaluation_set
    stated, most = study.stated_split(name), images_a_patient(study)[1]
    largest = _largest(study, name)
    yield Reading(ALL_THERE, _fewest(stated), largest)
    if most > 1:
        yield Reading(PATIENTS, stated, _times(largest, most))
    for other in _other_outcomes(study, name):
        yield Reading(f"the outcome is {study.about['positive']}", other, other)
    for other in study.groups["group"] if not row.set_stated else ():
        split = study.stated_split(other)
        if other != name and None not in split:
            premise = f"the set, which is not named, is the {name} one"
            yield Reading(premise, _fewest(split), _times(split, most))


def _other_outcomes(study: Study, name: str) -> Iterator[Split]:
    """Splits of a set by other printed totals of the same patients with the outcome."""
    size = study.size(name)
    positive = study.stated_split(name)[0]
    for row in study.relations[study.relations["relation"] == "="].itertuples():
        terms = [row.total, *row.parts.split(";")]
        if all("=" in term and term.endswith(f"@{name}") for term in terms):
            total, *parts = (resolve(study, term) for term in terms)
            if total == positive and None not in parts and sum(parts) != total:
                yield sum(parts), size - sum(parts)


def _possible(splits: Splits, rows: list[ModelRow]) -> NDArray[np.bool_]:
    """Splits that explain every one of some rows, however digits were rounded."""
    each = (
        (splits.costs(replace(row, cut=False)) < UNEXPLAINED)
        | (splits.costs(replace(row, cut=True)) < UNEXPLAINED)
        for row in rows
    )
    return reduce(np.logical_and, each)


def _rescued(splits: Splits, row: ModelRow, joint: NDArray[np.bool_]) -> str:
    """Premises under which a row conflicts; empty where no innocent explanation holds.

    Rows that share a split are explained together where they can be, else each by itself.
    """
    tried = list(readings(splits.study, row))
    stated = splits.study.stated_split(row.evaluation_set)
    most = images_a_patient(splits.study)[1]
    last = Reading(ONCE, _fewest(stated), _times(_largest(splits.study, row.evaluation_set), most))
    for possible in (joint, _possible(splits, [row])):
        holding = [reading.premise for reading in tried if reading.holds(possible)]
        if holding or last.holds(possible):
            return together(holding or [ONCE])
    return ""


def _of_stated_size(splits: Splits, name: str) -> bool:
    """Whether several rows, all of a set's, need one split of exactly the stated size.

    Then it is taken to be of the stated patients: that images, or patients of whom some are
    missing, come to exactly as many is no likely explanation. It must also explain all rows
    together, which no reading of the stated split does.
    """
    rows = [row for row in splits.rows if row.evaluation_set == name]
    first = next(group for group in splits.groups if group.evaluation_set == name)
    size = splits.study.size(name)
    if len(first.models) < max(len(rows), SEVERAL) or sum(first.chosen or ()) != size:
        return False
    possible = _possible(splits, rows)
    return not any(reading.holds(possible) for row in rows
                   for reading in readings(splits.study, row))  # fmt: skip


def off_by(row: ModelRow, split: Stated, leave_out: list[str]) -> float:
    """Largest deviation of a row's cells at the 2x2 table of a split that comes nearest.

    Parameters
    ----------
    row : ModelRow
        The printed metrics.
    split : tuple of int or None
        Cases with and without the outcome.
    leave_out : list of str
        Metrics that are wrong in any case.
    """
    cells = {name: float(text) for name, text in row.cells.items() if name not in leave_out}
    if None in split or not cells:
        return float("nan")
    tp, tn = (axis.ravel() for axis in np.mgrid[: split[0] + 1, : split[1] + 1])
    exact = metrics_of(tp, split[1] - tn, split[0] - tp, tn)
    worst = np.max([np.abs(np.nan_to_num(exact[k]) - v) for k, v in cells.items()], axis=0)
    return float(worst.min())


def split_checks(splits: Splits) -> pd.DataFrame:
    """Hold every model's row against the split found and the split stated.

    A row agrees where the stated split explains it but for one cell at most. Otherwise it
    conflicts, under the premise that none of the ``readings`` which would explain it is meant;
    where none would, or where all rows of a set need one other split of the stated size, it
    contradicts.

    Returns
    -------
    DataFrame
        One row a model: columns ``CHECK_COLUMNS``. `cells` counts the printed metrics,
        `found_fit` and `stated_fit` those that the split found and the split stated give, `off_by`
        is the deviation of the worst cell at the stated split. `as_images` is the smallest split
        that explains the row as images of the stated patients. `fits_set` names another evaluation
        set whose split explains the whole row where its own does not.
    """
    records = []
    for group in splits.groups:
        rows = [splits.row(group.evaluation_set, model) for model in group.models]
        for row, premise in zip(rows, _conflicts(splits, rows, group), strict=True):
            records.append(_record(splits, row, group, premise))
    frame = pd.DataFrame(records, columns=CHECK_COLUMNS)
    whole = [c for c in CHECK_COLUMNS if c.startswith(("found_", "stated_"))]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _conflicts(splits: Splits, rows: list[ModelRow], group: Group) -> list[str | None]:
    """Premise of each row's conflict with the stated split; None where there is no conflict."""
    stated = splits.study.stated_split(rows[0].evaluation_set)
    lost = [None not in stated and row.missed(stated) >= UNEXPLAINED for row in rows]
    if not any(lost):
        return [None] * len(rows)
    if _of_stated_size(splits, rows[0].evaluation_set):
        return ["" if yes else None for yes in lost]
    joint = _possible(splits, rows)
    few = NOT_MANY * any(p <= stated[0] and n <= stated[1] for p, n in group.splits)
    premises: list[str | None] = []
    for row, yes in zip(rows, lost, strict=True):
        premise = _rescued(splits, row, joint) if yes else None
        settled = premise is None or premise.startswith((ALL_THERE, ONCE))
        premises.append(premise if settled else together([premise, few]))
    return premises


def _record(splits: Splits, row: ModelRow, group: Group, premise: str | None) -> dict[str, object]:
    stated, chosen = splits.study.stated_split(row.evaluation_set), group.chosen
    wrong = unexplained(row.bounds, best_tables(row.bounds, *chosen)[1][0]) if chosen else []
    if None in stated or chosen is None:
        why = "no split is stated" if None in stated else "no split explains the row"
        verdict = judged(None, follows=why)
    elif premise is None:
        verdict = judged(True, follows=CUT_OFF if row.cut else f"{stated[0]}/{stated[1]}")
    else:
        verdict = judged(False, premise, f"{chosen[0]}/{chosen[1]}")
    return {
        "key": f"{row.evaluation_set}/{row.model}", "study": splits.study.name,
        "evaluation_set": row.evaluation_set, "model": row.model, "where": row.where,
        "cells": len(row.cells),
        "found_positive": chosen[0] if chosen else pd.NA,
        "found_negative": chosen[1] if chosen else pd.NA,
        "found_fit": len(row.cells) - row.missed(chosen) if chosen else pd.NA,
        "stated_positive": stated[0], "stated_negative": stated[1],
        "stated_fit": pd.NA if None in stated else len(row.cells) - row.missed(stated),
        "off_by": off_by(row, stated, wrong),
        "as_images": _as_images(splits, row, group), "fits_set": _fits_set(splits, row, group),
        "set_stated": row.set_stated, **verdict,
    }  # fmt: skip


def _as_images(splits: Splits, row: ModelRow, group: Group) -> str:
    stated = splits.study.stated_split(row.evaluation_set)
    if None in stated:
        return ""
    most = _times(stated, images_a_patient(splits.study)[1])
    fitting = (f"{p}/{n}" for p, n in group.splits
               if stated[0] <= p <= most[0] and stated[1] <= n <= most[1])  # fmt: skip
    return next(fitting, "")


def _fits_set(splits: Splits, row: ModelRow, group: Group) -> str:
    if group.chosen == splits.chosen.get((row.evaluation_set, "")):
        return ""
    others = (name for name, model in splits.chosen if not model and name != row.evaluation_set)
    return ";".join(name for name in others if not row.missed(splits.chosen[name, ""]))


def confirmed(splits: Splits) -> pd.DataFrame:
    """Ask mlscorecheck whether the splits found and stated can give each row's metrics.

    It reasons with intervals, not by trying all tables (Fazekas & Kovács 2024).

    Returns
    -------
    DataFrame
        Columns ``evaluation_set, model, found, stated``: whether each split can; missing where
        there is none.
    """
    records = [
        (row.evaluation_set, row.model, _can_give(row, splits.of(row.evaluation_set, row.model)),
         _can_give(row, splits.study.stated_split(row.evaluation_set)))
        for row in splits.rows
    ]  # fmt: skip
    return pd.DataFrame(records, columns=["evaluation_set", "model", "found", "stated"])


def _can_give(row: ModelRow, split: Stated | None) -> bool | None:
    """Ask about one split; a cell that its best 2x2 table does not give is set aside first."""
    # It loads symbolic algebra, which every page but this check's would wait for.
    from mlscorecheck.check.binary import check_1_testset_no_kfold

    if split is None or None in split:
        return None
    names = {"accuracy": "acc", "sensitivity": "sens", "specificity": "spec"}
    missed, tables = best_tables(row.bounds, *split)
    aside = unexplained(row.bounds, tables[0]) if missed < UNEXPLAINED else []
    scores = {names.get(k, k): float(text) for k, text in row.cells.items() if k not in aside}
    eps = (1.0 if row.cut else 0.5) * 10.0 ** -min(row.places.values()) + TIE
    testset = {"p": split[0], "n": split[1]}
    return not check_1_testset_no_kfold(testset=testset, scores=scores, eps=eps)["inconsistency"]


def _cell(
    row, metric: str, printed: str, follows: str, problem: str, same_as: str = "",
    favours: str = "", premise: str = "",
) -> dict[str, str]:  # fmt: skip
    """Lay out a cell of a row, which has ``where, evaluation_set, model``."""
    return {
        "key": f"{row.evaluation_set}/{row.model}/{metric}", "where": row.where,
        "evaluation_set": row.evaluation_set, "model": row.model, "metric": metric,
        "printed": printed, "problem": problem, "same_as": same_as, "favours": favours,
        **judged(False, premise, follows),
    }  # fmt: skip


def _same_as(row: ModelRow, metric: str, rows: tuple[ModelRow, ...]) -> str:
    """Other cells that print the same number: of the row, or of the column elsewhere."""
    value = float(row.cells[metric])
    here = [name for name, text in row.cells.items() if name != metric and float(text) == value]
    there = [f"{metric} of {other.model} in {other.evaluation_set}" for other in rows
             if other is not row and other.model == row.model
             and float(other.cells.get(metric, "nan")) == value]  # fmt: skip
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
    premise = _cell_premise(splits, row)
    for metric in metrics:
        printed = row.cells[metric]
        values = [float(metrics_of(*table)[metric]) for table in tables]
        follows = sorted({f"{value:.{row.places[metric]}f}" for value in values})
        whom = {favours(splits.study, row.model, float(printed), value) for value in values}
        yield _cell(
            row, metric, printed, " or ".join(follows), "impossible given the rest of its row",
            _same_as(row, metric, splits.rows), whom.pop() if len(whom) == 1 else "", premise,
        )  # fmt: skip
    if not metrics:
        printed, problem = "; ".join(row.cells.values()), "one cell of the row cannot be right"
        yield _cell(row, "one of them", printed, "", problem, premise=premise)


def _cell_premise(splits: Splits, row: ModelRow) -> str:
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
            printed = "; ".join(row.cells.values())
            problem = "no class split explains all of its cells but one"
            yield _cell(row, "all", printed, "", problem, premise=_cell_premise(splits, row))


def _other_set(checks: pd.DataFrame) -> Iterator[dict]:
    for row in checks[checks["fits_set"] != ""].itertuples():
        premise = f"the row is of the {row.evaluation_set} set"
        problem = "the row fits the split of another set"
        yield _cell(row, "all", "", "", problem, row.fits_set, premise=premise)


def _between_places(study: Study) -> Iterator[dict]:
    keys = ["evaluation_set", "model", "metric"]
    twice = study.performance[study.performance.duplicated(keys, keep=False)]
    for (_, _, metric), part in twice.groupby(keys, sort=False):
        table = part[part["where"].str.startswith(("Table", "Figure"))]
        base = (table if len(table) else part).iloc[0]
        for row in part.itertuples():
            if not alike(row.value, base["value"]):
                premise = "both are at one cut-off" if metric in CELL_METRICS else ""
                problem = f"differs from {base['where']}"
                yield _cell(row, metric, row.value, base["value"], problem, premise=premise)


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
        *_between_places(splits.study),
    ]  # fmt: skip
    return pd.DataFrame(records, columns=CELL_COLUMNS).assign(study=splits.study.name)

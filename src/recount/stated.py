"""Do the printed metrics fit the stated class split, and if not, under which premise not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recount.printed import TIE
from recount.search import UNEXPLAINED, best_tables, metrics_of, unexplained
from recount.splits import SEVERAL, Group, ModelRow, Split, Splits, Stated
from recount.tables import Study
from recount.totals import MISSING, Counts
from recount.verdicts import AGREES, OPEN, conflict, together

# So many cases of a class may be missing from a row in any case, however small it is.
A_FEW = 3
# Pictures a patient that are thought possible where a study's folder does not say.
IMAGES = (1, 3)
ALL_THERE = "no patient of the set is missing from the row"
NOT_MANY = "no more than a fifth of the patients is missing from the row"
PATIENTS = "patients are counted, not images"
ONCE = "each patient is counted, and once"
CUT_OFF = "fits, if digits were cut off and not rounded"
CHECK_COLUMNS = [
    "key", "study", "evaluation_set", "model", "where", "cells", "found_positive",
    "found_negative", "found_fit", "stated_positive", "stated_negative", "stated_fit", "off_by",
    "as_images", "fits_set", "set_stated", "premise", "verdict", "follows",
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
    counts, size = Counts(study), study.size(name)
    positive = study.stated_split(name)[0]
    for row in study.relations[study.relations["relation"] == "="].itertuples():
        terms = [row.total, *row.parts.split(";")]
        if all("=" in term and term.endswith(f"@{name}") for term in terms):
            total, *parts = (counts.resolve(term) for term in terms)
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
        premises = _conflicts(splits, rows, group)
        records += [
            _record(splits, row, group, premise)
            for row, premise in zip(rows, premises, strict=True)
        ]
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
    found = [_rescued(splits, row, joint) if yes else None
             for row, yes in zip(rows, lost, strict=True)]  # fmt: skip
    whole = (ALL_THERE, ONCE)
    return [
        premise if premise is None or premise.startswith(whole) else together([premise, few])
        for premise in found
    ]


def _record(splits: Splits, row: ModelRow, group: Group, premise: str | None) -> dict[str, object]:
    stated, chosen = splits.study.stated_split(row.evaluation_set), group.chosen
    wrong = unexplained(row.bounds, best_tables(row.bounds, *chosen)[1][0]) if chosen else []
    known = None not in stated
    return {
        "key": f"{row.evaluation_set}/{row.model}", "study": splits.study.name,
        "evaluation_set": row.evaluation_set, "model": row.model, "where": row.where,
        "cells": len(row.cells),
        "found_positive": chosen[0] if chosen else pd.NA,
        "found_negative": chosen[1] if chosen else pd.NA,
        "found_fit": len(row.cells) - row.missed(chosen) if chosen else pd.NA,
        "stated_positive": stated[0], "stated_negative": stated[1],
        "stated_fit": len(row.cells) - row.missed(stated) if known else pd.NA,
        "off_by": off_by(row, stated, wrong),
        "as_images": _as_images(splits, row, group), "fits_set": _fits_set(splits, row, group),
        "set_stated": row.set_stated, **_verdict(row, stated, chosen, premise),
    }  # fmt: skip


def _verdict(
    row: ModelRow, stated: Stated, chosen: Split | None, premise: str | None
) -> dict[str, str]:
    """Premise, verdict and what follows for one row."""
    if None in stated or chosen is None:
        why = "no split is stated" if None in stated else "no split explains the row"
        return {"premise": "", "verdict": OPEN, "follows": why}
    if premise is None:
        words = f"{stated[0]}/{stated[1]}"
        return {"premise": "", "verdict": AGREES, "follows": CUT_OFF if row.cut else words}
    found = f"{chosen[0]}/{chosen[1]}"
    return {"premise": premise, "verdict": conflict(premise), "follows": found}


def _as_images(splits: Splits, row: ModelRow, group: Group) -> str:
    stated = splits.study.stated_split(row.evaluation_set)
    if None in stated:
        return ""
    most = _times(stated, images_a_patient(splits.study)[1])
    fitting = [
        f"{p}/{n}" for p, n in group.splits
        if stated[0] <= p <= most[0] and stated[1] <= n <= most[1]
    ]  # fmt: skip
    return fitting[0] if fitting else ""


def _fits_set(splits: Splits, row: ModelRow, group: Group) -> str:
    own = splits.chosen.get((row.evaluation_set, ""))
    others = dict.fromkeys(name for name, model in splits.chosen if not model)
    fitting = [
        name
        for name in others
        if group.chosen != own and name != row.evaluation_set
        and not row.missed(splits.chosen[name, ""])
    ]  # fmt: skip
    return ";".join(fitting)


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

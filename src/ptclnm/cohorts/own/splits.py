"""Sets of a reader's own cohort, by the manifest's rule."""

import pandas as pd

from ptclnm.cohorts.own.manifest import Manifest
from ptclnm.cohorts.own.problems import Problem
from ptclnm.cohorts.own.tabular import differing
from ptclnm.cohorts.splits import center_split, stratified_split
from ptclnm.errors import nearest


def assign(table: pd.DataFrame, manifest: Manifest) -> tuple[pd.Series, list[Problem]]:
    """Put every row in a set.

    Parameters
    ----------
    table : DataFrame
        As from `interpret`.
    manifest : Manifest
        Its split rule.

    Returns
    -------
    split : Series
        ``train``, ``internal``, ``external`` or ``test`` of each row whose patient and label are
        known; empty where the rule has no set for it.
    problems : list of Problem
        What is wrong with the rule, its column or the sets that come of it.
    """
    known = table[table["label"].notna() & table["patient_id"].ne("")]
    # A patient with two labels is an error already; here it counts once.
    known = known.assign(label=known["label"].astype(int))
    rules = {"column": _by_column, "ratio": _by_ratio, "by_center": _by_center}
    split, problems = rules[manifest.split.kind](known, manifest)
    if not problems:
        problems = _check_sets(known.assign(split=split), manifest)
    return split.reindex(table.index, fill_value=""), problems


def _by_column(table: pd.DataFrame, manifest: Manifest) -> tuple[pd.Series, list[Problem]]:
    rule = manifest.split
    names = dict(rule.values)
    problems = [
        Problem(
            "unmapped_split",
            manifest.csv.name,
            f"column {rule.column!r} is {value!r}: {nearest(value, names).rstrip('.')}",
            int(row),
        )
        for row, value in table["split"].items()
        if value and value not in names
    ]
    split = table["split"].map(names).fillna("")
    for row, found in differing(table.assign(split=split), "split"):
        problems.append(Problem("patient_two_splits", manifest.csv.name, found, row))
    return split, problems


def _by_ratio(table: pd.DataFrame, manifest: Manifest) -> tuple[pd.Series, list[Problem]]:
    return stratified_split(table, manifest.split.ratio, manifest.split.seed), []


def _by_center(table: pd.DataFrame, manifest: Manifest) -> tuple[pd.Series, list[Problem]]:
    rule = manifest.split
    listed = {*rule.train, *rule.external}
    present = sorted(set(table["center"]))
    problems = [
        Problem(
            "manifest_key",
            manifest.path.name,
            f"split.by_center: no row has centre {name!r}: {nearest(name, present).rstrip('.')}",
        )
        for name in sorted(listed - set(present))
    ]
    problems += [
        Problem("unmapped_split", manifest.csv.name, f"centre {name!r} is in no set", int(row))
        for row, name in table["center"].items()
        if name and name not in listed
    ]
    split = pd.Series("", index=table.index, dtype=object)
    inside = table[table["center"].isin(listed)]
    if not inside.empty and not problems:
        sets = center_split(inside, rule.train, rule.external, rule.internal, rule.seed)
        split[inside.index] = sets
    return split, problems


def _check_sets(table: pd.DataFrame, manifest: Manifest) -> list[Problem]:
    file = manifest.csv.name
    problems = []
    if not table["split"].eq("train").any():
        problems.append(Problem("no_training", file, "no row is in the training set", 1))
    both = table["label"].nunique() == 2
    for name, part in table[table["split"].ne("")].groupby("split"):
        if both and part["label"].nunique() < 2:
            only = "positive" if part["label"].iloc[0] == 1 else "negative"
            code = "one_class" if name == "train" else "set_one_class"
            found = f"set {name!r} has {only} patients only"
            problems.append(Problem(code, file, found, int(part.index[0])))
    return problems

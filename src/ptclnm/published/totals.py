"""Do the counts add up: levels, groups, percentages, means, text against tables."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ptclnm.errors import PublishedTableError
from ptclnm.published.printed import decimals, interval, rounds_to
from ptclnm.published.tables import Study

Cell = tuple[str, str, str, str]
TOTALS_COLUMNS = ["key", "study", "check", "where", "quantity", "printed", "follows", "verdict"]


class Counts:
    """Look-up of printed counts, and of those that follow by adding.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    called : dict of int
        Patients called positive by a model in a set, by ``model@set``; from the 2x2 tables.
    """

    def __init__(self, study: Study, called: dict[str, int] | None = None) -> None:
        self.study = study
        self.called = called or {}
        rows = study.counts[study.counts["statistic"] == "count"]
        rows = rows.drop_duplicates(["variable", "level", "group"])
        keys = zip(rows["variable"], rows["level"], rows["group"], strict=True)
        self.printed = dict(zip(keys, rows["value"].astype(int), strict=True))
        self.children = {
            parent: list(part["group"])
            for parent, part in study.groups.groupby("parent", sort=False)
            if parent
        }

    def level(self, variable: str, level: str, group: str) -> int | None:
        """Count of a level in a group: printed, or the sum over the group's parts."""
        if (variable, level, group) in self.printed:
            return self.printed[variable, level, group]
        return self.level_of_parts(variable, level, group)

    def level_of_parts(self, variable: str, level: str, group: str) -> int | None:
        """Sum of a level over the parts of a group; None where a part is not printed."""
        parts = [self.level(variable, level, part) for part in self.children.get(group, [])]
        return sum(parts) if parts and None not in parts else None

    def size_of_parts(self, group: str) -> int | None:
        """Sum of the sizes of a group's parts."""
        parts = [self.study.size(part) for part in self.children.get(group, [])]
        return sum(parts) if parts and None not in parts else None

    def resolve(self, key: str) -> int | None:
        """Value of a relation's term.

        Parameters
        ----------
        key : str
            ``variable=level@group``, ``@group`` for the group's size, or ``called:model@set`` for
            the patients whom a model calls positive.
        """
        name, _, group = key.rpartition("@")
        if name.startswith("called:"):
            return self.called.get(key.removeprefix("called:"))
        if not name:
            return self.study.size(group)
        variable, _, level = name.partition("=")
        return self.level(variable, level, group)


def alike(first: str, second: str) -> bool:
    """Tell whether two printings can be one number, rounded to different digits or bounded."""
    if first == second:
        return True
    bound, other = (first, second) if first.startswith("<") else (second, first)
    if bound.startswith("<"):
        return bool(rounds_to(float(other.removeprefix("<")), bound))
    return bool(rounds_to(float(first), second) or rounds_to(float(second), first))


def _record(check: str, where: str, quantity: str, key: str, printed, follows) -> dict:
    same = alike(str(printed), str(follows))
    return {
        "key": f"{check}:{key}", "check": check, "where": where, "quantity": quantity,
        "printed": str(printed), "follows": str(follows),
        "verdict": "agrees" if same else "contradicts",
    }  # fmt: skip


def _levels(study: Study) -> Iterator[dict]:
    rows = study.counts[study.counts["statistic"] == "count"]
    for (where, variable, group), part in rows.groupby(["where", "variable", "group"], sort=False):
        size = study.size(group)
        if len(part) > 1 and size is not None:
            found = int(part["value"].astype(int).sum())
            quantity = f"{variable}: its levels add up to the size of {group}"
            yield _record("levels", where, quantity, f"{variable}@{group}", size, found)


def _groups(study: Study, counts: Counts) -> Iterator[dict]:
    for row in study.groups.itertuples():
        parts = counts.size_of_parts(row.group)
        if row.n and parts is not None:
            names = " + ".join(counts.children[row.group])
            quantity = f"size of {row.group}: {names}"
            yield _record("groups", row.where, quantity, f"@{row.group}", int(row.n), parts)


def _level_groups(study: Study, counts: Counts) -> Iterator[dict]:
    where = study.counts.drop_duplicates(["variable", "level", "group"])
    for row in where[where["statistic"] == "count"].itertuples():
        parts = counts.level_of_parts(row.variable, row.level, row.group)
        if parts is not None:
            printed = counts.printed[row.variable, row.level, row.group]
            quantity = f"{row.variable} = {row.level}: parts of {row.group}"
            key = f"{row.variable}={row.level}@{row.group}"
            yield _record("parts", row.where, quantity, key, printed, parts)


def _percentages(study: Study, counts: Counts) -> Iterator[dict]:
    for row in study.counts[study.counts["statistic"] == "percent"].itertuples():
        count = counts.printed.get((row.variable, row.level, row.group))
        size = study.size(row.group)
        if count is None or not size:
            continue
        exact = 100 * count / size
        follows = row.value if rounds_to(exact, row.value) else f"{exact:.{decimals(row.value)}f}"
        quantity = f"{row.variable} = {row.level}, percent of {row.group}"
        key = f"{row.variable}={row.level}@{row.group}"
        yield _record("percentages", row.where, quantity, key, row.value, follows)


def _text_against_table(study: Study) -> Iterator[dict]:
    keys = ["variable", "level", "group", "statistic"]
    for key, part in study.counts.groupby(keys, sort=False):
        if part["where"].nunique() > 1:
            first, second = part.iloc[0], part.iloc[1]
            name = f"{key[0]}{' = ' + key[1] if key[1] else ''}, {key[3]} of {key[2]}"
            quantity = f"{name}: {second['where']} against {first['where']}"
            label = f"{key[3]}:{key[0]}={key[1]}@{key[2]}"
            yield _record("text", second["where"], quantity, label, second["value"], first["value"])


def pooled(parts: list[tuple[float, float, int]]) -> tuple[float, float]:
    """Mean and SD of several groups taken together.

    Parameters
    ----------
    parts : list of tuple
        Mean, SD and n of each group.

    Returns
    -------
    tuple of float
        Mean and SD (n - 1 in the denominator) of all patients.
    """
    mean, sd, n = np.array(parts, dtype=float).T
    whole = float(np.average(mean, weights=n))
    square = ((n - 1) * sd**2 + n * (mean - whole) ** 2).sum() / (n.sum() - 1)
    return whole, float(np.sqrt(square))


def pooled_bounds(parts: list[tuple[str, str, int]]) -> tuple[tuple, tuple]:
    """Bounds of mean and SD of several groups together, given means and SDs as printed.

    Returns
    -------
    tuple of tuple of float
        (low, high) of the mean and of the SD; never too narrow, and too wide by no more than the
        rounding.
    """
    n = np.array([size for _, _, size in parts], dtype=float)
    means = np.array([interval(mean) for mean, _, _ in parts])
    sds = np.maximum([interval(sd) for _, sd, _ in parts], 0)
    low, high = (float(np.average(end, weights=n)) for end in means.T)
    middle = means.mean(axis=1)
    apart = np.abs(middle - np.average(middle, weights=n))
    room = np.ptp(means, axis=1).max()
    between = np.maximum(apart - room, 0), apart + room
    squares = [
        ((n - 1) * sd**2 + n * gap**2).sum() / (n.sum() - 1)
        for sd, gap in zip(sds.T, between, strict=True)
    ]
    return (low, high), (float(np.sqrt(squares[0])), float(np.sqrt(squares[1])))


def _leaves(counts: Counts, group: str, variable: str) -> list[tuple[str, str, int]] | None:
    rows = counts.study.counts
    part = rows[(rows["variable"] == variable) & (rows["group"] == group)]
    values = part.drop_duplicates("statistic").set_index("statistic")["value"]
    size = counts.study.size(group)
    if {"mean", "sd"} <= set(values.index) and size:
        return [(values["mean"], values["sd"], size)]
    found = [_leaves(counts, child, variable) for child in counts.children.get(group, [])]
    return None if not found or None in found else [leaf for leaves in found for leaf in leaves]


def _means(study: Study, counts: Counts) -> Iterator[dict]:
    rows = study.counts[study.counts["statistic"] == "mean"]
    for row in rows.drop_duplicates(["variable", "group"]).itertuples():
        children = counts.children.get(row.group, [])
        found = [_leaves(counts, child, row.variable) for child in children]
        if not found or None in found:
            continue
        leaves = [leaf for part in found for leaf in part]
        spreads = study.counts[
            (study.counts["variable"] == row.variable)
            & (study.counts["group"] == row.group)
            & (study.counts["statistic"] == "sd")
        ]
        texts = (row.value, spreads["value"].iloc[0]) if len(spreads) else (row.value,)
        yield from _mean_records(row, texts, leaves)


def _mean_records(
    row, texts: tuple[str, ...], leaves: list[tuple[str, str, int]]
) -> Iterator[dict]:
    middle = pooled([(float(mean), float(sd), n) for mean, sd, n in leaves])
    bounds = pooled_bounds(leaves)
    for index, (name, text) in enumerate(zip(("mean", "SD"), texts, strict=False)):
        low, high = interval(text)
        inside = bounds[index][0] <= high and bounds[index][1] >= low
        follows = text if inside else f"{middle[index]:.{decimals(text)}f}"
        quantity = f"{row.variable}, {name} of {row.group} from its parts"
        key = f"{name.lower()}:{row.variable}@{row.group}"
        yield _record("means", row.where, quantity, key, text, follows)


def _relations(study: Study, counts: Counts) -> Iterator[dict]:
    for row in study.relations.itertuples():
        terms = [row.total, *row.parts.split(";")]
        total, *parts = (counts.resolve(key) for key in terms)
        lost = [key for key, value in zip(terms, (total, *parts), strict=True) if value is None]
        if any(not key.startswith("called:") for key in lost):
            raise PublishedTableError("relations.csv", [f"{key!r} is not printed" for key in lost])
        if lost:
            continue
        key = f"{row.total}={row.parts}"
        yield _record("relations", row.where, row.quantity, key, total, sum(parts))


def totals(study: Study, called: dict[str, int] | None = None) -> pd.DataFrame:
    """Check every sum that the printed counts should obey.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    called : dict of int, optional
        Patients called positive by ``model@set``, for relations that name them.

    Returns
    -------
    DataFrame
        Columns ``key, study, check, where, quantity, printed, follows, verdict``. Checks are
        levels (rows against headers), groups (cohort against its parts), parts (a level over the
        parts), percentages, means (pooled mean and SD, with room for rounding), text (text
        against table) and relations (those that the study's folder declares).

    Raises
    ------
    PublishedTableError
        If a relation names a count that is not printed.
    """
    counts = Counts(study, called)
    checks = [
        *_groups(study, counts), *_relations(study, counts), *_text_against_table(study),
        *_means(study, counts), *_levels(study), *_level_groups(study, counts),
        *_percentages(study, counts),
    ]  # fmt: skip
    frame = pd.DataFrame(checks, columns=[c for c in TOTALS_COLUMNS if c != "study"])
    frame.insert(1, "study", study.name)
    return frame

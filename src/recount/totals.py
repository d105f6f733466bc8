"""Do the counts add up: levels, groups, percentages, means, text against tables."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from recount.errors import RecordError
from recount.printed import TIE, decimals, interval, rounds_to
from recount.tables import Study
from recount.verdicts import judged

TOTALS_COLUMNS = [
    "key", "study", "check", "where", "quantity", "printed", "follows", "premise", "verdict",
]  # fmt: skip
# Cases of a class that may be missing from a row before it is said to rest on others.
MISSING = 0.2
# What shortages of a sum presuppose, and what means do.
NONE_MISSING = "no value is missing"
IN_A_PART = "every patient of {} is in one of its parts"
ALL_IN_GROUPS = "the printed groups hold every patient"
EXACT_RATIO = "the ratio is meant to the patient"
# Patients by which a set may miss its share of a stated ratio: one in either class, rounded.
RATIO_ROOM = 2
# Terms of a relation that rest on the 2x2 tables, which not every row has.
DERIVED = ("called:", "found:")


class Counts:
    """Look-up of printed counts, and of those that follow by adding.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    called : dict of int
        Patients called positive by a model in a set, by ``model@set``; from the 2x2 tables.
    found : dict of int
        Patients with the outcome behind the metrics of a set, by set.
    """

    def __init__(
        self, study: Study, called: dict[str, int] | None = None,
        found: dict[str, int] | None = None,
    ) -> None:  # fmt: skip
        self.study = study
        self.called, self.found = called or {}, found or {}
        rows = study.counts[study.counts["statistic"] == "count"]
        rows = rows.drop_duplicates(["variable", "level", "group"])
        keys = zip(rows["variable"], rows["level"], rows["group"], strict=True)
        self.printed = dict(zip(keys, rows["value"].astype(int), strict=True))
        self.parents = dict(zip(study.groups["group"], study.groups["parent"], strict=True))
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

    def outcomes(self, group: str) -> int | None:
        """Patients with the outcome behind a set's metrics, or the sum over its parts."""
        if group in self.found:
            return self.found[group]
        parts = [self.outcomes(part) for part in self.children.get(group, [])]
        return sum(parts) if parts and None not in parts else None

    def complete(self, group: str) -> bool:
        """Whether the sizes of a group's parts, and of theirs, add up."""
        parts = self.children.get(group, [])
        adds_up = not parts or self.study.size(group) == self.size_of_parts(group)
        return adds_up and all(map(self.complete, parts))

    def resolve(self, key: str) -> int | None:
        """Value of a relation's term.

        Parameters
        ----------
        key : str
            ``variable=level@group``, or ``@group`` for the group's size; ``called:model@set`` for
            the patients whom a model calls positive, ``found:@set`` for those with the outcome
            behind the metrics; ``models:where`` for the models of a table, ``stated:quantity`` for
            a number of ``features.csv``.
        """
        kind, _, rest = key.partition(":")
        name, _, group = key.rpartition("@")
        if kind == "called":
            return self.called.get(rest)
        if kind == "found":
            return self.outcomes(rest.removeprefix("@"))
        if kind == "models":
            rows = self.study.performance
            return rows.loc[rows["where"] == rest, "model"].nunique() or None
        if kind == "stated":
            rows = self.study.features
            stated = rows.loc[rows["quantity"] == rest, "value"]
            return int(stated.iloc[0]) if len(stated) else None
        if not name:
            return self.study.size(group)
        variable, _, level = name.partition("=")
        return self.level(variable, level, group)


def room(text: str) -> tuple[float, float]:
    """Bounds of the values that are printed as a number, whether rounded or cut off."""
    return interval(text)[0], float(text) + 10.0 ** -decimals(text) + TIE


def printed_as(value: float, text: str) -> bool:
    """Tell whether a value would be printed as `text`, rounded or cut off."""
    low, high = room(text)
    return low <= value < high - 2 * TIE


def alike(first: str, second: str) -> bool:
    """Tell whether two printings can be one number: to different digits, cut off, or bounded."""
    if first == second:
        return True
    bound, other = (first, second) if first.startswith("<") else (second, first)
    if bound.startswith("<"):
        return bool(rounds_to(float(other.removeprefix("<")), bound))
    return printed_as(float(first), second) or printed_as(float(second), first)


def _record(
    check: str, where: str, quantity: str, key: str, printed: object, follows: object,
    premise: str = "",
    holds: bool | None = None,
) -> dict:  # fmt: skip
    """Lay out one sum; `premise` is what its failing presupposes."""
    same = alike(str(printed), str(follows)) if holds is None else holds
    return {
        "key": f"{check}:{key}", "check": check, "where": where, "quantity": quantity,
        "printed": str(printed), "follows": str(follows), **judged(same, premise),
    }  # fmt: skip


def _levels(study: Study) -> Iterator[dict]:
    rows = study.counts[study.counts["statistic"] == "count"]
    sizes = dict(zip(study.groups["group"], study.groups["n"], strict=True))
    for (where, variable, group), part in rows.groupby(["where", "variable", "group"], sort=False):
        size = study.size(group)
        found = int(part["value"].astype(int).sum())
        if size is not None and (len(part) > 1 or found > size):
            quantity = f"{variable}: its levels add up to the size of {group}"
            premise = "" if sizes[group] and found > size else NONE_MISSING
            key = f"{variable}@{group}"
            yield _record("levels", where, quantity, key, size, found, premise)


def _groups(study: Study, counts: Counts) -> Iterator[dict]:
    for row in study.groups.itertuples():
        parts = counts.size_of_parts(row.group)
        if row.n and parts is not None:
            names = " + ".join(counts.children[row.group])
            quantity = f"size of {row.group}: {names}"
            premise = "" if parts > int(row.n) else IN_A_PART.format(row.group)
            yield _record(
                "groups", row.where, quantity, f"@{row.group}", int(row.n), parts, premise
            )


def _level_groups(study: Study, counts: Counts) -> Iterator[dict]:
    where = study.counts.drop_duplicates(["variable", "level", "group"])
    for row in where[where["statistic"] == "count"].itertuples():
        parts = counts.level_of_parts(row.variable, row.level, row.group)
        if parts is not None:
            printed = counts.printed[row.variable, row.level, row.group]
            certain = parts > printed or counts.complete(row.group)
            quantity = f"{row.variable} = {row.level}: parts of {row.group}"
            key = f"{row.variable}={row.level}@{row.group}"
            premise = "" if certain else IN_A_PART.format(row.group)
            yield _record("parts", row.where, quantity, key, printed, parts, premise)


def _wholes(counts: Counts, row) -> set[int]:
    """What a percentage may be of: its column, its known values, or its level in other columns."""
    key = (row.variable, row.level)
    above, name = [], row.group
    while name := counts.parents.get(name):
        above.append(name)
    levels = [counts.level_of_parts(*key, group) for group in above]
    levels += [counts.printed.get((*key, group)) for group in above]
    known = sum(n for (variable, _, group), n in counts.printed.items()
                if (variable, group) == (row.variable, row.group))  # fmt: skip
    return {size for size in (counts.study.size(row.group), known, *levels) if size}


def _percentages(study: Study, counts: Counts) -> Iterator[dict]:
    """Hold percentages against counts, of a column, of its known values, or of a row."""
    sizes = dict(zip(study.groups["group"], study.groups["n"], strict=True))
    for row in study.counts[study.counts["statistic"] == "percent"].itertuples():
        count = counts.printed.get((row.variable, row.level, row.group))
        size = study.size(row.group)
        if count is None or not size:
            continue
        wholes, exact = _wholes(counts, row), 100 * count / size
        same = any(printed_as(100 * count / of, row.value) for of in wholes)
        # A size that follows from a variable with missing values falls short of the column's.
        most = size if sizes[row.group] else round(size / (1 - MISSING))
        other = any(printed_as(100 * count / of, row.value) for of in range(max(count, 1), most))
        follows = row.value if same else f"{exact:.{decimals(row.value)}f}"
        quantity = f"{row.variable} = {row.level}, percent of {row.group}"
        key = f"{row.variable}={row.level}@{row.group}"
        premise = NONE_MISSING if other else ""
        yield _record("percentages", row.where, quantity, key, row.value, follows, premise, same)


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
        (low, high) of the mean and of the SD, whether digits were rounded or cut off; never too
        narrow, and too wide by no more than one step of the last digit.
    """
    n = np.array([size for _, _, size in parts], dtype=float)
    means = np.array([room(mean) for mean, _, _ in parts])
    sds = np.maximum([room(sd) for _, sd, _ in parts], 0)
    low, high = (float(np.average(end, weights=n)) for end in means.T)
    middle = means.mean(axis=1)
    apart = np.abs(middle - np.average(middle, weights=n))
    slack = np.ptp(means, axis=1).max()
    between = np.maximum(apart - slack, 0), apart + slack
    squares = [
        ((n - 1) * sd**2 + n * gap**2).sum() / (n.sum() - 1)
        for sd, gap in zip(sds.T, between, strict=True)
    ]
    return (low, high), (float(np.sqrt(squares[0])), float(np.sqrt(squares[1])))


def leaves_of(counts: Counts, group: str, variable: str) -> list[tuple[str, str, int]] | None:
    """Mean, SD and n of the largest groups within a group that print them.

    Returns
    -------
    list of tuple or None
        The group itself where it does; None where a part of it does not.
    """
    rows = counts.study.counts
    part = rows[(rows["variable"] == variable) & (rows["group"] == group)]
    values = part.drop_duplicates("statistic").set_index("statistic")["value"]
    size = counts.study.size(group)
    if {"mean", "sd"} <= set(values.index) and size:
        return [(values["mean"], values["sd"], size)]
    found = [leaves_of(counts, child, variable) for child in counts.children.get(group, [])]
    return None if not found or None in found else [leaf for leaves in found for leaf in leaves]


def _means(study: Study, counts: Counts) -> Iterator[dict]:
    rows = study.counts[study.counts["statistic"] == "mean"]
    for row in rows.drop_duplicates(["variable", "group"]).itertuples():
        children = counts.children.get(row.group, [])
        found = [leaves_of(counts, child, row.variable) for child in children]
        if not found or None in found:
            continue
        leaves = [leaf for part in found for leaf in part]
        spreads = study.counts[
            (study.counts["variable"] == row.variable)
            & (study.counts["group"] == row.group)
            & (study.counts["statistic"] == "sd")
        ]
        texts = (row.value, spreads["value"].iloc[0]) if len(spreads) else (row.value,)
        yield from _mean_records(row, texts, leaves, counts.complete(row.group))


def _mean_records(
    row, texts: tuple[str, ...], leaves: list[tuple[str, str, int]], complete: bool
) -> Iterator[dict]:
    """Hold mean and SD of a group against those of its parts.

    Missing values change the weights of the parts, but a mean lies between theirs in any case.
    """
    middle = pooled([(float(mean), float(sd), n) for mean, sd, n in leaves])
    bounds = pooled_bounds(leaves)
    ends = [room(mean) for mean, _, _ in leaves]
    for index, (name, text) in enumerate(zip(("mean", "SD"), texts, strict=False)):
        low, high = room(text)
        inside = bounds[index][0] <= high and bounds[index][1] >= low
        beyond = name == "mean" and (high < min(ends)[0] or low > max(high for _, high in ends))
        premise = ("" if beyond else NONE_MISSING) if complete else ALL_IN_GROUPS
        follows = text if inside else f"{middle[index]:.{decimals(text)}f}"
        quantity = f"{row.variable}, {name} of {row.group} from its parts"
        key = f"{name.lower()}:{row.variable}@{row.group}"
        yield _record("means", row.where, quantity, key, text, follows, premise, inside)


def _relations(study: Study, counts: Counts) -> Iterator[dict]:
    for row in study.relations.itertuples():
        terms = [row.total, *row.parts.split(";")]
        total, *parts = (counts.resolve(key) for key in terms)
        lost = [key for key, value in zip(terms, (total, *parts), strict=True) if value is None]
        if any(not key.startswith(DERIVED) for key in lost):
            raise RecordError("relations.csv", [f"{key!r} is not printed" for key in lost])
        if lost:
            continue
        holds = total == sum(parts) if row.relation == "=" else total <= sum(parts)
        key = f"{row.total}{row.relation}{row.parts}"
        follows = sum(parts) if row.relation == "=" else f"at most {sum(parts)}"
        yield _record("relations", row.where, row.quantity, key, total, follows, row.premise, holds)


def _ratio(study: Study) -> Iterator[dict]:
    """Hold the sizes of two sets against the ratio in which they are said to be drawn."""
    drawn = study.about.get("random_split", {})
    sizes = [study.size(name) for name in drawn.get("sets", [])]
    if "ratio" not in drawn or None in sizes:
        return
    share, names = drawn["ratio"][0] / sum(drawn["ratio"]), ":".join(drawn["sets"])
    holds = abs(sizes[0] - share * sum(sizes)) < RATIO_ROOM
    printed, follows = (":".join(map(str, pair)) for pair in (drawn["ratio"], sizes))
    yield _record(
        "ratio", drawn["where"], f"ratio of {names}", names, printed, follows, EXACT_RATIO, holds
    )


def totals(
    study: Study, called: dict[str, int] | None = None, found: dict[str, int] | None = None
) -> pd.DataFrame:
    """Check every sum that the printed counts should obey.

    A sum that falls short may do so because values, or patients, are missing; one that is too
    large contradicts.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    called : dict of int, optional
        Patients called positive by ``model@set``, for relations that name them.
    found : dict of int, optional
        Patients with the outcome behind the metrics of each set, for relations that name them.

    Returns
    -------
    DataFrame
        Columns ``TOTALS_COLUMNS``. Checks are levels (rows against headers), groups (cohort
        against its parts), parts (a level over the parts), percentages, means (pooled mean and SD,
        with room for rounding), text (text against table), ratio (sizes of sets against the ratio
        stated) and relations (those that the study's folder declares).

    Raises
    ------
    RecordError
        If a relation names a count that is not printed.
    """
    counts = Counts(study, called, found)
    checks = [
        *_groups(study, counts), *_ratio(study), *_relations(study, counts),
        *_text_against_table(study), *_means(study, counts), *_levels(study),
        *_level_groups(study, counts), *_percentages(study, counts),
    ]  # fmt: skip
    frame = pd.DataFrame(checks, columns=[c for c in TOTALS_COLUMNS if c != "study"])
    frame.insert(1, "study", study.name)
    return frame

"""Do the counts add up: levels, groups, percentages, means, text against tables.

And can a printed mean be that of whole numbers: the GRIM test (Brown & Heathers 2017).
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from recount.printed import alike, decimals, printed_as, room
from recount.schema import RecordError
from recount.tables import CELL, Study
from recount.verdicts import judged, lay_out

TOTALS_COLUMNS = "key study check where quantity printed follows premise verdict".split()
GRIM_COLUMNS = "variable group n printed power"
# Cases of a class that may be missing from a row before it is said to rest on others.
MISSING = 0.2
# What shortages of a sum presuppose, and what means do.
WHOLE = "every value of {} is a whole number and none is missing"
NONE_MISSING = "no value is missing"
IN_A_PART = "every patient of {} is in one of its parts"
ALL_IN_GROUPS = "the printed groups hold every patient"
EXACT_RATIO = "the ratio is meant to the patient"
# Patients by which a set may miss its share of a stated ratio: one in either class, rounded.
RATIO_ROOM = 2
# Terms of a relation that rest on the 2x2 tables, which not every row has.
DERIVED = ("called:", "found:")


def resolve(
    study: Study, key: str, called: dict[str, int] | None = None,
    found: dict[str, int] | None = None,
) -> int | None:  # fmt: skip
    """Value of a relation's term.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    key : str
        ``variable=level@group``, or ``@group`` for the group's size; ``called:model@set`` for
        the patients whom a model calls positive, ``found:@set`` for those with the outcome
        behind the metrics; ``models:where`` for the models of a table, ``stated:quantity`` for
        a number of ``features.csv``.
    called, found : dict of int, optional
        As `totals` takes them.
    """

    def outcomes(group: str) -> int | None:
        return (found or {}).get(group) or study.over_parts(group, outcomes)

    kind, _, rest = key.partition(":")
    name, _, group = key.rpartition("@")
    if kind == "called":
        return (called or {}).get(rest)
    if kind == "found":
        return outcomes(rest.removeprefix("@"))
    if kind == "models":
        rows = study.performance
        return rows.loc[rows["where"] == rest, "model"].nunique() or None
    if kind == "stated":
        stated = study.features.loc[study.features["quantity"] == rest, "value"]
        return int(stated.iloc[0]) if len(stated) else None
    variable, _, level = name.partition("=")
    return study.level(variable, level, group) if name else study.size(group)


def _record(
    check: str, where: str, quantity: str, key: str, printed: object, follows: object,
    premise: str = "",
    holds: bool | None = None,
) -> dict:  # fmt: skip
    """Lay out one sum; `premise` is what its failing presupposes."""
    same = alike(str(printed), str(follows)) if holds is None else holds
    return {
        "key": f"{check}:{key}", "check": check, "where": where, "quantity": quantity,
        "printed": str(printed), **judged(same, premise, str(follows)),
    }  # fmt: skip


def _levels(study: Study) -> Iterator[dict]:
    rows = study.counts[study.counts["statistic"] == "count"]
    for (where, variable, group), part in rows.groupby(["where", "variable", "group"], sort=False):
        size = study.size(group)
        found = int(part["value"].astype(int).sum())
        if size is not None and (len(part) > 1 or found > size):
            quantity = f"{variable}: its levels add up to the size of {group}"
            premise = "" if study.headed(group) and found > size else NONE_MISSING
            yield _record("levels", where, quantity, f"{variable}@{group}", size, found, premise)


def _groups(study: Study) -> Iterator[dict]:
    for row in study.groups.itertuples():
        parts = study.over_parts(row.group, study.size)
        if row.n and parts is not None:
            quantity = f"size of {row.group}: {' + '.join(study.parts[row.group])}"
            premise = "" if parts > int(row.n) else IN_A_PART.format(row.group)
            yield _record(
                "groups", row.where, quantity, f"@{row.group}", int(row.n), parts, premise
            )


def _level_groups(study: Study) -> Iterator[dict]:
    rows = study.counts.drop_duplicates(CELL)
    for row in rows[rows["statistic"] == "count"].itertuples():
        parts = study.level_of_parts(row.variable, row.level, row.group)
        if parts is not None:
            printed = study.counted[row.variable, row.level, row.group]
            certain = parts > printed or study.complete(row.group)
            quantity = f"{row.variable} = {row.level}: parts of {row.group}"
            key = f"{row.variable}={row.level}@{row.group}"
            premise = "" if certain else IN_A_PART.format(row.group)
            yield _record("parts", row.where, quantity, key, printed, parts, premise)


def _wholes(study: Study, row) -> set[int]:
    """What a percentage may be of: its column, its known values, or its level in other columns."""
    key = (row.variable, row.level)
    parents = dict(zip(study.groups["group"], study.groups["parent"], strict=True))
    above, name = [], row.group
    while name := parents.get(name):
        above.append(name)
    levels = [study.level_of_parts(*key, group) for group in above]
    levels += [study.counted.get((*key, group)) for group in above]
    known = sum(n for (variable, _, group), n in study.counted.items()
                if (variable, group) == (row.variable, row.group))  # fmt: skip
    return {size for size in (study.size(row.group), known, *levels) if size}


def _percentages(study: Study) -> Iterator[dict]:
    """Hold percentages against counts, of a column, of its known values, or of a row."""
    for row in study.counts[study.counts["statistic"] == "percent"].itertuples():
        count = study.counted.get((row.variable, row.level, row.group))
        size = study.size(row.group)
        if count is None or not size:
            continue
        # A size that follows from a variable with missing values falls short of the column's.
        most = size if study.headed(row.group) else round(size / (1 - MISSING))
        same, other = (
            any(printed_as(100 * count / of, row.value) for of in wholes)
            for wholes in (_wholes(study, row), range(max(count, 1), most))
        )
        follows = row.value if same else f"{100 * count / size:.{decimals(row.value)}f}"
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


def _means(study: Study) -> Iterator[dict]:
    rows = study.counts.drop_duplicates(["variable", "group", "statistic"])
    spreads = rows[rows["statistic"] == "sd"].set_index(["variable", "group"])["value"]
    for row in rows[rows["statistic"] == "mean"].itertuples():
        leaves = study.means_of_parts(row.variable, row.group)
        if leaves:
            spread = spreads.get((row.variable, row.group))
            texts = (row.value, spread) if spread else (row.value,)
            yield from _mean_records(row, texts, leaves, study.complete(row.group))


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


def _relations(study: Study, called: dict | None, found: dict | None) -> Iterator[dict]:
    for row in study.relations.itertuples():
        terms = [row.total, *row.parts.split(";")]
        total, *parts = (resolve(study, key, called, found) for key in terms)
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
    checks = [
        *_groups(study), *_ratio(study), *_relations(study, called, found),
        *_text_against_table(study), *_means(study), *_levels(study), *_level_groups(study),
        *_percentages(study),
    ]  # fmt: skip
    return pd.DataFrame(checks, columns=TOTALS_COLUMNS).assign(study=study.name)


def printings(total: int, n: int, digits: int) -> set[int]:
    """Ways to print the mean of n whole numbers: cut off, or rounded with a tie either way.

    Parameters
    ----------
    total : int
        Sum of the whole numbers.
    n : int
        How many there are.
    digits : int
        Digits after the decimal point.

    Returns
    -------
    set of int
        The printed means, in units of the last digit.
    """
    scaled = total * 10**digits
    return {scaled // n, (2 * scaled + n) // (2 * n), (2 * scaled + n - 1) // (2 * n)}


def power(n: int, digits: int) -> float:
    """Share of all means of so many digits that no n whole numbers have."""
    step = 10**digits
    if n >= step:
        return 0.0
    possible = set().union(*(printings(total, n, digits) for total in range(n)))
    return 1 - len({mean % step for mean in possible}) / step


def grim(study: Study) -> pd.DataFrame:
    """Test the means of the variables that ``study.yml`` says are whole numbers.

    A mean may have been rounded, a tie either way, or cut off.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a mean of a group that is small enough for the test to have any power: columns
        ``GRIM_COLUMNS``.
    """
    rows = study.counts[study.counts["statistic"] == "mean"]
    rows = rows[rows["variable"].isin(study.about.get("whole_numbers", []))]
    records = []
    for row in rows.drop_duplicates(["variable", "group", "value"]).itertuples():
        n, digits = study.size(row.group), decimals(row.value)
        strength = power(n, digits) if n else 0.0
        if not strength:
            continue
        total = math.floor(float(row.value) * n)
        near = [total, total + 1]
        printed = round(float(row.value) * 10**digits)
        holds = any(printed in printings(one, n, digits) for one in near)
        means = " and ".join(f"{one / n:.{digits + 1}f}" for one in near)
        records.append(
            {
                "key": f"{row.variable}@{row.group}/{row.where}", "study": study.name,
                "where": row.where, "variable": row.variable, "group": row.group, "n": n,
                "printed": row.value, "power": strength,
                **judged(holds, WHOLE.format(row.variable),
                         f"the nearest means of {n} whole numbers are {means}"),
            }
        )  # fmt: skip
    return lay_out(records, GRIM_COLUMNS)

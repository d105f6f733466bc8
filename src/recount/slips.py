"""Which printed number is the slip where sums do not come out, and which numbers say what size."""

from collections.abc import Iterator
from functools import cached_property

import pandas as pd

from recount.tables import CELL, Cell, Study
from recount.verdicts import judged

ALONE = "one printed number alone is wrong"
SLIP_COLUMNS = "key study where quantity printed follows failing left premise verdict".split()
SIZE_COLUMNS = ["key", "study", "group", "size", "printed", "sources"]


# Printed numbers that add up to the same on both sides.
Sum = tuple[tuple[Cell, ...], tuple[Cell, ...]]


def lacks(one: Sum, values: dict[Cell, int]) -> int:
    """What the right side of a sum lacks to equal the left."""
    left, right = (sum(values[cell] for cell in side) for side in one)
    return left - right


class Sums:
    """The sums that a study's printed counts should obey, in terms of printed numbers alone.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        counts = study.counts[study.counts["statistic"] == "count"].drop_duplicates(CELL)
        sizes = study.groups[study.groups["n"] != ""]
        # The size of a group is a cell without variable and level.
        owners = [*map(tuple, counts[CELL].to_numpy()), *(("", "", g) for g in sizes["group"])]
        self.where = dict(zip(owners, [*counts["where"], *sizes["where"]], strict=True))
        values = [*counts["value"].astype(int), *sizes["n"].astype(int)]
        self.values = dict(zip(owners, values, strict=True))

    def levels(self, variable: str, group: str) -> tuple[Cell, ...]:
        """Counts of a variable's levels in a group; none where only one level is printed."""
        found = [cell for cell in self.values if cell[0] == variable and cell[2] == group]
        return tuple(found) if len(found) > 1 else ()

    def below(self, variable: str, level: str | None, group: str) -> tuple[Cell, ...]:
        """Counts of a variable (of one level) in the parts of a group, or in theirs."""
        found: tuple[Cell, ...] = ()
        for part in self.study.parts.get(group, []):
            cell = (variable, level, part)
            own = self.levels(variable, part) if level is None else (cell,) * (cell in self.values)
            cells = own or self.below(variable, level, part)
            if not cells:
                return ()
            found += cells
        return found

    def sizes(self, group: str) -> Iterator[tuple[str, tuple[Cell, ...]]]:
        """Every way to add up the patients of a group, with the place it is printed in."""
        parts = [("", "", part) for part in self.study.parts.get(group, [])]
        if parts and set(parts) <= self.values.keys():
            yield f"{' + '.join(self.study.parts[group])} ({self.where[parts[0]]})", tuple(parts)
        for variable in dict.fromkeys(cell[0] for cell in self.values if cell[0]):
            for cells in (self.levels(variable, group), self.below(variable, None, group)):
                if cells:
                    yield f"{variable} ({self.where[cells[0]]})", cells

    def term(self, key: str) -> tuple[Cell, ...]:
        """Printed numbers behind a term of ``relations.csv``; none where it rests on others."""
        name, _, group = key.rpartition("@")
        variable, _, level = name.partition("=")
        if (variable, level, group) in self.values:
            return ((variable, level, group),)
        if level:
            return self.below(variable, level, group)
        return next((cells for _, cells in self.sizes(group)), ()) if not name else ()

    @cached_property
    def all(self) -> list[Sum]:
        """Sizes against levels and parts, levels against parts, and the relations declared."""
        found = []
        for group in self.study.groups["group"]:
            ways = [cells for _, cells in self.sizes(group)]
            size = ("", "", group)
            left = (size,) if size in self.values else next(iter(ways), ())
            found += [(left, cells) for cells in ways]
        for cell in self.values:
            cells = self.below(*cell) if cell[0] else ()
            if cells:
                found.append(((cell,), cells))
        for row in self.study.relations.itertuples():
            terms = [self.term(key) for key in (row.total, *row.parts.split(";"))]
            if row.relation == "=" and all(terms):
                found.append((terms[0], sum(terms[1:], ())))
        unique = {(frozenset(left), frozenset(right)): (left, right) for left, right in found}
        return [(left, right) for left, right in unique.values() if left != right]

    def failing(self, values: dict[Cell, int]) -> list[Sum]:
        """Sums that do not come out with some values of the printed numbers."""
        return [one for one in self.all if lacks(one, values)]


def slip(study: Study) -> pd.DataFrame:
    """Find the single printed number whose change leaves fewest sums failing.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        Columns ``SLIP_COLUMNS``: `follows` is what the number would have to be, `failing` and
        `left` are the sums that fail before and after. No row where all sums come out, where no
        change helps, or where several changes help alike.
    """
    sums = Sums(study)
    failing = sums.failing(sums.values)
    repairs = {
        (cell, sums.values[cell] + sign * lacks(one, sums.values))
        for one in failing
        for side, sign in zip(one, (-1, 1), strict=True)
        for cell in side
    }
    left = {
        (cell, value): len(sums.failing(sums.values | {cell: value}))
        for cell, value in repairs
        if value > 0
    }
    fewest = min(left.values(), default=len(failing))
    best = [change for change, number in left.items() if number == fewest]
    records = [
        {
            "key": f"{variable}={level}@{group}" if variable else f"@{group}",
            "study": study.name, "where": sums.where[variable, level, group],
            "quantity": f"{variable} = {level} of {group}" if variable else f"size of {group}",
            "printed": sums.values[variable, level, group],
            "failing": len(failing), "left": fewest, **judged(False, ALONE, value),
        }
        for (variable, level, group), value in best
        if len(best) == 1 and fewest < len(failing)
    ]  # fmt: skip
    return pd.DataFrame(records, columns=SLIP_COLUMNS)


def size_sources(study: Study) -> pd.DataFrame:
    """List what size the printed numbers give each group whose own size is printed.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a group and size: columns ``SIZE_COLUMNS``. `printed` tells whether it is the size
        that is printed, `sources` names the sums that give it, separated by semicolons.
    """
    sums, records = Sums(study), []
    for group in study.groups.loc[study.groups["n"] != "", "group"]:
        own = ("", "", group)
        given = {sums.values[own]: {f"printed ({sums.where[own]})": None}}
        for name, cells in sums.sizes(group):
            given.setdefault(sum(sums.values[cell] for cell in cells), {})[name] = None
        records += [
            (f"{group}={size}", study.name, group, size, size == sums.values[own], "; ".join(names))
            for size, names in given.items()
        ]
    return pd.DataFrame(records, columns=SIZE_COLUMNS)

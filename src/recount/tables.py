"""Read a study's folder of tidy CSVs."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import pandas as pd
import yaml

from recount.schema import (
    DEFAULTS,
    OPTIONAL,
    REQUIRED,
    ROLES,
    SCHEMAS,
    STUDY_KEYS,
    RecordError,
    about_problems,
    nearest,
    problems,
)

CELL = ["variable", "level", "group"]
# A printed count: variable, level and group.
Cell = tuple[str, str, str]
Split = tuple[int, int]
Stated = tuple[int | None, int | None]


@dataclass(frozen=True)
class Study:
    """One paper's printed numbers.

    Parameters
    ----------
    name : str
        Name of the study's folder.
    about : dict
        What ``study.yml`` says: title, citation, doi, endpoint, names of the classes, a summary,
        and what else ``recount.schema.About`` knows.
    groups, counts, performance, comparisons, features, design, relations, statements, claims : \
DataFrame
        The tables, every cell as the text that was printed.
    """

    name: str
    about: dict[str, object]
    groups: pd.DataFrame
    counts: pd.DataFrame
    performance: pd.DataFrame
    comparisons: pd.DataFrame
    features: pd.DataFrame
    design: pd.DataFrame
    relations: pd.DataFrame
    statements: pd.DataFrame
    claims: pd.DataFrame

    def stated_split(self, evaluation_set: str) -> Stated:
        """Positives and negatives that the paper prints for an evaluation set.

        Where only the variables' rows are printed, their largest sum within the class stands for
        it.
        """
        classes = self.classes(evaluation_set)
        sizes = [[self.size(name) for name in classes[role]] for role in ("positive", "negative")]
        positive, negative = (sum(of) if of and None not in of else None for of in sizes)
        return positive, negative

    def classes(self, evaluation_set: str) -> dict[str, list[str]]:
        """Groups of a set by their role."""
        rows = zip(*(self.groups[name] for name in ("group", "parent", "role")), strict=True)
        inside = [(group, role) for group, parent, role in rows if parent == evaluation_set]
        return {role: [group for group, of in inside if of == role] for role in ROLES}

    def size(self, group: str) -> int | None:
        """Printed size of a group, or else the largest sum over a variable with all its levels."""
        return self._sizes.get(group)

    def headed(self, group: str) -> bool:
        """Whether the size of a group is printed."""
        return bool((self.groups.loc[self.groups["group"] == group, "n"] != "").any())

    @cached_property
    def _sizes(self) -> dict[str, int]:
        known = {name: int(n) for name, n in self.groups[["group", "n"]].to_numpy() if n}
        cells = [(group, variable, n) for (variable, _, group), n in self.counted.items()]
        levels = pd.DataFrame(cells, columns=["group", "variable", "n"])
        sums = levels.groupby(["group", "variable"])["n"].agg(["size", "sum"])
        # Values that are missing make a variable's sum too small, never too large.
        largest = sums.loc[sums["size"] > 1, "sum"].groupby("group").max()
        return {group: int(n) for group, n in largest.items()} | known

    @cached_property
    def counted(self) -> dict[Cell, int]:
        """Printed counts by variable, level and group; of one that is printed twice, the first."""
        rows = self.counts[self.counts["statistic"] == "count"].drop_duplicates(CELL)
        return dict(zip(map(tuple, rows[CELL].to_numpy()), rows["value"].astype(int), strict=True))

    def mean(self, variable: str, group: str) -> tuple[str, str, int] | None:
        """Mean and SD of a variable in a group as printed, and n; None where one is missing."""
        rows = self.counts[(self.counts["variable"] == variable) & (self.counts["group"] == group)]
        values = rows.drop_duplicates("statistic").set_index("statistic")["value"]
        if {"mean", "sd"} <= set(values.index) and self.size(group):
            return values["mean"], values["sd"], self.size(group)
        return None

    @cached_property
    def parts(self) -> dict[str, list[str]]:
        """Groups that a group consists of."""
        inside = self.groups[self.groups["parent"] != ""]
        return inside.groupby("parent", sort=False)["group"].agg(list).to_dict()

    def over_parts(self, group: str, value: Callable[[str], int | None]) -> int | None:
        """Sum over the parts of a group; None where one of them is not known."""
        values = [value(part) for part in self.parts.get(group, [])]
        return sum(values) if values and None not in values else None

    def level(self, variable: str, level: str, group: str) -> int | None:
        """Count of a level in a group: printed, or the sum over the group's parts."""
        printed = self.counted.get((variable, level, group))
        return self.level_of_parts(variable, level, group) if printed is None else printed

    def level_of_parts(self, variable: str, level: str, group: str) -> int | None:
        """Sum of a level over the parts of a group; None where a part is not printed."""
        return self.over_parts(group, partial(self.level, variable, level))

    def means(self, variable: str, group: str) -> list[tuple[str, str, int]] | None:
        """Mean, SD and n of the largest groups within a group that print them.

        Returns
        -------
        list of tuple or None
            The group itself where it does; None where a part of it does not.
        """
        if own := self.mean(variable, group):
            return [own]
        return self.means_of_parts(variable, group)

    def means_of_parts(self, variable: str, group: str) -> list[tuple[str, str, int]] | None:
        """Mean, SD and n of the largest groups within the parts of a group that print them."""
        found = [self.means(variable, part) for part in self.parts.get(group, [])]
        return None if not found or None in found else [leaf for part in found for leaf in part]

    def complete(self, group: str) -> bool:
        """Whether the sizes of a group's parts, and of theirs, add up."""
        parts = self.parts.get(group, [])
        adds_up = not parts or self.size(group) == self.over_parts(group, self.size)
        return adds_up and all(map(self.complete, parts))

    def printed(self, metric: str) -> dict[tuple[str, str], str]:
        """Values of a metric by evaluation set and model; of one that is printed twice, the first.

        Parameters
        ----------
        metric : str
            One of ``METRICS``.
        """
        rows = self.performance[self.performance["metric"] == metric]
        rows = rows.drop_duplicates(["evaluation_set", "model"])
        return {(r.evaluation_set, r.model): r.value for r in rows.itertuples()}


def _about(folder: Path) -> tuple[dict[str, object], list[str]]:
    file = folder / "study.yml"
    if not file.is_file():
        return {}, [f"study.yml is missing; it needs: {', '.join(STUDY_KEYS)}"]
    try:
        about = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return {}, [f"study.yml is not readable YAML: {error}"]
    if not isinstance(about, dict):
        return {}, [f"study.yml must be a mapping; it needs: {', '.join(STUDY_KEYS)}"]
    return about, about_problems(about)


def _read(folder: Path, name: str) -> tuple[pd.DataFrame, list[str]]:
    file = folder / f"{name}.csv"
    if not file.is_file():
        if name in OPTIONAL:
            return pd.DataFrame(columns=OPTIONAL[name], dtype=str), []
        return pd.DataFrame(), [f"{file.name} is missing; a study needs {', '.join(REQUIRED)}"]
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.reader(handle, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return pd.DataFrame(), [f"{file.name} is not a UTF-8 CSV with commas: {error}"]
    header, *body = [[cell.strip() for cell in row] for row in rows if row] or [[]]
    lines = _ragged(file, header, body)
    if lines:
        return pd.DataFrame(), lines
    frame = pd.DataFrame(body, columns=header, dtype=str)
    lines = problems(frame, file, name)
    allowed = SCHEMAS[name].columns
    return frame.assign(
        **{c: v for c, v in DEFAULTS.items() if c in allowed and c not in frame}
    ), lines


def _ragged(file: Path, header: list[str], body: list[list[str]]) -> list[str]:
    repeated = sorted({name for name in header if header.count(name) > 1})
    lines = [f"{file.name}: column {name!r} occurs more than once" for name in repeated]
    return lines + [
        f"{file.name}, row {number}: found {len(row)} cells, the header has {len(header)}; "
        "put quotes around a cell that holds a comma"
        for number, row in enumerate(body, start=2)
        if len(row) != len(header)
    ]


def _unknown(
    tables: dict[str, pd.DataFrame], about: dict[str, object], study: str
) -> Iterator[str]:
    """Name what refers to something that no other table has, and rows of another study."""
    groups = list(tables["groups"]["group"])
    variables, models = (
        list(tables[table][column].unique())
        for table, column in (("counts", "variable"), ("performance", "model"))
    )
    columns = {
        ("groups", "parent"): groups, ("counts", "group"): groups,
        ("performance", "evaluation_set"): groups, ("comparisons", "set_a"): groups,
        ("comparisons", "set_b"): groups, ("design", "training_group"): groups,
        ("statements", "evaluation_set"): groups, ("design", "inputs"): variables,
        ("statements", "model_a"): models, ("statements", "model_b"): models,
        ("statements", "whole"): models,
        **{(table, "study"): [study] for table in tables if "study" in tables[table]},
    }  # fmt: skip
    for (table, column), known in columns.items():
        for row, cell in tables[table][column].items():
            for name in filter(None, cell.split(";")):
                if name not in known:
                    head = f"{table}.csv, row {row + 2}, column {column!r}"
                    yield f"{head}: found {cell!r}; {nearest(name, known)}"
    options = {
        "whole_numbers": variables, "known_after": variables, "readers": models,
        "random_split": groups,
    }  # fmt: skip
    for key, known in options.items():
        named = about.get(key, [])
        for name in named["sets"] if isinstance(named, dict) else named:
            if name not in known:
                yield f"study.yml: {key!r} names {name!r}; {nearest(name, known)}"


def _cycles(groups: pd.DataFrame) -> Iterator[str]:
    """Name groups that are part of themselves, and groups of nobody."""
    parents = dict(zip(groups["group"], groups["parent"], strict=True))
    for row, name in groups["group"].items():
        seen, parent = [name], parents[name]
        while parent and parent not in seen:
            seen, parent = [*seen, parent], parents.get(parent, "")
        if parent == name:
            chain = " < ".join([*seen, name])
            yield f"groups.csv, row {row + 2}, column 'parent': {chain} is a circle"
        if groups["n"][row] == "0":
            yield f"groups.csv, row {row + 2}, column 'n': found '0'; a group has patients"


def load(folder: str | Path) -> Study:
    """Read and check one study's tables.

    Parameters
    ----------
    folder : str or Path
        The study's folder: ``study.yml`` and a CSV for each table, named as those of `Study`.

    Returns
    -------
    Study
        Its tables, all cells as text.

    Raises
    ------
    RecordError
        If the folder is not there, or with every problem of its files: a metric outside 0 to 1,
        a count that does not parse, an unknown metric, a missing column, a group that does not
        exist. Each line names file, row (the header is row 1) and column.
    """
    root = Path(folder).resolve()
    if not root.is_dir():
        beside = [file.parent.name for file in root.parent.glob("*/study.yml")]
        raise RecordError(str(folder), [f"no such folder; {nearest(root.name, beside)}"])
    about, lines = _about(root)
    tables = {}
    for name in (*REQUIRED, *OPTIONAL):
        tables[name], found = _read(root, name)
        lines += found
    if not lines:
        lines = [*_unknown(tables, about, root.name), *_cycles(tables["groups"])]
    if lines:
        raise RecordError(str(root), lines)
    return Study(name=root.name, about=about, **tables)

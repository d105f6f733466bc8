"""Read a study's folder of tidy CSVs."""

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import yaml

from recount.errors import RecordError, nearest
from recount.schema import (
    DEFAULTS,
    OPTIONAL,
    REQUIRED,
    SCHEMAS,
    STUDY_OPTIONS,
    option_problems,
    problems,
    require,
)

STUDY_KEYS = (
    "name", "title", "citation", "doi", "endpoint", "positive", "negative", "summary", "text",
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """One paper's printed numbers.

    Parameters
    ----------
    name : str
        Name of the study's folder.
    about : dict
        What ``study.yml`` says: title, citation, doi, endpoint, names of the classes, a summary,
        and the keys of ``STUDY_OPTIONS`` that it has.
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

    def stated_split(self, evaluation_set: str) -> tuple[int | None, int | None]:
        """Positives and negatives that the paper prints for an evaluation set.

        Where only the variables' rows are printed, their largest sum within the class stands for
        it.
        """
        if evaluation_set not in self._splits:
            self._splits[evaluation_set] = self._stated_split(evaluation_set)
        return self._splits[evaluation_set]

    @cached_property
    def _splits(self) -> dict[str, tuple[int | None, int | None]]:
        return {}

    def _stated_split(self, evaluation_set: str) -> tuple[int | None, int | None]:
        children = self.groups[self.groups["parent"] == evaluation_set]
        sizes = {}
        for role in ("positive", "negative"):
            names = children.loc[children["role"] == role, "group"]
            parts = [self.size(name) for name in names]
            sizes[role] = sum(parts) if parts and None not in parts else None
        return sizes["positive"], sizes["negative"]

    def size(self, group: str) -> int | None:
        """Printed size of a group, or else the largest sum over a variable with all its levels."""
        if group not in self._sizes:
            self._sizes[group] = self._size(group)
        return self._sizes[group]

    @cached_property
    def _sizes(self) -> dict[str, int | None]:
        return {}

    def _size(self, group: str) -> int | None:
        row = self.groups[self.groups["group"] == group]
        if len(row) and row["n"].iloc[0]:
            return int(row["n"].iloc[0])
        rows = self.counts[(self.counts["group"] == group) & (self.counts["statistic"] == "count")]
        rows = rows.drop_duplicates(["variable", "level"])
        rows = rows[rows.groupby("variable")["level"].transform("size") > 1]
        if rows.empty:
            return None
        # Values that are missing make a variable's sum too small, never too large.
        return int(rows["value"].astype(int).groupby(rows["variable"]).sum().max())


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
    missing = [key for key in STUDY_KEYS if about.get(key) in (None, "")]
    odd = [key for key in STUDY_KEYS if key not in missing and not isinstance(about[key], str)]
    known = (*STUDY_KEYS, *STUDY_OPTIONS)
    unknown = [key for key in about if key not in known]
    lines = [f"study.yml: {key!r} is missing" for key in missing]
    lines += [f"study.yml: {key!r} is {about[key]!r}, not text; put it in quotes" for key in odd]
    lines += [f"study.yml: unknown key {key!r}; {nearest(str(key), known)}" for key in unknown]
    return about, lines + option_problems(about)


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


def _unknown(frame: pd.DataFrame, column: str, known: list[str], file: str) -> list[str]:
    """Name the cells that refer to what another table does not have."""
    return [
        f"{file}, row {row + 2}, column {column!r}: found {cell!r}; {nearest(name, known)}"
        for row, cell in frame[column].items()
        for name in cell.split(";")
        if name and name not in known
    ]


def _unknown_options(about: dict[str, object], tables: dict[str, pd.DataFrame]) -> list[str]:
    """Name what study.yml speaks of and the tables do not have."""
    variables, models = set(tables["counts"]["variable"]), set(tables["performance"]["model"])
    spoken = {
        "whole_numbers": (about.get("whole_numbers", []), variables),
        "known_after": (about.get("known_after", []), variables),
        "readers": (about.get("readers", []), models),
        "random_split": (about.get("random_split", {}).get("sets", []), tables["groups"]["group"]),
    }
    return [
        f"study.yml: {key!r} names {name!r}; {nearest(name, known)}"
        for key, (names, known) in spoken.items()
        for name in names
        if name not in set(known)
    ]


def _references(tables: dict[str, pd.DataFrame], name: str) -> list[str]:
    groups = list(tables["groups"]["group"])
    models = list(tables["performance"]["model"].unique())
    columns = {
        "groups": ["parent"], "counts": ["group"], "performance": ["evaluation_set"],
        "comparisons": ["set_a", "set_b"], "design": ["training_group"],
        "statements": ["evaluation_set"],
    }  # fmt: skip
    lines = [
        line
        for table, names in columns.items()
        for column in names
        for line in _unknown(tables[table], column, groups, f"{table}.csv")
    ]
    variables = list(tables["counts"]["variable"].unique())
    lines += _unknown(tables["design"], "inputs", variables, "design.csv")
    for column in ("model_a", "model_b", "whole"):
        lines += _unknown(tables["statements"], column, models, "statements.csv")
    lines += _cycles(tables["groups"])
    for table, frame in tables.items():
        wrong = frame.index[frame["study"] != name] if "study" in frame else []
        lines += [
            f"{table}.csv, row {row + 2}, column 'study': found {frame['study'][row]!r}; "
            f"must be the folder's name {name!r}"
            for row in wrong
        ]
    return lines


def _cycles(groups: pd.DataFrame) -> list[str]:
    """Name groups that are part of themselves, and groups of nobody."""
    parents = dict(zip(groups["group"], groups["parent"], strict=True))
    lines = []
    for row, name in groups["group"].items():
        seen, parent = [name], parents[name]
        while parent and parent not in seen:
            seen, parent = [*seen, parent], parents.get(parent, "")
        if parent == name:
            chain = " < ".join([*seen, name])
            lines.append(f"groups.csv, row {row + 2}, column 'parent': {chain} is a circle")
        if groups["n"][row] == "0":
            lines.append(f"groups.csv, row {row + 2}, column 'n': found '0'; a group has patients")
    return lines


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
    require(lines, root)
    require(_references(tables, root.name) + _unknown_options(about, tables), root)
    return Study(name=root.name, about=about, **tables)

"""The table of a reader's own cohort: from the CSV's text to the cohort's columns and sets."""

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ptclnm.cohorts.own.manifest import Clinical, Columns, Manifest, canonical
from ptclnm.cohorts.own.problems import Problem, UnreadableError, read_bytes
from ptclnm.cohorts.splits import center_split, stratified_split
from ptclnm.errors import nearest, shown

MAX_BYTES = 32 << 20
MISSING = ("", "na", "n/a", "nan")
# Fewer patients a value than this may match the label by chance.
_PATIENTS_A_VALUE = 5
_PATIENTS_TO_SEPARATE = 10

# Code of a problem, what was found, and the line of the CSV.
Finding = tuple[str, str, int]


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV as text.

    Parameters
    ----------
    path : Path
        UTF-8 with or without byte-order mark, comma-separated, one header line.

    Returns
    -------
    DataFrame
        Stripped text under the header's names, indexed by the line of the file on which the
        row starts (the header is line 1); lines without any value are left out.

    Raises
    ------
    UnreadableError
        With all problems that the file alone can tell.
    """
    findings: list[Finding] = []
    rows, start = [], 1
    reader = csv.reader(io.StringIO(_decoded(path), newline=""), strict=True)
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            rows += [(start, cells)] if any(cells) else []
            start = reader.line_num + 1
    except csv.Error as error:
        findings.append(("csv_format", f"it cannot be parsed: {error}", start))
    findings += _format_findings(rows)
    if findings:
        raise UnreadableError(*(Problem(code, path.name, *where) for code, *where in findings))
    (_, header), *body = rows
    index = pd.Index([line for line, _ in body], name="row")
    return pd.DataFrame([cells for _, cells in body], columns=header, index=index)


def _decoded(path: Path) -> str:
    data = read_bytes(path, MAX_BYTES, "csv_missing")
    try:
        # UTF-8 may hold the zeros of which UTF-16 is full; no table does.
        return data.replace(b"\0", b"\xff").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
    raise UnreadableError(Problem("csv_encoding", path.name, "a letter is not UTF-8", row))


def _format_findings(rows: list[tuple[int, list[str]]]) -> Iterator[Finding]:
    if len(rows) < 2:
        yield "csv_format", "it has no rows below the header" if rows else "it is empty", 1
    for line, header in rows[:1]:
        if len(header) == 1 and (marks := {*header[0]} & {*";\t|"}):
            yield "csv_delimiter", f"its header has {sorted(marks)} and no comma", line
        for column in sorted({c for c in header if c and header.count(c) > 1}):
            yield "csv_format", f"column {column!r} is there more than once", line
    for line, cells in rows[1:]:
        if len(cells) != len(rows[0][1]):
            yield "csv_format", f"it has {len(cells)} cells, the header {len(rows[0][1])}", line


def tabulate(frame: pd.DataFrame, manifest: Manifest) -> tuple[pd.DataFrame, list[Problem]]:
    """Bring the CSV's rows to the cohort's columns, and put every row in a set.

    Parameters
    ----------
    frame : DataFrame
        As from `read_csv`.
    manifest : Manifest
        What the columns mean, and how to split.

    Returns
    -------
    table : DataFrame
        Columns ``patient_id, image_id, image, mask, split, center, label`` and the clinical ones,
        indexed by line of the CSV, without the rows whose label is excluded. `image` and `mask`
        are as the CSV gives them, `label` is 1, 0 or missing, `split` empty where the rule has no
        set for the row, or its patient or label is not known.
    problems : list of Problem
        All that the cells tell.

    Raises
    ------
    UnreadableError
        If the CSV lacks columns that the manifest names.
    """
    columns, file = manifest.columns, manifest.csv.name
    wanted = {"patient_id": columns.patient, "image_id": columns.image_id, "image": columns.image}
    wanted |= {"mask": columns.mask, "split": manifest.split.column, "center": columns.center}
    named = [column for column in (*wanted.values(), columns.label) if column]
    if absent := sorted({*named, *(c.column for c in columns.clinical)} - set(frame)):
        found = [f"there is no column {column!r}: {nearest(column, frame)}" for column in absent]
        raise UnreadableError(*(Problem("missing_column", file, text, 1) for text in found))
    labels = frame[columns.label].map(canonical)
    frame, labels = (part[~labels.isin(manifest.exclude)] for part in (frame, labels))
    table = pd.DataFrame({k: frame[v] if v else "" for k, v in wanted.items()}, index=frame.index)
    classes = dict.fromkeys(manifest.positive, 1) | dict.fromkeys(manifest.negative, 0)
    table["label"] = labels.map(classes).astype("Int64")
    for clinical in columns.clinical:
        table[clinical.name] = _values(frame[clinical.column], clinical)
    if not columns.image_id:
        # A picture with several masks is named by its mask too.
        several = table["image"].duplicated(keep=False)
        table["image_id"] = table["image"].where(~several, table["image"] + " | " + table["mask"])
    findings = [*_row_findings(frame, table, columns, named), *_label_findings(table)]
    for clinical in columns.clinical:
        findings += _clinical_findings(frame[clinical.column], table, clinical)
    table["split"], found = _sets(table, manifest)
    return table, [Problem(code, file, text, int(row)) for code, text, row in (*findings, *found)]


def _is_empty(raw: pd.Series) -> pd.Series:
    return raw.str.casefold().isin(MISSING)


def _values(raw: pd.Series, clinical: Clinical) -> pd.Series:
    if clinical.kind == "categorical":
        return raw.mask(_is_empty(raw), np.nan)
    numbers = pd.to_numeric(raw, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))


def _each(code: str, cells: pd.Series, said: str) -> Iterator[Finding]:
    """Name each of some cells of a column of the CSV."""
    for row, text in cells.items():
        yield code, f"column {cells.name!r} has {shown(text)}; {said}", row


def _row_findings(
    frame: pd.DataFrame, table: pd.DataFrame, columns: Columns, named: list[str]
) -> Iterator[Finding]:
    """Cells that place a row nowhere; rows that are there twice, or differ within a patient."""
    for name in named:
        yield from _each("missing_value", frame[name][frame[name].eq("")], "it must not be empty")
    raw = frame[columns.label]
    unmapped = raw[table["label"].isna() & raw.ne("")]
    yield from _each("unmapped_label", unmapped, "the manifest has no such label")
    again = table.duplicated(["patient_id", "image", "mask"])
    for row in table.index[again]:
        yield "duplicate_row", "patient, image and mask are those of an earlier row", row
    if columns.image_id:
        ids = frame[columns.image_id]
        twice = ids[ids.duplicated() & ids.ne("") & ~again]
        yield from _each("duplicate_image_id", twice, "an earlier row has it too")
    yield from _differing(table, "label", "label_differs")
    if columns.center:
        yield from _differing(table, "center", "patient_two_centers")


def _differing(table: pd.DataFrame, column: str, code: str) -> Iterator[Finding]:
    """Rows whose value is another than that of their patient's first row."""
    given = table[table[column].notna() & table[column].ne("") & table["patient_id"].ne("")]
    first = given.groupby("patient_id")[column].transform("first")
    for row in given.index[given[column].ne(first)]:
        patient = f"patient {given.at[row, 'patient_id']!r} has {column} {given.at[row, column]}"
        yield code, f"{patient}, in an earlier row {first[row]}", row


def _label_findings(table: pd.DataFrame) -> Iterator[Finding]:
    """One class only, in all rows or in every centre."""
    classes = set(table["label"].dropna())
    if len(classes) < 2:
        only = {1: "positive", 0: "negative"}.get(next(iter(classes), None), "no")
        yield "one_class", f"{only} rows only, of {len(table)}", 1
    known = table[table["center"].ne("")].dropna(subset="label")
    within = known.groupby("center")["label"].nunique()
    if len(within) > 1 and within.max() == 1 and known["label"].nunique() == 2:
        found = f"none of the {len(within)} centres has patients of both classes"
        yield "center_is_label", found, 1


def _clinical_findings(
    raw: pd.Series, table: pd.DataFrame, clinical: Clinical
) -> Iterator[Finding]:
    """A clinical column's cells; whether it is the patient's, or the label in other words."""
    empty, place, numeric = _is_empty(raw), f"column {raw.name!r}", clinical.kind == "numeric"
    if empty.any():
        found = f"{place} is empty in {empty.sum()} of {len(raw)} rows"
        yield "missing_clinical", found, raw.index[empty][0]
    values, (low, high) = table[clinical.name], clinical.limits
    if numeric:
        yield from _each("not_a_number", raw[values.isna() & ~empty], "it is not a number")
        outside = raw[(values < low) | (values > high)]
        yield from _each("out_of_range", outside, f"allowed: {low:g} to {high:g}")
    yield from _differing(table, clinical.name, "clinical_differs")
    patients = table.drop_duplicates("patient_id")[[clinical.name, "label"]].dropna()
    values, labels = patients[clinical.name], patients["label"]
    if labels.nunique() < 2:
        return
    count, ends = values.nunique(), values.groupby(labels).agg(["min", "max"])
    enough = count == 2 or len(values) >= _PATIENTS_A_VALUE * count
    if enough and labels.groupby(values).nunique().eq(1).all():
        found = f"{place} gives the label away: each of its {count} values belongs to one class"
        yield "clinical_is_label", found, 1
    elif numeric and len(values) >= _PATIENTS_TO_SEPARATE and ends["min"].max() > ends["max"].min():
        yield "clinical_separates", f"{place} separates the classes without overlap", 1


def _sets(table: pd.DataFrame, manifest: Manifest) -> tuple[pd.Series, list[Finding]]:
    """Put every row whose patient and label are known in a set, by the manifest's rule."""
    known, rule = table[table["label"].notna() & table["patient_id"].ne("")], manifest.split
    # A patient with two labels is an error already; here it counts once.
    known = known.astype({"label": int})
    findings: list[Finding] = []
    if rule.kind == "ratio":
        split = stratified_split(known, rule.ratio, rule.seed)
    elif rule.kind == "column":
        findings += _unmapped(known["split"].rename(rule.column), rule.map)
        known["split"] = split = known["split"].map(rule.map).fillna("")
        findings += _differing(known, "split", "patient_two_splits")
    else:
        train, external = rule.by_center.train, rule.by_center.external
        cells = known["center"].rename(manifest.columns.center)
        findings += _unmapped(cells, (*train, *external))
        split = center_split(known, train, rule.internal, rule.seed)
    findings = findings or list(_set_findings(known.assign(split=split)))
    return split.reindex(table.index, fill_value=""), findings


def _unmapped(cells: pd.Series, allowed: Collection[str]) -> Iterator[Finding]:
    for value in sorted(set(cells) - {"", *allowed}):
        yield from _each("unmapped_split", cells[cells.eq(value)], nearest(value, allowed))


def _set_findings(table: pd.DataFrame) -> Iterator[Finding]:
    if not table["split"].eq("train").any():
        yield "no_training", "no row is in the training set", 1
    if table["label"].nunique() < 2:
        return
    for name, part in table[table["split"].ne("")].groupby("split"):
        if part["label"].nunique() < 2:
            only = "positive" if part["label"].iloc[0] == 1 else "negative"
            code = "one_class" if name == "train" else "set_one_class"
            yield code, f"set {name!r} has {only} patients only", part.index[0]

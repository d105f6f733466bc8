"""The table of a reader's own cohort: from the CSV's text to the cohort's columns and sets."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ptclnm.cohorts.own.manifest import Centers, Clinical, Manifest, canonical
from ptclnm.cohorts.own.problems import Problem, UnreadableError
from ptclnm.cohorts.splits import center_split, stratified_split
from ptclnm.errors import nearest
from ptclnm.pictures.read import is_there

MAX_BYTES = 32 << 20
MISSING = ("", "na", "n/a", "nan")
NUMBER = r"[-+]?(\d{1,15}(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?"
# Fewer patients a value than this may match the label by chance.
_PATIENTS_A_VALUE = 5
_PATIENTS_TO_SEPARATE = 10

# Code of a problem, what was found, and the line of the CSV; None where the manifest is wrong.
Finding = tuple[str, str, int | None]


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
        raise UnreadableError(Problem(code, path.name, *where) for code, *where in findings)
    (_, header), *body = rows
    index = pd.Index([line for line, _ in body], name="row")
    return pd.DataFrame([cells for _, cells in body], columns=header, index=index)


def _decoded(path: Path) -> str:
    there = is_there(path)
    if not there or path.stat().st_size > MAX_BYTES:
        found = f"it has more than {MAX_BYTES:,} bytes" if there else "there is no such file"
        raise UnreadableError([Problem("csv_missing", path.name, found)])
    data = path.read_bytes()
    bad = data.find(b"\0")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad = error.start
    if bad >= 0:
        row = data.count(b"\n", 0, bad) + 1
        raise UnreadableError([Problem("csv_encoding", path.name, "a letter is not UTF-8", row)])
    return text


def _format_findings(rows: list[tuple[int, list[str]]]) -> Iterator[Finding]:
    if len(rows) < 2:
        yield "csv_format", "it has no rows below the header" if rows else "it is empty", 1
    for line, header in rows[:1]:
        if len(header) == 1 and (mark := next((m for m in ";\t|" if m in header[0]), None)):
            found = f"its header has {header[0].count(mark)} {mark!r} and no comma"
            yield "csv_delimiter", found, line
        for column in sorted({c for c in header if c and header.count(c) > 1}):
            yield "csv_format", f"column {column!r} is there more than once", line
    for line, cells in rows[1:]:
        if len(cells) != len(rows[0][1]):
            yield "csv_format", f"it has {len(cells)} cells, the header {len(rows[0][1])}", line


def tabulate(
    frame: pd.DataFrame, manifest: Manifest, name: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Bring the CSV's rows to the cohort's columns, and put every row in a set.

    Parameters
    ----------
    frame : DataFrame
        As from `read_csv`.
    manifest : Manifest
        What the columns mean, and how to split.
    name : str
        Name of the manifest's file.

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
    if absent := {*named, *(c.column for c in columns.clinical)} - set(frame):
        hints = {column: nearest(column, frame.columns).rstrip(".") for column in sorted(absent)}
        raise UnreadableError(
            Problem("missing_column", file, f"there is no column {column!r}: {hint}", 1)
            for column, hint in hints.items()
        )
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
    findings = [*_cell_findings(frame, table, manifest, named), *_row_findings(table, manifest)]
    findings += [*_clinical_findings(table, manifest), *_center_findings(table)]
    table["split"], set_findings = _sets(table, manifest)
    return table, [
        Problem(code, name if row is None else file, text, row and int(row))
        for code, text, row in (*findings, *set_findings)
    ]


def _is_empty(raw: pd.Series) -> pd.Series:
    return raw.str.casefold().isin(MISSING)


def _values(raw: pd.Series, clinical: Clinical) -> pd.Series:
    if clinical.kind == "categorical":
        return raw.mask(_is_empty(raw), np.nan)
    return raw.where(raw.str.fullmatch(NUMBER, flags=re.ASCII)).astype(float)


def _cell_findings(
    frame: pd.DataFrame, table: pd.DataFrame, manifest: Manifest, named: list[str]
) -> Iterator[Finding]:
    """Cells that are empty or cannot be understood."""
    for name in named:
        for row in frame.index[frame[name].eq("")]:
            yield "missing_value", f"column {name!r} is empty", row
    raw, labels = frame[manifest.columns.label], table["label"]
    for row, value in raw[labels.isna() & raw.ne("")].items():
        yield "unmapped_label", f"label {value!r} is not in the manifest", row
    classes = set(labels.dropna())
    if len(classes) < 2:
        only = {1: "positive", 0: "negative"}.get(next(iter(classes), None), "no")
        yield "one_class", f"{only} rows only, of {len(labels)}", 1
    for clinical in manifest.columns.clinical:
        yield from _value_findings(frame[clinical.column], table[clinical.name], clinical)


def _value_findings(raw: pd.Series, values: pd.Series, clinical: Clinical) -> Iterator[Finding]:
    empty, place = _is_empty(raw), f"column {clinical.column!r}"
    if empty.any():
        found = f"{place} is empty in {empty.sum()} of {len(raw)} rows"
        yield "missing_clinical", found, raw.index[empty][0]
    if clinical.kind == "categorical":
        return
    for row in raw.index[values.isna() & ~empty]:
        yield "not_a_number", f"{place} has {raw[row][:40]!r}, which is not a number", row
    low, high = clinical.limits
    for row, value in values[(values < low) | (values > high)].items():
        yield "out_of_range", f"{place} is {value:g}; allowed: {low:g} to {high:g}", row


def _row_findings(table: pd.DataFrame, manifest: Manifest) -> Iterator[Finding]:
    """Rows that are there twice, or say different things of one patient."""
    again = table.duplicated(["patient_id", "image", "mask"])
    for row in table.index[again]:
        yield "duplicate_row", "patient, image and mask are those of an earlier row", row
    # Without a column of its own, an image_id repeats only with its row.
    for row in table.index[table.duplicated("image_id") & table["image_id"].ne("") & ~again]:
        found = f"image_id {table.at[row, 'image_id']!r} is that of an earlier row"
        yield "duplicate_image_id", found, row
    yield from _differing(table, "label", "label_differs")
    if manifest.columns.center:
        yield from _differing(table, "center", "patient_two_centers")


def _differing(table: pd.DataFrame, column: str, code: str) -> Iterator[Finding]:
    """Rows whose value is another than that of their patient's first row."""
    given = table[table[column].notna() & table[column].ne("") & table["patient_id"].ne("")]
    first = given.groupby("patient_id")[column].transform("first")
    for row in given.index[given[column].ne(first)]:
        patient = f"patient {given.at[row, 'patient_id']!r} has {column} {given.at[row, column]}"
        yield code, f"{patient}, in an earlier row {first[row]}", row


def _clinical_findings(table: pd.DataFrame, manifest: Manifest) -> Iterator[Finding]:
    """Clinical columns that are not the patient's, or are the label in other words."""
    for clinical in manifest.columns.clinical:
        yield from _differing(table, clinical.name, "clinical_differs")
        patients = table.drop_duplicates("patient_id")[[clinical.name, "label"]].dropna()
        values, labels = patients[clinical.name], patients["label"]
        if labels.nunique() < 2:
            continue
        if found := _same_as_label(values, labels):
            yield "clinical_is_label", f"column {clinical.column!r} {found}", 1
        elif clinical.kind == "numeric" and _separates(values, labels):
            found = f"column {clinical.column!r} separates the classes without overlap"
            yield "clinical_separates", found, 1


def _same_as_label(values: pd.Series, labels: pd.Series) -> str:
    """Say how a column gives the label away; empty text if it does not."""
    if not labels.groupby(values).nunique().eq(1).all():
        return ""
    count = values.nunique()
    if count == 2:
        return "maps one to one to the label"
    few = len(values) >= _PATIENTS_A_VALUE * count
    return f"gives the label away: each of its {count} values belongs to one class" if few else ""


def _separates(values: pd.Series, labels: pd.Series) -> bool:
    positive, negative = values[labels.eq(1)], values[labels.eq(0)]
    apart = positive.min() > negative.max() or positive.max() < negative.min()
    return bool(apart) and len(values) >= _PATIENTS_TO_SEPARATE


def _center_findings(table: pd.DataFrame) -> Iterator[Finding]:
    known = table[table["center"].ne("")].drop_duplicates("patient_id").dropna(subset="label")
    classes = known.groupby("center")["label"].nunique()
    if len(classes) > 1 and classes.max() == 1 and known["label"].nunique() == 2:
        found = f"none of the {len(classes)} centres has patients of both classes"
        yield "center_is_label", found, 1


def _sets(table: pd.DataFrame, manifest: Manifest) -> tuple[pd.Series, list[Finding]]:
    """Put every row whose patient and label are known in a set, by the manifest's rule."""
    known, rule = table[table["label"].notna() & table["patient_id"].ne("")], manifest.split
    # A patient with two labels is an error already; here it counts once.
    known = known.astype({"label": int})
    findings: list[Finding] = []
    if rule.kind == "ratio":
        split = stratified_split(known, rule.ratio, rule.seed)
    elif rule.kind == "column":
        split = known["split"].map(rule.map).fillna("")
        for row, value in known["split"][split.eq("") & known["split"].ne("")].items():
            hint = nearest(value, rule.map).rstrip(".")
            findings.append(("unmapped_split", f"column {rule.column!r} is {value!r}: {hint}", row))
        findings += _differing(known.assign(split=split), "split", "patient_two_splits")
    else:
        findings += _unmapped_centers(known["center"], rule.by_center)
        split = pd.Series("", index=known.index, dtype=object)
        inside = known[known["center"].ne("")]
        if not inside.empty and not findings:
            train = rule.by_center.train
            split[inside.index] = center_split(inside, train, rule.internal, rule.seed)
    findings = findings or list(_set_findings(known.assign(split=split)))
    return split.reindex(table.index, fill_value=""), findings


def _unmapped_centers(values: pd.Series, centers: Centers) -> Iterator[Finding]:
    listed, present = {*centers.train, *centers.external}, sorted(set(values))
    for name in sorted(listed - set(present)):
        hint = nearest(name, present).rstrip(".")
        yield "manifest_key", f"split.by_center: no row has centre {name!r}: {hint}", None
    for row, name in values[values.ne("") & ~values.isin(listed)].items():
        yield "unmapped_split", f"centre {name!r} is in no set", row


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

"""From the CSV's text to the cohort's columns, with every problem of the cells."""

import math
import re

import numpy as np
import pandas as pd

from ptclnm.cohorts.own.manifest import Clinical, Manifest
from ptclnm.cohorts.own.problems import Problem
from ptclnm.cohorts.own.section import canonical
from ptclnm.errors import nearest

MISSING = ("", "na", "n/a", "nan")
_NUMBER = re.compile(r"[-+]?(\d{1,15}(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?")
# Fewer patients a value than this may match the label by chance.
_PATIENTS_A_VALUE = 5
_PATIENTS_TO_SEPARATE = 10


def missing_columns(frame: pd.DataFrame, manifest: Manifest) -> list[Problem]:
    """Name the columns that the manifest wants and the CSV lacks."""
    columns = manifest.columns
    wanted = [columns.patient, columns.image, columns.mask, columns.label]
    wanted += [columns.image_id, columns.center, manifest.split.column]
    wanted += [c.column for c in columns.clinical]
    return [
        Problem(
            "missing_column",
            manifest.csv.name,
            f"there is no column {name!r}: {nearest(name, frame.columns).rstrip('.')}",
            1,
        )
        for name in dict.fromkeys(wanted)
        if name and name not in frame
    ]


def interpret(frame: pd.DataFrame, manifest: Manifest) -> tuple[pd.DataFrame, list[Problem]]:
    """Bring the CSV's rows to the cohort's columns.

    Parameters
    ----------
    frame : DataFrame
        As from `read_csv`, with all columns that the manifest names.
    manifest : Manifest
        What the columns mean.

    Returns
    -------
    table : DataFrame
        Columns ``patient_id, image_id, image, mask, split, center, label`` and the clinical ones,
        indexed by line of the CSV, without the rows whose label is excluded. `image` and `mask`
        are as the CSV gives them, `split` the split column's text or empty, `label` 1, 0 or
        missing.
    problems : list of Problem
        All that the cells tell.
    """
    columns, file = manifest.columns, manifest.csv.name
    labels = frame[columns.label].map(canonical)
    frame, labels = (part[~labels.isin(manifest.exclude)] for part in (frame, labels))
    wanted = {"patient_id": columns.patient, "image_id": columns.image_id, "image": columns.image}
    wanted |= {"mask": columns.mask, "split": manifest.split.column, "center": columns.center}
    table = pd.DataFrame({k: frame[v] if v else "" for k, v in wanted.items()}, index=frame.index)
    table["label"] = _labels(labels, manifest)
    problems = _empty_cells(table, frame, manifest, wanted) + _label_problems(
        frame[columns.label], table["label"], manifest
    )
    for clinical in columns.clinical:
        values, found = _clinical(frame[clinical.column], clinical, file)
        table[clinical.name] = values
        problems += found
    if not columns.image_id:
        table["image_id"] = _image_ids(table)
    problems += _row_problems(table, manifest) + _clinical_problems(table, manifest)
    problems += _center_problems(table, manifest)
    return table, problems


def _labels(labels: pd.Series, manifest: Manifest) -> pd.Series:
    values = dict.fromkeys(manifest.positive, 1) | dict.fromkeys(manifest.negative, 0)
    return labels.map(values).astype("Int64")


def _empty_cells(
    table: pd.DataFrame, frame: pd.DataFrame, manifest: Manifest, wanted: dict[str, str]
) -> list[Problem]:
    named = {**{k: v for k, v in wanted.items() if v}, "label": manifest.columns.label}
    cells = {k: frame[v] for k, v in named.items()}
    return [
        Problem("missing_value", manifest.csv.name, f"column {named[key]!r} is empty", int(row))
        for key, values in cells.items()
        for row in table.index[values.eq("")]
    ]


def _label_problems(raw: pd.Series, labels: pd.Series, manifest: Manifest) -> list[Problem]:
    file = manifest.csv.name
    unmapped = raw[labels.isna() & raw.ne("")]
    problems = [
        Problem("unmapped_label", file, f"label {value!r} is not in the manifest", int(row))
        for row, value in unmapped.items()
    ]
    classes = set(labels.dropna())
    if len(classes) < 2:
        kept = {1: "positive", 0: "negative"}
        only = ", ".join(kept[c] for c in classes) or "no"
        problems.append(Problem("one_class", file, f"{only} rows only, of {len(labels)}", 1))
    return problems


def _clinical(raw: pd.Series, clinical: Clinical, file: str) -> tuple[pd.Series, list[Problem]]:
    empty = raw.str.casefold().isin(MISSING)
    problems = []
    if empty.any():
        found = f"column {clinical.column!r} is empty in {empty.sum()} of {len(raw)} rows"
        problems.append(Problem("missing_clinical", file, found, int(raw.index[empty][0])))
    values = raw.mask(empty)
    if clinical.kind == "categorical":
        return values.astype(object).where(values.notna(), np.nan), problems
    numbers = values.map(_number, na_action="ignore").astype(float)
    for row in raw.index[~empty & numbers.isna()]:
        found = f"column {clinical.column!r} has {raw[row][:40]!r}, which is not a number"
        problems.append(Problem("not_a_number", file, found, int(row)))
    low = -math.inf if clinical.low is None else clinical.low
    high = math.inf if clinical.high is None else clinical.high
    for row, value in numbers[(numbers < low) | (numbers > high)].items():
        found = f"column {clinical.column!r} is {value:g}; allowed: {low:g} to {high:g}"
        problems.append(Problem("out_of_range", file, found, int(row)))
    return numbers, problems


def _number(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) and text.isascii() else math.nan


def _image_ids(table: pd.DataFrame) -> pd.Series:
    """Name images by their path; a picture with several masks by its mask's path too."""
    several = table["image"].duplicated(keep=False)
    return table["image"].where(~several, table["image"] + " | " + table["mask"])


def _row_problems(table: pd.DataFrame, manifest: Manifest) -> list[Problem]:
    file = manifest.csv.name
    same = ["patient_id", "image", "mask"]
    problems = [
        Problem("duplicate_row", file, "patient, image and mask are those of an earlier row", r)
        for r in _rows(table.duplicated(same))
    ]
    # Without a column of its own, an image_id repeats only with its row.
    repeated = table.duplicated("image_id") & table["image_id"].ne("") & ~table.duplicated(same)
    for row in _rows(repeated):
        found = f"image_id {table.at[row, 'image_id']!r} is that of an earlier row"
        problems.append(Problem("duplicate_image_id", file, found, row))
    known = table[table["patient_id"].ne("")]
    codes = {"label": "label_differs"}
    codes |= {"center": "patient_two_centers"} if manifest.columns.center else {}
    for column, code in codes.items():
        for row, found in differing(known, column):
            problems.append(Problem(code, file, found, row))
    return problems


def differing(table: pd.DataFrame, column: str) -> list[tuple[int, str]]:
    """Rows whose value is another than that of their patient's first row."""
    given = table[table[column].notna() & table[column].ne("")]
    first = given.groupby("patient_id")[column].transform("first")
    return [
        (
            int(row),
            f"patient {given.at[row, 'patient_id']!r} has {column} {given.at[row, column]}, "
            f"in an earlier row {first[row]}",
        )
        for row in given.index[given[column].ne(first)]
    ]


def _clinical_problems(table: pd.DataFrame, manifest: Manifest) -> list[Problem]:
    file = manifest.csv.name
    problems = []
    for clinical in manifest.columns.clinical:
        for row, found in differing(table, clinical.name):
            problems.append(Problem("clinical_differs", file, found, row))
        patients = table.drop_duplicates("patient_id")[[clinical.name, "label"]].dropna()
        if patients["label"].nunique() < 2:
            continue
        if found := _same_as_label(patients[clinical.name], patients["label"]):
            problems.append(
                Problem("clinical_is_label", file, f"column {clinical.column!r} {found}", 1)
            )
        elif clinical.kind == "numeric" and _separates(patients[clinical.name], patients["label"]):
            found = f"column {clinical.column!r} separates the classes without overlap"
            problems.append(Problem("clinical_separates", file, found, 1))
    return problems


def _center_problems(table: pd.DataFrame, manifest: Manifest) -> list[Problem]:
    known = table[table["center"].ne("")].drop_duplicates("patient_id").dropna(subset="label")
    mixed = known.groupby("center")["label"].nunique()
    if len(mixed) < 2 or mixed.max() > 1 or known["label"].nunique() < 2:
        return []
    found = f"none of the {len(mixed)} centres has patients of both classes"
    return [Problem("center_is_label", manifest.csv.name, found, 1)]


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
    if len(values) < _PATIENTS_TO_SEPARATE:
        return False
    positive, negative = values[labels.eq(1)], values[labels.eq(0)]
    return bool(positive.min() > negative.max() or positive.max() < negative.min())


def _rows(mask: pd.Series) -> list[int]:
    return [int(row) for row in mask.index[mask]]

"""The CSV of a reader's own cohort: text cells with the line they stand on."""

import csv
import io
from pathlib import Path

import pandas as pd

from ptclnm.cohorts.own.problems import Problem
from ptclnm.imaging.header import is_file

MAX_BYTES = 32 << 20
ROW = "row"


def read_csv(path: Path) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Read a CSV as text.

    Parameters
    ----------
    path : Path
        UTF-8 with or without byte-order mark, comma-separated, one header line.

    Returns
    -------
    frame : DataFrame or None
        Stripped text under the header's names, indexed by the line of the file on which the
        row starts (the header is line 1); lines without any value are left out. None where
        nothing can be read.
    problems : list of Problem
        All that the file alone can tell.
    """
    if not is_file(path):
        return None, [Problem("csv_missing", path.name, "there is no such file")]
    if path.stat().st_size > MAX_BYTES:
        return None, [Problem("csv_missing", path.name, f"it has more than {MAX_BYTES:,} bytes")]
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        return None, [Problem("csv_encoding", path.name, "a letter is not UTF-8", row)]
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        return None, [Problem("csv_encoding", path.name, "a zero byte, as in UTF-16", row)]
    return _parse(text, path.name)


def _parse(text: str, name: str) -> tuple[pd.DataFrame | None, list[Problem]]:
    rows, problems = _cells(text, name)
    if not rows:
        return None, problems or [Problem("csv_format", name, "it is empty", 1)]
    header, *body = rows
    columns = header[1]
    problems += _header_problems(columns, header[0], name)
    for line, cells in body:
        if len(cells) != len(columns):
            found = f"it has {len(cells)} cells, the header {len(columns)}"
            problems.append(Problem("csv_format", name, found, line))
    if not body and not problems:
        problems.append(Problem("csv_format", name, "it has no rows below the header", 1))
    if problems:
        return None, problems
    index = pd.Index([line for line, _ in body], name=ROW)
    return pd.DataFrame([cells for _, cells in body], columns=columns, index=index), []


def _cells(text: str, name: str) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, [cell.strip() for cell in cells]))
            start = reader.line_num + 1
    except csv.Error as error:
        return rows, [Problem("csv_format", name, f"it cannot be parsed: {error}", start)]
    return rows, []


def _header_problems(columns: list[str], line: int, name: str) -> list[Problem]:
    if len(columns) == 1 and (mark := next((m for m in ";\t|" if m in columns[0]), None)):
        found = f"its header has {columns[0].count(mark)} {mark!r} and no comma"
        return [Problem("csv_delimiter", name, found, line)]
    repeated = sorted({c for c in columns if c and columns.count(c) > 1})
    return [
        Problem("csv_format", name, f"column {column!r} is there more than once", line)
        for column in repeated
    ]

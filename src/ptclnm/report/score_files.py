"""Models of any origin compared from CSV files with columns label and score."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ptclnm.errors import ProblemsError, nearest
from ptclnm.evaluation import auc_table, contrast_test, pairs_table
from ptclnm.evaluation.pairs import curves_of
from ptclnm.report.files import write_table

NEEDED, OPTIONAL = ("label", "score"), ("model", "patient_id")
SHOWN = 5


class ScoreFileError(ProblemsError):
    """CSV files of scores that cannot be compared."""


def read_scores(paths: Sequence[Path]) -> pd.DataFrame:
    """Read scores of one or several models.

    Parameters
    ----------
    paths : sequence of Path
        CSV in UTF-8 with columns ``label`` (0 or 1) and ``score`` (a number; higher means more
        likely 1). ``model`` names the model, by default the file's name. ``patient_id`` says who
        is who; it is needed as soon as there are two models, since whether they were judged on the
        same patients decides how they are compared. Other columns are left aside.

    Returns
    -------
    DataFrame
        Columns ``model, patient_id, label, score``.

    Raises
    ------
    ScoreFileError
        Listing everything that is wrong with any of the files.
    """
    problems: list[str] = []
    tables = [table for path in paths if (table := _read(Path(path), problems)) is not None]
    joined = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["model"])
    if joined["model"].nunique() > 1 and "patient_id" not in joined:
        problems.append("two models and no column 'patient_id': nobody can tell whether their "
                        "patients are the same; add it to every file")  # fmt: skip
    if "patient_id" in joined:
        lost = joined["patient_id"].isna() | (joined["patient_id"] == "")
        if lost.any():
            problems.append(f"{int(lost.sum())} rows have no 'patient_id'; every row needs one")
        twice = joined[joined.duplicated(["model", "patient_id"]) & ~lost]
        if len(twice):
            problems.append(f"{len(twice)} rows repeat a model and patient, the first "
                            f"{twice.iloc[0]['model']}/{twice.iloc[0]['patient_id']}; reduce a "
                            "patient's images to one score first")  # fmt: skip
    if problems:
        raise ScoreFileError("scores", problems)
    if "patient_id" not in joined:
        joined = joined.assign(patient_id=[f"row {i}" for i in range(2, len(joined) + 2)])
    return joined[["model", "patient_id", "label", "score"]]


def _read(path: Path, problems: list[str]) -> pd.DataFrame | None:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        problems.append(f"{path}: cannot be read as CSV in UTF-8 ({error})")
        return None
    table.columns = [str(name).strip() for name in table]
    missing = [name for name in NEEDED if name not in table]
    for name in missing:
        problems.append(f"{path}: no column {name!r}; {nearest(name, table.columns)}")
    if missing:
        return None
    label, score = (pd.to_numeric(table[name].str.strip(), errors="coerce") for name in NEEDED)
    problems += _wrong(path, table["label"], ~label.isin([0, 1]), "label", "0 or 1")
    problems += _wrong(path, table["score"], ~np.isfinite(score), "score", "a finite number")
    kept = {name: table[name].str.strip() for name in OPTIONAL if name in table}
    made = pd.DataFrame({"model": path.stem} | kept | {"label": label, "score": score})
    return made


def _wrong(path: Path, cells: pd.Series, wrong: pd.Series, name: str, allowed: str) -> list[str]:
    rows = np.flatnonzero(wrong)
    lines = [
        f"{path}, row {row + 2}, column {name!r}: found {str(cells.iloc[row])[:40]!r}; "
        f"allowed: {allowed}"
        for row in rows[:SHOWN]
    ]
    more = len(rows) - SHOWN
    return lines + ([f"{path}, column {name!r}: {more} more rows"] if more > 0 else [])


def compare_files(paths: Sequence[Path], out: Path | None = None) -> str:
    """Compare the models of CSV files, and say what came out.

    Parameters
    ----------
    paths : sequence of Path
        See :func:`read_scores`.
    out : Path, optional
        Folder that ``auc.csv`` and, for two models and more, ``pairs.csv`` are written to.

    Returns
    -------
    str
        The tables as text.

    Raises
    ------
    PtclnmError
        Whatever is wrong with files, labels or scores, by name.
    """
    scores = read_scores(paths)
    auc = auc_table(scores.assign(study="", split="all")).drop(columns=["study", "split"])
    tables = {"auc": auc}
    lines = [auc.round(4).to_string(index=False)]
    if scores["model"].nunique() > 1:
        pairs = tables["pairs"] = pairs_table(scores)
        lines.append(pairs.round(4).to_string(index=False))
        if set(pairs["paired"]) == {"paired"} and len(pairs) > 1:
            test = contrast_test(curves_of(scores))
            lines.append(f"All models at once: chi-square {test.chi2:.4f} on {test.df} degrees of "
                         f"freedom, p {test.p:.4f}")  # fmt: skip
    for name, table in tables.items() if out else ():
        lines.append(f"Written: {write_table(table, Path(out) / f'{name}.csv')}")
    return "\n\n".join(lines)

"""Models of any origin compared from CSV files with columns label and score."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from ptclnm.cohorts.datasets import read_table
from ptclnm.errors import ManifestError, ProblemsError
from ptclnm.evaluation import auc_table, contrast_test, pairs_table
from ptclnm.evaluation.pairs import curves_of
from ptclnm.models.predictions import check_predictions
from ptclnm.report.files import write_table


def _number(good: Callable[[pd.Series], pd.Series], allowed: str) -> pa.Column:
    def test(cells: pd.Series) -> pd.Series:
        return good(pd.to_numeric(cells, errors="coerce"))

    return pa.Column(checks=pa.Check(test, error=f"allowed: {allowed}"))


SCHEMA = pa.DataFrameSchema(
    {
        "label": _number(lambda numbers: numbers.isin([0, 1]), "0 or 1"),
        "score": _number(np.isfinite, "a finite number"),
    }
)


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
        The predictions table; study ``scores``, split ``all``.

    Raises
    ------
    ScoreFileError
        Listing everything that is wrong with any of the files.
    PredictionsError
        If a patient is there twice, or has two labels.
    """
    problems, tables = [], []
    for path in map(Path, paths):
        try:
            table = read_table(path, SCHEMA, dtype=str, keep_default_na=False)
            tables.append(pd.DataFrame({"model": path.stem, **table}))
        except ManifestError as error:
            problems += [f"{path}: {line}" for line in error.problems]
    if problems:
        raise ScoreFileError("scores", problems)
    scores = pd.concat(tables, ignore_index=True).astype({"label": float, "score": float})
    if "patient_id" not in scores and len(tables) == scores["model"].nunique() == 1:
        scores["patient_id"] = [f"row {i}" for i in range(2, len(scores) + 2)]
    elif "patient_id" not in scores:
        problems = ["two models and no column 'patient_id': nobody can tell whether their "
                    "patients are the same; add it to every file"]  # fmt: skip
    elif lost := scores["patient_id"].fillna("").eq("").sum():
        problems = [f"{lost} rows have no 'patient_id'; every row needs one"]
    if problems:
        raise ScoreFileError("scores", problems)
    return check_predictions(scores.assign(study="scores", split="all"))


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
    auc = auc_table(scores).drop(columns=["study", "split"])
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

"""Models of any origin compared from CSV files with columns patient_id, label and score."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ptclnm.evaluation import auc_table, contrast_test, pairs_table
from ptclnm.evaluation.pairs import curves_of
from ptclnm.files import write_table
from ptclnm.models.predictions import PredictionsError, check_predictions


def read_scores(paths: Sequence[Path]) -> pd.DataFrame:
    """Read scores of one or several models.

    Parameters
    ----------
    paths : sequence of Path
        CSV in UTF-8 with columns ``patient_id``, ``label`` (0 or 1) and ``score`` (a number;
        higher means more likely 1). Whether two models were judged on the same patients decides
        how they are compared. ``model`` names the model, by default the file's name. Other
        columns are left aside.

    Returns
    -------
    DataFrame
        The predictions table; study ``scores``, split ``all``.

    Raises
    ------
    PredictionsError
        Listing everything that is wrong with any of the files; or if a model has a patient in two
        files, or a patient has two labels.
    """
    problems, tables = [], []
    for path in map(Path, paths):
        try:
            table = pd.read_csv(path, dtype={"patient_id": str}, encoding="utf-8-sig")
            table = pd.DataFrame({"model": path.stem, **table, "study": "scores", "split": "all"})
            tables.append(check_predictions(table, str(path)))
            if lost := table["patient_id"].isna().sum():
                problems.append(f"{path}: {lost} rows have no 'patient_id'; every row needs one")
        except PredictionsError as error:
            problems += [f"{path}: {line}" for line in error.problems]
        except (OSError, ValueError) as error:
            problems.append(f"{path}: cannot be read as CSV in UTF-8 ({error})")
    if problems:
        raise PredictionsError("scores", problems)
    return check_predictions(pd.concat(tables, ignore_index=True))


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
    models = scores["model"].nunique()
    tables = {"auc": auc_table(scores).drop(columns=["study", "split"])}
    if models > 1:
        tables["pairs"] = pairs_table(scores)
    lines = [table.round(4).to_string(index=False) for table in tables.values()]
    if models > 2 and set(tables["pairs"]["paired"]) == {"paired"}:
        test = contrast_test(curves_of(scores))
        lines.append(f"All models at once: chi-square {test.chi2:.4f} on {test.df} degrees of "
                     f"freedom, p {test.p:.4f}")  # fmt: skip
    for name, table in tables.items() if out else ():
        lines.append(f"Written: {write_table(table, Path(out) / f'{name}.csv')}")
    return "\n\n".join(lines)

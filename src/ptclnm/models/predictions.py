"""The predictions table: one row per model and patient, the contract with the evaluation."""

import numpy as np
import pandas as pd

from ptclnm.errors import ProblemsError

COLUMNS = ("study", "model", "split", "patient_id", "label", "score")
KEY = ["study", "model", "split", "patient_id"]


class PredictionsError(ProblemsError):
    """Predictions that do not follow their schema."""


def check_predictions(table: pd.DataFrame, where: str = "predictions") -> pd.DataFrame:
    """Check predictions against their schema.

    Parameters
    ----------
    table : DataFrame
        Columns ``study, model, split, patient_id, label, score``.
    where : str
        What an error names, e.g. a file.

    Returns
    -------
    DataFrame
        These columns in this order: text, then `label` 0 or 1, then `score` as a float.

    Raises
    ------
    PredictionsError
        Listing missing columns, labels other than 0 and 1, scores that are not finite, patients
        scored twice by a model and patients with two labels.
    """
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        found = ", ".join(map(str, table.columns))
        raise PredictionsError(where, [f"column {name!r} is missing; found {found}"
                                       for name in missing])  # fmt: skip
    problems = [*_values(table), *_keys(table)]
    if problems:
        raise PredictionsError(where, problems)
    text = {name: str for name in KEY}
    return table[list(COLUMNS)].astype(text | {"label": int, "score": float})


def _values(table: pd.DataFrame) -> list[str]:
    problems = []
    labels = [value for value in table["label"].unique().tolist() if value not in (0, 1)]
    if labels:
        problems.append(f"column 'label': found {labels}; allowed: 0 and 1")
    bad = ~np.isfinite(pd.to_numeric(table["score"], errors="coerce").astype(float))
    if bad.any():
        rows = table.loc[bad, KEY].astype(str).agg("/".join, axis=1).head(5)
        problems.append(f"column 'score': {bad.sum()} not finite, the first {', '.join(rows)}")
    return problems


def _keys(table: pd.DataFrame) -> list[str]:
    problems = []
    twice = table[table.duplicated(KEY)]
    if len(twice):
        row = "/".join(map(str, twice.iloc[0][KEY]))
        problems.append(f"{len(twice)} rows repeat a model and patient, the first {row}; "
                        "reduce a patient's images to one score first")  # fmt: skip
    sets = table.groupby(["study", "split", "patient_id"])["label"].nunique()
    if (sets > 1).any():
        first = "/".join(map(str, sets.index[sets > 1][0]))
        problems.append(f"{(sets > 1).sum()} patients have two labels, the first {first}")
    return problems

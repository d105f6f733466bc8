"""The predictions table: one row per model and patient, the contract with the evaluation."""

import numpy as np
import pandas as pd

from ptclnm.errors import ProblemsError

COLUMNS = ("study", "model", "split", "patient_id", "label", "score")
KEY, PATIENT = ["study", "model", "split", "patient_id"], ["study", "split", "patient_id"]


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
    scores = pd.to_numeric(table["score"], errors="coerce").astype(float)
    labels = table.groupby(PATIENT)["label"].transform("nunique")
    wrong = {
        "have a label other than 0 and 1": ~table["label"].isin([0, 1]),
        "have a score that is not finite": ~np.isfinite(scores),
        "repeat a model and patient: reduce a patient's images to one score": table.duplicated(KEY),
        "are of a patient with two labels": labels > 1,
    }
    if problems := [
        f"{rows.sum()} rows {what}; the first is {'/'.join(map(str, table.loc[rows, KEY].iloc[0]))}"
        for what, rows in wrong.items()
        if rows.any()
    ]:
        raise PredictionsError(where, problems)
    return table[list(COLUMNS)].astype(dict.fromkeys(KEY, str) | {"label": int, "score": float})

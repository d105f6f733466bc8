"""Scores that a cohort's table brings itself: somebody else's model, or a reader's eye."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import ProblemsError

READING = {"No": 0.0, "Yes": 1.0}


class ColumnError(ProblemsError):
    """A column of the cohort table that is not a score."""


def column_scores(cohort: Cohort, columns: Mapping[str, str]) -> pd.DataFrame:
    """Take columns of the cohort table as scores of models.

    Parameters
    ----------
    cohort : Cohort
        Of several rows of a patient the first counts: such a column is the patient's.
    columns : mapping of str to str
        Model's name by column; numbers, or ``Yes`` and ``No``. Higher means more likely 1.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score``. Patients without a value are left out, so
        that this model is then judged on fewer of them.

    Raises
    ------
    ColumnError
        Listing columns that are missing or hold other text.
    """
    patients, problems, parts = cohort.patients, [], []
    for column, model in columns.items():
        if column not in patients:
            problems.append(f"column {column!r} is missing")
            continue
        values = patients[column]
        score = pd.to_numeric(values.map(lambda value: READING.get(value, value)), errors="coerce")
        odd = sorted({str(v) for v in values[score.isna() & values.notna()]})
        if odd:
            problems.append(f"column {column!r}: found {', '.join(odd[:5])}; "
                            "allowed: numbers, or Yes and No")  # fmt: skip
        part = patients[["split", "patient_id", "label"]].assign(model=model, score=score)
        parts.append(part[score.notna()])
    if problems:
        raise ColumnError(f"cohort {cohort.name}", problems)
    columns_out = ["model", "split", "patient_id", "label", "score"]
    return pd.concat(parts, ignore_index=True)[columns_out].astype({"score": float})


def dl_signature(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Deep-learning signature that CLNM-in-PTC publishes; fitted on none of these patients."""
    return column_scores(cohort, {"dl_signature": "DL signature"})


def dl_folds(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Signatures of the five folds of CLNM-in-PTC: one network, trained five times."""
    return column_scores(
        cohort, {f"dl_signature_fold_{k}": f"DL signature, fold {k}" for k in range(1, 6)}
    )


def radiologist(cohort: Cohort, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """A radiologist's reading, yes or no (Li 2024, Table 2)."""
    return column_scores(cohort, {"radiologist": "Radiologist"})

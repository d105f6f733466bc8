"""UCI Differentiated Thyroid Cancer Recurrence, read for lymph-node metastasis."""

import re
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ptclnm.cohorts.datasets import dataset, locate, require
from ptclnm.cohorts.fingerprint import fingerprint
from ptclnm.cohorts.flow import Flow
from ptclnm.cohorts.schema import COLUMNS, Cohort
from ptclnm.cohorts.splits import stratified_split, subsample
from ptclnm.errors import ManifestError, ParameterError

NAME = "uci_thyroid"
FILE = "Thyroid_Diff.csv"
LABELS = {"N0": 0, "N1a": 1, "N1b": 1}
PATHOLOGY = ("Papillary", "Micropapillary")

# The source misspells radiotherapy.
CLINICAL = {
    "Age": "age",
    "Gender": "sex",
    "Smoking": "smoking",
    "Hx Smoking": "past_smoking",
    "Hx Radiothreapy": "past_radiotherapy",
    "Thyroid Function": "thyroid_function",
    "Physical Examination": "physical_examination",
}
EXCLUDED = {
    "Adenopathy": "the nodes as felt on examination: a reading of the endpoint, not a predictor",
    "Pathology": "the histological type, known after surgery",
    "Focality": "not said whether counted by ultrasound or on the specimen; taken as the specimen",
    "Risk": "the risk of recurrence, which is derived from the nodes among others",
    "T": "the tumour's stage, fixed after surgery",
    "N": "the endpoint itself",
    "M": "the stage of distant metastases, fixed with the others after surgery",
    "Stage": "derived from T, N and M",
    "Response": "the response to treatment, known months after surgery",
    "Recurred": "the outcome years after surgery",
}


def open_cohort(
    n_patients: int | None = None, seed: int = 0, duplicates: Literal["drop", "keep"] = "drop"
) -> Cohort:
    """Open the papillary cases, N1 against N0.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label.
    seed : int
        Seed of the draw and of the split.
    duplicates : {"drop", "keep"}
        What to do with rows equal to an earlier row in all 17 columns. The table has no patient
        number, so equal rows may be one patient entered twice or two patients alike.

    Returns
    -------
    Cohort
        One row a case, split 7:3 by patient and label as in Li et al. 2024 (2.1). `clinical`
        holds what is known before surgery; ``EXCLUDED`` gives the reason for each other column.

    Raises
    ------
    MissingDataError
        If the table is not on this machine.
    ManifestError
        If it lacks a column or holds a value that is not known.
    ParameterError
        If `duplicates` is neither of the two.
    """
    if duplicates not in ("drop", "keep"):
        raise ParameterError(NAME, [f"duplicates is {duplicates!r}. Allowed: drop, keep."])
    raw = read_table(require(locate(NAME), FILE))
    table, flow, warnings = select(raw, duplicates)
    whole = table.assign(split=stratified_split(table, seed=seed))
    final = subsample(whole, n_patients, seed).reset_index(drop=True)
    flow.lost("subset", whole, final, f"not drawn: {n_patients} patients were asked for")
    flow.there("kept", final)
    flow.splits(final)
    settings: dict[str, Any] = {"n_patients": n_patients, "seed": seed, "duplicates": duplicates}
    entry = dataset(NAME)
    return Cohort(
        name=NAME,
        title=entry.title,
        evidence=entry.evidence,
        endpoint=entry.stated_endpoint,
        table=final,
        clinical=tuple(CLINICAL.values()),
        flow=flow.frame(),
        fingerprint=fingerprint(final, settings),
        warnings=warnings,
    )


def read_table(path: Path) -> pd.DataFrame:
    """Read and check the table.

    Parameters
    ----------
    path : Path
        The CSV.

    Returns
    -------
    DataFrame
        All 17 columns under the source's names, `Age` as integer years, the others as text.

    Raises
    ------
    ManifestError
        For every missing column and unknown value at once.
    """
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ManifestError(str(path), [f"not a CSV in UTF-8: {error}"]) from error
    absent = [c for c in (*CLINICAL, *EXCLUDED) if c not in raw]
    if absent:
        remedy = f"run `ptclnm data fetch {NAME}`"
        raise ManifestError(str(path), [f"no column {c!r}; {remedy}" for c in absent])
    problems = []
    for row, value in raw["Age"].items():
        if not (re.fullmatch("[0-9]{1,3}", value) and 0 < int(value) <= 120):
            problems.append(
                f"row {row + 2}, column 'Age': {value[:40]!r} is not an age of 1 to 120"
            )
    for row, value in raw["N"].items():
        if value not in LABELS:
            problems.append(
                f"row {row + 2}, column 'N': {value[:40]!r}. Allowed: {', '.join(LABELS)}."
            )
    if problems:
        raise ManifestError(str(path), problems)
    return raw.astype({"Age": int})


def select(raw: pd.DataFrame, duplicates: str) -> tuple[pd.DataFrame, Flow, tuple[str, ...]]:
    """Keep the papillary cases, and say what happened to the others.

    Parameters
    ----------
    raw : DataFrame
        As :func:`read_table` returns it.
    duplicates : str
        ``drop`` or ``keep``.

    Returns
    -------
    table : DataFrame
        Cohort table without its split.
    flow : Flow
        Its lines so far.
    warnings : tuple of str
        For the page.
    """
    numbered = raw.assign(patient_id=[f"uci{n + 1:03d}" for n in range(len(raw))])
    flow = Flow()
    flow.there("UCI table, differentiated thyroid cancer", numbered)
    papillary = numbered[numbered["Pathology"].isin(PATHOLOGY)]
    flow.lost("histology", numbered, papillary, "follicular or Hürthle cell carcinoma")
    again = papillary.duplicated(list(raw.columns))
    warnings = [f"The column {c!r} is left out: {why}." for c, why in EXCLUDED.items() if c != "N"]
    kept = papillary
    if duplicates == "drop":
        kept = papillary[~again]
        flow.lost("duplicates", papillary, kept, "equal to an earlier row in all 17 columns")
    elif again.any():
        warnings.insert(
            0,
            f"{again.sum()} rows equal an earlier row in all 17 columns and are "
            "kept: the same patient may stand on two sides of the split.",
        )
    return _cohort_table(kept), flow, tuple(warnings)


def _cohort_table(kept: pd.DataFrame) -> pd.DataFrame:
    """Name the columns as the contract does."""
    table = kept[[*CLINICAL, "patient_id"]].rename(columns=CLINICAL).reset_index(drop=True)
    table = table.assign(
        image_id="",
        image="",
        mask="",
        split="",
        center="uci",
        label=kept["N"].map(LABELS).to_numpy(),
    )
    return table[[*COLUMNS, *CLINICAL.values()]]

"""UCI Differentiated Thyroid Cancer Recurrence, read for lymph-node metastasis."""

import re
from pathlib import Path
from typing import Literal

import pandas as pd
import pandera.pandas as pa

from ptclnm.cohorts import datasets
from ptclnm.cohorts.schema import COLUMNS, Cohort, Flow, fingerprint
from ptclnm.cohorts.splits import stratified_split, subsample
from ptclnm.limits import choice_problem, refuse

NAME = "uci_thyroid"
FILE = "Thyroid_Diff.csv"
LABELS = {"N0": 0, "N1a": 1, "N1b": 1}
PATHOLOGY = ("Papillary", "Micropapillary")
CLINICAL = datasets.dataset(NAME).clinical
EXCLUDED = datasets.dataset(NAME).left_out


def _is_age(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,3}", text)) and 0 < int(text) <= 120


AGE = pa.Check(_is_age, element_wise=True, error="allowed: a whole number from 1 to 120")
NODES = pa.Check.isin(list(LABELS), error=f"allowed: {', '.join(LABELS)}")
CHECKS = {"Age": AGE, "N": NODES}
SCHEMA = pa.DataFrameSchema({c: pa.Column(str, CHECKS.get(c)) for c in (*CLINICAL, *EXCLUDED)})


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
    refuse(NAME, choice_problem("duplicates", duplicates, ("drop", "keep")))
    raw = read_table(datasets.require(datasets.locate(NAME), FILE))
    table, flow, warnings = select(raw, duplicates)
    whole = table.assign(split=stratified_split(table, seed=seed))
    kept = subsample(whole, n_patients, seed).reset_index(drop=True)
    flow.kept(whole, kept, n_patients)
    settings = {"n_patients": n_patients, "seed": seed, "duplicates": duplicates}
    return datasets.dataset(NAME).cohort(
        table=kept,
        flow=flow.frame(),
        clinical=tuple(CLINICAL.values()),
        fingerprint=fingerprint(kept, settings),
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
    raw = datasets.read_table(NAME, path, SCHEMA, dtype=str, keep_default_na=False)
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
    kept = numbered[numbered["Pathology"].isin(PATHOLOGY)]
    flow.lost("histology", numbered, kept, "follicular or Hürthle cell carcinoma")
    again = kept.duplicated(list(raw.columns))
    warnings = [f"The column {c!r} is left out: {why}." for c, why in EXCLUDED.items() if c != "N"]
    if duplicates == "drop":
        reason = "equal to an earlier row in all 17 columns"
        kept = flow.lost("duplicates", kept, kept[~again], reason)
    elif again.any():
        copies = f"{again.sum()} rows equal an earlier row in all 17 columns and are kept"
        warnings.insert(0, f"{copies}: the same patient may stand on two sides of the split.")
    table = kept[[*CLINICAL, "patient_id", "N"]].rename(columns=CLINICAL).reset_index(drop=True)
    bare = dict.fromkeys(("image_id", "image", "mask", "split"), "")
    table = table.assign(**bare, center="uci", label=table["N"].map(LABELS))
    return table[[*COLUMNS, *CLINICAL.values()]], flow, tuple(warnings)

"""CLNM-in-PTC: the model sheets of a multicentre study, two external cohorts with real labels."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pandera.pandas as pa

from ptclnm.cohorts import datasets
from ptclnm.cohorts.schema import COLUMNS, Cohort, Flow, fingerprint
from ptclnm.cohorts.splits import subsample
from ptclnm.errors import ManifestError
from ptclnm.limits import choice_problem, refuse

NAME = "clnm_ptc"
COHORTS = ("test0", "test1")
FOLDS = (1, 2, 3, 4, 5)
SIGNATURE = "dl_signature"
BY_FOLD = {k: f"{SIGNATURE}_fold_{k}" for k in FOLDS}

CLINICAL = datasets.dataset(NAME).clinical
RADIOMICS = ("lbp-2D_glszm_SmallAreaEmphasis", "square_glcm_Correlation")
SCORES = (SIGNATURE, *RADIOMICS, *BY_FOLD.values())
RANGES = {
    "Label": (0, 1),
    "Y_pred": (0, 1),
    "Age": (1, 120),
    "Gender": (0, 1),
    "T_stage": (0, 4),
    "Size_of_US": (0.1, 200),
    **dict.fromkeys(RADIOMICS, (-1e9, 1e9)),
}


def _between(low: float, high: float) -> pa.Check:
    def test(values: pd.Series) -> pd.Series:
        return pd.to_numeric(values, errors="coerce").between(low, high)

    return pa.Check(test, ignore_na=False, error=f"allowed: {low} to {high}")


SCHEMA = pa.DataFrameSchema(
    {name: pa.Column(checks=_between(*ends), nullable=True) for name, ends in RANGES.items()}
)


def open_cohort(
    n_patients: int | None = None,
    seed: int = 0,
    fit_on: Literal["test0", "test1"] = "test0",
    fold: int | Literal["mean"] = 1,
) -> Cohort:
    """Open the two external cohorts, one to fit on, the other to validate on.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label and cohort.
    seed : int
        Seed of the draw.
    fit_on : {"test0", "test1"}
        The cohort that is ``train``; the other is ``test``.
    fold : {1, 2, 3, 4, 5, "mean"}
        The fold whose deep-learning signature is taken, or the mean of all five.

    Returns
    -------
    Cohort
        One row a patient, without images. After the clinical columns stand `dl_signature`, two
        radiomics features of the source and the signatures of all five folds,
        `dl_signature_fold_1` to `_5`; none of these is among `clinical`.

    Raises
    ------
    MissingDataError
        If a sheet is not on this machine.
    ManifestError
        If a sheet lacks a column, holds an impossible value or other patients than fold 1.
    ParameterError
        If a setting is not among those allowed.
    """
    refuse(
        NAME,
        choice_problem("fit_on", fit_on, COHORTS),
        choice_problem("fold", fold, (*FOLDS, "mean")),
    )
    root = datasets.locate(NAME)
    table = pd.concat([read_patients(root, name, fold) for name in COHORTS], ignore_index=True)
    whole = table.assign(split=np.where(table["center"] == fit_on, "train", "test"))
    kept = subsample(whole, n_patients, seed).reset_index(drop=True)
    flow = Flow()
    flow.there("CLNM-in-PTC, two external cohorts with clinical columns", whole)
    flow.kept(whole, kept, n_patients)
    settings = {"n_patients": n_patients, "seed": seed, "fit_on": fit_on, "fold": fold}
    return datasets.dataset(NAME).cohort(
        table=kept[[*COLUMNS, *CLINICAL.values(), *SCORES]],
        flow=flow.frame(),
        clinical=tuple(CLINICAL.values()),
        fingerprint=fingerprint(kept, settings),
    )


def read_patients(root: Path, name: str, fold: int | str) -> pd.DataFrame:
    """Read one cohort's sheets.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    name : {"test0", "test1"}
        The cohort.
    fold : int or "mean"
        As in :func:`open_cohort`.

    Returns
    -------
    DataFrame
        Cohort table without its split.
    """
    sheets = [read_sheet(root, name, k) for k in FOLDS]
    same = ["Label", *CLINICAL, *RADIOMICS]
    first = sheets[0][same]
    differ = [k for k, sheet in zip(FOLDS, sheets, strict=True) if not first.equals(sheet[same])]
    if differ:
        raise ManifestError(
            f"{root}: {name}",
            [f"fold {k} holds other patients than fold 1; they must be the same" for k in differ],
        )
    signatures = np.column_stack([sheet["Y_pred"] for sheet in sheets])
    chosen = signatures.mean(axis=1) if fold == "mean" else signatures[:, FOLDS.index(fold)]
    table = first.rename(columns=CLINICAL | {"Label": "label"})
    ids = [f"{name}-{n + 1:03d}" for n in range(len(table))]
    scores = {BY_FOLD[k]: column for k, column in zip(FOLDS, signatures.T, strict=True)}
    return table.assign(
        patient_id=ids, image_id="", image="", mask="", center=name, **{SIGNATURE: chosen}, **scores
    )


def read_sheet(root: Path, name: str, fold: int) -> pd.DataFrame:
    """Read and check one sheet.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    name : {"test0", "test1"}
        The cohort.
    fold : int
        1 to 5.

    Returns
    -------
    DataFrame
        The source's columns, numbers throughout.

    Raises
    ------
    ManifestError
        Every missing column and impossible value of the sheet at once.
    """
    file = f"nomogram/nomogram_signature/fold_{fold}/{name}_nom_sign_{fold}.csv"
    return datasets.read_table(NAME, datasets.require(root, file), SCHEMA)

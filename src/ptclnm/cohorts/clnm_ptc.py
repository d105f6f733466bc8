"""CLNM-in-PTC: the model sheets of a multicentre study, two external cohorts with real labels."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from ptclnm.cohorts.datasets import dataset, locate, require
from ptclnm.cohorts.fingerprint import fingerprint
from ptclnm.cohorts.flow import Flow
from ptclnm.cohorts.schema import COLUMNS, Cohort
from ptclnm.cohorts.splits import subsample
from ptclnm.errors import ManifestError, ParameterError

NAME = "clnm_ptc"
COHORTS = ("test0", "test1")
FOLDS = (1, 2, 3, 4, 5)
SIGNATURE = "dl_signature"
BY_FOLD = {k: f"{SIGNATURE}_fold_{k}" for k in FOLDS}

CLINICAL = {
    "Age": "age",
    "Gender": "gender_code",
    "Size_of_US": "size_mm",
    "T_stage": "t_stage_code",
}
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
WARNINGS = (
    "The codings of gender (0, 1) and T stage (0 to 4) are not documented: they are codes, and "
    "whether the T stage was known before surgery is not said.",
    "The five folds hold the same patients; the clinical columns are taken once.",
    "The deep-learning signature comes from models that were fitted on other patients (584, "
    "validated on 146), for whom no clinical columns are published.",
    "One cohort serves to fit and the other to validate, which is not how the source used them.",
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
    _check(fit_on, fold)
    root = locate(NAME)
    table = pd.concat([read_patients(root, name, fold) for name in COHORTS], ignore_index=True)
    whole = table.assign(split=np.where(table["center"] == fit_on, "train", "test"))
    kept = subsample(whole, n_patients, seed).reset_index(drop=True)
    settings: dict[str, Any] = {
        "n_patients": n_patients,
        "seed": seed,
        "fit_on": fit_on,
        "fold": fold,
    }
    entry = dataset(NAME)
    return Cohort(
        name=NAME,
        title=entry.title,
        evidence=entry.evidence,
        endpoint=entry.stated_endpoint,
        table=kept[[*COLUMNS, *CLINICAL.values(), *SCORES]],
        clinical=tuple(CLINICAL.values()),
        flow=_flow(whole, kept, n_patients),
        fingerprint=fingerprint(kept, settings),
        warnings=WARNINGS,
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
    path = require(root, f"nomogram/nomogram_signature/fold_{fold}/{name}_nom_sign_{fold}.csv")
    try:
        sheet = pd.read_csv(path, encoding="utf-8")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ManifestError(str(path), [f"not a CSV in UTF-8: {error}"]) from error
    absent = [c for c in ("Label", "Y_pred", *CLINICAL, *RADIOMICS) if c not in sheet]
    if absent:
        raise ManifestError(str(path), [f"no column {c!r}" for c in absent])
    problems = []
    for column, (low, high) in RANGES.items():
        numbers = pd.to_numeric(sheet[column], errors="coerce")
        for row in np.flatnonzero(~numbers.between(low, high)):
            found = str(sheet[column].iloc[row])[:40]
            problems.append(f"row {row + 2}, column {column!r}: {found!r} is not {low} to {high}")
    if problems:
        raise ManifestError(str(path), problems)
    return sheet


def _check(fit_on: str, fold: int | str) -> None:
    problems = []
    if fit_on not in COHORTS:
        problems.append(f"fit_on is {fit_on!r}. Allowed: {', '.join(COHORTS)}.")
    if fold != "mean" and fold not in FOLDS:
        problems.append(f"fold is {fold!r}. Allowed: 1 to 5, or mean.")
    if problems:
        raise ParameterError(NAME, problems)


def _flow(whole: pd.DataFrame, kept: pd.DataFrame, n_patients: int | None) -> pd.DataFrame:
    flow = Flow()
    flow.there("CLNM-in-PTC, two external cohorts with clinical columns", whole)
    flow.lost("subset", whole, kept, f"not drawn: {n_patients} patients were asked for")
    flow.there("kept", kept)
    flow.splits(kept)
    return flow.frame()

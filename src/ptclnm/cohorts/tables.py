"""Public tables without pictures: the sheets of CLNM-in-PTC, UCI's thyroid table."""

from pathlib import Path

import pandas as pd

from ptclnm.cohorts.datasets import dataset, whole
from ptclnm.cohorts.splits import stratified_split
from ptclnm.schema import COLUMNS, Cohort, Flow

SHEETS, UCI = dataset("clnm_ptc"), dataset("uci_thyroid")
EXTERNAL = {"test0": "train", "test1": "test"}
FOLDS = (1, 2, 3, 4, 5)
SIGNATURE = "dl_signature"
BY_FOLD = [f"{SIGNATURE}_fold_{k}" for k in FOLDS]
LABELS = {"N0": 0, "N1a": 1, "N1b": 1}
PAPILLARY = ("Papillary", "Micropapillary")
# What a table without pictures has of the cohort's columns.
NO_PICTURES = {"image_id": "", "image": "", "mask": ""}


def open_clnm_ptc(n_patients: int | None = None, seed: int = 0) -> Cohort:
    """Open the two external cohorts of CLNM-in-PTC, ``test0`` to fit on, ``test1`` to validate.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label and cohort.
    seed : int
        Seed of the draw.

    Returns
    -------
    Cohort
        One row a patient, without images. After the clinical columns stand the signatures of
        all five folds, `dl_signature_fold_1` to `_5`, and that of the first as `dl_signature`;
        none of these is among `clinical`.

    Raises
    ------
    MissingDataError
        If the sheets are not on this machine.
    FetchError
        If they are not the recorded ones.
    """
    folder = whole(SHEETS.name) / "nomogram" / "nomogram_signature"
    everyone = pd.concat([_external(folder, name) for name in EXTERNAL], ignore_index=True)
    flow = Flow()
    flow.there("CLNM-in-PTC, two external cohorts with clinical columns", everyone)
    clinical = tuple(SHEETS.clinical.values())
    table = everyone[[*COLUMNS, *clinical, SIGNATURE, *BY_FOLD]]
    return SHEETS.drawn(table, flow, n_patients, seed, clinical=clinical)


def _external(folder: Path, name: str) -> pd.DataFrame:
    """Read the sheets of one cohort, the same patients in each fold, into a cohort table."""
    sheets = [pd.read_csv(folder / f"fold_{k}" / f"{name}_nom_sign_{k}.csv") for k in FOLDS]
    first = sheets[0][["Label", *SHEETS.clinical]]
    signatures = dict(zip(BY_FOLD, (sheet["Y_pred"] for sheet in sheets), strict=True))
    return first.rename(columns=SHEETS.clinical | {"Label": "label"}).assign(
        patient_id=[f"{name}-{n + 1:03d}" for n in range(len(first))], split=EXTERNAL[name],
        center=name, **NO_PICTURES, **{SIGNATURE: signatures[BY_FOLD[0]]}, **signatures,
    )  # fmt: skip


def open_uci_thyroid(n_patients: int | None = None, seed: int = 0) -> Cohort:
    """Open the papillary cases of UCI's table of thyroid cancers, N1 against N0.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label.
    seed : int
        Seed of the draw and of the split.

    Returns
    -------
    Cohort
        One row a case, split 7:3 by patient and label as in Li et al. 2024 (2.1). The table has
        no patient number; a row equal to an earlier one in all columns is taken for the same
        patient and left out. `clinical` holds what is known before surgery; the dataset's
        ``left_out`` gives the reason for each other column.

    Raises
    ------
    MissingDataError
        If the table is not on this machine.
    FetchError
        If it is not the recorded one.
    """
    file = whole(UCI.name) / "Thyroid_Diff.csv"
    table, flow = select(pd.read_csv(file, keep_default_na=False))
    table = table.assign(split=stratified_split(table, seed=seed))
    warnings = [f"The column {column!r} is left out: {why}."
                for column, why in UCI.left_out.items() if column != "N"]  # fmt: skip
    clinical = tuple(UCI.clinical.values())
    return UCI.drawn(table, flow, n_patients, seed, clinical=clinical, warnings=warnings)


def select(raw: pd.DataFrame) -> tuple[pd.DataFrame, Flow]:
    """Keep the papillary cases, each once, and say what happened to the others.

    Parameters
    ----------
    raw : DataFrame
        All 17 columns under the source's names.

    Returns
    -------
    table : DataFrame
        Cohort table without its split.
    flow : Flow
        Its lines so far.
    """
    numbered = raw.assign(patient_id=[f"uci{n + 1:03d}" for n in range(len(raw))])
    flow = Flow()
    flow.there("UCI table, differentiated thyroid cancer", numbered)
    kept = numbered[numbered["Pathology"].isin(PAPILLARY)]
    flow.lost("histology", numbered, kept, "follicular or Hürthle cell carcinoma")
    once = kept[~kept.duplicated(list(raw.columns))]
    flow.lost("duplicates", kept, once, "equal to an earlier row in all 17 columns")
    table = once[[*UCI.clinical, "patient_id"]].rename(columns=UCI.clinical)
    table = table.assign(**NO_PICTURES, split="", center="uci", label=once["N"].map(LABELS))
    return table[[*COLUMNS, *UCI.clinical.values()]].reset_index(drop=True), flow

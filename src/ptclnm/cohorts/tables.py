"""Public tables without pictures: the sheets of CLNM-in-PTC, UCI's thyroid table."""

import re

import pandas as pd
import pandera.pandas as pa

from ptclnm.cohorts.datasets import dataset, locate, read_table, require
from ptclnm.cohorts.splits import stratified_split, subsample
from ptclnm.errors import ManifestError
from ptclnm.schema import COLUMNS, Cohort, Flow, fingerprint

SHEETS, UCI = dataset("clnm_ptc"), dataset("uci_thyroid")
EXTERNAL = {"test0": "train", "test1": "test"}
FOLDS = (1, 2, 3, 4, 5)
SIGNATURE = "dl_signature"
BY_FOLD = [f"{SIGNATURE}_fold_{k}" for k in FOLDS]
RANGES = {
    "Label": (0, 1), "Y_pred": (0, 1), "Age": (1, 120), "Gender": (0, 1), "T_stage": (0, 4),
    "Size_of_US": (0.1, 200),
}  # fmt: skip
LABELS = {"N0": 0, "N1a": 1, "N1b": 1}
PAPILLARY = ("Papillary", "Micropapillary")
FETCH = "run `ptclnm data fetch {}`"
# What a table without pictures has of the cohort's columns.
NO_PICTURES = {"image_id": "", "image": "", "mask": ""}


def _between(low: float, high: float) -> pa.Column:
    def test(values: pd.Series) -> pd.Series:
        return pd.to_numeric(values, errors="coerce").between(low, high)

    check = pa.Check(test, ignore_na=False, error=f"allowed: {low} to {high}")
    return pa.Column(checks=check, nullable=True)


def _is_age(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,3}", text)) and 0 < int(text) <= 120


SHEET = pa.DataFrameSchema({name: _between(*ends) for name, ends in RANGES.items()})
AGE = pa.Check(_is_age, element_wise=True, error="allowed: a whole number from 1 to 120")
NODES = pa.Check.isin(list(LABELS), error=f"allowed: {', '.join(LABELS)}")
CASES = pa.DataFrameSchema(
    {
        name: pa.Column(str, {"Age": AGE, "N": NODES}.get(name))
        for name in (*UCI.clinical, *UCI.left_out)
    }
)


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
        If a sheet is not on this machine.
    ManifestError
        If a sheet lacks a column, holds an impossible value or other patients than fold 1.
    """
    whole = pd.concat([_external(name) for name in EXTERNAL], ignore_index=True)
    flow = Flow()
    flow.there("CLNM-in-PTC, two external cohorts with clinical columns", whole)
    kept = subsample(whole, n_patients, seed).reset_index(drop=True)
    flow.kept(whole, kept, n_patients)
    clinical = tuple(SHEETS.clinical.values())
    return SHEETS.cohort(
        table=kept[[*COLUMNS, *clinical, SIGNATURE, *BY_FOLD]], flow=flow.frame(),
        clinical=clinical, fingerprint=fingerprint(kept, {"n_patients": n_patients, "seed": seed}),
    )  # fmt: skip


def _external(name: str) -> pd.DataFrame:
    """Read the sheets of one cohort, one a fold, into a cohort table."""
    root, folder = locate(SHEETS.name), "nomogram/nomogram_signature"
    files = [f"{folder}/fold_{k}/{name}_nom_sign_{k}.csv" for k in FOLDS]
    sheets = [read_table(require(root, file), SHEET, FETCH.format(SHEETS.name)) for file in files]
    first, *others = (sheet[["Label", *SHEETS.clinical]] for sheet in sheets)
    if differ := [k for k, other in zip(FOLDS[1:], others, strict=True) if not other.equals(first)]:
        said = "holds other patients than fold 1; they must be the same"
        raise ManifestError(f"{root}: {name}", [f"fold {k} {said}" for k in differ])
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
    ManifestError
        If it lacks a column or holds a value that is not known.
    """
    path = require(locate(UCI.name), "Thyroid_Diff.csv")
    raw = read_table(path, CASES, FETCH.format(UCI.name), dtype=str, keep_default_na=False)
    table, flow = select(raw.astype({"Age": int}))
    whole = table.assign(split=stratified_split(table, seed=seed))
    kept = subsample(whole, n_patients, seed).reset_index(drop=True)
    flow.kept(whole, kept, n_patients)
    left_out = {column: why for column, why in UCI.left_out.items() if column != "N"}
    return UCI.cohort(
        [f"The column {column!r} is left out: {why}." for column, why in left_out.items()],
        table=kept, flow=flow.frame(), clinical=tuple(UCI.clinical.values()),
        fingerprint=fingerprint(kept, {"n_patients": n_patients, "seed": seed}),
    )  # fmt: skip


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

"""LLNM-Net: published scores and pathology of 39,451 patients, and a study of 108 readers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ptclnm.cohorts.datasets import dataset, locate, require
from ptclnm.cohorts.splits import subsample
from ptclnm.cohorts.tables import NO_PICTURES
from ptclnm.errors import ManifestError
from ptclnm.schema import COLUMNS, Cohort, Flow, fingerprint

FILE, SHEET = "Source Data.xlsx", "Figure 3c"
HEADINGS, FIRST = 2, 3  # the rows of the columns' names and of the first patient, from 0
# Columns of score and truth of each set, and of image, truth, readers and model.
SETS = {"train": (6, 7), "internal": (8, 9), "external": (10, 11)}
READ = (12, 13, 14, 15)
LLNM = dataset("llnm_net")
READERS = "llnm_net-readers"
NAMES = {6: "Prediction", 7: "GroundTruth", 13: "label", 14: "Doctor", 15: "Model"}


def read(path: Path) -> pd.DataFrame:
    """Read the sheet of scores, without a header.

    Raises
    ------
    ManifestError
        If it is no such workbook, or its columns are not where they were published.
    """
    try:
        sheet = pd.read_excel(path, sheet_name=SHEET, header=None)
    except (OSError, ValueError, KeyError) as error:
        raise ManifestError(str(path), [f"no sheet {SHEET!r} can be read: {error}"]) from error
    found = {at: sheet.at[HEADINGS, at] if at in sheet else None for at in NAMES}
    if wrong := [f"column {at + 1} is {found[at]!r}; needed: {name!r}"
                 for at, name in NAMES.items() if found[at] != name]:  # fmt: skip
        raise ManifestError(f"{path}, {SHEET}", wrong)
    return sheet.iloc[FIRST:]


def _numbers(sheet: pd.DataFrame, columns: tuple[int, ...], names: list[str]) -> pd.DataFrame:
    part = sheet[list(columns)].dropna(how="all").set_axis(names, axis=1)
    part = part.apply(pd.to_numeric, errors="coerce")
    if bad := part.index[part.isna().any(axis=1) | ~part["label"].isin([0, 1])].tolist():
        lines = [f"row {at + 1}: {', '.join(names)} must be numbers, and label 0 or 1"
                 for at in bad]  # fmt: skip
        raise ManifestError(f"{FILE}, {SHEET}", lines)
    return part.reset_index(drop=True)


def _cohort(whole: pd.DataFrame, flow: Flow, n_patients: int | None, seed: int) -> Cohort:
    whole = whole.assign(**NO_PICTURES, label=whole["label"].astype(int))
    whole = whole[[*COLUMNS, *(name for name in whole if name not in COLUMNS)]]
    kept = subsample(whole, n_patients, seed).reset_index(drop=True)
    flow.kept(whole, kept, n_patients)
    return LLNM.cohort(
        table=kept, flow=flow.frame(), clinical=(),
        fingerprint=fingerprint(kept, {"n_patients": n_patients, "seed": seed}),
    )  # fmt: skip


def open_cohort(n_patients: int | None = None, seed: int = 0) -> Cohort:
    """Open the three sets of scores.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label and set.
    seed : int
        Seed of the draw.

    Returns
    -------
    Cohort
        One row a patient, whose column `llnm_net` is the model's score. A score that is no number
        from 0 to 1 is no probability, and its patient is left out; scores of exactly 0 are kept,
        and tie.

    Raises
    ------
    MissingDataError
        If the workbook is not on this machine.
    ManifestError
        As :func:`read`, or if a score or label is no number.
    """
    sheet = read(require(locate(LLNM.name), FILE))
    parts = [_numbers(sheet, at, ["llnm_net", "label"]).assign(split=name, center=name)
             for name, at in SETS.items()]  # fmt: skip
    whole = pd.concat(parts, ignore_index=True)
    whole["patient_id"] = [f"llnm-{n + 1:05d}" for n in range(len(whole))]
    flow = Flow()
    flow.there("LLNM-Net, published scores", whole)
    possible = whole[whole["llnm_net"].between(0, 1)]
    flow.lost("score", whole, possible, "a score that is not from 0 to 1")
    return _cohort(possible, flow, n_patients, seed)


def open_readers(n_patients: int | None = None, seed: int = 0) -> Cohort:
    """Open the 200 patients whom 108 radiologists read, and the model.

    Returns
    -------
    Cohort
        One row a patient, all of the set `test`: `llnm_net` the model's score, `readers` the share
        of readers who called metastasis, `majority` 1 where more than half did. Whether they are
        among the patients of the other sets is not said.
    """
    sheet = read(require(locate(LLNM.name), FILE))
    whole = _numbers(sheet, READ, ["case", "label", "readers", "llnm_net"])
    whole["patient_id"] = [f"read-{int(n):03d}" for n in whole["case"]]
    whole["majority"] = np.where(whole["readers"] > 0.5, 1.0, 0.0)
    flow = Flow()
    flow.there("LLNM-Net, patients read by radiologists", whole)
    whole = whole.drop(columns="case").assign(split="test", center="readers")
    cohort = _cohort(whole, flow, n_patients, seed)
    return replace(cohort, name=READERS, title=f"{LLNM.title}: 200 read by 108 radiologists")

"""LLNM-Net: published scores and pathology of 39,451 patients, and a study of 108 readers."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ptclnm.cohorts.datasets import dataset, whole
from ptclnm.cohorts.tables import NO_PICTURES
from ptclnm.schema import COLUMNS, Cohort, Flow

FILE, SHEET = "Source Data.xlsx", "Figure 3c"
FIRST = 3  # row of the first patient, from 0
# Columns of score and truth of each set, and of image, truth, readers and model.
SETS = {"train": (6, 7), "internal": (8, 9), "external": (10, 11)}
READ = (12, 13, 14, 15)
LLNM = dataset("llnm_net")
READERS = "llnm_net-readers"
NO_SINGLE_READER = (
    "The model is compared with the mean of 108 readers and with their majority, not with one "
    "reader: much of what single readers get wrong cancels in a mean, so that it judges better "
    "than a typical one of them."
)


def read() -> pd.DataFrame:
    """Read the sheet of scores; its blocks of columns stand side by side and end in other rows."""
    return pd.read_excel(whole(LLNM.name) / FILE, SHEET, header=None, skiprows=FIRST)


def _part(sheet: pd.DataFrame, columns: tuple[int, ...], names: list[str]) -> pd.DataFrame:
    part = sheet[list(columns)].dropna(how="all").set_axis(names, axis=1)
    return part.astype(float).reset_index(drop=True)


def _cohort(table: pd.DataFrame, flow: Flow, n_patients: int | None, seed: int) -> Cohort:
    table = table.assign(**NO_PICTURES, label=table["label"].astype(int))
    table = table[[*COLUMNS, *(name for name in table if name not in COLUMNS)]]
    return LLNM.drawn(table, flow, n_patients, seed, clinical=())


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
    FetchError
        If it is not the recorded one.
    """
    sheet = read()
    parts = [_part(sheet, at, ["llnm_net", "label"]).assign(split=name, center=name)
             for name, at in SETS.items()]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table["patient_id"] = [f"llnm-{n + 1:05d}" for n in range(len(table))]
    flow = Flow()
    flow.there("LLNM-Net, published scores", table)
    possible = table[table["llnm_net"].between(0, 1)]
    flow.lost("score", table, possible, "a score that is not from 0 to 1")
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
    table = _part(read(), READ, ["case", "label", "readers", "llnm_net"])
    table["patient_id"] = [f"read-{int(n):03d}" for n in table["case"]]
    table["majority"] = np.where(table["readers"] > 0.5, 1.0, 0.0)
    flow = Flow()
    flow.there("LLNM-Net, patients read by radiologists", table)
    table = table.drop(columns="case").assign(split="test", center="readers")
    cohort = _cohort(table, flow, n_patients, seed)
    title = "LLNM-Net, patients read by 108 radiologists"
    return replace(cohort, name=READERS, title=title, warnings=(LLNM.warnings[0], NO_SINGLE_READER))

"""BUS-BRA, breast ultrasound with biopsy: another organ, two views a patient, four scanners."""

from pathlib import Path

import pandas as pd

from ptclnm.cohorts.datasets import dataset, whole
from ptclnm.cohorts.splits import center_split
from ptclnm.schema import COLUMNS, Cohort, Flow

BUSBRA = dataset("busbra")
LABELS = {"benign": 0, "malignant": 1}
# The scanner that is held out, chosen before any result: of another maker than the two of most
# patients, and with patients enough.
HELD_OUT = "Toshiba Aplio 300 @12-14 MHz"


def open_cohort(n_patients: int | None = None, seed: int = 0) -> Cohort:
    """Open BUS-BRA, malignant against benign on biopsy.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label and set.
    seed : int
        Seed of the draw and of the split.

    Returns
    -------
    Cohort
        One row a picture, two of most patients; `center` is the scanner. Patients of one scanner
        are ``external``, those of the others are split 7:3 into ``train`` and ``internal``. There
        are no clinical columns: BI-RADS is a reader's grade of the same picture.

    Raises
    ------
    MissingDataError
        If it is not on this machine.
    FetchError
        If a file is not the recorded one. Pictures may be missing.
    """
    root = whole(BUSBRA.name, part=True)
    table, flow = select(root)
    others = [name for name in table["center"].unique() if name != HELD_OUT]
    table = table.assign(split=center_split(table, others, seed=seed))
    return BUSBRA.drawn(table, flow, n_patients, seed, clinical=(), root=root)


def select(root: Path) -> tuple[pd.DataFrame, Flow]:
    """Keep the pictures that are on this machine with their masks.

    Parameters
    ----------
    root : Path
        The dataset's folder.

    Returns
    -------
    table : DataFrame
        Cohort table without its split.
    flow : Flow
        Its lines so far.
    """
    raw = pd.read_csv(root / "bus_data.csv", dtype=str)
    image = [str(root / f"Images/{name}.png") for name in raw["ID"]]
    mask = [str(root / f"Masks/mask_{name.removeprefix('bus_')}.png") for name in raw["ID"]]
    table = pd.DataFrame(
        {
            "patient_id": "busbra-" + raw["Case"].str.zfill(4), "image_id": raw["ID"],
            "image": image, "mask": mask, "split": "", "center": raw["Device"],
            "label": raw["Pathology"].map(LABELS),
        },
        columns=list(COLUMNS),
    )  # fmt: skip
    flow = Flow()
    flow.there("BUS-BRA, all pictures", table)
    there = [Path(a).is_file() and Path(b).is_file() for a, b in zip(image, mask, strict=True)]
    reason = "picture or mask not on this machine"
    return flow.lost("pictures", table, table[there].reset_index(drop=True), reason), flow

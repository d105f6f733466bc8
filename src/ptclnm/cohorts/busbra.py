"""BUS-BRA, breast ultrasound with biopsy: another organ, two views a patient, four scanners."""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pooch

from ptclnm.cohorts.datasets import dataset, locate, read_table, require
from ptclnm.cohorts.splits import center_split, subsample
from ptclnm.schema import COLUMNS, Cohort, Flow, fingerprint

BUSBRA = dataset("busbra")
LABELS = {"benign": 0, "malignant": 1}
# The scanner that is held out, chosen before any result: of another maker than the two of most
# patients, and with patients enough.
HELD_OUT = "Toshiba Aplio 300 @12-14 MHz"
SCHEMA = pa.DataFrameSchema(
    {
        "ID": pa.Column(
            str, pa.Check.str_matches(r"^bus_[0-9]{4}-[lrs]$", error="allowed: bus_0001-l"),
            unique=True,
        ),
        "Case": pa.Column(str),
        "Pathology": pa.Column(
            str, pa.Check.isin(list(LABELS), error=f"allowed: {', '.join(LABELS)}")
        ),
        "Device": pa.Column(str),
    }
)  # fmt: skip


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
        If the table, or every picture, is not on this machine.
    ManifestError
        If the table lacks a column or holds an impossible value.
    """
    root = locate(BUSBRA.name)
    whole, flow = select(root)
    kept = subsample(whole.assign(split=center_split(whole, _inside(whole), seed=seed)),
                     n_patients, seed).reset_index(drop=True)  # fmt: skip
    flow.kept(whole, kept, n_patients)
    files = [Path(name) for name in (*kept["image"], *kept["mask"])]
    contents = {str(path.relative_to(root)): pooch.file_hash(path) for path in files}
    return BUSBRA.cohort(
        table=kept, flow=flow.frame(), clinical=(), root=root,
        fingerprint=fingerprint(kept, {"n_patients": n_patients, "seed": seed}, contents),
    )  # fmt: skip


def _inside(table: pd.DataFrame) -> list[str]:
    return [name for name in table["center"].unique() if name != HELD_OUT]


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
    remedy = f"run `ptclnm data fetch {BUSBRA.name}`"
    raw = read_table(require(root, "bus_data.csv"), SCHEMA, remedy, dtype=str)
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
    if not any(there):
        require(root, f"Images/{raw['ID'].iloc[0]}.png")
    reason = "picture or mask not on this machine"
    return flow.lost("pictures", table, table[there].reset_index(drop=True), reason), flow

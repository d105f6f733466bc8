"""The cohort table: one row per image, the contract between cohorts and everything after."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from ptclnm.errors import ManifestError, table_problems

SPLITS = ("train", "internal", "external", "test")
COLUMNS = ("patient_id", "image_id", "image", "mask", "split", "center", "label")
EVIDENCE = ("published", "simulated", "public", "own")


def _one_a_patient(column: str) -> pa.Check:
    def test(table: pd.DataFrame) -> pd.Series:
        return table.groupby("patient_id")[column].transform("nunique").eq(1)

    return pa.Check(test, error=f"{column} differs within its patient; allowed: one a patient")


def _names(allowed: Iterable[object]) -> pa.Check:
    return pa.Check.isin(list(allowed), error=f"allowed: {', '.join(map(str, allowed))}")


CONTRACT = pa.DataFrameSchema(
    {
        "patient_id": pa.Column(str, pa.Check.ne("", error="allowed: text")),
        **dict.fromkeys(("image_id", "image", "mask", "center"), pa.Column(str)),
        "split": pa.Column(str, _names(SPLITS)),
        "label": pa.Column(checks=_names((0, 1))),
    },
    checks=[_one_a_patient("split"), _one_a_patient("label")],
)


def checked(cohort: "Cohort") -> "Cohort":
    """Return a cohort whose table keeps the contract.

    Raises
    ------
    ManifestError
        For every column that is missing, every impossible cell, and every patient on two sides.
    """
    try:
        CONTRACT.validate(cohort.table, lazy=True)
    except pa.errors.SchemaErrors as error:
        raise ManifestError(f"cohort {cohort.name}", table_problems(error, 0)) from None
    return cohort


@dataclass(frozen=True)
class Cohort:
    """A cohort ready to be used.

    Parameters
    ----------
    name : str
        Short name, e.g. ``ddti``.
    title : str
        What a page's heading calls it.
    evidence : str
        One of ``published``, ``simulated``, ``public``, ``own``.
    endpoint : str
        What ``label == 1`` means, in words; for a surrogate it says what it is not.
    table : DataFrame
        One row per image (per patient where the cohort has no images): the columns of
        ``COLUMNS``, then the clinical ones. `image` and `mask` are absolute paths or empty;
        `label` is 0 or 1.
    clinical : tuple of str
        Names of the clinical columns.
    flow : DataFrame
        Columns ``step, rows, images, patients, reason``: what was there, dropped for what, kept.
    fingerprint : str
        Hash of contents and settings; a cache key.
    warnings : tuple of str
        Problems that do not stop, to be listed on the page.
    root : Path or None
        The folder that images and masks stay under.
    mask_label : int or "any"
        Value of the nodule's pixels in the masks; ``"any"`` for all above 0.
    """

    name: str
    title: str
    evidence: str
    endpoint: str
    table: pd.DataFrame
    clinical: tuple[str, ...]
    flow: pd.DataFrame
    fingerprint: str
    warnings: tuple[str, ...] = field(default=())
    root: Path | None = None
    mask_label: int | str = "any"

    @property
    def patients(self) -> pd.DataFrame:
        """One row per patient: its first row of the table."""
        return self.table.drop_duplicates("patient_id").reset_index(drop=True)

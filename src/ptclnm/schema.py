"""The cohort table: one row per image, the contract between cohorts and everything after.

With it, how it came about (the flow) and what it is (the fingerprint).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from ptclnm.errors import ManifestError, table_problems

SPLITS = ("train", "internal", "external", "test")
COLUMNS = ("patient_id", "image_id", "image", "mask", "split", "center", "label")
EVIDENCE = ("published", "simulated", "public", "own")
FLOW_COLUMNS = ("step", "rows", "images", "patients", "reason")
SPLIT = "split: "


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
    after_surgery : tuple of str
        Names of further columns that are known after surgery only: they are shown, and a model
        has them only if it is told to.
    root : Path or None
        The folder that images and masks stay under.
    mask_label : int or "any"
        Value of the nodule's pixels in the masks; ``"any"`` for all above 0.
    nodes : bool
        Whether the endpoint is lymph-node metastasis; if not, no claim of a paper is judged.
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
    after_surgery: tuple[str, ...] = ()
    root: Path | None = None
    mask_label: int | str = "any"
    nodes: bool = True

    @property
    def patients(self) -> pd.DataFrame:
        """One row per patient: its first row of the table."""
        return self.table.drop_duplicates("patient_id").reset_index(drop=True)


def counts(table: pd.DataFrame) -> dict[str, int]:
    """Count rows, distinct images and patients of a cohort table.

    Parameters
    ----------
    table : DataFrame
        Columns ``patient_id`` and, where there are images, ``image``.

    Returns
    -------
    dict
        Keys ``rows``, ``images``, ``patients``.
    """
    images = table["image"].replace("", pd.NA).nunique() if "image" in table else 0
    return {"rows": len(table), "images": images, "patients": table["patient_id"].nunique()}


class Flow:
    """Lines of a flow in the order in which they happened.

    A line without a reason says what is there at that point; a line with one says what was
    lost there. What is there, less what was lost, is what is there next, in all three counts.

    Parameters
    ----------
    lines : DataFrame, optional
        An earlier flow, as from `frame`, that goes on here.
    """

    def __init__(self, lines: pd.DataFrame | None = None) -> None:
        self._lines: list[dict] = [] if lines is None else lines.to_dict("records")

    def there(self, step: str, table: pd.DataFrame) -> None:
        """Note what is there."""
        self._lines.append({"step": step, **counts(table), "reason": ""})

    def lost(
        self, step: str, before: pd.DataFrame, after: pd.DataFrame, reason: str
    ) -> pd.DataFrame:
        """Note what `after` lacks of `before`, if anything, and return `after`."""
        was, still = counts(before), counts(after)
        lost = {key: was[key] - still[key] for key in was}
        if any(lost.values()):
            self._lines.append({"step": step, **lost, "reason": reason})
        return after

    def kept(self, whole: pd.DataFrame, table: pd.DataFrame, n_patients: int | None) -> None:
        """Note the patients that were not drawn, what is kept, and its splits."""
        self.lost("subset", whole, table, f"not drawn: {n_patients} patients were asked for")
        self.there("kept", table)
        self.splits(table)

    def splits(self, table: pd.DataFrame) -> None:
        """Note each split with its number of patients that have the endpoint."""
        for split in sorted(table["split"].unique(), key=SPLITS.index):
            part = table[table["split"] == split]
            positive = part.loc[part["label"] == 1, "patient_id"].nunique()
            self.there(f"{SPLIT}{split}, {positive} with the endpoint", part)

    def frame(self) -> pd.DataFrame:
        """Return the lines as a frame with the columns of ``FLOW_COLUMNS``."""
        return pd.DataFrame(self._lines, columns=list(FLOW_COLUMNS))


def fingerprint(
    table: pd.DataFrame, settings: Mapping[str, Any], contents: Mapping[str, str] | None = None
) -> str:
    """Hash a cohort's table, the settings it was made with and its files' contents.

    Parameters
    ----------
    table : DataFrame
        The cohort table. Of the paths only the file's name enters, so that the same data in
        another folder have the same fingerprint.
    settings : mapping
        Whatever else decides the contents; must be JSON.
    contents : mapping, optional
        Hash of each file's bytes by a name that does not hold the folder.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    paths = [c for c in ("image", "mask") if c in table]
    bare = table.assign(**{c: table[c].map(lambda p: Path(p).name) for c in paths})
    parts = [bare.to_csv(index=False), json.dumps(settings, sort_keys=True)]
    parts.append(json.dumps(dict(contents or {}), sort_keys=True))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

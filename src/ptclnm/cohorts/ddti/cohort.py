"""DDTI as a cohort."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from ptclnm.cohorts.datasets import dataset, locate
from ptclnm.cohorts.ddti.build import prepared, source_contents
from ptclnm.cohorts.ddti.crops import POLICIES
from ptclnm.cohorts.ddti.table import SONOGRAPHIC
from ptclnm.cohorts.fingerprint import fingerprint
from ptclnm.cohorts.flow import Flow
from ptclnm.cohorts.schema import COLUMNS, Cohort
from ptclnm.cohorts.splits import stratified_split, subsample
from ptclnm.errors import ParameterError

NAME = "ddti"
DUPLICATES = ("group", "remove")


def open_cohort(
    n_patients: int | None = None,
    seed: int = 0,
    polygons: Literal["largest", "union", "each"] = "largest",
    duplicates: Literal["group", "remove"] = "group",
    margin: float = 0.15,
    sonographic: bool = False,
) -> Cohort:
    """Open DDTI, TI-RADS 4a to 5 against 2 and 3.

    Parameters
    ----------
    n_patients : int, optional
        Keep as many patients only, drawn by label.
    seed : int
        Seed of the draw and of the split.
    polygons : {"largest", "union", "each"}
        What becomes of several contours on one picture: the largest, all in one mask, or one row
        each. Two contours are mostly two views of one nodule side by side.
    duplicates : {"group", "remove"}
        What becomes of a picture that stands under several cases: these cases are one patient
        and the picture is kept once, or the picture is dropped.
    margin : float
        Margin of the crop on each side, as a share of the nodule's longer side, 0 to 0.5.
    sonographic : bool
        Whether composition, echogenicity, margins and calcifications are clinical columns.
        TI-RADS is read from them: a model that uses them predicts the grade from its parts.

    Returns
    -------
    Cohort
        One row a crop. A case is a patient, split 7:3 by patient and label. `image` and `mask`
        are the crop and its mask, of one size, as 8-bit PNG in ``_build/cache``; they hold
        neither the grade that some pictures bear as text nor the other view. There is no pixel
        spacing.

    Raises
    ------
    MissingDataError
        If the pictures are not on this machine.
    ManifestError
        If case files cannot be read.
    ParameterError
        If a setting is not among those allowed; all at once.
    """
    _check(polygons, duplicates, margin)
    root = locate(NAME)
    contents = source_contents(root)
    settings = {"polygons": polygons, "duplicates": duplicates, "margin": float(margin)}
    made, lines, folder = prepared(root, contents, settings)
    clinical = ("age", "sex", *(SONOGRAPHIC if sonographic else ()))
    whole = made.assign(split=stratified_split(made, seed=seed), center=NAME)
    table = subsample(whole, n_patients, seed).reset_index(drop=True)
    entry = dataset(NAME)
    cohort = Cohort(
        name=NAME,
        title=entry.title,
        evidence=entry.evidence,
        endpoint=entry.stated_endpoint,
        table=_cohort_table(table, folder, clinical),
        clinical=clinical,
        flow=_flow(lines, whole, table, n_patients),
        fingerprint="",
        warnings=_warnings(table, contents, polygons, sonographic),
        root=folder,
    )
    draw = settings | {"n_patients": n_patients, "seed": seed}
    return replace(cohort, fingerprint=fingerprint(cohort.table, draw, contents))


def _check(polygons: str, duplicates: str, margin: float) -> None:
    problems = []
    if polygons not in POLICIES:
        problems.append(f"polygons is {polygons!r}. Allowed: {', '.join(POLICIES)}.")
    if duplicates not in DUPLICATES:
        problems.append(f"duplicates is {duplicates!r}. Allowed: {', '.join(DUPLICATES)}.")
    if not 0 <= margin <= 0.5:
        problems.append(f"margin is {margin!r}. Allowed: 0 to 0.5.")
    if problems:
        raise ParameterError(NAME, problems)


def _cohort_table(table: pd.DataFrame, folder: Path, clinical: tuple[str, ...]) -> pd.DataFrame:
    """Give the columns of the contract, with absolute paths."""
    paths = {c: str(folder) + "/" + table[c] for c in ("image", "mask")}
    return table.assign(**paths)[[*COLUMNS, *clinical]]


def _flow(
    lines: pd.DataFrame, whole: pd.DataFrame, table: pd.DataFrame, n_patients: int | None
) -> pd.DataFrame:
    """Add what is kept and its splits, counted in pictures of the source."""
    by_source = {
        name: t.assign(image=t["source"]) for name, t in (("whole", whole), ("table", table))
    }
    flow = Flow()
    flow.lost(
        "subset",
        by_source["whole"],
        by_source["table"],
        f"not drawn: {n_patients} patients were asked for",
    )
    flow.there("kept", by_source["table"])
    flow.splits(by_source["table"])
    return pd.concat([lines, flow.frame()], ignore_index=True)


def _warnings(
    table: pd.DataFrame, contents: dict[str, str], polygons: str, sonographic: bool
) -> tuple[str, ...]:
    """Say what a reader of any number from this cohort has to know."""
    recorded = dataset(NAME).registry()
    changed = sum(recorded.get(name) != digest for name, digest in contents.items())
    sides = table.drop_duplicates("source")["views"].eq(2).sum()
    found = [
        "The endpoint is a surrogate: a reader's grade of suspicion, taken from the same picture.",
        "No pixel spacing is known: sizes are in pixels, and differ between settings of depth.",
        "Calipers are burned into some pictures at the nodule's edge and stay in the crop.",
    ]
    if sides:
        found.append(f"{sides} pictures show two views side by side; policy: {polygons}.")
    if sonographic:
        found.append(
            "Composition, echogenicity, margins and calcifications decide the TI-RADS "
            "grade: as predictors they hold the endpoint."
        )
    if changed or len(contents) != len(recorded):
        found.append(
            f"{changed} files differ from the recorded ones ({len(contents)} here, "
            f"{len(recorded)} recorded); run `ptclnm data check {NAME}`."
        )
    return tuple(found)

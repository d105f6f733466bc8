"""DDTI as a cohort."""

from typing import Literal

import pandas as pd

from ptclnm.cohorts.datasets import dataset, locate
from ptclnm.cohorts.ddti.cases import SONOGRAPHIC
from ptclnm.cohorts.ddti.crops import POLICIES, prepared, source_contents
from ptclnm.cohorts.schema import COLUMNS, Cohort, Flow, fingerprint
from ptclnm.cohorts.splits import stratified_split, subsample
from ptclnm.limits import choice_problem, real_problem, refuse

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
    refuse(
        NAME,
        choice_problem("polygons", polygons, POLICIES),
        choice_problem("duplicates", duplicates, DUPLICATES),
        real_problem("margin", margin, 0, 0.5),
    )
    root = locate(NAME)
    contents = source_contents(root)
    settings = {"polygons": polygons, "duplicates": duplicates, "margin": float(margin)}
    crops, lines, folder = prepared(root, contents, settings)
    clinical = ("age", "sex", *(SONOGRAPHIC if sonographic else ()))
    paths = {column: f"{folder}/" + crops[column] for column in ("image", "mask")}
    whole = crops.assign(split=stratified_split(crops, seed=seed), center=NAME, **paths)
    kept = subsample(whole, n_patients, seed).reset_index(drop=True)
    flow = Flow(lines)
    # Counted in pictures of the source.
    flow.kept(*(t.assign(image=t["source"]) for t in (whole, kept)), n_patients)
    table = kept[[*COLUMNS, *clinical]]
    draw = settings | {"n_patients": n_patients, "seed": seed}
    return dataset(NAME).cohort(
        table=table,
        flow=flow.frame(),
        clinical=clinical,
        fingerprint=fingerprint(table, draw, contents),
        warnings=_warnings(kept, contents, polygons, sonographic),
        root=folder,
    )


def _warnings(
    table: pd.DataFrame, contents: dict[str, str], polygons: str, sonographic: bool
) -> tuple[str, ...]:
    """Say what else a reader of any number from this cohort has to know."""
    recorded = dataset(NAME).registry()
    changed = sum(recorded.get(name) != digest for name, digest in contents.items())
    sides = table.drop_duplicates("source")["views"].eq(2).sum()
    warnings = []
    if sides:
        warnings.append(f"{sides} pictures show two views side by side; policy: {polygons}.")
    if sonographic:
        warnings.append(
            "Composition, echogenicity, margins and calcifications decide the TI-RADS "
            "grade: as predictors they hold the endpoint."
        )
    if changed or len(contents) != len(recorded):
        warnings.append(
            f"{changed} files differ from the recorded ones ({len(contents)} here, "
            f"{len(recorded)} recorded); run `ptclnm data check {NAME}`."
        )
    return tuple(warnings)

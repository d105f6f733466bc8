"""Opening and checking a reader's own cohort."""

import re
from os import PathLike
from pathlib import Path

import pandas as pd
import pooch

from ptclnm.cohorts.own.images import examine_files
from ptclnm.cohorts.own.manifest import Manifest, read_manifest
from ptclnm.cohorts.own.problems import Report, UnreadableError, lines
from ptclnm.cohorts.own.table import read_csv, tabulate
from ptclnm.cohorts.splits import subsample
from ptclnm.errors import ManifestError
from ptclnm.schema import Cohort, Flow, fingerprint

# Warnings of one kind on a page; the check lists more.
LISTED = 5


def open_manifest(
    path: str | PathLike[str], n_patients: int | None = None, seed: int = 0
) -> Cohort:
    """Open a reader's own cohort.

    Parameters
    ----------
    path : path-like
        The manifest, a YAML file; its schema is the book's page on own data.
    n_patients : int, optional
        Keep as many patients only, drawn by label and set; a larger draw with the same seed
        holds a smaller one. Only their images are then read and checked.
    seed : int
        Seed of the draw. The seed of the split is in the manifest.

    Returns
    -------
    Cohort
        One row an image, sorted by patient and image; evidence ``own``. Sets are assigned before
        patients are drawn, so that a patient is in the same set whatever `n_patients`.

    Raises
    ------
    ManifestError
        For all problems of the manifest, the CSV and the files that stop, at once.
    ParameterError
        If `n_patients` or `seed` is impossible.
    """
    report, found = _assess(Path(path), n_patients, seed)
    if report.errors:
        raise ManifestError(str(path), lines(report.errors))
    manifest, flow, drawn, files = found
    table = drawn.assign(image=files["image"], mask=files["mask"])
    table = table.sort_values(["patient_id", "image_id"]).reset_index(drop=True)
    settings = manifest.model_dump(mode="json", exclude={"csv", "root"})
    # Named as in the CSV, so that another folder gives the same fingerprint.
    contents = {
        drawn.at[row, column]: pooch.file_hash(path)
        for column, paths in files.items()
        for row, path in paths.items()
    }
    name = re.sub(r"[^A-Za-z0-9]+", "_", Path(path).stem).strip("_") or "own"
    return Cohort(
        name=name, title=manifest.title, evidence="own", endpoint=manifest.endpoint,
        table=table, clinical=tuple(c.name for c in manifest.columns.clinical),
        flow=flow,
        fingerprint=fingerprint(
            table, {**settings, "n_patients": n_patients, "seed": seed}, contents
        ),
        warnings=tuple(lines(report.warnings, LISTED)), root=manifest.root.resolve(),
        mask_label=manifest.mask_label, nodes=manifest.lymph_nodes,
    )  # fmt: skip


def check_manifest(path: str | PathLike[str]) -> Report:
    """Check a reader's own cohort whole.

    Parameters
    ----------
    path : path-like
        The manifest.

    Returns
    -------
    Report
        All errors and warnings of manifest, CSV, images and masks. Nothing is raised for them.
    """
    return _assess(Path(path), None, 0)[0]


def _assess(
    path: Path, n_patients: int | None, seed: int
) -> tuple[Report, tuple[Manifest, pd.DataFrame, pd.DataFrame, pd.DataFrame] | tuple[()]]:
    """Go on as far as the problems allow, so that they can be reported together.

    Beside the report, where it got so far: the manifest, the flow, the table with the paths of the
    CSV, and the files.
    """
    try:
        manifest = read_manifest(path)
        raw = read_csv(manifest.csv)
        table, problems = tabulate(raw, manifest)
    except UnreadableError as error:
        return Report(str(path), error.args), ()
    sound = not any(problem.stops for problem in problems)
    drawn = subsample(table.astype({"label": int}), n_patients, seed) if sound else table
    files, found = examine_files(drawn, manifest)
    problems += found
    flow, columns = Flow(), manifest.columns
    if sound:
        whole = raw[[columns.patient, columns.image]].set_axis(["patient_id", "image"], axis=1)
        flow.there("in the CSV", whole)
        labels = ", ".join(manifest.exclude)
        flow.lost("excluded", whole, table, f"label excluded by the manifest: {labels}")
        flow.kept(table, drawn, n_patients)
    return Report(str(path), tuple(problems)), (manifest, flow.frame(), drawn, files)

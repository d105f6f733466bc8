"""Opening and checking a reader's own cohort."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pandas as pd
import pooch

from ptclnm.cohorts.own.images import examine_files, locate_files
from ptclnm.cohorts.own.manifest import Manifest, canonical, read_manifest
from ptclnm.cohorts.own.problems import Problem, Report, UnreadableError, lines
from ptclnm.cohorts.own.table import read_csv, tabulate
from ptclnm.cohorts.schema import COLUMNS, Cohort, Flow, fingerprint
from ptclnm.cohorts.splits import subsample
from ptclnm.errors import ManifestError

# Warnings of one kind on a page; the check lists more.
LISTED = 5


@dataclass(frozen=True)
class _Assessed:
    """A manifest followed to its files; `table` has the paths that the CSV gives."""

    manifest: Manifest
    raw: pd.DataFrame
    table: pd.DataFrame
    drawn: pd.DataFrame
    files: pd.DataFrame


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
    problems, assessed = _assess(Path(path), n_patients, seed)
    report = Report(str(path), tuple(problems))
    if report.errors or assessed is None:
        raise ManifestError(str(path), lines(report.errors))
    manifest = assessed.manifest
    table = _final(assessed.drawn, assessed.files)
    settings = {**manifest.settings(), "n_patients": n_patients, "seed": seed}
    # Named as in the CSV, so that another folder gives the same fingerprint.
    contents = {
        assessed.drawn.at[row, column]: pooch.file_hash(path)
        for column, paths in assessed.files.items()
        for row, path in paths.items()
    }
    return Cohort(
        name=manifest.name,
        title=manifest.title,
        evidence="own",
        endpoint=manifest.endpoint,
        table=table,
        clinical=tuple(c.name for c in manifest.columns.clinical),
        flow=_flow(assessed, table, n_patients),
        fingerprint=fingerprint(table, settings, contents),
        warnings=tuple(lines(report.warnings, LISTED)),
        root=manifest.root.resolve(),
        mask_label=manifest.mask_label,
    )


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
    problems, _ = _assess(Path(path), None, 0)
    return Report(str(path), tuple(problems))


def _assess(
    path: Path, n_patients: int | None, seed: int
) -> tuple[list[Problem], _Assessed | None]:
    """Go on as far as the problems allow, so that they can be reported together."""
    try:
        manifest = read_manifest(path)
        raw = read_csv(manifest.csv)
        table, problems = tabulate(raw, manifest)
    except UnreadableError as error:
        return error.problems, None
    sound = not any(problem.kind.stops for problem in problems)
    drawn = subsample(table.astype({"label": int}), n_patients, seed) if sound else table
    files, absent = locate_files(drawn, manifest)
    problems += absent + examine_files(drawn, files, manifest)
    return problems, _Assessed(manifest, raw, table, drawn, files)


def _final(drawn: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    rest = [column for column in drawn if column not in COLUMNS]
    table = drawn.assign(image=files["image"], mask=files["mask"])[[*COLUMNS, *rest]]
    return table.sort_values(["patient_id", "image_id"]).reset_index(drop=True)


def _flow(assessed: _Assessed, table: pd.DataFrame, n_patients: int | None) -> pd.DataFrame:
    columns, flow = assessed.manifest.columns, Flow()
    names = {columns.patient: "patient_id", columns.image: "image"}
    raw = assessed.raw[list(names)].rename(columns=names)
    labels = assessed.raw[columns.label]
    flow.there("in the CSV", raw)
    for value in sorted(assessed.manifest.exclude):
        kept = raw[labels[raw.index].map(canonical).ne(value)]
        flow.lost("excluded", raw, kept, f"label {value!r} is excluded by the manifest")
        raw = kept
    flow.lost(
        "subset", assessed.table, assessed.drawn, f"not drawn: {n_patients} patients asked for"
    )
    flow.there("kept", table)
    flow.splits(table)
    return flow.frame()

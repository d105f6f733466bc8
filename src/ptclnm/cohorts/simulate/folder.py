"""A simulated cohort's folder: made where it is not whole, handed over where it is."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from echophantom.latent import Streams
from ptclnm import store
from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate import truth
from ptclnm.cohorts.simulate.files import (
    COHORT,
    IMAGES,
    MASKS,
    TRUTH,
    manifest_path,
    write_tables,
)
from ptclnm.cohorts.simulate.patients import Patients, study_of
from ptclnm.cohorts.simulate.pictures import Job, make_pictures
from ptclnm.compute import parallel_map
from ptclnm.errors import PtclnmError

# Left behind by a run that was killed.
STALE_SECONDS = 3600


def prepare(patients: Patients, table: pd.DataFrame, entry: Path, n_jobs: int | None) -> Path:
    """Make what is not there yet, or is damaged, of a cohort's folder and of its truth.

    Parameters
    ----------
    patients : Patients
        Who is in it.
    table : DataFrame
        As from :func:`picture_table`.
    entry : Path
        Where both are kept.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    Path
        The cohort's folder. Only those patients are rendered that an earlier run did not get to.

    Raises
    ------
    PtclnmError
        If a folder cannot be written to.
    """
    with _writing(entry):
        store.fill(entry, partial(_make, patients, table, entry, n_jobs))
    return entry / COHORT


def _make(patients: Patients, table: pd.DataFrame, entry: Path, n_jobs: int | None) -> None:
    folder, apart = entry / COHORT, entry / TRUTH
    for place in (folder / IMAGES, folder / MASKS, apart / truth.PICTURES):
        place.mkdir(parents=True, exist_ok=True)
    _sweep(entry)
    truth.save_patients(apart, patients.truth)
    jobs = [job for job in jobs_of(patients, entry) if not job.done()]
    parallel_map(make_pictures, jobs, n_jobs, "patients rendered")
    write_tables(folder, study_of(patients.name), table)


def export(cohort: Cohort, out: Path) -> Path:
    """Copy a simulated cohort's folder, without its truth.

    Parameters
    ----------
    cohort : Cohort
        With pictures, opened by its name.
    out : Path
        A folder that does not exist yet.

    Returns
    -------
    Path
        The manifest in it.

    Raises
    ------
    PtclnmError
        If the folder exists or cannot be written to.
    """
    out = out.absolute()
    if out.exists():
        raise PtclnmError(f"{out} exists already. Name a folder that does not.")
    if cohort.root is None:
        raise PtclnmError(f"{cohort.name} was opened without pictures; open it with them.")
    with _writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            shutil.copytree(cohort.root, fresh / out.name)
            (fresh / out.name).rename(out)
        finally:
            shutil.rmtree(fresh)
    return manifest_path(out, study_of(cohort.name))


def jobs_of(patients: Patients, entry: Path) -> list[Job]:
    """List what is to be rendered, one job a patient."""
    study = study_of(patients.name)
    sex = "sex" if "sex" in patients.table else "gender"
    return [
        Job(
            streams=Streams(patients.seed, patients.name, int(known.block)),
            row=int(known.row),
            patient_id=known.patient_id,
            center=record.center,
            sex=getattr(record, sex),
            age=int(record.age),
            planes=patients.planes[place],
            drivers=patients.drivers(place),
            suffix=study.SUFFIX,
            mask_value=study.MASK_VALUE,
            entry=entry,
        )
        for place, (known, record) in enumerate(
            zip(patients.truth.itertuples(), patients.table.itertuples(), strict=True)
        )
    ]


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn a failure to write into a named error."""
    try:
        yield
    except OSError as error:
        raise PtclnmError(
            f"{folder} cannot be written to: {error.strerror or error} ({error.filename or ''}). "
            "Make room or give write permission there; what is complete is kept, and the next "
            "run goes on from it."
        ) from error


def _sweep(entry: Path) -> None:
    """Remove what killed runs left beside the entry."""
    for left in entry.parent.glob(f".{entry.name}-*"):
        if time.time() - left.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(left)

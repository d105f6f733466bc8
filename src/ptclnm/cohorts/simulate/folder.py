"""A simulated cohort's folder: rendered where it is not whole, handed over where it is."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from echophantom.drivers import Drivers, examination
from echophantom.nodule import drawn_outline
from echophantom.patients import Streams
from echophantom.render import render_plane
from ptclnm import store
from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate import truth
from ptclnm.cohorts.simulate.files import (
    COHORT,
    IMAGES,
    MASKS,
    TRUTH,
    write_dicom,
    write_jpg,
    write_mask,
    write_tables,
)
from ptclnm.cohorts.simulate.patients import Patients, study_of
from ptclnm.compute import parallel_map, reuse_memory
from ptclnm.errors import PtclnmError
from ptclnm.report.files import write_table

# Left behind by a run that was killed.
STALE_SECONDS = 3600


@dataclass(frozen=True)
class Job:
    """One patient's pictures to be made.

    Parameters
    ----------
    streams : Streams
        Of the patient's block.
    row : int
        The patient's place in it.
    patient_id, center, sex : str
        Whose they are.
    age : int
        In years; for the tags of a DICOM file.
    planes : tuple of str
        One picture each.
    drivers : Drivers
        What the nodule looks like.
    entry : Path
        Folder of the cohort and of its truth.
    """

    streams: Streams
    row: int
    patient_id: str
    center: str
    sex: str
    age: int
    planes: tuple[str, ...]
    drivers: Drivers
    entry: Path

    def files(self, number: int) -> dict[str, Path]:
        """Where a picture, its mask and its truth belong; the picture comes last."""
        name, suffix = f"{self.patient_id}_{number + 1}", study_of(self.streams.study).STUDY.suffix
        return {
            "truth": self.entry / TRUTH / truth.PICTURES / f"{name}.npz",
            "mask": self.entry / COHORT / MASKS / f"{name}.nii.gz",
            "image": self.entry / COHORT / IMAGES / f"{name}{suffix}",
        }

    def done(self) -> bool:
        """Tell whether all pictures, masks and truths are there."""
        numbers = range(len(self.planes))
        return all(path.is_file() for number in numbers for path in self.files(number).values())


def jobs_of(patients: Patients, entry: Path) -> list[Job]:
    """List what is to be rendered, one job a patient."""
    sex = "sex" if "sex" in patients.table else "gender"
    rows = zip(patients.truth.itertuples(), patients.table.itertuples(), strict=True)
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
            entry=entry,
        )
        for place, (known, record) in enumerate(rows)
    ]


def make_pictures(job: Job) -> int:
    """Render one patient's planes and write image, mask and truth of each.

    Parameters
    ----------
    job : Job
        The patient.

    Returns
    -------
    int
        How many pictures there are. Each file appears under its name when it is complete; the
        half-made ones lie beside the entry, not in it.
    """
    reuse_memory()
    fresh = Path(mkdtemp(prefix=f".{job.entry.name}-", dir=job.entry.parent))
    try:
        for number in range(len(job.planes)):
            _make_picture(job, number, fresh)
    finally:
        shutil.rmtree(fresh)
    return len(job.planes)


def _make_picture(job: Job, number: int, fresh: Path) -> None:
    streams, plane, study = job.streams, job.planes[number], study_of(job.streams.study).STUDY
    operator = streams.rng("examination", job.row)
    machine = study.machines[job.center]
    scanner = examination(machine, study.habits, job.drivers.diameter_mm, operator)
    rng = streams.rng("picture", job.row, number)
    picture = render_plane(job.drivers, scanner, rng, plane)
    places = job.files(number)
    made = {kind: fresh / path.name for kind, path in places.items()}
    facts = {
        "patient_id": job.patient_id, "plane": plane, "seed": streams.seed,
        "block": streams.block, "row": job.row, "number": number,
    }  # fmt: skip
    truth.save_picture(made["truth"], picture, facts, scanner)
    hand = streams.rng("reader", job.row, number)
    outline = drawn_outline(picture.mask, picture.spacing_mm, hand)
    dicom = study.suffix == ".dcm"
    write_mask(outline, study.mask_value, picture.spacing_mm if dicom else None, made["mask"])
    if dicom:
        patient = {"id": job.patient_id, "sex": job.sex, "age": job.age}
        patient |= {"picture": f"{streams.study} {streams.seed} {places['image'].stem}"}
        day = streams.rng("day", job.row)
        write_dicom(picture.frame, picture.spacing_mm, made["image"], patient, day)
    else:
        write_jpg(picture.frame, made["image"])
    for kind, path in places.items():
        made[kind].replace(path)


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
    for left in entry.parent.glob(f".{entry.name}-*"):  # of killed runs
        if time.time() - left.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(left)
    write_table(patients.truth, apart / truth.PATIENTS)
    jobs = [job for job in jobs_of(patients, entry) if not job.done()]
    parallel_map(make_pictures, jobs, n_jobs, "patients rendered")
    write_tables(folder, study_of(patients.name).STUDY, table)


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
    return out / f"{cohort.name}.yml"


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

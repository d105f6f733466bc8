"""A simulated cohort's folder: rendered where it is not whole, handed over where it is."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from echophantom.drivers import examination
from echophantom.nodule import drawn_outline
from echophantom.patients import Streams
from echophantom.render import render_plane
from ptclnm import store
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
from ptclnm.files import write_table
from ptclnm.schema import Cohort

# Left behind by a run that was killed.
STALE_SECONDS = 3600


def files(entry: Path, patient: Patients, number: int) -> dict[str, Path]:
    """Where a patient's picture, its mask and its truth belong; the picture comes last."""
    name = f"{patient.table['patient_id'].iloc[0]}_{number + 1}"
    return {
        "truth": entry / TRUTH / truth.PICTURES / f"{name}.npz",
        "mask": entry / COHORT / MASKS / f"{name}.nii.gz",
        "image": entry / COHORT / IMAGES / f"{name}{study_of(patient.name).STUDY.suffix}",
    }


def make_pictures(entry: Path, patient: Patients) -> int:
    """Render one patient's planes and write image, mask and truth of each.

    Parameters
    ----------
    entry : Path
        Folder of the cohort and of its truth.
    patient : Patients
        One.

    Returns
    -------
    int
        How many pictures there are. Each file appears under its name when it is complete; the
        half-made ones lie beside the entry, not in it.
    """
    reuse_memory()
    fresh = Path(mkdtemp(prefix=f".{entry.name}-", dir=entry.parent))
    try:
        for number in range(len(patient.planes[0])):
            _make_picture(entry, patient, number, fresh)
    finally:
        shutil.rmtree(fresh)
    return len(patient.planes[0])


def _make_picture(entry: Path, patient: Patients, number: int, fresh: Path) -> None:
    study, drivers = study_of(patient.name).STUDY, patient.drivers(0)
    plane = patient.planes[0][number]
    record, known = patient.table.iloc[0], patient.truth.iloc[0]
    facts = {
        "patient_id": record["patient_id"], "plane": plane, "seed": patient.seed,
        "block": int(known["block"]), "row": int(known["row"]), "number": number,
    }  # fmt: skip
    streams, row = Streams(patient.seed, patient.name, facts["block"]), facts["row"]
    operator, machine = streams.rng("examination", row), study.machines[record["center"]]
    scanner = examination(machine, study.habits, drivers.diameter_mm, operator)
    picture = render_plane(drivers, scanner, streams.rng("picture", row, number), plane)
    places = files(entry, patient, number)
    made = {kind: fresh / path.name for kind, path in places.items()}
    truth.save_picture(made["truth"], picture, facts, scanner)
    outline = drawn_outline(picture.mask, picture.spacing_mm, streams.rng("reader", row, number))
    dicom = study.suffix == ".dcm"
    write_mask(outline, study.mask_value, picture.spacing_mm if dicom else None, made["mask"])
    if dicom:
        sex = record["sex" if "sex" in record else "gender"]
        about = {"id": record["patient_id"], "sex": sex, "age": int(record["age"])}
        about |= {"picture": f"{patient.name} {patient.seed} {places['image'].stem}"}
        day = streams.rng("day", row)
        write_dicom(picture.frame, picture.spacing_mm, made["image"], about, day)
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
    missing = []
    for patient in map(patients.only, range(len(patients.table))):
        numbers = range(len(patient.planes[0]))
        paths = [path for number in numbers for path in files(entry, patient, number).values()]
        if not all(path.is_file() for path in paths):
            missing.append(patient)
    parallel_map(partial(make_pictures, entry), missing, n_jobs, "patients rendered")
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

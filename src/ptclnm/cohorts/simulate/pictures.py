"""The pictures of one patient, from drivers to files."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from echophantom.drivers import Drivers, Scanner
from echophantom.latent import Streams
from echophantom.render import Picture, render_plane
from ptclnm.cohorts.simulate import truth
from ptclnm.cohorts.simulate.dicom import write_dicom
from ptclnm.cohorts.simulate.files import (
    COHORT,
    IMAGES,
    MASKS,
    TRUTH,
    drawn_outline,
    write_jpg,
    write_mask,
)
from ptclnm.cohorts.simulate.scanners import examination
from ptclnm.compute import reuse_memory


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
    suffix : str
        ``.jpg`` or ``.dcm``.
    mask_value : int
        Stored value of the ROI.
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
    suffix: str
    mask_value: int
    entry: Path

    def image_id(self, number: int) -> str:
        """Name a picture, counted from 0."""
        return f"{self.patient_id}_{number + 1}"

    def files(self, number: int) -> dict[str, Path]:
        """Where a picture, its mask and its truth belong; the picture comes last."""
        name = self.image_id(number)
        return {
            "truth": self.entry / TRUTH / truth.PICTURES / f"{name}.npz",
            "mask": self.entry / COHORT / MASKS / f"{name}.nii.gz",
            "image": self.entry / COHORT / IMAGES / f"{name}{self.suffix}",
        }

    def done(self) -> bool:
        """Tell whether all pictures, masks and truths are there."""
        numbers = range(len(self.planes))
        return all(path.is_file() for number in numbers for path in self.files(number).values())


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
    machine = job.streams.rng("examination", job.row)
    scanner = examination(job.streams.study, job.center, job.drivers.diameter_mm, machine)
    fresh = Path(mkdtemp(prefix=f".{job.entry.name}-", dir=job.entry.parent))
    try:
        for number, plane in enumerate(job.planes):
            rng = truth.picture_rng(job.streams, job.row, number)
            picture = render_plane(job.drivers, scanner, rng, plane)
            _write(job, number, picture, scanner, fresh)
    finally:
        shutil.rmtree(fresh)
    return len(job.planes)


def _write(job: Job, number: int, picture: Picture, scanner: Scanner, fresh: Path) -> None:
    places = job.files(number)
    made = {kind: fresh / path.name for kind, path in places.items()}
    facts = {
        "patient_id": job.patient_id, "plane": job.planes[number], "seed": job.streams.seed,
        "block": job.streams.block, "row": job.row, "number": number,
    }  # fmt: skip
    truth.save_picture(made["truth"], picture, facts, scanner)
    hand = job.streams.rng("reader", job.row, number)
    outline = drawn_outline(picture.mask, picture.spacing_mm, hand)
    spacing = picture.spacing_mm if job.suffix == ".dcm" else None
    write_mask(outline, job.mask_value, spacing, made["mask"])
    if job.suffix == ".dcm":
        patient = {"id": job.patient_id, "sex": job.sex, "age": job.age}
        patient |= {"picture": f"{job.streams.study} {job.streams.seed} {job.image_id(number)}"}
        day = job.streams.rng("day", job.row)
        write_dicom(picture.frame, picture.spacing_mm, made["image"], patient, day)
    else:
        write_jpg(picture.frame, made["image"])
    for kind, path in places.items():
        made[kind].replace(path)

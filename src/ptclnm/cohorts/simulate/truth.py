"""What simulated pictures were made from; it lies apart, where no model looks for it."""

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echophantom.drivers import Drivers, Scanner
from echophantom.patients import Streams
from echophantom.render import Picture, render_plane
from ptclnm.cohorts.simulate.files import TRUTH
from ptclnm.cohorts.simulate.patients import as_drivers
from ptclnm.errors import MissingDataError, PtclnmError, nearest
from ptclnm.schema import Cohort

PATIENTS, PICTURES = "patients.csv", "pictures"
# Steps of the stored map: a quarter of a decibel.
STEPS_PER_DB = 4


@dataclass(frozen=True, eq=False)
class PictureTruth:
    """The truth behind one picture.

    Parameters
    ----------
    facts : dict
        ``patient_id``, ``plane``, and which random numbers it was made from: ``seed, block, row,
        number``.
    patient : Series
        The row of `Patients.truth`: severity, latent, drivers.
    drivers : Drivers
        What the nodule looks like.
    scanner : Scanner
        How the machine was set.
    echogenicity_db : array of float32, shape (rows, cols)
        Mean echo without speckle, noise and shadow, to a quarter of a decibel; 0 is the gland.
    calcifications : array of float, shape (n, 2)
        Row and column of each.
    calcification_mm : array of float, shape (n,)
        Their widths.
    contour : array of float, shape (m, 2)
        Row and column of the true outline.
    mask : array of bool, shape (rows, cols)
        The true nodule, without a reader's hand.
    """

    facts: dict[str, Any]
    patient: pd.Series
    drivers: Drivers
    scanner: Scanner
    echogenicity_db: NDArray[np.float32]
    calcifications: NDArray[np.float64]
    calcification_mm: NDArray[np.float64]
    contour: NDArray[np.float64]
    mask: NDArray[np.bool_]


def save_picture(
    path: Path, picture: Picture, facts: dict[str, str | int], scanner: Scanner
) -> None:
    """Write the truth of one picture; the same truth gives the same bytes."""
    truth = picture.truth
    arrays = {
        "echogenicity": np.round(truth.echogenicity_db * STEPS_PER_DB).astype(np.int16),
        "calcifications": truth.calcifications,
        "calcification_mm": truth.calcification_mm,
        "contour": truth.contour.astype(np.float32),
        "mask": np.packbits(picture.mask),
        "facts": np.array(json.dumps(facts | {"scanner": asdict(scanner)})),
    }
    # numpy's own writer compresses three times as slowly.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue())


def load_patients(cohort: Cohort) -> pd.DataFrame:
    """Load latent and drivers of a simulated cohort's patients.

    Returns
    -------
    DataFrame
        As `Patients.truth`.

    Raises
    ------
    MissingDataError
        If the truth is not on this machine.
    PtclnmError
        If the cohort is not a simulated one opened by its name.
    """
    file = _existing(cohort, PATIENTS)
    # The default parser is off by the last digit, and a picture rendered again with it.
    return pd.read_csv(file, dtype={"patient_id": str}, float_precision="round_trip")


def load_scanners(cohort: Cohort) -> pd.DataFrame:
    """Load how the machine was set for each patient of a simulated cohort.

    Returns
    -------
    DataFrame
        ``patient_id``, then the fields of `Scanner`, as of the patient's first picture.

    Raises
    ------
    MissingDataError, PtclnmError
        As :func:`load_patients`.
    """
    rows = []
    for patient in cohort.patients.itertuples():
        file = _existing(cohort, f"{PICTURES}/{patient.image_id}.npz")
        with np.load(file, allow_pickle=False) as stored:
            facts = json.loads(str(stored["facts"]))
        rows.append({"patient_id": str(patient.patient_id)} | facts["scanner"])
    return pd.DataFrame(rows)


def load(cohort: Cohort, image_id: str) -> PictureTruth:
    """Load the truth behind one picture.

    Parameters
    ----------
    cohort : Cohort
        A simulated cohort, opened by its name.
    image_id : str
        One of its pictures.

    Returns
    -------
    PictureTruth
        Latent, drivers, scanner, and what is where in the frame.

    Raises
    ------
    PtclnmError
        If the cohort is not a simulated one, or has no such picture.
    MissingDataError
        If the truth is not on this machine.
    """
    known = cohort.table["image_id"].tolist()
    if image_id not in known:
        near = nearest(image_id, known).split(" Allowed")[0]
        raise PtclnmError(f"{cohort.name} has no picture {image_id!r}: {near}")
    with np.load(_existing(cohort, f"{PICTURES}/{image_id}.npz"), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    facts = json.loads(str(arrays.pop("facts")))
    scanner = Scanner(**facts.pop("scanner"))
    patient = load_patients(cohort).set_index("patient_id", drop=False).loc[facts["patient_id"]]
    echo = arrays.pop("echogenicity").astype(np.float32) / STEPS_PER_DB
    bits = np.unpackbits(arrays.pop("mask"), count=echo.size)
    mask = bits.reshape(echo.shape).astype(bool)
    drivers = as_drivers(patient)
    return PictureTruth(facts, patient, drivers, scanner, echo, mask=mask, **arrays)


def finer(cohort: Cohort, image_id: str, resolution: int = 2) -> Picture:
    """Render a cohort's picture again with a finer response: the same scatterers.

    Parameters
    ----------
    cohort, image_id
        As in :func:`load`.
    resolution : {1, 2, 4}
        How much finer in depth and across; 1 gives the frame that the cohort's file holds,
        before it was compressed.

    Returns
    -------
    Picture
        Frame, true mask and truth on as many times more rows and columns.

    Raises
    ------
    RenderError
        If the resolution is not among those allowed.
    PtclnmError
        As by :func:`load`.
    """
    known = load(cohort, image_id)
    streams = Streams(known.facts["seed"], cohort.name, known.facts["block"])
    rng = streams.rng("picture", known.facts["row"], known.facts["number"])
    return render_plane(known.drivers, known.scanner, rng, known.facts["plane"], resolution)


def _existing(cohort: Cohort, file: str) -> Path:
    root = cohort.root
    if cohort.evidence != "simulated" or root is None:
        raise PtclnmError(
            f"{cohort.name} has no truth: only simulated cohorts with pictures, opened by name, do."
        )
    path = root.parent / TRUTH / file
    if not path.is_file():
        raise MissingDataError(
            f"{path} is missing. Open {cohort.name} again: what is not there is made anew."
        )
    return path

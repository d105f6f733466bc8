"""What simulated pictures are made from; it lies apart, where no model looks for it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echophantom.drivers import Drivers, Scanner, examination
from echophantom.nodule import drawn_outline
from echophantom.patients import Streams
from echophantom.render import Picture, render_plane
from ptclnm.cohorts.simulate.patients import DRIVERS, Patients, study_of
from ptclnm.errors import MissingDataError
from ptclnm.schema import Cohort

# Beside a cohort's folder.
FILE = "truth/pictures.csv"


def records(patients: Patients) -> pd.DataFrame:
    """Say of each picture what it is made from.

    Parameters
    ----------
    patients : Patients
        Who is in the cohort.

    Returns
    -------
    DataFrame
        One row a picture: `image_id`, the columns of `Patients.truth` with one plane instead of
        all, and ``cohort, seed, center, number``, which with ``block, row`` tell the random
        numbers.
    """
    known = patients.truth.assign(
        cohort=patients.name, seed=patients.seed, center=patients.table["center"]
    )
    made = known.explode("plane", ignore_index=True)
    number = made.groupby("patient_id").cumcount()
    names = made["patient_id"] + "_" + (number + 1).astype(str)
    return made.assign(number=number, image_id=names)


def streams(record: Mapping[str, Any]) -> Streams:
    """Return the random streams of a picture's block of patients."""
    return Streams(record["seed"], record["cohort"], record["block"])


def scanner(record: Mapping[str, Any]) -> Scanner:
    """Return how the machine was set for a picture's patient."""
    study = study_of(record["cohort"]).STUDY
    operator = streams(record).rng("examination", record["row"])
    machine = study.machines[record["center"]]
    return examination(machine, study.habits, record["diameter_mm"], operator)


def render(record: Mapping[str, Any], resolution: int = 1) -> Picture:
    """Render a picture.

    Parameters
    ----------
    record : mapping
        A row of :func:`records`.
    resolution : {1, 2, 4}
        How much finer than a stored frame, in depth and across: the same scatterers.

    Returns
    -------
    Picture
        Frame, true mask and truth.

    Raises
    ------
    RenderError
        If the resolution is not among those allowed.
    """
    rng = streams(record).rng("picture", record["row"], record["number"])
    drivers = Drivers(**{name: record[name] for name in DRIVERS})
    return render_plane(drivers, scanner(record), rng, record["plane"], resolution)


def outline(record: Mapping[str, Any], picture: Picture) -> NDArray[np.bool_]:
    """Return the nodule's mask as a reader draws it."""
    hand = streams(record).rng("reader", record["row"], record["number"])
    return drawn_outline(picture.mask, picture.spacing_mm, hand)


def load(cohort: Cohort) -> pd.DataFrame:
    """Load what the pictures of a simulated cohort were made from.

    Returns
    -------
    DataFrame
        As :func:`records`.

    Raises
    ------
    MissingDataError
        If the cohort is not a simulated one, opened by its name, or the file is gone.
    """
    file = cohort.root.parent / FILE if cohort.root else None
    if cohort.evidence != "simulated" or file is None or not file.is_file():
        raise MissingDataError(
            f"{cohort.name} has no truth on this machine: a simulated cohort has, opened by name."
        )
    # The default parser is off by the last digit, and a picture rendered again with it.
    return pd.read_csv(file, dtype={"patient_id": str}, float_precision="round_trip")


def load_scanners(cohort: Cohort) -> pd.DataFrame:
    """Load how the machine was set for each patient of a simulated cohort.

    Returns
    -------
    DataFrame
        ``patient_id``, then the fields of `Scanner`.

    Raises
    ------
    MissingDataError
        As :func:`load`.
    """
    first = load(cohort).drop_duplicates("patient_id").to_dict("records")
    return pd.DataFrame([{"patient_id": one["patient_id"]} | asdict(scanner(one)) for one in first])


def render_again(cohort: Cohort, image_id: str, resolution: int = 1) -> Picture:
    """Render a picture of a simulated cohort again: the same scatterers, the same truth.

    Parameters
    ----------
    cohort : Cohort
        A simulated one, opened by its name.
    image_id : str
        One of its pictures.
    resolution : {1, 2, 4}
        As in :func:`render`; 1 gives the frame that the cohort's file holds, before it was
        compressed.

    Returns
    -------
    Picture

    Raises
    ------
    MissingDataError
        As :func:`load`.
    """
    known = load(cohort)
    return render(known[known["image_id"] == image_id].to_dict("records")[0], resolution)

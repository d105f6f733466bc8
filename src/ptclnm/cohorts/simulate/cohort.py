"""Opening a simulated cohort: drawn and rendered once for each setting, then found again."""

from dataclasses import asdict
from functools import partial

import pandas as pd

from echophantom.patients import Signals
from ptclnm import store
from ptclnm.cohorts.simulate.files import IMAGES, MASKS
from ptclnm.cohorts.simulate.folder import prepare
from ptclnm.cohorts.simulate.patients import Patients, draw, signals, study_of
from ptclnm.cohorts.simulate.study import FOLDER
from ptclnm.errors import ParameterError
from ptclnm.paths import PUBLISHED
from ptclnm.schema import COLUMNS, Cohort, Flow, fingerprint

# What decides a cohort beside the code: printed numbers, and what was chosen.
SOURCES = tuple(
    path
    for study in ("ni2024", "li2024")
    for path in (
        PUBLISHED / study / "counts.csv",
        PUBLISHED / study / "performance.csv",
        FOLDER / f"{study}.yml",
    )
)
WARNINGS = (
    "Patients and pictures are made up. What a model reaches here tells what the protocol does "
    "with data of this size and these margins, never what patients would show.",
    "How far the classes lie apart in the pictures is set, so that a plain radiomics model comes "
    "near the reported AUC: its AUC here confirms nothing.",
)


def open_simulated(
    name: str,
    n_patients: int | None = None,
    seed: int = 0,
    signal: float = 1.0,
    texture_signal: float | None = None,
    shape_signal: float | None = None,
    size_signal: float | None = None,
    pictures: bool = True,
    n_jobs: int | None = None,
) -> Cohort:
    """Open the simulated counterpart of a study.

    Parameters
    ----------
    name : {"ni2024-sim", "li2024-sim"}
        The cohort.
    n_patients : int, optional
        Patients, by default as many as Table 1 has; its classes within sets keep their
        proportions.
    seed : int
        Seed of everything.
    signal : float
        How much of the aggressiveness shows, 0 to 3. At 1 it is as reported. At 0 the label is
        independent of the clinical columns and of the pictures within each set, whose totals
        stay those of Table 1. Above 1 the pictures show more, and so do the clinical columns
        where Table 1 gives no counts by class.
    texture_signal, shape_signal, size_signal : float, optional
        The same for one family of findings, in table and picture alike: echogenicity,
        heterogeneity, calcification; outline, orientation, contact with the capsule; diameter.
    pictures : bool
        Whether to render pictures; without them there is one row a patient.
    n_jobs : int, optional
        Processes, by default one a core. It changes nothing but the time.

    Returns
    -------
    Cohort
        One row a picture, evidence ``simulated``. The files lie in ``_build/cache/cohorts``.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or `n_patients` leaves a class of a set empty.
    PtclnmError
        If the cache cannot be written to.
    """
    if not isinstance(pictures, bool):
        raise ParameterError(name, [f"pictures is {pictures!r}; allowed: true, false"])
    asked = (signal, texture_signal, shape_signal, size_signal)
    patients, study = draw(name, n_patients, seed, *asked), study_of(name).STUDY
    given = signals(name, *asked)
    settings = asdict(given) | {"name": name, "n_patients": len(patients.table), "seed": seed}
    settings |= {"pictures": pictures}
    key = store.key(cohort_table, settings, [path.read_text("utf-8") for path in SOURCES])
    table, root = cohort_table(patients, pictures), None
    if pictures:
        root = prepare(patients, table, store.FOLDER / "cohorts" / key, n_jobs).resolve()
        table = table.assign(**{c: f"{root}/" + table[c] for c in ("image", "mask")})
    whole = cohort_table(draw(name, None, seed, *asked), pictures)
    return Cohort(
        name=name,
        title=study.title,
        evidence="simulated",
        endpoint=study.endpoint,
        table=table,
        clinical=study.columns,
        flow=_flow(whole, cohort_table(patients, pictures)),
        fingerprint=fingerprint(table, settings, {"made by": key}),
        warnings=(*WARNINGS, *study.choices, *_dilution(given)),
        root=root,
    )


open_ni2024 = partial(open_simulated, "ni2024-sim")
open_li2024 = partial(open_simulated, "li2024-sim")


def cohort_table(patients: Patients, pictures: bool) -> pd.DataFrame:
    """Lay patients out as a cohort table, paths relative to its folder.

    Parameters
    ----------
    patients : Patients
        Who is in it.
    pictures : bool
        Whether there is one row a picture; else there is one row a patient, without paths.
    """
    study = study_of(patients.name).STUDY
    table = patients.table.assign(image_id="", image="", mask="")
    if pictures:
        counts = [len(planes) for planes in patients.planes]
        table = table.loc[table.index.repeat(counts)].reset_index(drop=True)
        number = table.groupby("patient_id").cumcount() + 1
        table["image_id"] = table["patient_id"] + "_" + number.astype(str)
        table["image"] = f"{IMAGES}/" + table["image_id"] + study.suffix
        table["mask"] = f"{MASKS}/" + table["image_id"] + ".nii.gz"
    return table[[*COLUMNS, *study.columns]]


def _flow(whole: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    flow = Flow()
    count = kept["patient_id"].nunique()
    if count < whole["patient_id"].nunique():
        flow.there("as many patients as in Table 1", whole)
        flow.lost("subset", whole, kept, f"not drawn: {count} patients asked for")
    flow.there("kept", kept)
    flow.splits(kept)
    return flow.frame()


def _dilution(given: Signals) -> tuple[str, ...]:
    """Say what a signal other than 1 does."""
    other = {name: value for name, value in asdict(given).items() if value != 1}
    if not other:
        return ()
    listed = ", ".join(f"{name} {value:g}" for name, value in other.items())
    return (
        f"Signals other than as reported: {listed}. Below 1 that share of each set's patients "
        "have the findings of their own class, the others those of a patient at random: counts "
        "are Table 1's by set, no longer by class.",
    )

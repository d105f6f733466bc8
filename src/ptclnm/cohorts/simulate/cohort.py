"""Opening a simulated cohort: drawn and rendered once for each setting, then found again."""

from dataclasses import asdict

import pandas as pd

from ptclnm import store
from ptclnm.cohorts.schema import COLUMNS, Cohort, Flow, fingerprint
from ptclnm.cohorts.simulate import li2024, ni2024
from ptclnm.cohorts.simulate.files import IMAGES, MASKS
from ptclnm.cohorts.simulate.folder import prepare
from ptclnm.cohorts.simulate.latent import Signals, signals
from ptclnm.cohorts.simulate.patients import Patients, draw, study_of
from ptclnm.errors import ParameterError
from ptclnm.paths import PUBLISHED

# Printed numbers that decide a cohort.
NUMBERS = tuple(
    PUBLISHED / study / f"{name}.csv"
    for study in (ni2024.STUDY, li2024.STUDY)
    for name in ("counts", "performance")
)
WARNINGS = (
    "Patients and pictures are made up. What a model reaches here tells what the protocol does "
    "with data of this size and these margins, never what patients would show.",
    "How far the classes lie apart in the pictures is set, so that a plain radiomics model comes "
    "near the reported AUC: its AUC here confirms nothing.",
)


def open_ni2024(
    n_patients: int | None = None,
    seed: int = 0,
    signal: float = 1.0,
    texture_signal: float | None = None,
    shape_signal: float | None = None,
    size_signal: float | None = None,
    pictures: bool = True,
    n_jobs: int | None = None,
) -> Cohort:
    """Open the simulated counterpart of Ni et al. 2024.

    Parameters
    ----------
    n_patients : int, optional
        Patients, by default Table 1's 854; its classes within sets keep their proportions.
    seed : int
        Seed of everything.
    signal : float
        How much of the aggressiveness shows, 0 to 3. At 1 it is as reported. At 0 the label is
        independent of the clinical columns and of the pictures within each set, whose totals
        stay those of Table 1. Above 1 the pictures show more, the counts stay.
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
    given = signals(ni2024.NAME, signal, texture_signal, shape_signal, size_signal)
    return open_simulated(ni2024.NAME, n_patients, seed, given, pictures, n_jobs)


def open_li2024(
    n_patients: int | None = None,
    seed: int = 0,
    signal: float = 1.0,
    texture_signal: float | None = None,
    shape_signal: float | None = None,
    size_signal: float | None = None,
    pictures: bool = True,
    n_jobs: int | None = None,
) -> Cohort:
    """Open the simulated counterpart of Li et al. 2024.

    Parameters
    ----------
    n_patients, seed, signal, texture_signal, shape_signal, size_signal, pictures, n_jobs
        As in :func:`open_ni2024`; Table 1 has 544 patients. Table 1 gives no counts by class, so
        that a signal above 1 shows in the clinical columns too.

    Returns
    -------
    Cohort
        As by :func:`open_ni2024`.
    """
    given = signals(li2024.NAME, signal, texture_signal, shape_signal, size_signal)
    return open_simulated(li2024.NAME, n_patients, seed, given, pictures, n_jobs)


def open_simulated(
    name: str,
    n_patients: int | None,
    seed: int,
    given: Signals,
    pictures: bool,
    n_jobs: int | None,
) -> Cohort:
    """Open a simulated cohort by its name; see :func:`open_ni2024`."""
    if not isinstance(pictures, bool):
        raise ParameterError(name, [f"pictures is {pictures!r}; allowed: true, false"])
    study = study_of(name)
    patients = _draw(name, n_patients, seed, given)
    settings = asdict(given) | {"name": name, "n_patients": len(patients.table), "seed": seed}
    settings |= {"pictures": pictures}
    key = store.key(picture_table, settings, [path.read_text("utf-8") for path in NUMBERS])
    table, root = picture_table(patients) if pictures else _without(patients), None
    if pictures:
        root = prepare(patients, table, store.FOLDER / "cohorts" / key, n_jobs).resolve()
        table = table.assign(**{c: f"{root}/" + table[c] for c in ("image", "mask")})
    return Cohort(
        name=name,
        title=study.TITLE,
        evidence="simulated",
        endpoint=study.ENDPOINT,
        table=table,
        clinical=study.COLUMNS,
        flow=_flow(patients, given, pictures),
        fingerprint=fingerprint(table, settings, {"made by": key}),
        warnings=(*WARNINGS, *study.CHOICES, *_dilution(given)),
        root=root,
    )


def picture_table(patients: Patients) -> pd.DataFrame:
    """Lay patients out as a cohort table, one row a picture, paths relative to its folder."""
    counts = [len(planes) for planes in patients.planes]
    table = patients.table.loc[patients.table.index.repeat(counts)].reset_index(drop=True)
    number = table.groupby("patient_id").cumcount() + 1
    table["image_id"] = table["patient_id"] + "_" + number.astype(str)
    study = study_of(patients.name)
    table["image"] = f"{IMAGES}/" + table["image_id"] + study.SUFFIX
    table["mask"] = f"{MASKS}/" + table["image_id"] + ".nii.gz"
    return table[[*COLUMNS, *study.COLUMNS]]


def _draw(name: str, n_patients: int | None, seed: int, given: Signals) -> Patients:
    return draw(name, n_patients, seed, given.clinical, given.texture, given.shape, given.size)


def _without(patients: Patients) -> pd.DataFrame:
    """Lay patients out as a cohort table without pictures."""
    table = patients.table.assign(image_id="", image="", mask="")
    return table[[*COLUMNS, *study_of(patients.name).COLUMNS]]


def _flow(patients: Patients, given: Signals, pictures: bool) -> pd.DataFrame:
    layout = picture_table if pictures else _without
    whole = layout(_draw(patients.name, None, patients.seed, given))
    kept = layout(patients)
    flow = Flow()
    if len(patients.table) < whole["patient_id"].nunique():
        flow.there("as many patients as in Table 1", whole)
        flow.lost("subset", whole, kept, f"not drawn: {len(patients.table)} patients asked for")
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

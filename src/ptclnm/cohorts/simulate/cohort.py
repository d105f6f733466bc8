"""A simulated cohort: drawn and rendered once for each setting, then found again."""

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ptclnm import store
from ptclnm.cohorts.simulate import truth
from ptclnm.cohorts.simulate.files import write_dicom, write_jpg, write_mask
from ptclnm.cohorts.simulate.patients import Patients, draw, study_of
from ptclnm.cohorts.simulate.study import FOLDER, Study
from ptclnm.compute import parallel_map, reuse_memory
from ptclnm.errors import PtclnmError
from ptclnm.files import replacing, write_table, write_text
from ptclnm.paths import PUBLISHED
from ptclnm.schema import COLUMNS, Cohort, Flow, fingerprint

# Within an entry of the store: what is handed over; the truth lies beside it.
COHORT = "cohort"
CSV = "patients.csv"
WARNINGS = (
    "Patients and pictures are made up. What a model reaches here tells what the protocol does "
    "with data of this size and these margins, never what patients would show.",
    "How far the classes lie apart in the pictures is set, so that a plain radiomics model comes "
    "near the reported AUC: its AUC here confirms nothing.",
)
DILUTED = (
    "The signal is {:g}, not 1 as reported. Below 1 that share of each set's patients have the "
    "findings of their own class, the others those of a patient at random: counts are Table 1's "
    "by set, no longer by class."
)


def open_simulated(
    name: str,
    n_patients: int | None = None,
    seed: int = 0,
    signal: float = 1.0,
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
    """
    patients, study = draw(name, n_patients, seed, signal), study_of(name).STUDY
    table, whole = cohort_table(patients), cohort_table(draw(name, None, seed, signal))
    settings = {"name": name, "n_patients": len(patients.table), "seed": seed}
    settings |= {"signal": float(signal)}
    # What decides a cohort beside code and settings: printed numbers, and what was chosen.
    paths = PUBLISHED / study.study / "counts.csv", PUBLISHED / study.study / "performance.csv"
    chosen = [path.read_text("utf-8") for path in (*paths, FOLDER / f"{study.study}.yml")]
    key = store.key(cohort_table, settings, chosen)
    entry = (store.FOLDER / "cohorts" / key).resolve()
    store.fill(entry, partial(_make, entry, patients, table, n_jobs))
    flow = Flow()
    flow.there("as many patients as in Table 1", whole)
    flow.kept(whole if len(whole) > len(table) else table, table, n_patients)
    root = entry / COHORT
    table = table.assign(**{c: f"{root}/" + table[c] for c in ("image", "mask")})
    return Cohort(
        name=name,
        title=study.title,
        evidence="simulated",
        endpoint=study.endpoint,
        table=table,
        clinical=study.columns,
        flow=flow.frame(),
        fingerprint=fingerprint(table, settings, {"made by": key}),
        warnings=(*WARNINGS, *study.choices, *([DILUTED.format(signal)] if signal != 1 else [])),
        root=root,
    )


open_ni2024 = partial(open_simulated, "ni2024-sim")
open_li2024 = partial(open_simulated, "li2024-sim")


def cohort_table(patients: Patients) -> pd.DataFrame:
    """Lay patients out as a cohort table, one row a picture, paths relative to its folder."""
    study = study_of(patients.name).STUDY
    names = truth.records(patients)[["patient_id", "image_id"]]
    table = patients.table.merge(names, on="patient_id")
    table["image"] = "images/" + table["image_id"] + study.suffix
    table["mask"] = "masks/" + table["image_id"] + ".nii.gz"
    return table[[*COLUMNS, *study.columns]]


def _make(entry: Path, patients: Patients, table: pd.DataFrame, n_jobs: int | None) -> None:
    """Make what is not there yet, or was damaged, of a cohort's folder and of its truth."""
    folder, study = entry / COHORT, study_of(patients.name).STUDY
    known = truth.records(patients)
    write_table(known, entry / truth.FILE)
    known = known.assign(**{c: f"{folder}/" + table[c] for c in ("image", "mask")})
    missing = [
        one for one in known.to_dict("records")
        if not (Path(one["image"]).is_file() and Path(one["mask"]).is_file())
    ]  # fmt: skip
    parallel_map(make_picture, missing, n_jobs, "pictures rendered")
    sheet = table.assign(label=table["label"].map(dict(enumerate(study.classes))))
    write_table(sheet, folder / CSV)
    text = yaml.safe_dump(manifest(study, table), sort_keys=False, allow_unicode=True, width=100)
    write_text(text, folder / f"{study.name}.yml")


def make_picture(record: Mapping[str, Any]) -> None:
    """Render one picture and write it, with its mask as a reader draws it.

    Parameters
    ----------
    record : mapping
        A row of ``truth.records``, with the paths of ``image`` and ``mask``.
    """
    reuse_memory()
    study, picture = study_of(record["cohort"]).STUDY, truth.render(record)
    spacing = picture.spacing_mm if study.dicom else None
    with replacing(Path(record["mask"])) as path:
        write_mask(truth.outline(record, picture), study.mask_value, spacing, path)
    with replacing(Path(record["image"])) as path:
        if study.dicom:
            unique = f"{record['cohort']} {record['seed']} {record['image_id']}"
            names = record["patient_id"], unique
            write_dicom(picture.frame, picture.spacing_mm, path, names, study.dicom)
        else:
            write_jpg(picture.frame, path)


def manifest(study: Study, table: pd.DataFrame) -> dict:
    """Describe the CSV as the book's page on own data asks for."""
    columns = {name.removesuffix("_id") if name == "patient_id" else name: name
               for name in COLUMNS if name != "split"}  # fmt: skip
    clinical = [
        {"column": c, "kind": "numeric" if c in study.decimals else "categorical"}
        for c in study.columns
    ]
    return {
        "title": study.title,
        "endpoint": study.endpoint,
        "csv": CSV,
        "root": ".",
        "columns": columns | {"clinical": clinical},
        "positive": [study.classes[1]],
        "negative": [study.classes[0]],
        "mask_label": study.mask_value,
        "split": {"column": "split"},
    }


def export(cohort: Cohort, out: Path) -> Path:
    """Copy a simulated cohort's folder, without its truth.

    Parameters
    ----------
    cohort : Cohort
        Opened by its name.
    out : Path
        A folder that does not exist yet.

    Returns
    -------
    Path
        The manifest in it.

    Raises
    ------
    PtclnmError
        If the folder cannot be written.
    """
    aside = out.with_name(f".{out.name}")
    try:
        shutil.copytree(cohort.root, aside, ignore=shutil.ignore_patterns(".*"))
        aside.rename(out)
    except OSError as error:
        raise PtclnmError(f"{out} cannot be written to: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return out / f"{cohort.name}.yml"

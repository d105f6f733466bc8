"""The patients of a simulated cohort: table, latent and what their pictures show."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from types import ModuleType

import numpy as np
import pandas as pd

from echophantom.drivers import Drivers
from echophantom.patients import FAMILIES, Signals, Stratum, Streams, apportion, enough, make_block
from ptclnm.cohorts.simulate import li2024, ni2024
from ptclnm.errors import (
    ParameterError,
    PtclnmError,
    checked_whole,
    nearest,
    real_problem,
    refuse,
    whole_problem,
)

STUDIES: dict[str, ModuleType] = {module.STUDY.name: module for module in (ni2024, li2024)}
DRIVERS = tuple(field.name for field in fields(Drivers))


@dataclass(frozen=True)
class Patients:
    """Simulated patients, one row each in every frame, in the same order.

    Parameters
    ----------
    name : str
        The cohort's name.
    seed : int
        What they were drawn with.
    table : DataFrame
        Columns ``patient_id, split, center, label`` and the clinical ones; all that a hospital
        would know.
    planes : list of tuple of str
        Planes of each patient's pictures, ``transverse`` or ``longitudinal``.
    truth : DataFrame
        Columns ``patient_id, block, row`` (which random numbers are the patient's), ``severity``
        (latent within the class), ``aggressiveness_*`` and ``shown_*`` by family of findings,
        then the fields of `Drivers`.
    """

    name: str
    seed: int
    table: pd.DataFrame
    planes: list[tuple[str, ...]]
    truth: pd.DataFrame

    def only(self, row: int) -> "Patients":
        """Return one of them."""
        frames = (frame.iloc[[row]].reset_index(drop=True) for frame in (self.table, self.truth))
        table, truth = frames
        return replace(self, table=table, planes=[self.planes[row]], truth=truth)

    def drivers(self, row: int) -> Drivers:
        """Return what the pictures of one patient show."""
        return as_drivers(self.truth.iloc[row])


def as_drivers(record: pd.Series) -> Drivers:
    """Pick the fields of `Drivers` out of a row of the truth."""
    whole = ("microcalcifications", "macrocalcifications")
    return Drivers(**{k: int(record[k]) if k in whole else float(record[k]) for k in DRIVERS})


def study_of(name: str) -> ModuleType:
    """Return the module of a simulated cohort.

    Raises
    ------
    PtclnmError
        If there is none of that name; the nearest is given.
    """
    if name not in STUDIES:
        raise PtclnmError(f"No simulated cohort is called {name!r}: {nearest(name, STUDIES)}")
    return STUDIES[name]


def signals(
    subject: str,
    signal: float = 1.0,
    texture_signal: float | None = None,
    shape_signal: float | None = None,
    size_signal: float | None = None,
) -> Signals:
    """Check the settings of a simulated cohort and fill in what is left out.

    Parameters
    ----------
    subject : str
        The cohort's name, for the error.
    signal : float
        For all four families, 0 to 3.
    texture_signal, shape_signal, size_signal : float, optional
        For one family apart.

    Raises
    ------
    ParameterError
        For every value that is no number from 0 to 3.
    """
    apart = {"size": size_signal, "shape": shape_signal, "texture": texture_signal}
    given = {"signal": signal} | {f"{k}_signal": v for k, v in apart.items() if v is not None}
    refuse(subject, *(real_problem(name, value, 0.0, 3.0) for name, value in given.items()))
    chosen = {name: float(signal if value is None else value) for name, value in apart.items()}
    return Signals(clinical=float(signal), **chosen)


def draw(
    name: str,
    n_patients: int | None = None,
    seed: int = 0,
    signal: float = 1.0,
    texture_signal: float | None = None,
    shape_signal: float | None = None,
    size_signal: float | None = None,
) -> Patients:
    """Draw the patients of a simulated cohort; no picture is made.

    Parameters
    ----------
    name : {"ni2024-sim", "li2024-sim"}
        The cohort.
    n_patients : int, optional
        Patients, by default as many as Table 1 has. The classes within sets keep their
        proportions, by largest remainder. The k-th patient of a class within a set is the same
        whatever `n_patients`; Table 1's counts are exact at its own number and multiples of it.
    seed : int
        Seed of everything.
    signal, texture_signal, shape_signal, size_signal : float, optional
        As in `signals`.

    Returns
    -------
    Patients
        Sorted by `patient_id`, which tells neither set nor class.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or `n_patients` leaves a class of a set empty.
    """
    study = study_of(name)
    sizes = [stratum.size for stratum in study.strata()]
    given = signals(name, signal, texture_signal, shape_signal, size_signal)
    number, least = sum(sizes) if n_patients is None else n_patients, enough(sizes)
    if problem := whole_problem("n_patients", number, least):
        said = f"{problem}, or None for Table 1's {sum(sizes)}. With fewer than {least} a class of "
        raise ParameterError(name, [f"{said}a set can be empty"])
    seed = checked_whole(name, "seed", seed, 0)
    return draw_with(name, apportion(sizes, int(number)), seed, given, study.STUDY.strength)


def draw_with(
    name: str, wanted: Sequence[int], seed: int, given: Signals, strength: dict[str, float]
) -> Patients:
    """Draw so many patients of each stratum, with the given strengths of the signals.

    As :func:`draw`, for whoever calibrates.
    """
    strata = study_of(name).strata()
    parts = []
    left = list(wanted)
    while any(left):
        number = len(parts)
        whole = _whole_block(name, seed, number, given, tuple(sorted(strength.items())))
        parts.append((whole, _first(Streams(seed, name, number), strata, left)))
        left = [max(n - s.size, 0) for n, s in zip(left, strata, strict=True)]
    table = pd.concat([whole.table.iloc[rows] for whole, rows in parts], ignore_index=True)
    truth = pd.concat([whole.truth.iloc[rows] for whole, rows in parts], ignore_index=True)
    planes = [whole.planes[row] for whole, rows in parts for row in rows]
    order = np.argsort(table["patient_id"].to_numpy(), kind="stable")
    table, truth = (frame.iloc[order].reset_index(drop=True) for frame in (table, truth))
    return Patients(name, seed, table, [planes[i] for i in order], truth)


def _first(streams: Streams, strata: Sequence[Stratum], wanted: Sequence[int]) -> list[int]:
    """Rows of the first so many patients of each stratum, in the block's own random order."""
    rows: list[int] = []
    start = 0
    for stratum, count in zip(strata, wanted, strict=True):
        order = streams.rng("order", stratum.split, stratum.label).permutation(stratum.size)
        rows += [start + int(k) for k in order[:count]]
        start += stratum.size
    return rows


@lru_cache(maxsize=8)
def _whole_block(
    name: str, seed: int, number: int, given: Signals, strength: tuple[tuple[str, float], ...]
) -> Patients:
    """Draw one full-size table."""
    study = study_of(name)
    streams = Streams(seed, name, number)
    block = make_block(streams, study.strata(), given, dict(strength))
    columns = study.clinical(block)
    # Numbers in random order, so that none tells the set or the class.
    order = 1 + number * len(block) + block.rng("number").permutation(len(block))
    ids = [f"{study.STUDY.prefix}{k:06d}" for k in order]
    known = {"patient_id": ids, "split": block.split, "center": study.centers(block)}
    truth = {"patient_id": ids, "block": number, "row": range(len(block))}
    truth |= {"severity": block.severity}
    truth |= {f"aggressiveness_{f}": block.aggressiveness(f) for f in FAMILIES}
    truth |= {f"shown_{f}": block.shown[f] for f in FAMILIES}
    return Patients(
        name,
        seed,
        pd.concat([pd.DataFrame(known | {"label": block.label}), columns], axis=1),
        study.planes(block),
        pd.concat([pd.DataFrame(truth), study.drivers(block, columns)], axis=1),
    )

"""The patients of a simulated cohort: table, latent and what their pictures show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from types import ModuleType

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
    """Simulated patients, one row each in both frames, in the same order.

    Parameters
    ----------
    name : str
        The cohort's name.
    seed : int
        What they were drawn with.
    table : DataFrame
        Columns ``patient_id, split, center, label`` and the clinical ones; all that a hospital
        would know.
    truth : DataFrame
        Columns ``patient_id, block, row`` (which random numbers are the patient's), ``plane``
        (those of the patient's pictures, ``transverse`` or ``longitudinal``), ``severity``
        (latent within the class), ``aggressiveness_*`` and ``shown_*`` by family of findings,
        then the fields of `Drivers`.
    """

    name: str
    seed: int
    table: pd.DataFrame
    truth: pd.DataFrame


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


def draw(name: str, n_patients: int | None = None, seed: int = 0, signal: float = 1.0) -> Patients:
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
    signal : float
        How much of the aggressiveness shows, 0 to 3.

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
    number, least = sum(sizes) if n_patients is None else n_patients, enough(sizes)
    if problem := whole_problem("n_patients", number, least):
        said = f"{problem}, or None for Table 1's {sum(sizes)}. With fewer than {least} a class of "
        raise ParameterError(name, [f"{said}a set can be empty"])
    refuse(name, real_problem("signal", signal, 0.0, 3.0))
    seed = checked_whole(name, "seed", seed, 0)
    given = Signals(**dict.fromkeys(FAMILIES, float(signal)))
    return draw_with(name, apportion(sizes, int(number)), seed, given, study.STUDY.strength)


def draw_with(
    name: str, wanted: Sequence[int], seed: int, given: Signals, strength: Mapping[str, float]
) -> Patients:
    """Draw so many patients of each stratum, with the given strengths of the signals.

    As :func:`draw`, for whoever calibrates.
    """
    strata = study_of(name).strata()
    tables, truths, left = [], [], list(wanted)
    while any(left):
        number = len(tables)
        table, truth = _whole_block(name, seed, number, given, tuple(sorted(strength.items())))
        rows = _first(Streams(seed, name, number), strata, left)
        tables.append(table.iloc[rows])
        truths.append(truth.iloc[rows])
        left = [max(n - s.size, 0) for n, s in zip(left, strata, strict=True)]
    frames = map(pd.concat, (tables, truths))
    return Patients(name, seed, *(f.sort_values("patient_id", ignore_index=True) for f in frames))


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
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw table and truth of one full-size table."""
    study = study_of(name)
    block = make_block(Streams(seed, name, number), study.strata(), given, dict(strength))
    decimals = study.STUDY.decimals
    columns = study.clinical(block).astype(dict.fromkeys(decimals, float)).round(decimals)
    # Numbers in random order, so that none tells the set or the class.
    order = 1 + number * len(block) + block.rng("number").permutation(len(block))
    ids = [f"{study.STUDY.prefix}{k:06d}" for k in order]
    known = {"patient_id": ids, "split": block.split, "center": study.centers(block)}
    truth = {"patient_id": ids, "block": number, "row": range(len(block))}
    truth |= {"plane": study.planes(block), "severity": block.severity}
    truth |= {f"aggressiveness_{f}": block.aggressiveness(f) for f in FAMILIES}
    truth |= {f"shown_{f}": block.shown[f] for f in FAMILIES}
    return (
        pd.concat([pd.DataFrame(known | {"label": block.label}), columns], axis=1),
        pd.concat([pd.DataFrame(truth), study.drivers(block, columns)], axis=1),
    )

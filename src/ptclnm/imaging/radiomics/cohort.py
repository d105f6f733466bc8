"""Features of a cohort: one row a picture."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from ptclnm import store
from ptclnm.cohorts.schema import Cohort
from ptclnm.compute import parallel_map, reuse_memory
from ptclnm.errors import ParameterError, nearest
from ptclnm.imaging.radiomics.engine import measure
from ptclnm.imaging.radiomics.errors import ExtractionError, RegionError
from ptclnm.imaging.radiomics.settings import Settings, load_settings
from ptclnm.imaging.radiomics.textures import Spacing
from ptclnm.pictures.errors import ImageError
from ptclnm.pictures.read import read_image, read_mask

UNITS = ("pixel", "mm")
Change = Callable[[str, np.ndarray, np.ndarray], np.ndarray]
PROBLEM_COLUMNS = ("image_id", "feature", "problem")


@dataclass(frozen=True, eq=False)
class Extraction:
    """Features of a cohort, and what is wrong with them.

    Parameters
    ----------
    features : DataFrame
        One row a picture in the cohort's order: ``image_id``, then every declared feature as
        float64. A feature that is missing is NaN; nothing is dropped.
    problems : DataFrame
        Columns ``image_id, feature, problem``: every value that is missing, not a number or
        infinite. `feature` is empty where the whole picture has none.
    computed, cached : int
        Pictures whose features were computed now, and those read from the cache.
    """

    features: pd.DataFrame
    problems: pd.DataFrame
    computed: int
    cached: int


def extract(
    cohort: Cohort,
    settings: str | PathLike[str] | Settings = "li2024",
    n_jobs: int | None = 1,
    cache: Path | None = None,
    progress: str = "images",
    label: int | str | None = None,
    unit: Literal["pixel", "mm"] = "pixel",
    change: Change | None = None,
) -> pd.DataFrame:
    """Extract the features of every picture of a cohort, or say what is wrong.

    Parameters
    ----------
    cohort : Cohort
        With `image` and `mask` of every row.
    settings : str or path or Settings
        ``li2024``, ``ni2024``, ``single_slice``, or a pyradiomics parameter file.
    n_jobs : int, optional
        Processes; None takes as many as there are cores. The table does not depend on it.
    cache : Path, optional
        Where extracted features are kept, an entry a picture; see ``ptclnm.store``. By default
        ``_build/cache``.
    progress : str
        What is counted on the terminal; empty for nothing.
    label : int or "any", optional
        Value that marks the nodule in the masks; ``"any"`` takes all above 0. By default what the
        cohort says.
    unit : {"pixel", "mm"}
        Unit of lengths and areas. Millimetres need the pixel spacing of every picture.
    change : callable, optional
        Of image id, grey values and mask; gives the grey values to extract from in place of the
        file's, e.g. super-resolved ones. Importable, so that other processes can find it.

    Returns
    -------
    DataFrame
        ``image_id``, then the features in pyradiomics' names, e.g. ``wavelet-LLH_glcm_Idm``.

    Raises
    ------
    ExtractionError
        If a picture cannot be used, or a feature is missing, not a number or infinite. All of
        them at once, by picture and feature; what could be extracted stays in the cache. Use
        `extract_all` to have the rest of the table nevertheless.
    ParameterError
        If the cohort has no pictures, or a setting is not known.
    """
    made = extract_all(cohort, settings, n_jobs, cache, progress, label, unit, change)
    if len(made.problems):
        raise ExtractionError(f"features of {cohort.name}", made.problems)
    return made.features


def extract_all(
    cohort: Cohort,
    settings: str | PathLike[str] | Settings = "li2024",
    n_jobs: int | None = 1,
    cache: Path | None = None,
    progress: str = "images",
    label: int | str | None = None,
    unit: Literal["pixel", "mm"] = "pixel",
    change: Change | None = None,
) -> Extraction:
    """Extract as `extract`, and list the problems beside the table.

    Parameters
    ----------
    cohort, settings, n_jobs, cache, progress, label, unit, change
        As for `extract`.

    Returns
    -------
    Extraction
        The table with NaN where a feature is missing, and its problems.

    Raises
    ------
    ParameterError
        As `extract`.
    """
    chosen = load_settings(settings)
    _check(cohort, unit)
    folder = store.FOLDER if cache is None else Path(cache)
    rows = [
        _Row(*row) for row in cohort.table[["image_id", "image", "mask"]].itertuples(index=False)
    ]
    roi = cohort.mask_label if label is None else label
    # The code is hashed here, once for all processes.
    kept = partial(_kept, chosen, folder / "radiomics", store.code(measure))
    work = partial(_one, settings=chosen, kept=kept, label=roi, unit=unit, change=change)
    results = parallel_map(work, rows, n_jobs=n_jobs, progress=progress)
    for text in (text for result in results for text in result.warnings):
        warnings.warn(text, stacklevel=2)
    return _gathered(results, chosen)


class _Row(NamedTuple):
    """One picture to be extracted."""

    image_id: str
    image: str
    mask: str


class _Result(NamedTuple):
    """One picture's features."""

    image_id: str
    values: np.ndarray
    problems: dict[str, str]
    computed: bool
    warnings: tuple[str, ...] = ()


def _one(
    row: _Row,
    settings: Settings,
    kept: Callable[..., _Result],
    label: int | str,
    unit: str,
    change: Change | None,
) -> _Result:
    """Read one picture and its features, or extract them."""
    try:
        picture, mask = read_image(row.image, max_colour=1.0), read_mask(row.mask, label)
        spacing = _spacing(picture.spacing, unit)
        array = picture.array if change is None else change(row.image_id, picture.array, mask)
        return kept(row.image_id, array, mask, spacing)
    except (ImageError, RegionError) as error:
        nothing = np.full(len(settings.names), np.nan)
        return _Result(row.image_id, nothing, {"": str(error)}, False)


def _kept(
    settings: Settings,
    folder: Path,
    code: str,
    image_id: str,
    array: np.ndarray,
    mask: np.ndarray,
    spacing: Spacing,
) -> _Result:
    """Features by the pixels alone, whatever the file and the type that they are stored in."""
    computed, warned = [], []

    def make(*_: Path) -> dict[str, np.ndarray]:
        reuse_memory()
        found = measure(array, mask, settings, spacing)
        computed.append(image_id)
        problems = np.array(list(found.problems.items()), dtype=str).reshape(-1, 2)
        return {"values": np.array(list(found.values.values())), "problems": problems}

    pixels = np.asarray(array, dtype=np.float64)
    entry = folder / store.key(code, pixels, np.asarray(mask) != 0, settings, spacing)
    made = store.read(store.keep(entry, make, warned.append))
    problems = dict(made["problems"].tolist())
    return _Result(image_id, made["values"], problems, bool(computed), tuple(warned))


def _spacing(spacing: tuple[float, float] | None, unit: str) -> Spacing:
    """Distances of slices, rows and columns; the one slice is 1 thick."""
    if unit == "pixel":
        return (1.0, 1.0, 1.0)
    if spacing is None:
        raise RegionError("no_spacing", "the picture's file gives no pixel spacing")
    return (1.0, *spacing)


def _gathered(results: list[_Result], settings: Settings) -> Extraction:
    values = np.array([result.values for result in results])
    features = pd.DataFrame(values, columns=list(settings.names))
    features.insert(0, "image_id", [result.image_id for result in results])
    problems = [
        (result.image_id, name, problem)
        for result in results
        for name, problem in result.problems.items()
    ]
    computed = sum(result.computed for result in results)
    whole = sum("" not in result.problems for result in results)
    table = pd.DataFrame(problems, columns=list(PROBLEM_COLUMNS))
    return Extraction(features, table, computed, whole - computed)


def _check(cohort: Cohort, unit: str) -> None:
    problems = []
    if unit not in UNITS:
        problems.append(f"unit is {unit!r}; {nearest(unit, UNITS)}")
    table = cohort.table
    without = table[["image", "mask"]].fillna("").eq("").any(axis=1)
    if table.empty or without.all():
        problems.append(f"the cohort {cohort.name} has no pictures with masks")
    elif without.any():
        names = ", ".join(map(str, table.loc[without, "image_id"].head(5)))
        problems.append(f"{without.sum()} rows have no picture or no mask: {names}")
    if table["image_id"].duplicated().any():
        twice = ", ".join(map(str, table.loc[table["image_id"].duplicated(), "image_id"].head(5)))
        problems.append(f"an image_id stands on several rows: {twice}")
    if problems:
        raise ParameterError("extraction", problems)

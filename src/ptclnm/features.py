"""Radiomics features of a cohort: one row a picture, each kept by its pixels."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from ptclnm import store
from ptclnm.compute import parallel_map, reuse_memory
from ptclnm.errors import ParameterError, ProblemsError, nearest
from ptclnm.paths import DATA_MANIFEST
from ptclnm.pictures.read import ImageError, read_image, read_mask
from ptclnm.schema import Cohort
from quickradiomics import settings as files
from quickradiomics.engine import measure
from quickradiomics.errors import RegionError, SettingsError
from quickradiomics.settings import Settings

FOLDER = DATA_MANIFEST / "radiomics"
# How many features the settings of this project have; other counts are an error.
DECLARED = MappingProxyType({"li2024": 1561, "ni2024": 1357, "single_slice": 555})
NAMES_SHOWN = 8
Change = Callable[[str, np.ndarray, np.ndarray], np.ndarray]


class ExtractionError(ProblemsError):
    """Features that are missing, not a number or infinite, or pictures without any.

    Parameters
    ----------
    subject : str
        The cohort.
    table : DataFrame
        Columns ``image_id, feature, problem``; `feature` is empty where the whole picture has
        none.
    """

    def __init__(self, subject: str, table: pd.DataFrame) -> None:
        self.table = table
        super().__init__(subject, _lines(table))


def _lines(table: pd.DataFrame) -> Iterable[str]:
    """One line a picture and kind of problem, with the first few features' names."""
    for (image, problem), rows in table.groupby(["image_id", "problem"], sort=False):
        names = [name for name in rows["feature"] if name]
        if not names:
            yield f"{image}: {problem}"
            continue
        more = len(names) - NAMES_SHOWN
        shown = ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
        yield f"{image}: {len(names)} features, {problem}: {shown}"


def load_settings(settings: str | PathLike[str] | Settings) -> Settings:
    """Read and check the settings of an extraction.

    Parameters
    ----------
    settings : str or path or Settings
        A name of ``DECLARED``, or the path of a pyradiomics parameter file.

    Returns
    -------
    Settings
        The settings with the names of all features they declare.

    Raises
    ------
    ParameterError
        If there is no such file, it is not of pyradiomics' form, names an unknown filter,
        class, feature or setting, or declares another number of features than it should. All
        problems at once.
    """
    if isinstance(settings, Settings):
        return settings
    path = FOLDER / f"{settings}.yml" if str(settings) in DECLARED else Path(settings)
    if not path.is_file():
        advice = nearest(str(settings), DECLARED)
        raise ParameterError("settings", [f"{settings} is neither a name nor a file; {advice}"])
    try:
        chosen = files.load_settings(path)
    except SettingsError as error:
        raise ParameterError(error.subject, error.problems) from None
    name, count = chosen.name, len(chosen.names)
    if count != DECLARED.get(name, count):
        found = f"{count:,} features are declared; {name} has {DECLARED[name]:,}"
        raise ParameterError(str(path), [found])
    return chosen


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
    change: Change | None = None,
) -> pd.DataFrame:
    """Extract the features of every picture of a cohort, or say what is wrong.

    Parameters
    ----------
    cohort : Cohort
        With `image` and `mask` of every row; it says which label marks the nodule in the masks.
    settings : str or path or Settings
        ``li2024``, ``ni2024``, ``single_slice``, or a pyradiomics parameter file.
    n_jobs : int, optional
        Processes; None takes as many as there are cores. The table does not depend on it.
    cache : Path, optional
        Where extracted features are kept, an entry a picture; see ``ptclnm.store``. By default
        ``_build/cache``.
    progress : str
        What is counted on the terminal; empty for nothing.
    change : callable, optional
        Of image id, grey values and mask; gives the grey values to extract from in place of the
        file's, e.g. super-resolved ones. Importable, so that other processes can find it.

    Returns
    -------
    DataFrame
        ``image_id``, then the features in pyradiomics' names, e.g. ``wavelet-LLH_glcm_Idm``.
        Lengths and areas are in pixels.

    Raises
    ------
    ExtractionError
        If a picture cannot be used, or a feature is missing, not a number or infinite. All of
        them at once, by picture and feature; what could be extracted stays in the cache. Use
        `extract_all` to have the rest of the table nevertheless.
    ParameterError
        If the cohort has no pictures, or a setting is not known.
    """
    made = extract_all(cohort, settings, n_jobs, cache, progress, change)
    if len(made.problems):
        raise ExtractionError(f"features of {cohort.name}", made.problems)
    return made.features


def extract_all(
    cohort: Cohort,
    settings: str | PathLike[str] | Settings = "li2024",
    n_jobs: int | None = 1,
    cache: Path | None = None,
    progress: str = "images",
    change: Change | None = None,
) -> Extraction:
    """Extract as `extract`, and list the problems beside the table.

    Parameters
    ----------
    cohort, settings, n_jobs, cache, progress, change
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
    _check(cohort)
    folder = (store.FOLDER if cache is None else Path(cache)) / "radiomics"
    rows = cohort.table[["image_id", "image", "mask"]].itertuples(index=False, name=None)
    # The code is hashed here, once for all processes.
    work = partial(_one, chosen, folder, store.code(measure), cohort.mask_label, change)
    results = parallel_map(work, rows, n_jobs=n_jobs, progress=progress)
    for text in (text for result in results for text in result.warnings):
        warnings.warn(text, stacklevel=2)
    features = pd.DataFrame([result.values for result in results], columns=list(chosen.names))
    features.insert(0, "image_id", cohort.table["image_id"].tolist())
    problems = pd.DataFrame(
        [
            (image_id, name, problem)
            for image_id, result in zip(features["image_id"], results, strict=True)
            for name, problem in result.problems.items()
        ],
        columns=["image_id", "feature", "problem"],
    )
    computed = sum(result.computed for result in results)
    whole = sum("" not in result.problems for result in results)
    return Extraction(features, problems, computed, whole - computed)


class _Result(NamedTuple):
    """One picture's features."""

    values: np.ndarray
    problems: dict[str, str]
    computed: bool = False
    warnings: tuple[str, ...] = ()


def _one(
    settings: Settings,
    folder: Path,
    code: str,
    label: int | str,
    change: Change | None,
    row: tuple[str, str, str],
) -> _Result:
    """Read one picture's features, or extract them.

    They are kept by the pixels alone, whatever the file and the type that these are stored in.
    """
    image_id, image, mask_path = row
    computed, warned = [], []

    def make(*_: Path) -> dict[str, np.ndarray]:
        reuse_memory()
        found = measure(array, mask, settings)
        computed.append(image_id)
        problems = np.array(list(found.problems.items()), dtype=str).reshape(-1, 2)
        return {"values": np.array(list(found.values.values())), "problems": problems}

    try:
        array, mask = read_image(image, max_colour=1.0).array, read_mask(mask_path, label)
        if change is not None:
            array = change(image_id, array, mask)
        pixels = np.asarray(array, dtype=np.float64)
        entry = folder / store.key(code, pixels, np.asarray(mask) != 0, settings)
        made = store.read(store.keep(entry, make, warned.append))
    except (ImageError, RegionError) as error:
        return _Result(np.full(len(settings.names), np.nan), {"": str(error)})
    return _Result(made["values"], dict(made["problems"].tolist()), bool(computed), tuple(warned))


def _check(cohort: Cohort) -> None:
    problems = []
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

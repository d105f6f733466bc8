"""Radiomics features of a cohort: one row a picture, each kept by its pixels."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from os import PathLike
from pathlib import Path
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
NAMES_SHOWN = 8
Change = Callable[[np.ndarray], np.ndarray]


class ExtractionError(ProblemsError):
    """Features that are missing, not a number or infinite, or pictures without any."""


def load_settings(settings: str | PathLike[str] | Settings) -> Settings:
    """Read and check the settings of an extraction.

    Parameters
    ----------
    settings : str or path or Settings
        ``li2024``, ``ni2024``, ``single_slice``, or the path of a pyradiomics parameter file.

    Returns
    -------
    Settings
        The settings with the names of all features they declare.

    Raises
    ------
    ParameterError
        If there is no such file, it is not of pyradiomics' form, or names an unknown
        filter, class, feature or setting. All problems at once.
    """
    if isinstance(settings, Settings):
        return settings
    named = {path.stem: path for path in FOLDER.glob("*.yml")}
    path = named.get(str(settings), Path(settings))
    if not path.is_file():
        advice = nearest(str(settings), named)
        raise ParameterError("settings", [f"{settings} is neither a name nor a file; {advice}"])
    try:
        return files.load_settings(path)
    except SettingsError as error:
        raise ParameterError(error.subject, error.problems) from None


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
        Gives the grey values to extract from in place of the file's, e.g. super-resolved ones.
        Importable, so that other processes can find it.

    Returns
    -------
    DataFrame
        ``image_id``, then the features in pyradiomics' names, e.g. ``wavelet-LLH_glcm_Idm``.
        Lengths and areas are in pixels.

    Raises
    ------
    ExtractionError
        If a picture cannot be used, or a feature is missing, not a number or infinite. All of
        them at once, by picture and feature; what could be extracted stays in the cache.
    ParameterError
        If the cohort has no pictures, or a setting is not known.
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
    ids = cohort.table["image_id"].tolist()
    found = zip(ids, results, strict=True)
    if problems := [line for name, result in found for line in _lines(name, result.problems)]:
        raise ExtractionError(f"features of {cohort.name}", problems)
    features = pd.DataFrame([result.values for result in results], columns=list(chosen.names))
    features.insert(0, "image_id", ids)
    return features


def _lines(image: str, problems: Mapping[str, str]) -> Iterator[str]:
    """Say what is wrong with a picture, with the first few features' names."""
    for problem in dict.fromkeys(problems.values()):
        names = [name for name, found in problems.items() if found == problem]
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        few = ", ".join(names[:NAMES_SHOWN]) + more
        yield f"{image}: {len(names)} features, {problem}: {few}" if few else f"{image}: {problem}"


class _Result(NamedTuple):
    """One picture's features, and what is wrong with them by their names; "" for the picture."""

    values: np.ndarray
    problems: dict[str, str]
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
    warned = []

    def make(*_: Path) -> dict[str, np.ndarray]:
        reuse_memory()
        found = measure(array, mask, settings)
        problems = np.array(list(found.problems.items()), dtype=str).reshape(-1, 2)
        return {"values": np.array(list(found.values.values())), "problems": problems}

    try:
        array, mask = read_image(image, max_colour=1.0).array, read_mask(mask_path, label)
        if change is not None:
            array = change(array).astype(np.float64)
        pixels = np.asarray(array, dtype=np.float64)
        entry = folder / store.key(code, pixels, np.asarray(mask) != 0, settings)
        made = store.read(store.keep(entry, make, warned.append))
    except (ImageError, RegionError) as error:
        return _Result(np.empty(0), {"": str(error)})
    return _Result(made["values"], dict(made["problems"].tolist()), tuple(warned))


def _check(cohort: Cohort) -> None:
    table = cohort.table
    without = table.loc[table[["image", "mask"]].fillna("").eq("").any(axis=1), "image_id"]
    if len(without) == len(table):
        raise ParameterError("extraction", [f"the cohort {cohort.name} has no pictures with masks"])
    if len(without):
        names = ", ".join(map(str, without.head(5)))
        found = f"{len(without)} rows have no picture or no mask: {names}"
        raise ParameterError("extraction", [found])

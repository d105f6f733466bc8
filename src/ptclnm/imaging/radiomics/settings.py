"""Settings of an extraction: a pyradiomics parameter file, checked, and the names it declares."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pykwalify.errors import PyKwalifyException
from radiomics import getFeatureClasses, getImageTypes
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ptclnm.errors import ParameterError, nearest
from ptclnm.paths import DATA_MANIFEST

FOLDER = DATA_MANIFEST / "radiomics"
# How many features the settings of this project have; other counts are an error.
DECLARED = MappingProxyType({"li2024": 1561, "ni2024": 1357, "single_slice": 555})
SECTIONS = ("setting", "imageType", "featureClass")
# Settings of pyradiomics that mean the same here. Not among them: resampling, re-segmentation,
# correction of masks, features of each voxel.
SETTINGS = frozenset(
    "minimumROIDimensions minimumROISize additionalInfo label binWidth binCount normalize "
    "normalizeScale removeOutliers distances force2D force2Ddimension symmetricalGLCM "
    "weightingNorm gldm_a voxelArrayShift sigma wavelet level start_level gradientUseSpacing "
    "lbp2DRadius lbp2DSamples lbp2DMethod lbp3DLevels lbp3DIcosphereRadius "
    "lbp3DIcosphereSubdivision".split()
)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pyradiomics from printing; what it fails to compute is reported by name."""
    logger = logging.getLogger("radiomics")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@dataclass(frozen=True)
class Settings:
    """What is extracted.

    Parameters
    ----------
    name : str
        Short name, e.g. ``li2024``.
    values : dict
        pyradiomics' settings, its defaults included.
    image_types : dict
        Settings of each image type's own, by pyradiomics' name of the filter.
    classes : dict
        Names of the features of each class.
    names : tuple of str
        Every feature that is declared, in the order of extraction.
    """

    name: str
    values: dict[str, Any]
    image_types: dict[str, dict[str, Any]]
    classes: dict[str, tuple[str, ...]]
    names: tuple[str, ...] = field(repr=False)


def load_settings(settings: "str | PathLike[str] | Settings") -> Settings:
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
    with path.open(encoding="utf-8") as handle:
        try:
            content = yaml.safe_load(handle)
        except yaml.YAMLError as error:
            raise ParameterError(str(path), [f"it is no YAML: {error}"]) from None
    return from_content(content, path.stem, str(path))


def from_content(content: Any, name: str, subject: str = "settings") -> Settings:
    """Check the content of a parameter file; see `load_settings`.

    Parameters
    ----------
    content : dict
        As read from YAML.
    name : str
        Name of the settings; one of ``DECLARED`` has its number of features checked.
    subject : str
        What an error calls the content.
    """
    if problems := _problems(content):
        raise ParameterError(subject, problems)
    try:
        with quiet():
            extractor = RadiomicsFeatureExtractor(content)
    except PyKwalifyException as error:
        raise ParameterError(subject, [str(error.msg)]) from None
    classes = {
        key: tuple(chosen or default_features(key))
        for key, chosen in extractor.enabledFeatures.items()
    }
    types = {key: dict(own or {}) for key, own in extractor.enabledImagetypes.items()}
    names = tuple(_declared(extractor.settings, types, classes))
    if len(names) != DECLARED.get(name, len(names)):
        found = f"{len(names):,} features are declared; {name} has {DECLARED[name]:,}"
        raise ParameterError(subject, [found])
    return Settings(name, extractor.settings, types, classes, names)


@cache
def default_features(feature_class: str) -> tuple[str, ...]:
    """Names of the features of a class that pyradiomics computes unless told otherwise."""
    names = getFeatureClasses()[feature_class].getFeatureNames()
    return tuple(name for name, deprecated in names.items() if not deprecated)


def image_type_names(filter_name: str, values: dict[str, Any]) -> list[str]:
    """Names of the images that a filter makes.

    Parameters
    ----------
    filter_name : str
        As in the section ``imageType``, e.g. ``Wavelet``.
    values : dict
        The settings, with those of the filter.

    Returns
    -------
    list of str
        As they begin the features' names, e.g. ``wavelet-LLH``, in pyradiomics' order.
    """
    if filter_name == "Wavelet":
        axes, levels = (2 if values.get("force2D") else 3), values.get("level", 1)
        low = "L" * axes
        bands = ["".join(band) for band in product("LH", repeat=axes) if "".join(band) != low]
        marks = ["", *map(str, range(2, levels + 1))]
        return [f"wavelet{mark}-{band}" for mark in marks for band in bands] + [
            f"wavelet{marks[-1]}-{low}"
        ]
    if filter_name == "LBP3D":
        return [f"lbp-3D-m{n + 1}" for n in range(values.get("lbp3DLevels", 2))] + ["lbp-3D-k"]
    if filter_name == "LBP2D":
        return ["lbp-2D"]
    if filter_name == "LoG":
        sigmas = [str(sigma).replace(".", "-") for sigma in values.get("sigma", [])]
        return [f"log-sigma-{sigma}-mm-3D" for sigma in sigmas]
    return [filter_name.lower()]


def _declared(values: dict, types: dict, classes: dict) -> list[str]:
    shape = [f"original_{key}_{n}" for key in classes if is_shape(key) for n in classes[key]]
    images = [name for key, own in types.items() for name in image_type_names(key, values | own)]
    rest = [(key, n) for key in classes if not is_shape(key) for n in classes[key]]
    return shape + [f"{image}_{key}_{n}" for image in images for key, n in rest]


def is_shape(feature_class: str) -> bool:
    """Tell whether a class describes the mask alone."""
    return feature_class.startswith("shape")


def _problems(content: Any) -> list[str]:
    """Say which names pyradiomics does not know, each with the nearest that it does."""
    if not isinstance(content, dict):
        return [f"it must have the sections {', '.join(SECTIONS)}"]
    found = [
        f"no section {key!r}; {nearest(key, SECTIONS)}" for key in content if key not in SECTIONS
    ]
    setting = content.get("setting") or {}
    found += _unknown("setting", setting, SETTINGS)
    if setting.get("force2Ddimension", 0) != 0:
        found.append("force2Ddimension must be 0: the slice is the first dimension")
    if setting.get("label", 1) != 1:
        found.append("label must be 1: the extraction itself is told which label is the nodule")
    types = content.get("imageType") or {}
    found += _unknown("filter", types, getImageTypes())
    for key, own in types.items():
        found += _unknown(f"setting of {key}", own or {}, SETTINGS)
    known = getFeatureClasses()
    chosen = content.get("featureClass") or {}
    found += _unknown("feature class", chosen, known)
    for key in set(chosen) & set(known):
        found += _unknown(f"{key} feature", chosen[key] or [], default_features(key))
    return found


def _unknown(kind: str, given: Any, allowed: Any) -> list[str]:
    return [f"unknown {kind} {n!r}; {nearest(str(n), allowed)}" for n in given if n not in allowed]

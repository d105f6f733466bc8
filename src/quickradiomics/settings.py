"""Settings of an extraction: a pyradiomics parameter file, checked, and the names it declares."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any

import yaml
from pykwalify.errors import PyKwalifyException
from radiomics import getFeatureClasses, getImageTypes
from radiomics.featureextractor import RadiomicsFeatureExtractor

from quickradiomics.errors import SettingsError, unknown

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


def load_settings(path: str | PathLike[str]) -> Settings:
    """Read and check the settings of an extraction.

    Parameters
    ----------
    path : str or path
        A pyradiomics parameter file.

    Returns
    -------
    Settings
        Named as the file, with the names of all features that they declare.

    Raises
    ------
    SettingsError
        As by `from_content`, or if the file cannot be read.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(str(path), [f"it cannot be read: {error}"]) from None
    except yaml.YAMLError as error:
        raise SettingsError(str(path), [f"it is no YAML: {error}"]) from None
    return from_content(content, Path(path).stem, str(path))


def from_content(content: Any, name: str, subject: str = "settings") -> Settings:
    """Check the content of a parameter file.

    Parameters
    ----------
    content : dict
        As read from YAML.
    name : str
        Name of the settings.
    subject : str
        What an error calls the content.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        If it is not of pyradiomics' form, or names an unknown filter, class, feature or setting.
        All problems at once.
    """
    if problems := _problems(content):
        raise SettingsError(subject, problems)
    try:
        with quiet():
            extractor = RadiomicsFeatureExtractor(content)
    except PyKwalifyException as error:
        raise SettingsError(subject, [str(error.msg)]) from None
    classes = {
        key: tuple(chosen or default_features(key))
        for key, chosen in extractor.enabledFeatures.items()
    }
    types = {key: dict(own or {}) for key, own in extractor.enabledImagetypes.items()}
    names = tuple(_declared(extractor.settings, types, classes))
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
    setting = content.get("setting") or {}
    found = unknown("section", content, SECTIONS) + unknown("setting", setting, SETTINGS)
    if setting.get("force2Ddimension", 0) != 0:
        found.append("force2Ddimension must be 0: the slice is the first dimension")
    if setting.get("label", 1) != 1:
        found.append("label must be 1: the extraction itself is told which label is the nodule")
    types = content.get("imageType") or {}
    found += unknown("filter", types, getImageTypes())
    for key, own in types.items():
        found += unknown(f"setting of {key}", own or {}, SETTINGS)
    known = getFeatureClasses()
    chosen = content.get("featureClass") or {}
    found += unknown("feature class", chosen, known)
    for key in set(chosen) & set(known):
        found += unknown(f"{key} feature", chosen[key] or [], default_features(key))
    return found

"""All features of one picture and mask."""

import warnings
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from radiomics import getFeatureClasses, imageoperations

from quickradiomics.errors import RegionError
from quickradiomics.filters import Volume, image_types
from quickradiomics.settings import Settings, is_shape, quiet
from quickradiomics.shape import SliceShape
from quickradiomics.textures import Known, Spacing, region_features, to_image

UNIT = (1.0, 1.0, 1.0)


class Measured(NamedTuple):
    """Features of one picture.

    Parameters
    ----------
    values : dict
        Values by the features' names, in the settings' order; NaN where there is none.
    problems : dict
        What is wrong with a value, by the feature's name; empty where all is well.
    """

    values: dict[str, float]
    problems: dict[str, str]


def measure(array: NDArray, mask: NDArray, settings: Settings, spacing: Spacing = UNIT) -> Measured:
    """Compute every declared feature of one picture.

    Parameters
    ----------
    array : array, shape (rows, cols) or (slices, rows, cols)
        Grey values of the whole picture, of any type; taken as float64.
    mask : array, same shape
        The region of interest, where not 0.
    settings : Settings
        What is extracted.
    spacing : tuple of float
        Distances of slices, rows and columns; lengths and areas come in their units. By default
        all are 1, and lengths are in pixels.

    Returns
    -------
    Measured
        The values equal those of pyradiomics' ``RadiomicsFeatureExtractor.execute`` on the same
        picture as float64. A value that is missing, not a number or infinite is among the
        problems.

    Raises
    ------
    RegionError
        If picture and mask differ in size, the picture has pixels that are no finite numbers,
        the mask is empty, one pixel, a line, or smaller than the settings allow, or the settings
        give more bins of grey levels than a matrix can have.
    """
    volume = _volume(array, mask, settings, spacing)
    found: dict[str, float] = {}
    failed: dict[str, str] = {}
    known: Known = {}
    with quiet(), np.errstate(all="ignore"), warnings.catch_warnings():
        # What is undefined is found out below, by name.
        warnings.simplefilter("ignore", RuntimeWarning)
        for key in filter(is_shape, settings.classes):
            found |= _shape(key, volume, settings)
        for image, levels, values in image_types(volume, settings):
            region = (levels, volume.inner, volume.spacing, values)
            for key, made in region_features(settings.classes, *region, known):
                if isinstance(made, str):
                    names = settings.classes[key]
                    failed |= {f"{image}_{key}_{name}": f"missing: {made}" for name in names}
                else:
                    found |= {f"{image}_{key}_{name}": value for name, value in made.items()}
    problems = {n: failed.get(n) or what for n in settings.names if (what := _wrong(found.get(n)))}
    return Measured({name: found.get(name, np.nan) for name in settings.names}, problems)


def _wrong(value: float | None) -> str:
    if value is None:
        return "missing"
    return "" if np.isfinite(value) else "not a number" if np.isnan(value) else "infinite"


def _shape(key: str, volume: Volume, settings: Settings) -> dict[str, float]:
    """Features of the mask alone."""
    inner = volume.inner
    if key == "shape" and inner.shape[0] == 1:
        made = SliceShape(inner, volume.spacing)
    else:
        image = to_image(inner.astype(np.uint8), volume.spacing)
        made = getFeatureClasses()[key](image, image, **{**settings.values, "label": 1})
    for name in settings.classes[key]:
        made.enableFeatureByName(name)
    return {f"original_{key}_{name}": float(value) for name, value in made.execute().items()}


def _volume(array: NDArray, mask: NDArray, settings: Settings, spacing: Spacing) -> Volume:
    """Check picture and mask and bring them to the form that filters need."""
    array = np.ascontiguousarray(array, dtype=np.float64)
    roi = np.asarray(mask) != 0
    if array.shape != roi.shape:
        sizes = " and ".join(" x ".join(map(str, s)) for s in (array.shape, roi.shape))
        raise RegionError("mask_size", f"picture and mask differ in size: {sizes} pixels")
    if not np.isfinite(array).all():
        raise RegionError("not_finite", "some of the picture's pixels are no finite numbers")
    if array.ndim == 2:
        array, roi = array[None], roi[None]
    _check_region(roi, settings)
    if settings.values.get("normalize"):
        scaled = imageoperations.normalizeImage(to_image(array, spacing), **settings.values)
        array = sitk.GetArrayFromImage(scaled).astype(np.float64)
    return Volume(array, roi, spacing)


def _check_region(roi: NDArray[np.bool_], settings: Settings) -> None:
    """Refuse what pyradiomics refuses."""
    pixels = int(np.count_nonzero(roi))
    if pixels == 0:
        raise RegionError("empty_roi", "the mask has no pixel of the ROI")
    if pixels == 1:
        raise RegionError("one_pixel", "the ROI is a single pixel")
    extents = [int(np.ptp(where)) + 1 for where in np.nonzero(roi)]
    needed = settings.values.get("minimumROIDimensions", 2)
    if sum(extent > 1 for extent in extents) < needed:
        size = " x ".join(map(str, extents[-2:]))
        found = f"the ROI extends over {size} pixels; {needed} dimensions are needed"
        raise RegionError("thin_roi", found)
    least = settings.values.get("minimumROISize")
    if least is not None and pixels <= least:
        raise RegionError("small_roi", f"the ROI has {pixels} pixels; more than {least} are needed")

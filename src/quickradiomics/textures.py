"""First-order and texture features of the image types.

Grey levels are binned once and handed to all classes; image types with the same bins share their
textures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from radiomics import imageoperations

from quickradiomics.classes import CLASSES, FAST
from quickradiomics.errors import RegionError
from quickradiomics.settings import is_shape

# A co-occurrence matrix of as many levels has 32 MB; no 8-bit picture comes near it.
MAX_LEVELS = 1000
Spacing = tuple[float, ...]
# Textures of one mask by class and what they follow from; see `region_features`.
Known = dict[tuple[str, bytes, str], "dict[str, float] | str"]


@dataclass(frozen=True, eq=False)
class Region:
    """The grey levels of one image type inside the mask.

    Parameters
    ----------
    levels : array of float64, shape (pixels,)
        Grey levels in the mask, slice by slice and row by row.
    bins : array of int, shape (pixels,)
        Number of each level's bin, from 1.
    counts : array of int, shape (bins + 1,)
        Number of pixels in each bin, from bin 0.
    mask : array of bool, shape (slices, rows, cols) or (rows, cols)
        The mask, cut to its bounding box.
    spacing : tuple of float
        Distances of slices, rows and columns; of rows and columns alone.
    values : mapping
        pyradiomics' settings for this image type.
    """

    levels: NDArray[np.float64]
    bins: NDArray[np.int64]
    counts: NDArray[np.int64]
    mask: NDArray[np.bool_]
    spacing: Spacing
    values: Mapping[str, Any]

    @cached_property
    def binned(self) -> NDArray[np.int64]:
        """Bins in the box; 0 outside the mask."""
        box = np.zeros(self.mask.shape, dtype=np.int64)
        box[self.mask] = self.bins
        return box

    @cached_property
    def image(self) -> sitk.Image:
        """Grey levels in the box; 0 outside the mask."""
        box = np.zeros(self.mask.shape)
        box[self.mask] = self.levels
        return to_image(box, self.spacing)

    def flat(self) -> "Region":
        """The same region in two dimensions, if it is one slice: same matrices, sooner made."""
        if self.mask.shape[0] > 1:
            return self
        values = {**self.values, "force2D": False}
        return replace(self, mask=self.mask[0], spacing=self.spacing[1:], values=values)


def bin_levels(levels: NDArray[np.float64], values: Mapping[str, Any]) -> NDArray[np.int64]:
    """Number the levels' bins from 1, by pyradiomics' rule.

    Raises
    ------
    RegionError
        If there are more than ``MAX_LEVELS`` bins.
    ValueError
        If there are no such bins, as where a level is no number.
    """
    ends = np.array([levels.min(), levels.max()])
    # The rule needs the ends alone; where a level is no number it depends on the order.
    known = ends if np.isfinite(ends).all() else levels
    count = values.get("binCount") or np.ptp(ends) / values.get("binWidth", 25)
    if count > MAX_LEVELS:
        found = f"the ROI has {count:,.0f} bins of grey levels; at most {MAX_LEVELS:,} are allowed"
        raise RegionError("many_levels", found)
    return np.digitize(levels, imageoperations.getBinEdges(known, **values))


def to_image(array: NDArray, spacing: Spacing) -> sitk.Image:
    """Make a SimpleITK image of an array of slices x rows x columns."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing[::-1])
    return image


def region_features(
    classes: Mapping[str, tuple[str, ...]],
    levels: NDArray[np.float64],
    mask: NDArray[np.bool_],
    spacing: Spacing,
    values: Mapping[str, Any],
    known: Known,
) -> Iterator[tuple[str, dict[str, float] | str]]:
    """Compute the features of all classes but those of shape.

    Parameters
    ----------
    classes : mapping
        Names of the features wanted of each class.
    levels, mask, spacing, values
        As for `Region`.
    known : dict
        Textures of this mask so far, and added to: they follow from bins and settings alone. On
        one slice all local binary patterns lie in one bin, so that two of three come for nothing.

    Yields
    ------
    tuple
        The class, and values by the features' names, or why there are none.
    """
    wanted = {key: names for key, names in classes.items() if not is_shape(key)}
    try:
        bins = bin_levels(levels, values)
    except ValueError as error:
        yield from ((key, str(error)) for key in wanted)
        return
    region = Region(levels, bins, np.bincount(bins), mask, spacing, values)
    flat, same = region.flat(), (bins.tobytes(), repr(sorted(values.items())))
    for key, names in wanted.items():
        if key == "firstorder":
            # They have the levels themselves and the slice's thickness in them.
            yield key, _features_or_why(key, names, region)
        else:
            if (key, *same) not in known:
                known[key, *same] = _features_or_why(key, names, flat)
            yield key, known[key, *same]


def _features_or_why(key: str, names: tuple[str, ...], region: Region) -> dict[str, float] | str:
    try:
        return class_features(key, names, region)
    except (ValueError, IndexError, ArithmeticError) as error:
        # What pyradiomics and its C code raise where a matrix cannot be made.
        return str(error)


def class_features(feature_class: str, names: tuple[str, ...], region: Region) -> dict[str, float]:
    """Compute features of one class of one region.

    Parameters
    ----------
    feature_class : str
        As pyradiomics names it, e.g. ``glcm``.
    names : tuple of str
        The features wanted.
    region : Region
        What they are computed of.

    Returns
    -------
    dict
        Values by the features' names; NaN where pyradiomics fails.
    """
    kind = _kind(feature_class, region)
    whole = kind is CLASSES["firstorder"]
    image = region.image if whole else _blank(region.spacing)
    made = kind(image, image, region=region, **region.values)
    for name in names:
        made.enableFeatureByName(name)
    return {name: float(value) for name, value in made.execute().items()}


def _kind(feature_class: str, region: Region) -> type:
    """Take the fast class where it equals pyradiomics'."""
    if feature_class == "firstorder":
        quick = np.isfinite(region.levels).all()
    else:
        quick = region.mask.ndim == 2 and list(region.values.get("distances", [1])) == [1]
    return (FAST if quick else CLASSES).get(feature_class, CLASSES[feature_class])


@lru_cache(maxsize=64)
def _blank(spacing: Spacing) -> sitk.Image:
    """Stand in for a picture of which the spacing alone is read."""
    return to_image(np.zeros((1,) * len(spacing)), spacing)

"""First-order and texture features: pyradiomics' own classes, sharing what they have in common.

pyradiomics bins the grey levels anew in each of its classes, and looks up their features each
time. Here the levels of a region are binned once and handed to all of its classes. The formulas
stay pyradiomics' own, but for order statistics and moments, which are computed together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from radiomics import getFeatureClasses, imageoperations
from radiomics.base import RadiomicsFeaturesBase
from radiomics.firstorder import RadiomicsFirstOrder

from ptclnm.imaging.radiomics.errors import RegionError
from ptclnm.imaging.radiomics.settings import default_features, is_shape

# A co-occurrence matrix of as many levels has 32 MB; no 8-bit picture comes near it.
MAX_LEVELS = 1000
# Below this share of its terms, a sum has lost digits that pyradiomics' rounding would show.
CANCELLATION = 1e-3
Spacing = tuple[float, ...]


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
) -> Iterator[tuple[str, dict[str, float] | str]]:
    """Compute the features of all classes but those of shape.

    Parameters
    ----------
    classes : mapping
        Names of the features wanted of each class.
    levels, mask, spacing, values
        As for `Region`.

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
    flat = region.flat()
    for key, names in wanted.items():
        try:
            # First-order features have the slice's thickness in them.
            yield key, class_features(key, names, region if key == "firstorder" else flat)
        except (ValueError, IndexError, ArithmeticError) as error:
            # What pyradiomics and its C code raise where a matrix cannot be made.
            yield key, str(error)


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
    fast = feature_class == "firstorder" and np.isfinite(region.levels).all()
    kind = FAST_FIRST_ORDER if fast else CLASSES[feature_class]
    made = kind(region.image, region.image, region=region, **region.values)
    for name in names:
        made.enableFeatureByName(name)
    return {name: float(value) for name, value in made.execute().items()}


class _Shared(RadiomicsFeaturesBase):
    """Takes mask, bins and names of features from the region in place of making them."""

    @classmethod
    def getFeatureNames(cls) -> dict[str, bool]:  # noqa: N802 (pyradiomics' name)
        return dict.fromkeys(default_features(cls.key), False)

    def _initSegmentBasedCalculation(self) -> None:  # noqa: N802
        self.maskArray = self.settings["region"].mask

    def _applyBinning(self, matrix: NDArray) -> NDArray:  # noqa: N802
        region = self.settings["region"]
        self.coefficients["grayLevels"] = np.flatnonzero(region.counts)
        self.coefficients["Ng"] = len(region.counts) - 1
        return region.binned


class _FirstOrder(_Shared, RadiomicsFirstOrder):
    """Makes percentiles and moments once; for grey levels that are all numbers.

    Sums run over the same numbers in the same order as in pyradiomics: where a feature is 0 but
    for rounding, the rounding is the same.
    """

    def _initCalculation(self, voxelCoordinates: None = None) -> None:  # noqa: N802, N803
        region = self.settings["region"]
        self.targetVoxelArray = region.levels.reshape(1, -1)
        counts = region.counts[region.counts > 0].astype(float).reshape(1, -1)
        self.coefficients["p_i"] = counts / counts.sum()
        wanted = np.percentile(region.levels, [10, 25, 75, 90])
        self._percentiles = dict(zip((10, 25, 75, 90), wanted, strict=True))
        self._deviations = self.targetVoxelArray - self.targetVoxelArray.mean(1, keepdims=True)
        self._moments: dict[int, NDArray] = {}

    def _moment(self, a: NDArray, moment: int = 1) -> NDArray:
        if moment not in self._moments:
            self._moments[moment] = _moment(self._deviations, moment)
        return self._moments[moment].copy()

    def get10PercentileFeatureValue(self) -> float:  # noqa: N802
        return self._percentiles[10]

    def get90PercentileFeatureValue(self) -> float:  # noqa: N802
        return self._percentiles[90]

    def getInterquartileRangeFeatureValue(self) -> float:  # noqa: N802
        return self._percentiles[75] - self._percentiles[25]

    def getMedianFeatureValue(self) -> float:  # noqa: N802
        return np.median(self.targetVoxelArray)

    def getMeanAbsoluteDeviationFeatureValue(self) -> float:  # noqa: N802
        return np.abs(self._deviations).mean()

    def getVarianceFeatureValue(self) -> float:  # noqa: N802
        return self.targetVoxelArray.std() ** 2

    def getRobustMeanAbsoluteDeviationFeatureValue(self) -> float:  # noqa: N802
        levels = self.targetVoxelArray
        kept = (levels >= self._percentiles[10]) & (levels <= self._percentiles[90])
        count = np.count_nonzero(kept)
        mean = np.where(kept, levels, 0).sum(1) / count
        return np.where(kept, np.abs(levels - mean), 0).sum(1) / count


def _moment(deviations: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Mean of a power, by products; where these cancel, by the power itself as in pyradiomics."""
    square = deviations * deviations
    if order == 2:
        return square.mean(1)
    if order == 4:
        return (square * square).mean(1)
    products = square * deviations
    mean = products.mean(1)
    cancels = np.abs(mean) < CANCELLATION * np.abs(products).mean(1)
    return np.power(deviations, order).mean(1) if cancels.all() else mean


def _sharing(key: str, original: type) -> type:
    """Make the class that shares; it logs where the original does."""
    return type(original.__name__, (_Shared, original), _place(key, original))


def _place(key: str, original: type) -> dict[str, str]:
    return {"key": key, "__module__": original.__module__}


CLASSES = {
    key: _sharing(key, original)
    for key, original in getFeatureClasses().items()
    if not is_shape(key)
}
FAST_FIRST_ORDER = type("FirstOrder", (_FirstOrder,), _place("firstorder", RadiomicsFirstOrder))

"""First-order and texture features of the image types.

pyradiomics bins the grey levels anew in each of its classes, and looks up their features each
time. Here mask and bins are made once, as a ``Region``, and handed to all classes among their
settings; image types with the same bins share their textures. The formulas stay pyradiomics' own,
but for order statistics and moments, which are computed together; the matrices of a pixel's
neighbours on one slice are made by whole arrays, and equal what pyradiomics' C code counts, summed
in its order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from radiomics import cMatrices, getFeatureClasses, imageoperations
from radiomics.base import RadiomicsFeaturesBase
from radiomics.firstorder import RadiomicsFirstOrder
from radiomics.gldm import RadiomicsGLDM
from radiomics.glszm import RadiomicsGLSZM
from radiomics.ngtdm import RadiomicsNGTDM

from quickradiomics.errors import RegionError
from quickradiomics.settings import default_features, is_shape

Bins = NDArray[np.int64]
Mask = NDArray[np.bool_]
# Pairs of neighbours by row and column; each stands for both directions.
PAIRS = ((0, 1), (1, 0), (1, 1), (1, -1))
# Further from any bin than two bins can be from each other.
OUTSIDE = -20_000
# Below this share of its terms, a sum has lost digits that pyradiomics' rounding would show.
CANCELLATION = 1e-3
# A co-occurrence matrix of as many levels has 32 MB; no 8-bit picture comes near it.
MAX_LEVELS = 1000
Spacing = tuple[float, ...]
# Textures of one mask by class and what they follow from; see `region_features`.
Known = dict[tuple[str, bytes, str], "dict[str, float] | str"]


def dependence(binned: Bins, mask: Mask, alpha: int) -> NDArray[np.float64]:
    """Count pixels by their bin and how many neighbours are alike: the GLDM.

    Parameters
    ----------
    binned : array of int, shape (rows, cols)
        Bins from 1, at most ``quickradiomics.textures.MAX_LEVELS``.
    mask : array of bool, same shape
        The region of interest.
    alpha : int
        Largest difference of bins that counts as alike.

    Returns
    -------
    array, shape (bins, 9)
        Columns are 0 to 8 neighbours.
    """
    levels = np.where(mask, binned, OUTSIDE).astype(np.int16)
    alike = np.zeros(mask.shape, dtype=np.uint8)
    for rows, cols in PAIRS:
        one, other = _pair(levels, rows, cols)
        near = np.abs(one - other) <= alpha
        for counts in _pair(alike, rows, cols):
            np.add(counts, near, out=counts)
    columns = 2 * len(PAIRS) + 1
    bins = binned[mask]
    found = np.bincount((bins - 1) * columns + alike[mask], minlength=bins.max() * columns)
    return found.reshape(-1, columns).astype(np.float64)


def tone_difference(binned: Bins, mask: Mask) -> NDArray[np.float64]:
    """Sum the differences between pixels and the mean of their neighbours: the NGTDM.

    Parameters
    ----------
    binned : array of int, shape (rows, cols)
        Bins from 1, and 0 outside the mask.
    mask : array of bool, same shape
        The region of interest.

    Returns
    -------
    array, shape (bins, 3)
        Number of pixels, sum of differences, and bin. A pixel without a neighbour in the mask
        differs by 0.
    """
    bins, count = binned[mask], _around(mask)[mask]
    mean = _around(binned)[mask] / np.maximum(count, 1)
    difference = np.where(count > 0, np.abs(bins - mean), 0.0)
    pixels = np.bincount(bins)[1:]
    sums = np.bincount(bins, weights=difference)[1:]
    return np.column_stack([pixels, sums, np.arange(1, len(pixels) + 1)]).astype(np.float64)


def _pair(array: NDArray, rows: int, cols: int) -> tuple[NDArray, NDArray]:
    """Views of all pixels that have this neighbour, and of the neighbours."""
    height, width = array.shape
    first = slice(max(-cols, 0), width - max(cols, 0))
    second = slice(max(cols, 0), width - max(-cols, 0))
    return array[: height - rows, first], array[rows:, second]


def _around(array: NDArray) -> NDArray[np.int32]:
    """Sum of the eight neighbours; outside the array is 0."""
    padded = np.pad(array.astype(np.int32), 1)
    lines = padded[:-2] + padded[1:-1] + padded[2:]
    return lines[:, :-2] + lines[:, 1:-1] + lines[:, 2:] - array


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
        self.targetVoxelArray = levels = region.levels.reshape(1, -1)
        counts = region.counts[region.counts > 0].astype(float).reshape(1, -1)
        self.coefficients["p_i"] = counts / counts.sum()
        self._moments: dict[int, NDArray] = {}
        mean = levels.mean(1, keepdims=True)
        self._deviations = levels - mean
        energy = self.getEnergyFeatureValue()
        # Sorted once; of sorted numbers numpy takes its order statistics in no time.
        rising = np.sort(region.levels)
        low, lower, upper, high = np.percentile(rising, [10, 25, 75, 90])
        kept = (levels >= low) & (levels <= high)
        count = np.count_nonzero(kept)
        away = np.abs(levels - np.where(kept, levels, 0).sum(1) / count)
        known = {
            "Energy": energy,
            "RootMeanSquared": np.sqrt(energy / levels.size),
            "Minimum": rising[0],
            "Maximum": rising[-1],
            "Range": rising[-1] - rising[0],
            "Mean": mean[0],
            "10Percentile": low,
            "90Percentile": high,
            "InterquartileRange": upper - lower,
            "Median": (rising[(len(rising) - 1) // 2] + rising[len(rising) // 2]) / 2,
            "MeanAbsoluteDeviation": np.abs(self._deviations).mean(),
            "Variance": levels.std() ** 2,
            "RobustMeanAbsoluteDeviation": np.where(kept, away, 0).sum(1) / count,
        }
        for name, value in known.items():
            setattr(self, f"get{name}FeatureValue", value.item)

    def _moment(self, a: NDArray, moment: int = 1) -> NDArray:
        if moment not in self._moments:
            self._moments[moment] = _moment(self._deviations, moment)
        return self._moments[moment].copy()


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


class _Dependence(_Shared, RadiomicsGLDM):
    """Makes its matrix by whole arrays; on one slice, of next neighbours."""

    def _calculateMatrix(self, voxelCoordinates: None = None) -> NDArray:  # noqa: N802, N803
        region = self.settings["region"]
        matrix = dependence(region.binned, region.mask, self.gldm_a)
        matrix = matrix[matrix.any(axis=1)]
        sizes = np.flatnonzero(matrix.any(axis=0))
        matrix = matrix[:, sizes][None]
        here = {"pd": matrix.sum(1), "pg": matrix.sum(2), "Nz": matrix.sum((1, 2))}
        self.coefficients |= here | {"jvector": sizes + 1.0}
        self.coefficients["ivector"] = self.coefficients["grayLevels"].astype(float)
        return matrix


class _ToneDifference(_Shared, RadiomicsNGTDM):
    """Makes its matrix by whole arrays; on one slice, of next neighbours."""

    def _calculateMatrix(self, voxelCoordinates: None = None) -> NDArray:  # noqa: N802, N803
        region = self.settings["region"]
        matrix = tone_difference(region.binned, region.mask)
        return matrix[matrix[:, 0] > 0][None]


class _Zones(_Shared, RadiomicsGLSZM):
    """Leaves out the sizes that no zone has at once; there are as many as pixels in the mask."""

    def _calculateMatrix(self, voxelCoordinates: None = None) -> NDArray:  # noqa: N802, N803
        region, levels = self.settings["region"], self.coefficients["Ng"]
        whole = cMatrices.calculate_glszm(
            region.binned, region.mask, levels, len(region.bins), False, 0
        )[0]
        self._sizes = np.flatnonzero(whole.any(axis=0))
        return whole[np.ix_(self.coefficients["grayLevels"] - 1, self._sizes)][None]

    def _calculateCoefficients(self) -> None:  # noqa: N802
        zones, sizes = self.P_glszm, self._sizes + 1.0
        here = {"ps": zones.sum(1), "pg": zones.sum(2), "Nz": zones.sum((1, 2)), "jvector": sizes}
        self.coefficients |= here | {"Np": (here["ps"] * sizes).sum(1)}
        self.coefficients["ivector"] = self.coefficients["grayLevels"].astype(float)


def _made(key: str, original: type, *bases: type) -> type:
    """Make the class that shares; it logs where the original does."""
    return type(original.__name__, bases, {"key": key, "__module__": original.__module__})


CLASSES = {
    key: _made(key, original, _Shared, original)
    for key, original in getFeatureClasses().items()
    if not is_shape(key)
}
FAST = {
    key: _made(key, original, own)
    for key, own, original in (
        ("firstorder", _FirstOrder, RadiomicsFirstOrder),
        ("glszm", _Zones, RadiomicsGLSZM),
        ("gldm", _Dependence, RadiomicsGLDM),
        ("ngtdm", _ToneDifference, RadiomicsNGTDM),
    )
}


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
    """Compute features of one class; NaN where pyradiomics fails."""
    if key == "firstorder":
        quick = np.isfinite(region.levels).all()
    else:
        quick = region.mask.ndim == 2 and list(region.values.get("distances", [1])) == [1]
    kind = FAST[key] if quick and key in FAST else CLASSES[key]
    # Where the class reads no pixels, an image stands in of which the spacing alone is read.
    image = region.image if kind is CLASSES["firstorder"] else _blank(region.spacing)
    try:
        made = kind(image, image, region=region, **region.values)
        for name in names:
            made.enableFeatureByName(name)
        return {name: float(value) for name, value in made.execute().items()}
    except (ValueError, IndexError, ArithmeticError) as error:
        # What pyradiomics and its C code raise where a matrix cannot be made.
        return str(error)


@lru_cache(maxsize=64)
def _blank(spacing: Spacing) -> sitk.Image:
    return to_image(np.zeros((1,) * len(spacing)), spacing)

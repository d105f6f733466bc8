"""pyradiomics' own classes of first-order and texture features, sharing what they have in common.

pyradiomics bins the grey levels anew in each of its classes, and looks up their features each
time. Here mask and bins come from the ``Region`` of ``quickradiomics.textures``, which
is among a class's settings. The formulas stay pyradiomics' own, but for order statistics and
moments, which are computed together; some matrices are made sooner.
"""

import numpy as np
from numpy.typing import NDArray
from radiomics import cMatrices, getFeatureClasses
from radiomics.base import RadiomicsFeaturesBase
from radiomics.firstorder import RadiomicsFirstOrder
from radiomics.gldm import RadiomicsGLDM
from radiomics.glszm import RadiomicsGLSZM
from radiomics.ngtdm import RadiomicsNGTDM

from quickradiomics.neighbours import dependence, tone_difference
from quickradiomics.settings import default_features, is_shape

# Below this share of its terms, a sum has lost digits that pyradiomics' rounding would show.
CANCELLATION = 1e-3


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
        # Sorted once; of sorted numbers numpy takes its order statistics in no time.
        self._rising = np.sort(region.levels)
        wanted = np.percentile(self._rising, [10, 25, 75, 90])
        self._percentiles = dict(zip((10, 25, 75, 90), wanted, strict=True))
        self._mean = self.targetVoxelArray.mean(1, keepdims=True)
        self._deviations = self.targetVoxelArray - self._mean
        self._energy = super().getEnergyFeatureValue()
        self._moments: dict[int, NDArray] = {}

    def _moment(self, a: NDArray, moment: int = 1) -> NDArray:
        if moment not in self._moments:
            self._moments[moment] = _moment(self._deviations, moment)
        return self._moments[moment].copy()

    def getEnergyFeatureValue(self) -> NDArray:  # noqa: N802
        return self._energy

    def getRootMeanSquaredFeatureValue(self) -> NDArray:  # noqa: N802
        return np.sqrt(self._energy / self.targetVoxelArray.size)

    def getMinimumFeatureValue(self) -> float:  # noqa: N802
        return self._rising[0]

    def getMaximumFeatureValue(self) -> float:  # noqa: N802
        return self._rising[-1]

    def getRangeFeatureValue(self) -> float:  # noqa: N802
        return self._rising[-1] - self._rising[0]

    def getMeanFeatureValue(self) -> NDArray:  # noqa: N802
        return self._mean[0]

    def get10PercentileFeatureValue(self) -> float:  # noqa: N802
        return self._percentiles[10]

    def get90PercentileFeatureValue(self) -> float:  # noqa: N802
        return self._percentiles[90]

    def getInterquartileRangeFeatureValue(self) -> float:  # noqa: N802
        return self._percentiles[75] - self._percentiles[25]

    def getMedianFeatureValue(self) -> float:  # noqa: N802
        size = len(self._rising)
        return (self._rising[(size - 1) // 2] + self._rising[size // 2]) / 2

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
FAST = {
    key: type(own.__name__, (own,), _place(key, original))
    for key, own, original in (
        ("firstorder", _FirstOrder, RadiomicsFirstOrder),
        ("glszm", _Zones, RadiomicsGLSZM),
        ("gldm", _Dependence, RadiomicsGLDM),
        ("ngtdm", _ToneDifference, RadiomicsNGTDM),
    )
}

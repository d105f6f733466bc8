"""Habitats: parts of a nodule whose pixels look alike, found without the outcome.

Ni et al. 2024, "Model interpretability" and Figure 6, show such maps ("sub-region analysis") and
print neither the features nor the number of parts. What is done here is stated in full below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, silhouette_score
from threadpoolctl import threadpool_limits

from ptclnm.errors import ParameterError, ProblemsError

Floats = NDArray[np.float64]
# Standard deviations of the Gaussian windows in pixels.
FINE, COARSE = 1.5, 4.0
FEATURES = ("mean, fine", "mean, coarse", "SD, fine", "SD, coarse", "gradient", "spot")
# Pixels of each picture that k-means is fitted on, and of all pictures for the silhouette.
SAMPLE, JUDGED = 150, 1500
OUTSIDE = -1


class HabitatError(ProblemsError):
    """Pictures, or settings, that no habitats can be had from."""


def local_features(array: NDArray, mask: NDArray) -> Floats:
    """Describe the surroundings of every pixel of a region, looking at the region alone.

    Parameters
    ----------
    array : ndarray, shape (rows, cols)
        Grey values.
    mask : ndarray of bool, same shape
        The region.

    Returns
    -------
    ndarray, shape (pixels of the region, 6)
        In the order of ``FEATURES``, pixels row by row: Gaussian mean and SD in a window of 1.5
        and of 4 pixels, length of the gradient of the finer mean, and how much the finer mean
        exceeds the coarser. Windows are cut off at the region's edge, so that what lies outside
        it has no part in it.

    Raises
    ------
    HabitatError
        If picture and mask differ in shape, or the region is empty.
    """
    mask = np.asarray(mask, dtype=bool)
    if np.shape(array) != mask.shape or not mask.any():
        shapes = f"picture {np.shape(array)}, mask {mask.shape} with {mask.sum()} pixels"
        raise HabitatError("habitats", [f"{shapes}; needed: one shape, and a region"])
    box = _around(mask)
    inside = mask[box].astype(float)
    grey = np.where(mask[box], np.asarray(array, dtype=float)[box], 0.0)
    fine, coarse = (_moments(grey, inside, sigma) for sigma in (FINE, COARSE))
    # Just outside the region the mean goes on, so that the edge itself is no gradient.
    gradient = np.hypot(*np.gradient(fine[0]))
    maps = [fine[0], coarse[0], fine[1], coarse[1], gradient, fine[0] - coarse[0]]
    return np.column_stack([values[inside > 0] for values in maps])


def _around(mask: NDArray) -> tuple[slice, slice]:
    """Bounding box of a mask with a margin of one pixel where there is one."""
    rows, cols = ndimage.find_objects(mask.astype(np.uint8))[0]
    return tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in (rows, cols))


def _moments(grey: Floats, inside: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Mean and SD in a Gaussian window that counts pixels of the region only."""

    def window(values: Floats) -> Floats:
        return ndimage.gaussian_filter(values, sigma, mode="constant", truncate=3.0)

    weight = np.maximum(window(inside), 1e-9)
    mean = window(grey) / weight
    return mean, np.sqrt(np.maximum(window(grey**2) / weight - mean**2, 0.0))


@dataclass(frozen=True)
class Habitats:
    """A fitted division of pixels.

    Parameters
    ----------
    mean, sd : ndarray, shape (6,)
        Of the training pixels' features.
    centres : ndarray, shape (k, 6)
        Standardised centres, the darkest first.
    """

    mean: Floats
    sd: Floats
    centres: Floats

    @property
    def k(self) -> int:
        """Number of habitats."""
        return len(self.centres)

    @property
    def names(self) -> list[str]:
        """Names of the habitats as tables and figures have them: ``H1`` is the darkest."""
        return [f"H{i + 1}" for i in range(self.k)]

    def label(self, features: Floats) -> NDArray[np.int64]:
        """Nearest centre of each pixel, 0 the darkest."""
        scaled = (features - self.mean) / self.sd
        apart = ((scaled[:, None, :] - self.centres[None]) ** 2).sum(axis=2)
        return apart.argmin(axis=1)

    def map(self, array: NDArray, mask: NDArray) -> NDArray[np.int64]:
        """Map of habitats, shape (rows, cols): -1 outside the region, 0 the darkest."""
        labels = np.full(np.shape(mask), OUTSIDE, dtype=np.int64)
        labels[np.asarray(mask, dtype=bool)] = self.label(local_features(array, mask))
        return labels

    def table(self) -> pd.DataFrame:
        """Centres in grey levels: ``habitat``, then a column a feature."""
        values = pd.DataFrame(self.centres * self.sd + self.mean, columns=list(FEATURES))
        values.insert(0, "habitat", self.names)
        return values


def sample(features: Mapping[str, Floats], images: Iterable[str], seed: int = 0) -> Floats:
    """Draw the same number of pixels of every picture, independent of the pictures' order.

    Parameters
    ----------
    features : mapping of str to ndarray, shape (pixels, 6)
        By picture.
    images : iterable of str
        Pictures to draw from: those of the training set.
    seed : int
        Of the draw; of a picture of fewer pixels they are drawn with replacement.
    """
    drawn = []
    for name in sorted(images):
        own = features[name]
        rng = np.random.default_rng([seed, *name.encode()])
        drawn.append(own[rng.choice(len(own), SAMPLE, replace=len(own) < SAMPLE)])
    return np.concatenate(drawn)


def judge(pixels: Floats, k_values: Sequence[int], seed: int = 0) -> pd.DataFrame:
    """Judge numbers of habitats on training pixels.

    Parameters
    ----------
    pixels : ndarray, shape (pixels, 6)
        From :func:`sample`.
    k_values : sequence of int
        Numbers to try, from 2.
    seed : int
        Of k-means and of the pixels that the silhouette is computed on.

    Returns
    -------
    DataFrame
        ``k, silhouette, calinski_harabasz, chosen``. Chosen is the least mean rank of the two,
        both of which are better when higher; of equal ones the smaller number.

    Raises
    ------
    ParameterError
        If a number is below 2 or there are too few different pixels for it.
    """
    most = len(np.unique(pixels, axis=0)) - 1
    wrong = [k for k in k_values if not 2 <= k <= most]
    if wrong or not len(k_values):
        raise ParameterError("habitats", [f"k is {wrong or 'empty'}; allowed: 2 to {most}"])
    scaled = _standard(pixels)[2]
    rng = np.random.default_rng([seed, len(scaled)])
    at = rng.permutation(len(scaled))[:JUDGED]
    rows = []
    for k in sorted(set(k_values)):
        labels = _kmeans(scaled, k, seed).labels_
        both = len(set(labels[at].tolist())) > 1
        silhouette = silhouette_score(scaled[at], labels[at]) if both else -1.0
        rows.append((k, silhouette, calinski_harabasz_score(scaled, labels)))
    table = pd.DataFrame(rows, columns=["k", "silhouette", "calinski_harabasz"])
    rank = table[["silhouette", "calinski_harabasz"]].rank(ascending=False).mean(axis=1)
    return table.assign(chosen=table.index == rank.idxmin())


def fit(pixels: Floats, k: int, seed: int = 0) -> Habitats:
    """Divide training pixels into `k` habitats by k-means, the darkest first."""
    mean, sd, scaled = _standard(pixels)
    centres = _kmeans(scaled, k, seed).cluster_centers_
    return Habitats(mean, sd, centres[np.argsort(centres[:, 0], kind="stable")])


def _standard(pixels: Floats) -> tuple[Floats, Floats, Floats]:
    mean, sd = pixels.mean(axis=0), pixels.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    return mean, sd, (pixels - mean) / sd


def _kmeans(scaled: Floats, k: int, seed: int) -> KMeans:
    with threadpool_limits(1):  # sums in another order would differ in their last digits
        return KMeans(k, n_init=4, random_state=seed).fit(scaled)


def dice(first: NDArray, second: NDArray, k: int) -> Floats:
    """Dice coefficient of each habitat between two maps; NaN where neither map has it."""
    each = np.arange(k)[:, None]
    a, b = first.ravel() == each, second.ravel() == each
    total = a.sum(axis=1) + b.sum(axis=1)
    return 2 * (a & b).sum(axis=1) / np.where(total > 0, total, np.nan)


def matched(first: NDArray, second: NDArray, k: int) -> NDArray[np.int64]:
    """Rename the habitats of the second map so that they overlap most with the first's."""
    both = (first != OUTSIDE) & (second != OUTSIDE)
    overlap = np.zeros((k, k), dtype=np.int64)
    np.add.at(overlap, (second[both], first[both]), 1)
    names = np.append(linear_sum_assignment(overlap, maximize=True)[1], OUTSIDE)
    return names[second]  # OUTSIDE is the last index

"""Local binary patterns on a sphere, of one slice (Banerjee et al. 2013, as pyradiomics has it)."""

import warnings
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, spline_filter
from scipy.stats import kurtosis

# Where a point on the sphere is as bright as its centre up to this share of the picture's
# brightest, rounding decides which is brighter, and the value is computed as pyradiomics does.
NEARLY_EQUAL = 1e-6
# In a mask of fewer pixels one rounding can move an order statistic: there too.
FEW = 1000
# Pixels beyond a point of the sphere that a cubic spline needs.
SUPPORT = 2


class Sphere(NamedTuple):
    """Points around a pixel, and spherical harmonics at them.

    Parameters
    ----------
    points : array, shape (points, 3)
        Offsets in slices, rows and columns.
    inside : array of int
        Which points lie in the slice. All others see nothing, which counts as 0.
    harmonics : array of complex, shape (points, harmonics)
        Values of the spherical harmonics.
    degree : array of int, shape (harmonics,)
        Their degrees.
    """

    points: NDArray
    inside: NDArray
    harmonics: NDArray
    degree: NDArray


@lru_cache(maxsize=8)
def sphere(levels: int, radius: float, division: int) -> Sphere:
    """Make an icosphere and its harmonics of degrees below `levels`."""
    from scipy.special import sph_harm
    from trimesh.creation import icosphere

    points = np.array(icosphere(division, radius).vertices)
    theta = np.arccos(np.true_divide(points[:, 2], radius))
    phi = np.arctan2(points[:, 1], points[:, 0])
    orders = [(m, n) for n in range(levels) for m in range(-n, n + 1)]
    with warnings.catch_warnings():
        # SciPy 1.17 has another function, whose last digits differ.
        warnings.simplefilter("ignore", DeprecationWarning)
        harmonics = np.column_stack([sph_harm(m, n, theta, phi) for m, n in orders])
    inside = np.flatnonzero(points[:, 0] == 0)
    return Sphere(points, inside, harmonics, np.array([n for _, n in orders]))


def binary_patterns(array: NDArray, mask: NDArray[np.bool_], around: Sphere) -> list[NDArray]:
    """Compute the maps of local binary patterns in a mask.

    Parameters
    ----------
    array : array of float64, shape (1, rows, cols)
        The whole picture.
    mask : array of bool, same shape
        The region of interest.
    around : Sphere
        Where each pixel is compared with what is around it.

    Returns
    -------
    list of array, shape (pixels,)
        The norm of the pattern's part of each degree, then the kurtosis of the grey values on
        the sphere, which is NaN where all are equal.
    """
    centre = array[mask]
    sampled, ties = _sampled(array, mask, around)
    # Outside the slice all points are alike; one column stands for them.
    above = np.column_stack([sampled >= centre[:, None], centre <= 0])
    numbers = above @ (1 << np.arange(above.shape[1]))
    _, first, which = np.unique(numbers, return_index=True, return_inverse=True)
    patterns = np.repeat(above[first, -1:].astype(int), len(around.points), axis=1)
    patterns[:, around.inside] = above[first, :-1]
    norms = _norms(patterns, around)
    return [*norms[which].T, _kurtosis(sampled, ties, around)]


def _sampled(
    array: NDArray, mask: NDArray[np.bool_], around: Sphere
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Grey values at the points inside the slice, by cubic splines, and pixels with a tie.

    The values have the shape (pixels, inside).
    """
    points = around.points[around.inside]
    smooth = spline_filter(array, order=3, mode="constant")
    at = np.argwhere(mask)
    found = _between(smooth[0], at[:, 1:], points[:, 1:])
    near = np.abs(found - array[mask][:, None]) <= NEARLY_EQUAL * np.abs(array).max()
    if (ties := near.any(axis=1) | (len(at) < FEW)).any():
        # In three dimensions, as pyradiomics samples, four times as much is added up.
        places = (at[None, ties] + points[:, None]).T
        found[ties] = map_coordinates(smooth, places, order=3, prefilter=False)
    return found, ties


def _between(smooth: NDArray, at: NDArray[np.int64], offsets: NDArray) -> NDArray[np.float64]:
    """Values at the same offsets from each pixel, 0 beyond the picture's edge.

    Each offset has the same weights of its 4 x 4 neighbours for all pixels, so that sampling is
    adding up shifted arrays, rows first.
    """
    reach = int(np.ceil(np.abs(offsets).max())) + SUPPORT
    first, last = at.min(axis=0), at.max(axis=0)
    cut = [slice(a, b + 2 * reach + 1) for a, b in zip(first, last, strict=True)]
    padded = np.pad(smooth, reach, mode="reflect")[tuple(cut)]
    rows = {dy: _blend(padded, dy, reach) for dy in np.unique(offsets[:, 0])}
    here = tuple((at - first).T)
    found = np.column_stack([_blend(rows[dy].T, dx, reach).T[here] for dy, dx in offsets])
    places = at[:, None] + offsets[None]
    beyond = (places < 0) | (places > np.array(smooth.shape) - 1)
    found[beyond.any(axis=2)] = 0
    return found


def _blend(padded: NDArray, offset: float, reach: int) -> NDArray[np.float64]:
    """Cubic B-spline at an offset from each row but `reach` on both sides; as SciPy weighs it."""
    whole = int(np.floor(offset))
    t, u = offset - whole, 1 - (offset - whole)
    inner = (t * t * (t - 2) * 3 + 4) / 6, (u * u * (u - 2) * 3 + 4) / 6
    weights = (u**3 / 6, *inner, 1 - u**3 / 6 - sum(inner))
    start, length = reach + whole - 1, len(padded) - 2 * reach
    return sum(w * padded[start + k : start + k + length] for k, w in enumerate(weights) if w)


def _norms(patterns: NDArray[np.int64], around: Sphere) -> NDArray[np.float64]:
    """Norm of each pattern's part of each degree; the order of sums is pyradiomics'."""
    harmonics, degree = around.harmonics, around.degree
    coefficients = (patterns[:, :, None] * harmonics[None]).sum(axis=1)
    parts = []
    for n in np.unique(degree):
        terms = coefficients[:, None, degree == n] * harmonics[None, :, degree == n]
        parts.append(terms.sum(axis=2, keepdims=True))
    return np.real(np.sqrt(np.sum(np.concatenate(parts, axis=2) ** 2, axis=1)))


def _kurtosis(
    sampled: NDArray[np.float64], ties: NDArray[np.bool_], around: Sphere
) -> NDArray[np.float64]:
    """Excess kurtosis of the values on the sphere; 0 is the value of the points not inside."""
    points, zeros = len(around.points), len(around.points) - sampled.shape[1]
    mean = sampled.sum(axis=1, keepdims=True) / points
    square = (sampled - mean) ** 2
    second = (square.sum(axis=1) + zeros * mean[:, 0] ** 2) / points
    fourth = ((square**2).sum(axis=1) + zeros * mean[:, 0] ** 4) / points
    found = fourth / second**2 - 3
    if ties.any():
        # Among equal grey values the kurtoses differ by rounding alone, which must be the same.
        whole = np.zeros((np.count_nonzero(ties), points))
        whole[:, around.inside] = sampled[ties]
        found[ties] = kurtosis(whole, axis=1)
    return found

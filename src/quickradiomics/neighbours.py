"""Matrices of a pixel's neighbours on one slice, by whole arrays in place of pixel by pixel.

Both equal what pyradiomics' C code counts, and sum in its order.
"""

import numpy as np
from numpy.typing import NDArray

Bins = NDArray[np.int64]
Mask = NDArray[np.bool_]
# Pairs of neighbours by row and column; each stands for both directions.
PAIRS = ((0, 1), (1, 0), (1, 1), (1, -1))
# Further from any bin than two bins can be from each other.
OUTSIDE = -20_000


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

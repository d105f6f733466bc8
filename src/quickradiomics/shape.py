"""Shape features of pyradiomics without its search over all pairs of points.

pyradiomics takes the largest distance between any two points of the surface mesh. A mask of one
slice has two points for each pixel, so that the search grows with the square of the area. Only
corners of the mesh can be furthest apart, and these are few.
"""

from functools import cache, lru_cache
from itertools import product

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from radiomics import cShape
from radiomics.shape import RadiomicsShape
from scipy.spatial.distance import cdist

from quickradiomics.settings import default_features

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]


class SliceShape(RadiomicsShape):
    """pyradiomics' three-dimensional shape of a mask of one slice.

    Parameters
    ----------
    mask : array of bool, shape (1, rows, cols)
        The mask, cut to its bounding box.
    spacing : tuple of float
        Distances of slices, rows and columns.
    """

    def __init__(self, mask: Mask, spacing: Spacing) -> None:
        # pyradiomics wants images; it reads nothing of them that is not replaced below.
        blank = sitk.Image([1, 1, 1], sitk.sitkUInt8)
        self._slice, self._spacing = mask, spacing
        super().__init__(blank, blank)

    @classmethod
    def getFeatureNames(cls) -> dict[str, bool]:  # noqa: N802 (pyradiomics' name)
        """Features of the class; none is deprecated among them."""
        return dict.fromkeys(default_features("shape"), False)

    def _initSegmentBasedCalculation(self) -> None:  # noqa: N802
        self.pixelSpacing = np.array(self._spacing)
        self.maskArray = np.pad(self._slice, 1)
        self.labelledVoxelCoordinates = np.where(self.maskArray)
        self.SurfaceArea, self.Volume = mesh(self.maskArray[1], self._spacing)
        self.diameters = diameters(self.maskArray[1], self._spacing)
        self.eigenValues = _principal(self.labelledVoxelCoordinates, self.pixelSpacing)


def mesh(padded: Mask, spacing: Spacing) -> tuple[float, float]:
    """Surface area and volume of the mesh around one slice.

    Parameters
    ----------
    padded : array of bool, shape (rows, cols)
        The mask with a rim of background.
    spacing : tuple of float
        Distances of slices, rows and columns.

    Returns
    -------
    tuple of float
        Area and volume of pyradiomics' marching cubes. Each pair of cubes above and below the
        slice sees four pixels, so that both are sums over the 16 patterns of four pixels; what
        each pattern adds is read off pyradiomics' own code.
    """
    counts = _patterns(padded)
    area, volume = _pattern_areas(spacing), _pattern_volumes()
    return float(counts @ area), float(counts @ volume * np.prod(spacing))


def diameters(padded: Mask, spacing: Spacing) -> tuple[float, float, float, float]:
    """Largest distances between points of the mesh around one slice.

    Parameters
    ----------
    padded : array of bool, shape (rows, cols)
        The mask with a rim of background.
    spacing : tuple of float
        Distances of slices, rows and columns.

    Returns
    -------
    tuple of float
        Within a slice, within a row, within a column, and of all points.
    """
    thick, *pixel = spacing
    # The mesh has points above and below each pixel's centre, and half-way between a pixel of
    # the mask and a neighbour outside it: all on a grid of half pixels.
    faces, rim = _half_grid(padded)
    half = np.array(pixel) / 2
    outer, middle = _corners(faces) * half, _corners(rim) * half
    across = cdist(outer, outer, "sqeuclidean").max()
    within = cdist(middle, middle, "sqeuclidean").max()
    slant = cdist(outer, middle, "sqeuclidean").max()
    whole = max(across + thick**2, slant + thick**2 / 4, within)
    lines = [_line(faces, rim, half[1], thick), _line(faces.T, rim.T, half[0], thick)]
    found = np.sqrt([max(across, within), *lines, whole])
    return tuple(found.tolist())


def _half_grid(padded: Mask) -> tuple[Mask, Mask]:
    """Points of the mesh by half pixels: above and below the pixels, and around the mask."""
    rows, cols = padded.shape
    faces = np.zeros((2 * rows - 1, 2 * cols - 1), dtype=bool)
    rim = np.zeros_like(faces)
    faces[::2, ::2] = padded
    rim[1::2, ::2] = padded[1:] != padded[:-1]
    rim[::2, 1::2] = padded[:, 1:] != padded[:, :-1]
    return faces, rim


def _ends(grid: Mask) -> tuple[NDArray, NDArray, NDArray]:
    """Rows that have a point, with their first and last column."""
    rows = np.flatnonzero(grid.any(axis=1))
    first = grid[rows].argmax(axis=1)
    last = grid.shape[1] - 1 - grid[rows, ::-1].argmax(axis=1)
    return rows, first, last


def _corners(grid: Mask) -> NDArray[np.float64]:
    """Points that end both their row and their column; all corners of the hull are among them."""
    ends = []
    for view in (grid, grid.T):
        marked = np.zeros_like(view)
        rows, first, last = _ends(view)
        marked[rows, first] = marked[rows, last] = True
        ends.append(marked)
    return np.argwhere(ends[0] & ends[1].T).astype(np.float64)


def _line(faces: Mask, rim: Mask, half: float, thick: float) -> float:
    """Largest squared distance of two points in one row."""
    _, first, last = _ends(faces)
    face = (last - first).max() * half
    # A row of pixels ends half a pixel further out on both sides at mid-height.
    _, first, last = _ends(rim)
    middle = (last - first).max() * half
    return max(face**2 + thick**2, (face + half) ** 2 + thick**2 / 4, middle**2)


def _principal(where: tuple[NDArray, ...], spacing: NDArray) -> NDArray[np.float64]:
    """Eigenvalues of the pixels' covariance, in rising order, as pyradiomics rounds them."""
    points = np.array(where, dtype=int).T * spacing
    points -= points.mean(axis=0)
    points /= np.sqrt(len(points))
    values = np.linalg.eigvals(points.T.copy() @ points)
    values[(values < 0) & (values > -1e-10)] = 0
    return np.sort(values)


def _patterns(padded: Mask) -> NDArray[np.int64]:
    """How often each of the 16 patterns of 2 x 2 pixels occurs."""
    bit = padded.astype(np.uint8)
    code = bit[:-1, :-1] | bit[:-1, 1:] << 1 | bit[1:, :-1] << 2 | bit[1:, 1:] << 3
    return np.bincount(code.ravel(), minlength=16)


@lru_cache(maxsize=64)
def _pattern_areas(spacing: Spacing) -> NDArray[np.float64]:
    """Surface area in the cubes above and below each pattern."""
    areas = []
    for code in range(16):
        pattern = np.array([code & 1, code & 2, code & 4, code & 8], dtype=bool).reshape(2, 2)
        cubes = (np.stack([pattern, ~pattern & False]), np.stack([~pattern & False, pattern]))
        areas.append(sum(cShape.calculate_coefficients(c, np.array(spacing))[0] for c in cubes))
    return np.array(areas)


@cache
def _pattern_volumes() -> NDArray[np.float64]:
    """Volume that each pattern adds, solved from those of all masks of 3 x 3 pixels."""
    counts, volumes = [], []
    for bits in product([False, True], repeat=9):
        padded = np.pad(np.array(bits).reshape(1, 3, 3), 1)
        counts.append(_patterns(padded[1]))
        volumes.append(cShape.calculate_coefficients(padded, np.ones(3))[1])
    counts = np.array(counts, dtype=float)
    counts[:, 0] = 0
    return np.linalg.lstsq(counts, np.array(volumes), rcond=None)[0]

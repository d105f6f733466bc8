"""Habitats: parts of a nodule whose pixels look alike, found without the outcome.

Ni et al. 2024, "Model interpretability" and Figure 6, show such maps ("sub-region analysis") and
print neither the features nor the number of parts. What is done here is stated in full below.
"""

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ptclnm.compute import parallel_map
from ptclnm.errors import ProblemsError
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort

Floats = NDArray[np.float64]
# Standard deviations of the Gaussian windows in pixels.
FINE, COARSE = 1.5, 4.0
# Pixels of each picture that k-means is fitted on, and of all pictures for the silhouette.
SAMPLE, JUDGED = 150, 1500
FEWEST = 25
OUTSIDE = -1


class HabitatError(ProblemsError):
    """Pictures that no habitats can be had from."""


def local_features(array: NDArray, mask: NDArray) -> Floats:
    """Describe the surroundings of every pixel of a region, looking at the region alone.

    Parameters
    ----------
    array : ndarray, shape (rows, cols)
        Grey values.
    mask : ndarray of bool, same shape
        The region, not empty.

    Returns
    -------
    ndarray, shape (pixels of the region, 6)
        Pixels row by row: Gaussian mean and SD in a window of 1.5 and of 4 pixels, length of the
        gradient of the finer mean, and how much the finer mean exceeds the coarser. Windows are
        cut off at the region's edge, so that what lies outside it has no part in it.
    """
    rows, cols = ndimage.find_objects(mask.astype(np.uint8))[0]
    # One pixel around the region, where there is one.
    box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in (rows, cols))
    inside = mask[box].astype(float)
    grey = np.where(mask[box], np.asarray(array, dtype=float)[box], 0.0)
    fine, coarse = (_moments(grey, inside, sigma) for sigma in (FINE, COARSE))
    # Just outside the region the mean goes on, so that the edge itself is no gradient.
    gradient = np.hypot(*np.gradient(fine[0]))
    maps = [fine[0], coarse[0], fine[1], coarse[1], gradient, fine[0] - coarse[0]]
    return np.column_stack([values[inside > 0] for values in maps])


def _moments(grey: Floats, inside: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Mean and SD in a Gaussian window that counts pixels of the region only."""

    def window(values: Floats) -> Floats:
        return ndimage.gaussian_filter(values, sigma, mode="constant", truncate=3.0)

    weight = np.maximum(window(inside), 1e-9)
    mean = window(grey) / weight
    return mean, np.sqrt(np.maximum(window(grey**2) / weight - mean**2, 0.0))


def opened(cohort: Cohort, image_id: str) -> tuple[NDArray, NDArray]:
    """Read a picture and its nodule, both of shape (rows, cols)."""
    row = cohort.table.set_index("image_id").loc[image_id]
    return read_image(row["image"], max_colour=1.0).array, read_mask(row["mask"], cohort.mask_label)


def described(cohort: Cohort, n_jobs: int | None = None) -> dict[str, Floats]:
    """Describe every pixel of every nodule: :func:`local_features` by picture.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    n_jobs : int, optional
        Processes.

    Raises
    ------
    HabitatError
        If masks have fewer than 25 pixels; all are named.
    """
    names = cohort.table["image_id"].tolist()
    values = parallel_map(partial(_described, cohort), names, n_jobs, progress="habitats")
    features = dict(zip(names, values, strict=True))
    if small := [name for name, own in features.items() if len(own) < FEWEST]:
        lines = [f"masks of fewer than {FEWEST} pixels: {', '.join(small)}"]
        raise HabitatError(cohort.name, lines)
    return features


def _described(cohort: Cohort, image_id: str) -> Floats:
    return local_features(*opened(cohort, image_id))


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


def fit(pixels: Floats, k: int, seed: int = 0) -> Pipeline:
    """Divide training pixels into `k` habitats by k-means on z-scores, the darkest first."""
    with threadpool_limits(1):  # sums in another order would differ in their last digits
        model = make_pipeline(StandardScaler(), KMeans(k, n_init=4, random_state=seed)).fit(pixels)
    centres = model[-1].cluster_centers_
    model[-1].cluster_centers_ = centres[np.argsort(centres[:, 0], kind="stable")]
    return model


def silhouette(model: Pipeline, pixels: Floats, seed: int = 0) -> float:
    """Say how well habitats are parted: the mean silhouette of some of the training pixels."""
    at = np.random.default_rng([seed, len(pixels)]).permutation(len(pixels))[:JUDGED]
    labels = model.predict(pixels[at])
    both = len(set(labels.tolist())) > 1
    return float(silhouette_score(model[0].transform(pixels[at]), labels)) if both else -1.0


def mapped(model: Pipeline, array: NDArray, mask: NDArray) -> NDArray[np.int64]:
    """Map of habitats, shape (rows, cols): -1 outside the region, 0 the darkest."""
    labels = np.full(mask.shape, OUTSIDE, dtype=np.int64)
    labels[mask] = model.predict(local_features(array, mask))
    return labels


def names_of(model: Pipeline) -> list[str]:
    """Names of the habitats as tables and figures have them: ``H1`` is the darkest."""
    return [f"H{i + 1}" for i in range(model[-1].n_clusters)]

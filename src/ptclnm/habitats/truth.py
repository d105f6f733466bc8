"""Habitats of simulated pictures beside the microcalcifications that these were made with."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from echophantom.render import Truth
from ptclnm.cohorts.simulate import truth
from ptclnm.compute import parallel_map
from ptclnm.habitats.clusters import mapped, names_of, opened
from ptclnm.schema import Cohort

# How far beyond its own edge a calcification is seen, in mm: about the width of the pulse.
REACH_MM = 0.25


def enrichment(
    cohort: Cohort, model: Pipeline, images: Sequence[str], n_jobs: int | None = None
) -> pd.DataFrame:
    """Say in which habitat the microcalcifications lie.

    Parameters
    ----------
    cohort : Cohort
        A simulated cohort, opened by its name.
    model : Pipeline
        Habitats, fitted on the pictures; it has not seen the truth.
    images : sequence of str
        Pictures to measure.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    DataFrame
        ``habitat, pictures, share, share_near, enrichment``, over pictures with a
        microcalcification: the habitat's mean share of the nodule, of the pixels near one, and
        their ratio, 1 where it knows nothing of them. Missing where no picture has one.

    Raises
    ------
    MissingDataError
        As ``ptclnm.cohorts.simulate.truth.load``.
    """
    parts = parallel_map(partial(_shares, cohort, model), images, n_jobs, progress="truth")
    found = [part for part in parts if part is not None]
    shares = np.mean(found or [np.full((2, model[-1].n_clusters), np.nan)], axis=0)
    table = pd.DataFrame({"habitat": names_of(model), "pictures": len(found)})
    table["share"], table["share_near"] = shares
    return table.assign(enrichment=table["share_near"] / table["share"])


def _shares(cohort: Cohort, model: Pipeline, image_id: str) -> NDArray[np.float64] | None:
    """Shares of the habitats in a nodule and near its microcalcifications; None without these."""
    array, mask = opened(cohort, image_id)
    labels, k = mapped(model, array, mask), model[-1].n_clusters
    picture = truth.render_again(cohort, image_id)
    near = near_calcifications(picture.truth, picture.spacing_mm, mask)
    counts = [np.bincount(labels[at], minlength=k) for at in (mask, near)]
    return np.array([own / own.sum() for own in counts]) if near.any() else None


def near_calcifications(known: Truth, pixel_mm: float, mask: NDArray) -> NDArray[np.bool_]:
    """Pixels of the mask at a calcification below 1 mm, or within 0.25 mm of its edge."""
    near = np.zeros(mask.shape, dtype=bool)
    rows, cols = np.indices(mask.shape)
    for (row, col), width in zip(known.calcifications, known.calcification_mm, strict=True):
        if width < 1.0:
            reach = (width / 2 + REACH_MM) / pixel_mm
            near |= (rows - row) ** 2 + (cols - col) ** 2 <= reach**2
    return near & mask

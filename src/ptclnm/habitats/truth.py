"""Habitats of simulated pictures beside what the pictures were made from."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echophantom.render import Truth
from ptclnm.cohorts.simulate import truth
from ptclnm.compute import parallel_map
from ptclnm.habitats.clusters import Habitats
from ptclnm.habitats.pictures import opened
from ptclnm.schema import Cohort

# How far beyond its own edge a calcification is seen, in mm: about the width of the pulse.
REACH_MM = 0.25
COLUMNS = ("image_id", "habitat", "pixels", "near", "grey", "echogenicity_db")


def beside_truth(
    cohort: Cohort, model: Habitats, images: Sequence[str], n_jobs: int | None = None
) -> pd.DataFrame:
    """Measure in each habitat what is known of simulated pictures.

    Parameters
    ----------
    cohort : Cohort
        A simulated cohort, opened by its name.
    model : Habitats
        Fitted on the pictures; it has not seen the truth.
    images : sequence of str
        Pictures to measure; none give an empty table.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    DataFrame
        ``image_id, habitat, pixels, near, grey, echogenicity_db``: pixels of the habitat, those
        of them at a microcalcification or within 0.25 mm of its edge, the mean grey level, and
        the mean true echo in dB.

    Raises
    ------
    MissingDataError
        As ``ptclnm.cohorts.simulate.truth.load``.
    """
    if not images:
        return pd.DataFrame(columns=list(COLUMNS))
    tables = parallel_map(partial(_measured, cohort, model), images, n_jobs, progress="truth")
    return pd.concat(tables, ignore_index=True)


def _measured(cohort: Cohort, model: Habitats, image_id: str) -> pd.DataFrame:
    array, mask = opened(cohort, image_id)
    picture = truth.render_again(cohort, image_id)
    near = near_calcifications(picture.truth, picture.spacing_mm, mask)
    pixels = pd.DataFrame(
        {"habitat": model.map(array, mask)[mask], "near": near[mask],
         "grey": array[mask], "echogenicity_db": picture.truth.echogenicity_db[mask]}
    )  # fmt: skip
    by = pixels.groupby("habitat")
    table = by[["grey", "echogenicity_db"]].mean().assign(pixels=by.size(), near=by["near"].sum())
    table = table.reindex(range(model.k)).fillna({"pixels": 0, "near": 0})
    table = table.assign(image_id=image_id, habitat=model.names)
    return table.astype({"pixels": int, "near": int})[list(COLUMNS)]


def near_calcifications(known: Truth, pixel_mm: float, mask: NDArray) -> NDArray[np.bool_]:
    """Pixels of the mask at a calcification below 1 mm, or within 0.25 mm of its edge."""
    near = np.zeros(mask.shape, dtype=bool)
    rows, cols = np.indices(mask.shape)
    for (row, col), width in zip(known.calcifications, known.calcification_mm, strict=True):
        if width < 1.0:
            reach = (width / 2 + REACH_MM) / pixel_mm
            near |= (rows - row) ** 2 + (cols - col) ** 2 <= reach**2
    return near & mask


def enrichment(measured: pd.DataFrame) -> pd.DataFrame:
    """Say in which habitat the microcalcifications lie.

    Parameters
    ----------
    measured : DataFrame
        From :func:`beside_truth`.

    Returns
    -------
    DataFrame
        ``habitat, pictures, share, share_near, enrichment, auc``, over pictures with a
        microcalcification: the habitat's mean share of the nodule, of the pixels near one, their
        ratio (1 where it knows nothing of them), and the AUC of "in this habitat" as a sign of
        "near a microcalcification". Empty where there is none.
    """
    totals = measured.groupby("image_id")[["pixels", "near"]].transform("sum")
    part = measured[totals["near"] > 0]
    totals = totals.loc[part.index]
    share = part["pixels"] / totals["pixels"]
    near = part["near"] / totals["near"]
    far = (part["pixels"] - part["near"]) / (totals["pixels"] - totals["near"]).clip(lower=1)
    table = part.assign(share=share, share_near=near, auc=(1 + near - far) / 2)
    by = table.groupby("habitat", sort=False)
    means = by[["share", "share_near", "auc"]].mean().assign(pictures=by.size())
    means["enrichment"] = means["share_near"] / means["share"].where(means["share"] > 0)
    return means.reset_index()[["habitat", "pictures", "share", "share_near", "enrichment", "auc"]]


def echo_agreement(measured: pd.DataFrame) -> pd.Series:
    """Say how far a habitat's grey level follows the true echo.

    Parameters
    ----------
    measured : DataFrame
        From :func:`beside_truth`.

    Returns
    -------
    Series
        ``n, between, within``: habitats of pictures, Spearman's correlation of mean grey level
        and mean true echo over all of them, and the same after each picture's own mean is taken
        off, which no gain of a machine can bend.
    """
    pair = measured.set_index("image_id")[["grey", "echogenicity_db"]].astype(float).dropna()
    inside = pair - pair.groupby("image_id").transform("mean")
    between, within = (each.corr("spearman").iloc[0, 1] for each in (pair, inside))
    return pd.Series({"n": len(pair), "between": between, "within": within})

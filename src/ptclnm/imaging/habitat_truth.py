"""Habitats of simulated pictures beside what the pictures were made from."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate import truth
from ptclnm.compute import parallel_map
from ptclnm.imaging.habitat_cohort import opened
from ptclnm.imaging.habitats import Habitats, name_of

# How far beyond its own edge a calcification is seen, in mm: about the width of the pulse.
REACH_MM = 0.25
COLUMNS = ("image_id", "habitat", "pixels", "near", "grey", "echogenicity_db")


def beside_truth(
    cohort: Cohort, model: Habitats, image_ids: Sequence[str], n_jobs: int | None = None
) -> pd.DataFrame:
    """Measure in each habitat what is known of simulated pictures.

    Parameters
    ----------
    cohort : Cohort
        A simulated cohort, opened by its name.
    model : Habitats
        Fitted on the pictures; it has not seen the truth.
    image_ids : sequence of str
        Pictures to measure.
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
    PtclnmError, MissingDataError
        As ``echophantom.truth.load``.
    """
    table = cohort.table.astype({"image_id": str}).set_index("image_id")
    work = [(name, table.at[name, "image"], table.at[name, "mask"]) for name in image_ids]
    found = parallel_map(partial(_measured, cohort, model), work, n_jobs, progress="truth")
    return pd.concat(found, ignore_index=True)


def _measured(cohort: Cohort, model: Habitats, row: tuple[str, str, str]) -> pd.DataFrame:
    image_id, image, mask_path = row
    array, mask = opened((image, mask_path), cohort.mask_label)
    known = truth.load(cohort, image_id)
    near = near_calcifications(known, mask)
    found = model.map(array, mask)
    rows = []
    for habitat in range(model.k):
        at = found == habitat
        size = int(at.sum())
        grey, echo = (float(a[at].mean()) if size else np.nan
                      for a in (array, known.echogenicity_db))  # fmt: skip
        rows.append((image_id, name_of(habitat), size, int((near & at).sum()), grey, echo))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def near_calcifications(known: truth.PictureTruth, mask: NDArray) -> NDArray[np.bool_]:
    """Pixels of the mask at a calcification below 1 mm, or within 0.25 mm of its edge."""
    near = np.zeros(mask.shape, dtype=bool)
    rows, cols = np.indices(mask.shape)
    for (row, col), width in zip(known.calcifications, known.calcification_mm, strict=True):
        if width < 1.0:
            reach = (width / 2 + REACH_MM) / known.scanner.pixel_mm
            near |= (rows - row) ** 2 + (cols - col) ** 2 <= reach**2
    return near & mask


def enrichment(found: pd.DataFrame) -> pd.DataFrame:
    """Say in which habitat the microcalcifications lie.

    Parameters
    ----------
    found : DataFrame
        From :func:`beside_truth`.

    Returns
    -------
    DataFrame
        ``habitat, pictures, share, share_near, enrichment, auc``, over pictures with a
        microcalcification: the habitat's mean share of the nodule, of the pixels near one, their
        ratio (1 where it knows nothing of them), and the AUC of "in this habitat" as a sign of
        "near a microcalcification". Empty where there is none.
    """
    totals = found.groupby("image_id")[["pixels", "near"]].transform("sum")
    part = found[totals["near"] > 0]
    totals = totals.loc[part.index]
    share = part["pixels"] / totals["pixels"]
    near = part["near"] / totals["near"]
    far = (part["pixels"] - part["near"]) / (totals["pixels"] - totals["near"]).clip(lower=1)
    table = part.assign(share=share, share_near=near, auc=(1 + near - far) / 2)
    made = table.groupby("habitat", sort=False)[["share", "share_near", "auc"]].mean()
    made.insert(0, "pictures", table.groupby("habitat", sort=False).size())
    made["enrichment"] = made["share_near"] / made["share"].where(made["share"] > 0)
    return made.reset_index()[["habitat", "pictures", "share", "share_near", "enrichment", "auc"]]


def echo_agreement(found: pd.DataFrame) -> pd.Series:
    """Say how far a habitat's grey level follows the true echo.

    Parameters
    ----------
    found : DataFrame
        From :func:`beside_truth`.

    Returns
    -------
    Series
        ``n, between, within``: habitats of pictures, Spearman's correlation of mean grey level
        and mean true echo over all of them, and the same after each picture's own mean is taken
        off, which no gain of a machine can bend.
    """
    known = found.dropna(subset=["grey", "echogenicity_db"])
    pair = known[["grey", "echogenicity_db"]]
    inside = pair - pair.groupby(known["image_id"]).transform("mean")
    return pd.Series({"n": len(known), "between": _spearman(pair), "within": _spearman(inside)})


def _spearman(pair: pd.DataFrame) -> float:
    if len(pair) < 3 or (pair.nunique() < 2).any():
        return float("nan")
    return float(stats.spearmanr(pair.iloc[:, 0], pair.iloc[:, 1]).statistic)

"""The kinds of picture that models are compared on, which their names begin with."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.compute import parallel_map
from ptclnm.features import Change
from ptclnm.models.deep.crops import Crops, crops, rectangle, resized
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort

# Originals, super-resolved pictures, and what a network has to beat: sharpened originals.
ARMS = ("OR", "SR", "Unsharp")


def on_arm(predictions: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Name the models of a predictions table after the pictures of an arm, e.g. ``SR_SVM``."""
    return predictions.assign(model=f"{arm}_" + predictions["model"])


def arm_crops(cohort: Cohort, change: Change | None, side: int, n_jobs: int | None = None) -> Crops:
    """Cut the nodules' rectangles out of changed pictures, as page 03 cuts them.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    change : callable or None
        Makes the arm's picture of an original; None for the originals, which are shared with page
        03.
    side : int
        Side of the crops in pixels.
    n_jobs : int, optional
        Processes.
    """
    first = crops(cohort, side, n_jobs=n_jobs)
    if change is None:
        return first
    rows = cohort.table[["image", "mask"]].itertuples(index=False, name=None)
    cutter = partial(_cut, change, side, cohort.mask_label)
    cut = parallel_map(cutter, list(rows), n_jobs, "crops, super-resolved")
    return first.with_pixels(dict(zip(cohort.table["image_id"].astype(str), cut, strict=True)))


def _cut(change: Change, side: int, label: int | str, row: tuple[str, str]) -> NDArray[np.float32]:
    array = change(read_image(row[0], max_colour=1.0).array)
    return resized(array, rectangle(read_mask(row[1], label)), side)

"""How good a picture is: against the picture it should be, and by itself."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy import ndimage
from statsmodels.stats.weightstats import DescrStatsW
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from ptclnm.compute import parallel_map
from ptclnm.superres.filters import degraded, unsharp, white_of
from ptclnm.superres.pictures import Example
from ptclnm.superres.training import Trained

RING = 3  # pixels on either side of the outline
PIXEL, GAN = "SR without adversary", "SR (GAN)"
BASELINE = {"restore": "bicubic", "apply": "original"}
KEYS = ["task", "method", "metric"]


def fidelity(image: NDArray, truth: NDArray) -> dict[str, float]:
    """Compare a picture with what it should be, by torchmetrics.

    Parameters
    ----------
    image, truth : ndarray, shape (rows, cols)
        Grey values from 0 to the white of `truth`.

    Returns
    -------
    dict of str to float
        ``psnr`` in dB, and ``ssim`` with a Gaussian window of 11 pixels.
    """
    white = white_of(truth)
    a, b = (torch.from_numpy(np.asarray(x, dtype=np.float32) / white)[None, None]
            for x in (image, truth))  # fmt: skip
    return {
        "psnr": float(peak_signal_noise_ratio(a, b, data_range=1.0)),
        "ssim": float(structural_similarity_index_measure(a, b, data_range=1.0)),
    }


def sharpness(image: NDArray, mask: NDArray) -> float:
    """Mean slope at the nodule's outline in grey levels a pixel, over a band of 3 pixels each way.

    Parameters
    ----------
    image : ndarray, shape (rows, cols)
        Grey values.
    mask : ndarray of bool, same shape
        The nodule; not empty.
    """
    inside = np.asarray(mask, dtype=bool)
    band = ndimage.binary_dilation(inside, iterations=RING)
    band &= ~ndimage.binary_erosion(inside, iterations=RING)
    slope = np.hypot(*np.gradient(np.asarray(image, dtype=float)))
    return float(slope[band].mean())


def quality_table(
    examples: Sequence[Example], networks: Mapping[str, Trained], n_jobs: int | None = None
) -> pd.DataFrame:
    """Judge every method on pictures that no network has seen, restoring and sharpening them.

    Parameters
    ----------
    examples : sequence of Example
        One picture a patient.
    networks : mapping of str to Trained
        Networks by the name of their method.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    DataFrame
        ``image_id, task, method, metric, value``. The task ``restore`` is to undo the
        degradation, the original being what should come out; ``apply`` is the paper's use of the
        network, on the original, where nothing is there to compare with.
    """
    parts = parallel_map(partial(_judged, dict(networks)), examples, n_jobs, "pictures judged")
    return pd.DataFrame(chain(*parts), columns=["image_id", *KEYS, "value"])


def _judged(networks: Mapping[str, Trained], example: Example) -> list[tuple]:
    image_id, image, mask = example
    low = degraded(image, image_id, next(iter(networks.values())).plan)
    rows = []
    for task, given in (("restore", low), ("apply", image)):
        made = {BASELINE[task]: given, "unsharp": unsharp(given), "original": image}
        made |= {name: network(given) for name, network in networks.items()}
        for method, picture in made.items():
            values = {"sharpness": sharpness(picture, mask)}
            if task == "restore" and method != "original":
                values |= fidelity(picture, image)
            rows += [(image_id, task, method, name, value) for name, value in values.items()]
    return rows


def summary(judgements: pd.DataFrame) -> pd.DataFrame:
    """Average over patients, beside the method that needs no network.

    Parameters
    ----------
    judgements : DataFrame
        From :func:`quality_table`.

    Returns
    -------
    DataFrame
        ``task, method, metric, patients, mean, low, high, difference, difference_low,
        difference_high``: mean over patients, and mean of the paired difference from ``bicubic``
        (task ``restore``) or ``original`` (task ``apply``), each with Student's 95 % interval.
    """
    by = judgements.pivot(index=KEYS, columns="image_id", values="value")
    rows = []
    for (task, method, metric), values in by.iterrows():
        base = by.reindex([(task, BASELINE[task], metric)]).iloc[0]
        own, difference = interval(values), interval(values - base)
        rows.append((task, method, metric, int(values.notna().sum()), *own, *difference))
    columns = [*KEYS, "patients", "mean", "low", "high",
               "difference", "difference_low", "difference_high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def interval(values: pd.Series) -> tuple[float, float, float]:
    """Mean and Student's 95 % interval; without limits where there are fewer than two."""
    known = DescrStatsW(values.dropna())
    limits = known.tconfint_mean() if known.nobs > 1 else (np.nan, np.nan)
    return known.mean if known.nobs else np.nan, *limits

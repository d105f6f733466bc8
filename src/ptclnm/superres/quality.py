"""How good a picture is: against the picture it should be, and by itself."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy import ndimage, stats
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from ptclnm.compute import parallel_map
from ptclnm.superres.arms import Arm
from ptclnm.superres.filters import degraded, unsharp, white_of
from ptclnm.superres.pictures import Example

RING = 3  # pixels on either side of the outline
SMOOTH = 8.0  # pixels; slower changes of the mean are no speckle
LAGS = 12
INSIDE = 2  # pixels from the outline that are left out of the nodule's own speckle
PIXEL, GAN = "SR without adversary", "SR (GAN)"
BASELINE = {"restore": "bicubic", "apply": "original"}
LEVEL = 0.95
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


def speckle(image: NDArray, mask: NDArray) -> dict[str, float]:
    """Describe the speckle of a nodule.

    Parameters
    ----------
    image : ndarray, shape (rows, cols)
        Grey values.
    mask : ndarray of bool, same shape
        The nodule.

    Returns
    -------
    dict of str to float
        ``speckle_snr``, mean over SD of the grey levels inside; ``speckle_rows`` and
        ``speckle_cols``, the full width at half maximum of the autocorrelation down and across in
        pixels. Slow changes of the mean are removed first. NaN where the nodule has no inside, or
        the correlation does not fall to a half.
    """
    image = np.asarray(image, dtype=float)
    inside = ndimage.binary_erosion(np.asarray(mask, dtype=bool), iterations=INSIDE)
    if inside.sum() < 2:
        return dict.fromkeys(("speckle_snr", "speckle_rows", "speckle_cols"), float("nan"))
    rest = image - ndimage.gaussian_filter(image, SMOOTH, mode="nearest")
    sd = float(rest[inside].std())
    return {
        "speckle_snr": float(image[inside].mean()) / sd if sd > 0 else float("nan"),
        "speckle_rows": _width(rest, inside),
        "speckle_cols": _width(rest.T, inside.T),
    }


def _width(rest: NDArray, inside: NDArray) -> float:
    """Full width at half maximum of the autocorrelation along the first axis, in pixels."""
    rest = rest - rest[inside].mean()
    found = [1.0]
    for lag in range(1, min(LAGS, len(rest) - 1) + 1):
        both = inside[lag:] & inside[:-lag]
        a, b = rest[lag:][both], rest[:-lag][both]
        scale = np.sqrt((a**2).sum() * (b**2).sum())
        found.append(float((a * b).sum() / scale) if scale > 0 else 0.0)
        if found[-1] < 0.5:
            return 2 * (lag - 1 + (found[-2] - 0.5) / (found[-2] - found[-1]))
    return float("nan")


def quality_table(
    examples: Sequence[Example], arms: Mapping[str, Arm], n_jobs: int | None = None
) -> pd.DataFrame:
    """Judge every method on pictures that no network has seen, restoring and sharpening them.

    Parameters
    ----------
    examples : sequence of Example
        One picture a patient.
    arms : mapping of str to Arm
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
    parts = parallel_map(partial(_judged, dict(arms)), examples, n_jobs, "pictures judged")
    return pd.DataFrame(chain(*parts), columns=["image_id", *KEYS, "value"])


def _judged(arms: Mapping[str, Arm], example: Example) -> list[tuple]:
    image_id, image, mask = example
    low = degraded(image, image_id, next(iter(arms.values())).plan)
    tasks = {
        "restore": {"bicubic": low, "unsharp": unsharp(low)}
        | {name: arm(image_id, low, mask) for name, arm in arms.items()} | {"original": image},
        "apply": {"original": image, "unsharp": unsharp(image)}
        | {name: arm(image_id, image, mask) for name, arm in arms.items()},
    }  # fmt: skip
    rows = []
    for task, pictures in tasks.items():
        for method, made in pictures.items():
            values = {"sharpness": sharpness(made, mask)} | speckle(made, mask)
            if task == "restore" and method != "original":
                values |= fidelity(made, image)
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
    groups = judgements.groupby([*KEYS, "image_id"], sort=False)["value"]
    by = groups.mean().unstack()
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
    known = values.dropna().to_numpy(dtype=float)
    if len(known) < 2:
        return float(known.sum()) if len(known) else np.nan, np.nan, np.nan
    mean = known.mean()
    reach = stats.t.ppf((1 + LEVEL) / 2, len(known) - 1) * known.std(ddof=1) / len(known) ** 0.5
    return mean, mean - reach, mean + reach

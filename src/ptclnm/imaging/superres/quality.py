"""How good a picture is: against the picture it should be, and by itself."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from ptclnm.imaging.superres.degrade import degraded
from ptclnm.imaging.superres.plain import unsharp

RING = 3  # pixels on either side of the outline
SMOOTH = 8.0  # pixels; slower changes of the mean are no speckle
LAGS = 12
INSIDE = 2  # pixels from the outline that are left out of the nodule's own speckle
METRICS = ("psnr", "ssim", "sharpness", "speckle_snr", "speckle_rows", "speckle_cols")


def fidelity(image: NDArray, truth: NDArray, white: float) -> dict[str, float]:
    """Compare a picture with what it should be, by torchmetrics.

    Parameters
    ----------
    image, truth : ndarray, shape (rows, cols)
        Grey values from 0 to `white`.
    white : float
        Grey value of white.

    Returns
    -------
    dict of str to float
        ``psnr`` in dB, and ``ssim`` with a Gaussian window of 11 pixels.
    """
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


def judged(
    image: NDArray,
    mask: NDArray,
    image_id: str,
    networks: Mapping[str, object],
    settings: tuple[int, float, int],
    white: float,
) -> list[dict[str, object]]:
    """Judge every method on one picture, restoring it and sharpening it.

    Parameters
    ----------
    image, mask : ndarray, shape (rows, cols)
        The original and its nodule.
    image_id : str
        Its name.
    networks : mapping of str to callable
        Super-resolves an array, by the method's name.
    settings : tuple
        Scale, noise and seed of the degraded copy.
    white : float
        Grey value of white.

    Returns
    -------
    list of dict
        ``task, method, metric, value``. The task ``restore`` is to undo the degradation, the
        original being what should come out; ``apply`` is the paper's use of the network, on the
        original, where nothing is there to compare with.
    """
    low = degraded(image, image_id, *settings, white)
    tasks = {
        "restore": {"bicubic": low, "unsharp": unsharp(low, white)}
        | {name: network(low) for name, network in networks.items()},
        "apply": {"original": image, "unsharp": unsharp(image, white)}
        | {name: network(image) for name, network in networks.items()},
    }
    tasks["restore"]["original"] = image
    rows = []
    for task, pictures in tasks.items():
        for method, made in pictures.items():
            values = {"sharpness": sharpness(made, mask)} | speckle(made, mask)
            if task == "restore" and method != "original":
                values |= fidelity(made, image, white)
            rows += [
                {"task": task, "method": method, "metric": name, "value": value}
                for name, value in values.items()
            ]
    return rows

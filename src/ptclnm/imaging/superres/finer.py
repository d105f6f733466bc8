"""Restored or invented: made pictures against the same scatterers seen by a finer machine.

Only simulated pictures have this truth. A linear filter, sharpening among them, changes how strong
a frequency is and not how well it agrees with the truth; so agreement, not strength, tells
restoring from inventing.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate import truth

BANDS = 8
RESOLUTION = 2
Sums = dict[str, NDArray[np.float64]]


def reference(cohort: Cohort, image_id: str, resolution: int = RESOLUTION) -> NDArray[np.float64]:
    """Render a picture with a finer response and average it to the original's pixels.

    Parameters
    ----------
    cohort : Cohort
        A simulated one.
    image_id : str
        One of its pictures.
    resolution : {2, 4}
        How much finer.

    Returns
    -------
    ndarray of float64, shape (rows, cols)
        Grey levels.
    """
    fine = truth.finer(cohort, image_id, resolution).frame.astype(float)
    rows, cols = (size // resolution for size in fine.shape)
    cut = fine[: rows * resolution, : cols * resolution]
    return cut.reshape(rows, resolution, cols, resolution).mean(axis=(1, 3))


def spectral_sums(
    original: NDArray, fine: NDArray, made: Mapping[str, NDArray], bands: int = BANDS
) -> dict[str, Sums]:
    """Sum the spectra of one picture by band of spatial frequency.

    Parameters
    ----------
    original, fine : ndarray, shape (rows, cols)
        The picture, and the same scatterers seen finer.
    made : mapping of str to ndarray, same shape
        Pictures made from the original, by method.
    bands : int
        Rings of equal width from 0 to half a cycle a pixel.

    Returns
    -------
    dict of str to dict
        By method, arrays of shape (bands,): ``power``, ``fine``, ``cross`` of the made picture
        and the truth; ``added``, ``missing``, ``agreed`` of what was added to the original and
        what it lacked. Sums over pictures can be added up.
    """
    rings = _rings(original.shape, bands)
    first, there = (_spectrum(x) for x in (original, fine))
    lacked = there - first
    found = {}
    for name, picture in {"original": original, **made}.items():
        own = _spectrum(picture)
        added = own - first
        pairs = {
            "power": own * own.conj(), "fine": there * there.conj(), "cross": own * there.conj(),
            "added": added * added.conj(), "missing": lacked * lacked.conj(),
            "agreed": added * lacked.conj(),
        }  # fmt: skip
        found[name] = {
            key: np.bincount(rings.ravel(), value.real.ravel(), bands + 1)[:bands]
            for key, value in pairs.items()
        }
    return found


def _spectrum(image: NDArray) -> NDArray[np.complex128]:
    """Spectrum of a picture under a Hann window, without its mean."""
    rows, cols = image.shape
    window = np.hanning(rows)[:, None] * np.hanning(cols)[None]
    return np.fft.fft2((image - np.mean(image)) * window)


def _rings(shape: tuple[int, int], bands: int) -> NDArray[np.int64]:
    """Band of each frequency; those beyond half a cycle a pixel are in one more."""
    rows, cols = (np.fft.fftfreq(size) for size in shape)
    radius = np.hypot(rows[:, None], cols[None])
    return np.minimum((radius / 0.5 * bands).astype(np.int64), bands)


def agreement(sums: list[dict[str, Sums]]) -> pd.DataFrame:
    """Say by band how well made pictures agree with the truth.

    Parameters
    ----------
    sums : list of dict
        From :func:`spectral_sums`, one a picture.

    Returns
    -------
    DataFrame
        ``method, band, low, high`` (cycles a pixel; the band ``all`` is every frequency), then
        ``correlation`` of the made picture with the truth; ``power``, its power over the truth's;
        ``added``, correlation of what was added with what the original lacked, NaN for the
        original; and ``invented``, the part of what was added that the truth does not hold, as a
        share of its power: 1 less the squared correlation, or 1 where that is negative.
    """
    rows = []
    for method in sums[0]:
        total = {key: sum(one[method][key] for one in sums) for key in sums[0][method]}
        bands = len(total["power"])
        parts = [
            (str(i), i / bands / 2, (i + 1) / bands / 2, slice(i, i + 1)) for i in range(bands)
        ]
        parts.append(("all", 0.0, 0.5, slice(None)))
        for band, low, high, at in parts:
            s = {key: float(value[at].sum()) for key, value in total.items()}
            r = _ratio(s["agreed"], np.sqrt(s["added"] * s["missing"]))
            rows.append(
                {"method": method, "band": band, "low": low, "high": high,
                 "correlation": _ratio(s["cross"], np.sqrt(s["power"] * s["fine"])),
                 "power": _ratio(s["power"], s["fine"]), "added": r,
                 "invented": 1 - max(r, 0.0) ** 2 if np.isfinite(r) else r}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")

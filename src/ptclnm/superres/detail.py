"""Restored or invented: made pictures against the same scatterers seen by a finer machine.

Only simulated pictures have this truth. A linear filter, sharpening among them, changes how strong
a frequency is and not how well it agrees with the truth; so agreement, not strength, tells
restoring from inventing.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.cohorts.simulate import truth
from ptclnm.compute import parallel_map
from ptclnm.schema import Cohort
from ptclnm.superres.filters import unsharp
from ptclnm.superres.pictures import Example
from ptclnm.superres.quality import interval
from ptclnm.superres.training import Trained

BANDS = 8
RESOLUTION = 2
SUMS = ["power", "fine", "cross", "added", "missing", "agreed"]
COLUMNS = ["image_id", "method", "frequency", *SUMS]


def reference(cohort: Cohort, image_id: str) -> NDArray[np.float64]:
    """Render a picture with twice the resolution and average it to the original's pixels.

    Parameters
    ----------
    cohort : Cohort
        A simulated one.
    image_id : str
        One of its pictures.

    Returns
    -------
    ndarray of float64, shape (rows, cols)
        Grey levels.
    """
    fine = truth.render_again(cohort, image_id, RESOLUTION).frame.astype(float)
    rows, cols = (size // RESOLUTION for size in fine.shape)
    cut = fine[: rows * RESOLUTION, : cols * RESOLUTION]
    return cut.reshape(rows, RESOLUTION, cols, RESOLUTION).mean(axis=(1, 3))


def finer_sums(
    cohort: Cohort,
    examples: Sequence[Example],
    networks: Mapping[str, Trained],
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Compare what methods add with what a finer machine would have seen.

    Parameters
    ----------
    cohort : Cohort
        A simulated one.
    examples : sequence of Example
        Pictures that no network has seen; none gives no rows.
    networks : mapping of str to Trained
        Networks by the name of their method; an unsharp mask is added to them.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    DataFrame
        From :func:`spectral_sums`, after the ``image_id``.
    """
    work = partial(_sums, cohort, dict(networks))
    parts = parallel_map(work, examples, n_jobs, progress="finer pictures")
    return pd.concat(parts) if parts else pd.DataFrame(columns=COLUMNS)


def _sums(cohort: Cohort, networks: Mapping[str, Trained], example: Example) -> pd.DataFrame:
    image = example.image
    made = {"unsharp": unsharp(image)} | {
        name: network(image) for name, network in networks.items()
    }
    sums = spectral_sums(image, reference(cohort, example.image_id), made)
    return sums.assign(image_id=example.image_id)


def spectral_sums(
    original: NDArray, fine: NDArray, made: Mapping[str, NDArray], bands: int = BANDS
) -> pd.DataFrame:
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
    DataFrame
        ``method, frequency`` (middle of the band in cycles a pixel), then ``power, fine, cross``
        of the made picture and the truth, and ``added, missing, agreed`` of what was added to the
        original and what it lacked. Rows of bands and of pictures can be added up.
    """
    radius = np.hypot(*np.meshgrid(*map(np.fft.fftfreq, original.shape), indexing="ij"))
    ring = np.minimum((radius / 0.5 * bands).astype(int), bands).ravel()
    first, there = _spectrum(original), _spectrum(fine)
    tables = []
    for name, picture in {"original": original, **made}.items():
        own = _spectrum(picture)
        added, lacked = own - first, there - first
        pairs = [(own, own), (there, there), (own, there),
                 (added, added), (lacked, lacked), (added, lacked)]  # fmt: skip
        sums = [np.bincount(ring, (a * b.conj()).real.ravel(), bands + 1) for a, b in pairs]
        table = pd.DataFrame(dict(zip(SUMS, sums, strict=True))).head(bands)
        tables.append(table.assign(method=name, frequency=0.5 * (table.index + 0.5) / bands))
    return pd.concat(tables, ignore_index=True)


def _spectrum(image: NDArray) -> NDArray[np.complex128]:
    """Spectrum of a picture under a Hann window, without its mean."""
    rows, cols = image.shape
    window = np.hanning(rows)[:, None] * np.hanning(cols)[None]
    return np.fft.fft2((image - np.mean(image)) * window)


def agreement(sums: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Say how well made pictures agree with the truth.

    Parameters
    ----------
    sums : DataFrame
        From :func:`finer_sums`.
    by : list of str
        Columns whose groups are told apart; the rest of the rows are added up.

    Returns
    -------
    DataFrame
        The columns of `by`, then ``correlation`` of the made picture with the truth; ``added``,
        correlation of what was added with what the original lacked, NaN for the original; and
        ``invented``, the share of the power that was added which the truth does not hold: 1 less
        the squared correlation, or 1 where that is negative.
    """
    total = sums.groupby(by, sort=False)[SUMS].sum()
    added = total["agreed"] / np.sqrt(total["added"] * total["missing"])
    return pd.DataFrame({
        "correlation": total["cross"] / np.sqrt(total["power"] * total["fine"]),
        "added": added, "invented": 1 - added.clip(lower=0) ** 2,
    }).reset_index()  # fmt: skip


def restored(sums: pd.DataFrame) -> pd.DataFrame:
    """Say over pictures whether what is added is what was missing.

    Parameters
    ----------
    sums : DataFrame
        From :func:`finer_sums`.

    Returns
    -------
    DataFrame
        ``method, pictures, added, low, high``: mean correlation of what a method adds with what
        the original lacks, at all frequencies, with Student's 95 % interval over pictures.
    """
    each = agreement(sums, ["image_id", "method"])
    rows = [
        (method, int(values.notna().sum()), *interval(values))
        for method, values in each.groupby("method", sort=False)["added"]
        if method != "original"
    ]
    return pd.DataFrame(rows, columns=["method", "pictures", "added", "low", "high"])

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
from ptclnm.superres.arms import Arm
from ptclnm.superres.filters import unsharp
from ptclnm.superres.pictures import Example
from ptclnm.superres.quality import interval

BANDS = 8
RESOLUTION = 2
COLUMNS = ["method", "band", "low", "high", "correlation", "power", "added", "invented"]
Sums = dict[str, NDArray[np.float64]]


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
    arms: Mapping[str, Arm],
    n_jobs: int | None = None,
) -> list[dict[str, Sums]]:
    """Compare what methods add with what a finer machine would have seen, one entry a picture.

    Parameters
    ----------
    cohort : Cohort
        A simulated one.
    examples : sequence of Example
        Pictures that no network has seen.
    arms : mapping of str to Arm
        Networks by the name of their method; an unsharp mask is added to them.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    list of dict
        From :func:`spectral_sums`.
    """
    work = partial(_sums, cohort, dict(arms))
    return parallel_map(work, examples, n_jobs, progress="finer pictures")


def _sums(cohort: Cohort, arms: Mapping[str, Arm], example: Example) -> dict[str, Sums]:
    made = {"unsharp": unsharp(example.image)}
    made |= {name: arm(*example) for name, arm in arms.items()}
    return spectral_sums(example.image, reference(cohort, example.image_id), made)


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
    first, there = _spectrum(original), _spectrum(fine)
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


def agreement(sums: Sequence[Mapping[str, Sums]]) -> pd.DataFrame:
    """Say by band how well made pictures agree with the truth.

    Parameters
    ----------
    sums : sequence of mapping
        From :func:`spectral_sums`, one a picture; none gives no rows.

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
    for method in sums[0] if sums else ():
        total = pd.DataFrame(
            {key: sum(one[method][key] for one in sums) for key in sums[0][method]}
        )
        edges = np.linspace(0, 0.5, len(total) + 1)
        for band, s in total.iterrows():
            rows.append((method, str(band), edges[band], edges[band + 1], *_compared(s)))
        rows.append((method, "all", 0.0, 0.5, *_compared(total.sum())))
    return pd.DataFrame(rows, columns=COLUMNS)


def _compared(s: pd.Series) -> tuple[float, float, float, float]:
    """Correlation, power, correlation of what was added, and what of it was invented."""
    added = _ratio(s["agreed"], np.sqrt(s["added"] * s["missing"]))
    return (
        _ratio(s["cross"], np.sqrt(s["power"] * s["fine"])), _ratio(s["power"], s["fine"]), added,
        1 - max(added, 0.0) ** 2 if np.isfinite(added) else added,
    )  # fmt: skip


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")


def restored(sums: Sequence[Mapping[str, Sums]]) -> pd.DataFrame:
    """Say over pictures whether what is added is what was missing.

    Returns
    -------
    DataFrame
        ``method, pictures, added, low, high, over, over_low, over_high``: mean correlation of what
        a method adds with what the original lacks, at all frequencies, and how much it is above
        that of unsharp masking; Student's 95 % intervals over pictures.
    """
    each = [agreement([one]).query("band == 'all'").set_index("method")["added"] for one in sums]
    by = pd.DataFrame(each).T.drop(index="original", errors="ignore")
    rows = [
        (method, int(values.notna().sum()), *interval(values),
         *interval(values - by.loc["unsharp"]))
        for method, values in by.iterrows()
    ]  # fmt: skip
    columns = ["method", "pictures", "added", "low", "high", "over", "over_low", "over_high"]
    return pd.DataFrame(rows, columns=columns)

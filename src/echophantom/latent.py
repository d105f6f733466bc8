"""The latent aggressiveness, and how much of it shows where."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

FAMILIES = ("clinical", "size", "shape", "texture")


@dataclass(frozen=True)
class Signals:
    """How much of the aggressiveness shows, by what it shows in.

    Parameters
    ----------
    clinical : float
        In what is not seen on the picture: age, sex, number of foci.
    size : float
        In the nodule's diameter, in the table and in the picture.
    shape : float
        In outline, orientation and contact with the capsule, in the table and in the picture.
    texture : float
        In echogenicity, heterogeneity, calcification and cysts, in the table and in the picture.
    """

    clinical: float = 1.0
    size: float = 1.0
    shape: float = 1.0
    texture: float = 1.0


@dataclass(frozen=True)
class Streams:
    """Independent random streams of one block of patients, told apart by purpose.

    Parameters
    ----------
    seed : int
        The cohort's seed.
    study : str
        Name of the cohort: two studies of one seed share nothing.
    block : int
        Which full-size table, from 0.
    """

    seed: int
    study: str
    block: int

    def rng(self, *purpose: str | int) -> np.random.Generator:
        """Return the generator of one purpose; it depends on no other purpose."""
        words = (self.study, self.block, *purpose)
        key = tuple(w if isinstance(w, int) else zlib.crc32(w.encode()) for w in words)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))


def shown_label(
    label: NDArray[np.int64], strata: NDArray, signal: float, streams: Streams
) -> NDArray[np.int64]:
    """Label that a family of findings follows.

    Parameters
    ----------
    label : array of int, shape (n,)
        The outcome.
    strata : array, shape (n,)
        The set of each patient.
    signal : float
        From 1 the label itself. Below, a share ``1 - signal`` of each set's patients exchange
        their labels at random; at 0 all do.
    streams : Streams
        Who exchanges is the same for all families, as far as their signals agree.

    Returns
    -------
    array of int, shape (n,)
        In each set as many ones as in `label`, so that what is drawn from Table 1 keeps the
        set's totals whatever the signal.
    """
    shown = label.copy()
    order = streams.rng("exchange").random(len(label))
    ranks = streams.rng("with whom").random(len(label))
    for name in np.unique(strata):
        inside = np.flatnonzero(strata == name)
        count = round((1 - min(signal, 1.0)) * len(inside))
        exchanging = inside[np.argsort(order[inside], kind="stable")][:count]
        shown[exchanging] = label[exchanging[np.argsort(ranks[exchanging], kind="stable")]]
    return shown


def mix(
    latent: NDArray[np.float64], loading: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Mix a latent with noise; a standard normal one stays standard normal.

    Parameters
    ----------
    latent : array, shape (n,)
        The latent.
    loading : float
        Correlation with it, -1 to 1.
    rng : Generator
        Of the noise.

    Returns
    -------
    array, shape (n,)
        The liability.
    """
    noise = rng.standard_normal(len(latent))
    return loading * latent + np.sqrt(1 - loading**2) * noise


def by_rank(liability: NDArray[np.float64], counts: Mapping[str, int]) -> NDArray[np.object_]:
    """Give levels in exact numbers, the last level to those with the highest liability."""
    chosen = np.empty(len(liability), dtype=object)
    levels = np.repeat(np.array(list(counts), dtype=object), list(counts.values()))
    chosen[np.argsort(liability, kind="stable")] = levels
    return chosen


def spread(liability: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Turn liabilities into probabilities that fill 0 to 1 evenly, one in each n-th part."""
    ranks = stats.rankdata(liability, method="ordinal") - 1
    return (ranks + rng.random(len(liability))) / len(liability)


def between(x: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """Map a standard normal variable onto an interval evenly."""
    return low + (high - low) * stats.norm.cdf(x)

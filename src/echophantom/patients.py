"""Patients of classes within sets, whose findings follow a latent aggressiveness."""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

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


@dataclass(frozen=True)
class Stratum:
    """A class within a set: the set's name, the label, the printed number of patients."""

    split: str
    label: int
    size: int


@dataclass(frozen=True)
class Block:
    """Patients of all strata in printed numbers.

    Parameters
    ----------
    streams : Streams
        Where its random numbers come from.
    split : array of str, shape (n,)
        Set of each patient.
    label : array of int, shape (n,)
        Outcome of each patient.
    severity : array of float, shape (n,)
        Aggressiveness within the class, standard normal, independent of the label.
    shown : mapping
        By family, the label that its findings follow.
    strength : mapping
        By family, by how many SDs the classes' findings lie apart.
    """

    streams: Streams
    split: NDArray[np.object_]
    label: NDArray[np.int64]
    severity: NDArray[np.float64]
    shown: Mapping[str, NDArray[np.int64]]
    strength: Mapping[str, float]

    def __len__(self) -> int:
        """Count the patients."""
        return len(self.label)

    def rng(self, *purpose: str) -> np.random.Generator:
        """Return the generator of one purpose."""
        return self.streams.rng(*purpose)

    def within(self, name: str, loading: float) -> NDArray[np.float64]:
        """Liability to a finding within the class, standard normal, without the label."""
        noise = self.rng(name).standard_normal(len(self))
        return loading * self.severity + np.sqrt(1 - loading**2) * noise

    def liability(
        self, name: str, family: str, loading: float, weight: float = 1.0
    ) -> NDArray[np.float64]:
        """Liability to a finding, about standard normal in the negative class.

        Parameters
        ----------
        name : str
            The finding; its noise is its own.
        family : str
            Whose label and strength it follows.
        loading : float
            Correlation with the aggressiveness within the class.
        weight : float
            Share of the family's strength, negative to go the other way.
        """
        return self.within(name, loading) + weight * self.strength[family] * self.shown[family]

    def aggressiveness(self, family: str) -> NDArray[np.float64]:
        """Latent score that a family's findings follow."""
        return self.severity + self.strength[family] * self.shown[family]


def make_block(
    streams: Streams, strata: Sequence[Stratum], given: Signals, strength: Mapping[str, float]
) -> Block:
    """Line up the patients of all strata and draw their latent.

    Parameters
    ----------
    streams : Streams
        Of this block.
    strata : sequence of Stratum
        Classes within sets.
    given : Signals
        Below 1 fewer patients show their own label; above 1 the classes lie further apart.
    strength : mapping
        Of each family at a signal of 1; a family left out has 1.
    """
    sizes = [stratum.size for stratum in strata]
    split = np.repeat(np.array([s.split for s in strata], dtype=object), sizes)
    label = np.repeat([s.label for s in strata], sizes)
    asked = {family: getattr(given, family) for family in FAMILIES}
    return Block(
        streams=streams,
        split=split,
        label=label,
        severity=streams.rng("severity").standard_normal(len(label)),
        shown={f: shown_label(label, split, s, streams) for f, s in asked.items()},
        strength={f: strength.get(f, 1.0) * max(s, 1.0) for f, s in asked.items()},
    )


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


def apportion(sizes: Sequence[int], total: int) -> list[int]:
    """Divide a total in the proportions of `sizes`, by largest remainder.

    Parameters
    ----------
    sizes : sequence of int
        Sizes of the groups.
    total : int
        What the parts are to add up to.

    Returns
    -------
    list of int
        The parts; `sizes` itself where `total` is its sum. Of equal remainders the first of the
        groups is served.
    """
    whole = sum(sizes)
    parts = [size * total // whole for size in sizes]
    remainders = [size * total % whole for size in sizes]
    served = sorted(range(len(sizes)), key=lambda i: -remainders[i])[: total - sum(parts)]
    return [part + (i in served) for i, part in enumerate(parts)]


def enough(sizes: Sequence[int]) -> int:
    """Smallest total from which on each group gets at least one, by :func:`apportion`."""
    short = [n for n in range(sum(sizes)) if min(apportion(sizes, n)) == 0]
    return short[-1] + 1


Quantiles = Callable[[ArrayLike], NDArray[np.float64]]


def beta_between(low: float, high: float, mean: float, sd: float) -> Quantiles:
    """Quantile function of a beta distribution on an interval, by its mean and SD."""
    m, v = (mean - low) / (high - low), (sd / (high - low)) ** 2
    nu = m * (1 - m) / v - 1
    return stats.beta(m * nu, (1 - m) * nu, loc=low, scale=high - low).ppf


@cache
def lognormal_between(low: float, high: float, mean: float, sd: float) -> Quantiles:
    """Quantile function of a log-normal distribution cut to an interval.

    Parameters
    ----------
    low, high : float
        Ends of the interval, above 0.
    mean, sd : float
        Mean and SD after the cut.

    Returns
    -------
    callable
        From probabilities to values.
    """
    spread = math.log1p((sd / mean) ** 2)
    start = (math.log(mean) - spread / 2, math.log(spread) / 2)

    def miss(x: NDArray[np.float64]) -> list[float]:
        first, second = _cut_moments(x[0], math.exp(x[1]), low, high)
        return [first / mean - 1, math.sqrt(max(second - first**2, 0.0)) / sd - 1]

    mu, log_sigma = optimize.root(miss, start).x
    sigma = math.exp(log_sigma)
    ends = stats.norm.cdf((np.log([low, high]) - mu) / sigma)

    def quantiles(p: ArrayLike) -> NDArray[np.float64]:
        inside = ends[0] + np.asarray(p) * (ends[1] - ends[0])
        return np.clip(np.exp(mu + sigma * stats.norm.ppf(inside)), low, high)

    return quantiles


def _cut_moments(mu: float, sigma: float, low: float, high: float) -> tuple[float, float]:
    """First two moments of a log-normal distribution cut to an interval."""
    a, b = (np.log([low, high]) - mu) / sigma
    whole = stats.norm.cdf(b) - stats.norm.cdf(a)
    first, second = (
        math.exp(k * mu + (k * sigma) ** 2 / 2)
        * (stats.norm.cdf(b - k * sigma) - stats.norm.cdf(a - k * sigma))
        / whole
        for k in (1, 2)
    )
    return float(first), float(second)

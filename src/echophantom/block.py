"""One full-size table's worth of patients, before any column is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from echophantom.latent import FAMILIES, Signals, Streams, mix, shown_label


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

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of one purpose."""
        return self.streams.rng(purpose)

    def within(self, name: str, loading: float) -> NDArray[np.float64]:
        """Liability to a finding within the class, standard normal, without the label."""
        return mix(self.severity, loading, self.rng(name))

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

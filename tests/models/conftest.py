"""Small made-up images: a few patients, two images each."""

import numpy as np
import pytest

from ptclnm.models.data import ImageData


def _images(
    patients: int = 60, features: int = 40, signal: float = 0.0, seed: int = 0, share: float = 0.4
) -> ImageData:
    """Draw two images a patient; the first three features carry the signal."""
    rng = np.random.default_rng(seed)
    positive = rng.permutation(np.arange(patients) < share * patients).astype(int)
    of_patient = rng.normal(size=(patients, features)) + signal * np.outer(
        positive, np.arange(features) < 3
    )
    rows = np.repeat(np.arange(patients), 2)
    split = np.where(rng.permutation(patients) < 0.7 * patients, "train", "test")
    return ImageData(
        X=of_patient[rows] + 0.3 * rng.normal(size=(2 * patients, features)),
        names=tuple(f"f{i}" for i in range(features)),
        labels=positive[rows].astype(np.int64),
        patients=np.array([f"p{i:03d}" for i in rows]),
        splits=split[rows],
    )


@pytest.fixture(scope="session")
def images():
    """The function that draws images."""
    return _images

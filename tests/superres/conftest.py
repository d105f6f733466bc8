"""Small made-up pictures: sharp blobs with fine ripples, which degrading loses."""

import numpy as np
import pytest
from scipy import ndimage

from ptclnm.superres.pictures import Pictures
from ptclnm.superres.plan import SRPlan


def _blobs(count: int = 6, side: int = 72, seed: int = 0) -> Pictures:
    rng = np.random.default_rng(seed)
    arrays = []
    for _ in range(count):
        smooth = ndimage.gaussian_filter(rng.normal(size=(side, side)), 3)
        steps = 60 + 130 * (smooth > 0)
        arrays.append(np.clip(steps + 2 * rng.normal(size=steps.shape), 0, 255).astype(np.uint8))
    names = tuple(f"p{i}" for i in range(count))
    return Pictures(tuple(arrays), names, names)


@pytest.fixture(scope="session")
def blobs():
    """The function that draws pictures."""
    return _blobs


@pytest.fixture(scope="session")
def fast() -> SRPlan:
    """The cheapest training there is."""
    return SRPlan(scale=2, blocks=1, channels=8, epochs=2, patch_size=24, batch_size=64)

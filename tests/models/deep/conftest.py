"""Small made-up crops: a disc on noise, brighter in patients with the outcome."""

import numpy as np
import pytest

from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.plan import DeepPlan


def _planted(
    patients: int = 40, side: int = 32, signal: float = 1.0, seed: int = 0, images: int = 1
) -> Crops:
    """Draw crops; three of ten patients are the test set."""
    rng = np.random.default_rng(seed)
    label = (rng.permutation(patients) < 0.4 * patients).astype(int)
    split = np.where(rng.permutation(patients) < 0.7 * patients, "train", "test")
    of = np.repeat(np.arange(patients), images)
    y, x = np.mgrid[:side, :side] / side - 0.5
    disc = np.hypot(x, y) < 0.25
    pixels = 100 + 20 * rng.normal(size=(len(of), side, side))
    pixels += 60 * signal * label[of][:, None, None] * disc
    return Crops(
        pixels=pixels.astype(np.float32),
        masks=np.broadcast_to(np.hypot(x, y) < 0.45, pixels.shape),
        image_ids=np.array([f"p{i:03d}_{k % images}" for k, i in enumerate(of)]),
        patients=np.array([f"p{i:03d}" for i in of]),
        labels=label[of],
        splits=split[of],
    )


HEAVY = ("ResNet101", "ViT-B/16")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items) -> None:
    """Leave the heaviest networks to the slow tests; what holds for them holds for the others."""
    for item in items:
        name = getattr(item, "callspec", None) and item.callspec.params.get("name")
        if name in HEAVY and "models/deep" in item.nodeid and "test_plan" not in item.nodeid:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def planted():
    """The function that draws crops."""
    return _planted


@pytest.fixture(scope="session")
def fast() -> DeepPlan:
    """The cheapest training there is."""
    return DeepPlan("EfficientNet-Lite0", "none", 32, epochs=3, batch_size=8, lr=2e-3)

"""What all tests share: where the data, the papers and the browser are."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ptclnm.paths import data_root

# Left out unless the marker is asked for by name, whatever else -m says.
ASKED = ("slow", "study")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes."""
    asked = config.option.markexpr or ""
    left = {name for name in ASKED if name not in asked}
    out = [item for item in items if any(item.get_closest_marker(name) for name in left)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in set(out)]


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of local copies of the public datasets."""
    root = data_root()
    if root is None:
        pytest.skip("PTCLNM_DATA is not set; it names the folder with the public datasets")
    return root


def find_chromium() -> str | None:
    """Path of a Chromium: CHROMIUM, else the first known name on the PATH."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; a test that needs one is marked ``browser``."""
    if found := find_chromium():
        return found
    pytest.fail("no Chromium: install one, set CHROMIUM, or leave out with -m 'not browser'")


def nodule(seed: int = 0, rows: int = 60, cols: int = 72) -> tuple[NDArray, NDArray]:
    """Speckle with a darker ellipse, and the ellipse; grey values 0 to 255."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :cols]
    turn = rng.uniform(0, np.pi)
    u, v = (x - cols / 2) * np.cos(turn), (y - rows / 2) * np.sin(turn)
    mask = (u / 18) ** 2 + ((y - rows / 2 + v / 9) / 13) ** 2 < 1
    speckle = rng.rayleigh(60, (rows, cols)) * np.where(mask, 0.6, 1.2)
    return np.clip(np.rint(speckle), 0, 255).astype(np.uint8), mask


@pytest.fixture(scope="session")
def pictures() -> Callable[..., tuple[NDArray, NDArray]]:
    """Pictures and masks of a nodule."""
    return nodule

"""What all tests share: where the data, the papers and the browser are."""

import os
import shutil
from pathlib import Path

import pytest

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

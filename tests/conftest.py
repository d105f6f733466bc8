"""What all tests share: where the data, the papers and the browser are."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hypothesis import settings
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.paths import data_root
from ptclnm.schema import Cohort

# Left out unless the marker is asked for by name, whatever else -m says.
ASKED = ("slow", "study")
# Where several processes test at once, each keeps to one core.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ |= {"LOKY_MAX_CPU_COUNT": "1", "OMP_NUM_THREADS": "1"}
# No test is timed: an example may take as long as it does on a busy machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


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


def _picture_cohort(folder: Path, patients: int = 6, changed: tuple[str, ...] = ()) -> Cohort:
    """Write a cohort of pictures; those of the patients named in `changed` are others."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for i in range(patients):
        name = f"p{i}"
        rng = np.random.default_rng([i, name in changed])
        picture = np.clip(110 + 40 * ndimage.gaussian_filter(rng.normal(size=(48, 60)), 1), 0, 255)
        mask = np.zeros(picture.shape, dtype=np.uint8)
        mask[14:34, 18:44] = 1
        files = {"image": folder / f"{name}.png", "mask": folder / f"{name}.nii.gz"}
        sitk.WriteImage(sitk.GetImageFromArray(picture.astype(np.uint8)), str(files["image"]))
        sitk.WriteImage(sitk.GetImageFromArray(mask), str(files["mask"]))
        rows.append(
            {"patient_id": name, "image_id": f"{name}_1", "split": "test" if i >= 4 else "train",
             "center": "", "label": i % 2} | {key: str(path) for key, path in files.items()}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    return Cohort("mine", "Mine", "own", "x", table, (), pd.DataFrame(), str(changed))


@pytest.fixture(scope="session")
def picture_cohort() -> Callable[..., Cohort]:
    """The function that writes a cohort of small pictures."""
    return _picture_cohort


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

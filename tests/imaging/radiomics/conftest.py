"""What the tests of the extraction share: pictures, a cohort, and plain pyradiomics."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ptclnm.cohorts.schema import Cohort
from ptclnm.imaging.radiomics.settings import FOLDER

RELATIVE = 1e-9


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes; run with -m slow")


@pytest.fixture(autouse=True)
def _only_if_asked(request: pytest.FixtureRequest) -> None:
    asked = "slow" in (request.config.option.markexpr or "")
    if request.node.get_closest_marker("slow") and not asked:
        pytest.skip("takes minutes; run with -m slow")


@pytest.fixture(scope="session")
def plain() -> Callable[[NDArray, NDArray, str], dict[str, float]]:
    """Features by pyradiomics' own extractor of a picture as float64."""
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    extractors: dict[str, RadiomicsFeatureExtractor] = {}

    def run(array: NDArray, mask: NDArray, name: str = "li2024") -> dict[str, float]:
        if name not in extractors:
            extractors[name] = RadiomicsFeatureExtractor(str(FOLDER / f"{name}.yml"))
        picture = sitk.GetImageFromArray(np.asarray(array, dtype=np.float64)[None])
        label = sitk.GetImageFromArray((np.asarray(mask) != 0).astype(np.uint8)[None])
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = extractors[name].execute(picture, label)
        return {key: float(value) for key, value in found.items()}

    return run


@pytest.fixture(scope="session")
def differing() -> Callable[[dict[str, float], dict[str, float]], list[str]]:
    """Names of the features whose values differ, names in another order included."""

    def compare(ours: dict[str, float], theirs: dict[str, float]) -> list[str]:
        if list(ours) != list(theirs):
            return sorted(set(ours) ^ set(theirs)) or ["another order"]
        one, other = np.array(list(ours.values())), np.array(list(theirs.values()))
        # No absolute slack: what rounding leaves of 0 is to be the same, too.
        same = np.isclose(one, other, rtol=RELATIVE, atol=0, equal_nan=True)
        return [name for name, equal in zip(ours, same, strict=True) if not equal]

    return compare


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


@pytest.fixture
def cohort_of() -> Callable[[Path, int], Cohort]:
    """Cohorts of pictures on disk."""

    def make(folder: Path, patients: int) -> Cohort:
        rows = []
        for number in range(patients):
            grey, mask = nodule(number)
            paths = {k: folder / f"{number}_{k}.png" for k in ("image", "mask")}
            sitk.WriteImage(sitk.GetImageFromArray(grey), str(paths["image"]))
            sitk.WriteImage(sitk.GetImageFromArray(mask.astype(np.uint8)), str(paths["mask"]))
            named = {key: str(path) for key, path in paths.items()}
            ids = {"patient_id": f"p{number}", "image_id": f"i{number}"}
            rows.append(ids | named | {"split": "train", "center": "a", "label": number % 2})
        empty = pd.DataFrame()
        return Cohort("c", "C", "own", "e", pd.DataFrame(rows), (), empty, "f", root=folder)

    return make

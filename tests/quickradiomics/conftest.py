"""What the tests of the extraction share: plain pyradiomics, and how values are compared."""

import logging
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ptclnm.features import FOLDER

RELATIVE = 1e-9


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

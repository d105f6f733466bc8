"""A small cohort on disk that each test spoils in its own way."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from ptclnm.cohorts.own.example import write_example


class Folder:
    """The example cohort, with short ways of changing it."""

    def __init__(self, root: Path) -> None:
        self.manifest = root / "my_cohort.yml"
        self.root = root
        self.csv = root / "patients.csv"

    def table(self) -> pd.DataFrame:
        return pd.read_csv(self.csv, dtype=str, keep_default_na=False)

    def save(self, table: pd.DataFrame) -> None:
        table.to_csv(self.csv, index=False)

    def cell(self, row: int, column: str, value: str) -> None:
        """Set a cell; `row` is the line of the file."""
        table = self.table()
        table.loc[row - 2, column] = value
        self.save(table)

    def replace(self, old: str, new: str) -> None:
        """Change the manifest's text."""
        text = self.manifest.read_text()
        assert old in text
        self.manifest.write_text(text.replace(old, new))

    def write(self, name: str, array: np.ndarray, spacing: float = 0.25) -> None:
        image = sitk.GetImageFromArray(array, isVector=array.ndim == 3 and array.shape[-1] == 3)
        image.SetSpacing([spacing] * image.GetDimension())
        sitk.WriteImage(image, str(self.root / name))

    def mask(self, name: str, change: Callable[[np.ndarray], np.ndarray | None]) -> None:
        """Change a mask in place, or replace it by what `change` returns."""
        path = str(self.root / name)
        array = sitk.GetArrayFromImage(sitk.ReadImage(path))
        changed = change(array)
        self.write(name, array if changed is None else changed)


@pytest.fixture(scope="session")
def example(tmp_path_factory) -> Path:
    """The folder of the example as it is written."""
    return write_example(tmp_path_factory.mktemp("example") / "cohort", n_patients=16).parent


@pytest.fixture
def folder(tmp_path, example) -> Folder:
    """A copy of the example that may be spoilt."""
    return Folder(Path(shutil.copytree(example, tmp_path / "cohort")))

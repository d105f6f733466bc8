"""A complete small cohort of one's own, made up: manifest, CSV, images and masks."""

from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.errors import PtclnmError
from ptclnm.paths import DATA_MANIFEST

MANIFEST = (DATA_MANIFEST / "own" / "example.yml").read_text(encoding="utf-8")
ROWS, COLS = 96, 128
SPACING_MM = 0.25


def write_example(folder: str | PathLike[str], seed: int = 0, n_patients: int = 24) -> Path:
    """Write the example cohort.

    Parameters
    ----------
    folder : path-like
        A folder that does not exist yet.
    seed : int
        Seed of patients and pictures.
    n_patients : int
        Patients; every third has two images, the last one an unknown N stage.

    Returns
    -------
    Path
        The manifest, ``my_cohort.yml``.

    Raises
    ------
    PtclnmError
        If the folder exists.
    """
    folder = Path(folder).absolute()
    if folder.exists():
        raise PtclnmError(f"{folder} exists already. Name a folder that does not.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    table = _table(rng, n_patients)
    with TemporaryDirectory(dir=folder.parent) as temporary:
        whole = Path(temporary) / folder.name
        for name in ("images", "masks"):
            (whole / name).mkdir(parents=True)
        for row in table.itertuples():
            pixels, mask = _picture(rng, 10.0 if np.isnan(row.size_mm) else row.size_mm)
            _write(pixels, whole / row.image)
            _write(mask, whole / row.mask)
        table.to_csv(whole / "patients.csv", index=False, lineterminator="\n")
        (whole / "my_cohort.yml").write_text(MANIFEST, encoding="utf-8")
        whole.rename(folder)
    return folder / "my_cohort.yml"


def _table(rng: np.random.Generator, n_patients: int) -> pd.DataFrame:
    """One row an image; one size is missing, as in real tables."""
    stages = np.array(["N0", "N1a", "N0", "N1b"])[np.arange(n_patients) % 4]
    stages[-1] = "Nx"
    rows = []
    for number, stage in enumerate(stages, 1):
        age, sex = int(rng.integers(22, 75)), rng.choice(["female", "male"], p=[0.75, 0.25])
        size = round(float(np.clip(rng.normal(11 if stage == "N0" else 14, 3), 7, 20)), 1)
        rest = stage, "south" if number % 3 == 2 else "north", age, sex
        for view in "ab" if number % 3 == 0 else "a":
            name = f"p{number:02d}{view}"
            files = f"images/{name}.jpg", f"masks/{name}.nii.gz"
            rows.append((name[:-1], *files, *rest, size if number != 2 else np.nan))
    columns = ["patient", "image", "mask", "n_stage", "hospital", "age", "sex", "size_mm"]
    return pd.DataFrame(rows, columns=columns)


def _picture(
    rng: np.random.Generator, size_mm: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Speckle with a darker ellipse of the given length, and the ellipse's mask."""
    rows, cols = np.mgrid[:ROWS, :COLS]
    row, col = ROWS / 2 + rng.normal(0, 3), COLS / 2 + rng.normal(0, 5)
    half = size_mm / SPACING_MM / 2
    inside = ((rows - row) / (0.75 * half)) ** 2 + ((cols - col) / half) ** 2 <= 1
    speckle = ndimage.gaussian_filter(rng.rayleigh(1.0, (ROWS, COLS)), (0.7, 1.2))
    grey = speckle * np.where(ndimage.binary_dilation(inside), 45, 85)
    return grey.clip(0, 255).astype(np.uint8), inside.astype(np.uint8)


def _write(array: NDArray[np.uint8], path: Path) -> None:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((SPACING_MM, SPACING_MM))
    sitk.WriteImage(image, str(path))

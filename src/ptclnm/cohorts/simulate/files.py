"""The files that a hospital would hand over: pictures, masks, one CSV, a manifest."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import SimpleITK as sitk
import yaml
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ptclnm.report.files import write_table, write_text

# Within an entry of the store: what is handed over, and apart from it what it was made from.
COHORT, TRUTH = "cohort", "truth"
CSV, IMAGES, MASKS = "patients.csv", "images", "masks"
JPG_QUALITY = 92
# A reader's hand: SD of the outline and its coherence along it, SD of a whole contour's bias.
JITTER_MM, COHERENCE_MM, BIAS_MM = 0.22, 1.0, 0.1
HEADER = {
    "patient_id": "patient", "image_id": "picture", "image": "image", "mask": "mask",
    "label": "outcome", "split": "set", "center": "hospital",
}  # fmt: skip


def drawn_outline(
    mask: NDArray[np.bool_], spacing_mm: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw a nodule as a reader would, a little off its true outline.

    Parameters
    ----------
    mask : array of bool, shape (rows, cols)
        The true nodule, one piece.
    spacing_mm : float
        Side of a pixel.
    rng : Generator
        Of the hand.

    Returns
    -------
    array of bool, same shape
        One piece without holes. Its outline wanders by about 0.2 mm, less in nodules below 4 mm.
    """
    rows, cols = np.nonzero(mask)
    pad = int(np.ceil(1.5 / spacing_mm))
    box = tuple(slice(max(v.min() - pad, 0), v.max() + pad + 1) for v in (rows, cols))
    part = mask[box]
    inside = ndimage.distance_transform_edt(np.pad(part, 1, mode="edge"))[1:-1, 1:-1]
    depth = (inside - ndimage.distance_transform_edt(~part)) * spacing_mm
    noise = ndimage.gaussian_filter(
        rng.standard_normal(part.shape, dtype=np.float32), COHERENCE_MM / spacing_mm
    )
    calm = min(1.0, np.sqrt(mask.sum()) * spacing_mm / 4.0)
    hand = JITTER_MM * noise / noise.std() + BIAS_MM * np.clip(rng.standard_normal(), -2, 2)
    pieces, _ = ndimage.label(depth + calm * hand > 0)
    largest = 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    drawn = np.zeros_like(mask)
    drawn[box] = ndimage.binary_fill_holes(pieces == largest)
    return drawn


def write_jpg(frame: NDArray[np.uint8], path: Path) -> None:
    """Write a grey JPG without metadata."""
    Image.fromarray(frame).save(path, format="JPEG", quality=JPG_QUALITY)


def write_mask(mask: NDArray[np.bool_], value: int, spacing_mm: float | None, path: Path) -> None:
    """Write a NIfTI mask as an annotation program does.

    Parameters
    ----------
    mask : array of bool, shape (rows, cols)
        The ROI.
    value : int
        Stored value of its pixels.
    spacing_mm : float or None
        Side of a pixel; None as for a picture that has no spacing.
    path : Path
        Ends in ``.nii.gz``.
    """
    image = sitk.GetImageFromArray(np.where(mask, value, 0).astype(np.uint8))
    image.SetSpacing((spacing_mm or 1.0,) * 2)
    sitk.WriteImage(image, str(path))


def write_tables(folder: Path, study: ModuleType, table: pd.DataFrame) -> Path:
    """Write the CSV and then the manifest, whose presence says that the folder is whole.

    Parameters
    ----------
    folder : Path
        The cohort's folder.
    study : module
        Names of classes and columns.
    table : DataFrame
        The cohort table, paths relative to `folder`.

    Returns
    -------
    Path
        The manifest.
    """
    names = dict(enumerate(study.CLASSES))
    sheet = table.assign(label=table["label"].map(names)).rename(columns=HEADER)
    sheet = sheet.astype({c: "Int64" for c in sheet if _whole(sheet[c])})
    write_table(sheet, folder / CSV)
    text = yaml.safe_dump(manifest(study, table), sort_keys=False, allow_unicode=True, width=100)
    return write_text(text, manifest_path(folder, study))


def manifest_path(folder: Path, study: ModuleType) -> Path:
    """Name the manifest of a cohort's folder."""
    return folder / f"{study.NAME}.yml"


def manifest(study: ModuleType, table: pd.DataFrame) -> dict:
    """Describe the CSV as the book's page on own data asks for."""
    columns = {k: HEADER[f"{k}_id" if k == "patient" else k] for k in (
        "patient", "image", "mask", "label",
    )}  # fmt: skip
    columns |= {"image_id": HEADER["image_id"], "center": HEADER["center"]}
    clinical = [
        {"column": c, "kind": "numeric" if table[c].dtype == float else "categorical"}
        for c in study.COLUMNS
    ]
    return {
        "title": study.TITLE,
        "endpoint": study.ENDPOINT,
        "csv": CSV,
        "root": ".",
        "columns": columns | {"clinical": clinical},
        "positive": [study.CLASSES[1]],
        "negative": [study.CLASSES[0]],
        "mask_label": study.MASK_VALUE,
        "split": {"column": HEADER["split"]},
    }


def _whole(values: pd.Series) -> bool:
    """Tell whether a column of numbers holds whole ones only."""
    return pd.api.types.is_float_dtype(values) and bool((values % 1 == 0).all())

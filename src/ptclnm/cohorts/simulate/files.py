"""The files that a hospital would hand over: pictures, masks, one CSV, a manifest."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
import yaml
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid

from ptclnm.cohorts.simulate.study import Study
from ptclnm.files import write_table, write_text

# Within an entry of the store: what is handed over, and apart from it what it was made from.
COHORT, TRUTH = "cohort", "truth"
CSV, IMAGES, MASKS = "patients.csv", "images", "masks"
JPG_QUALITY = 92
FIRST_DAY, DAYS = date(2018, 12, 1), 790
HEADER = {
    "patient_id": "patient", "image_id": "picture", "image": "image", "mask": "mask",
    "label": "outcome", "split": "set", "center": "hospital",
}  # fmt: skip


def write_jpg(frame: NDArray[np.uint8], path: Path) -> None:
    """Write a grey JPG without metadata."""
    Image.fromarray(frame).save(path, format="JPEG", quality=JPG_QUALITY)


def write_dicom(
    frame: NDArray[np.uint8],
    spacing_mm: float,
    path: Path,
    patient: dict[str, str | int],
    rng: np.random.Generator,
) -> None:
    """Write one frame.

    Parameters
    ----------
    frame : array of uint8, shape (rows, cols)
        Grey levels.
    spacing_mm : float
        Side of a pixel; stored as Pixel Spacing and in the ultrasound region.
    path : Path
        Where to.
    patient : dict
        ``id``, ``sex`` (``Female`` or ``Male``), ``age`` in years and ``picture``, a name. They
        are made up, as is the name of the patient: what reads the file must not use them.
    rng : Generator
        Of the day of the examination.
    """
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = _uid("image", patient["picture"])
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    _identify(data, patient, FIRST_DAY + timedelta(days=int(rng.integers(DAYS))))
    rows, cols = frame.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = rows, cols
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.PixelSpacing = [f"{spacing_mm:.6g}"] * 2
    data.SequenceOfUltrasoundRegions = Sequence([_region(rows, cols, spacing_mm)])
    pixels = np.ascontiguousarray(frame).tobytes()
    data.PixelData = pixels + b"\0" * (len(pixels) % 2)
    data["PixelData"].VR = "OB"
    data.save_as(path, enforce_file_format=True)


def _identify(data: Dataset, patient: dict[str, str | int], day: date) -> None:
    """Fill in what a hospital's file says about patient, day and machine; all made up."""
    female = patient["sex"] == "Female"
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID = _uid("study", patient["id"])
    data.SeriesInstanceUID = _uid("series", patient["id"])
    data.PatientName = "Doe^Jane" if female else "Doe^John"
    data.PatientID = str(patient["id"])
    data.PatientSex = "F" if female else "M"
    data.PatientAge = f"{int(patient['age']):03d}Y"
    data.PatientBirthDate = f"{day.year - int(patient['age'])}0101"
    data.StudyDate = data.SeriesDate = data.ContentDate = day.strftime("%Y%m%d")
    data.StudyTime = data.ContentTime = "120000"
    data.AccessionNumber, data.StudyID, data.SeriesNumber = "", "1", 1
    data.InstanceNumber, data.ReferringPhysicianName = 1, ""
    data.Modality, data.Manufacturer = "US", "Simulated"
    data.InstitutionName, data.ManufacturerModelName = "Simulated hospital", "Linear array"


def _region(rows: int, cols: int, spacing_mm: float) -> Dataset:
    """Describe the whole frame as one two-dimensional tissue region; deltas are in cm."""
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = cols - 1, rows - 1
    region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 3, 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = spacing_mm / 10
    return region


def _uid(kind: str, name: str | int) -> str:
    """Make the same unique identifier for the same name."""
    return generate_uid(entropy_srcs=["ptclnm", kind, str(name)])


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


def write_tables(folder: Path, study: Study, table: pd.DataFrame) -> Path:
    """Write the CSV and then the manifest, whose presence says that the folder is whole.

    Parameters
    ----------
    folder : Path
        The cohort's folder.
    study : Study
        Names of classes and columns.
    table : DataFrame
        The cohort table, paths relative to `folder`.

    Returns
    -------
    Path
        The manifest.
    """
    names = dict(enumerate(study.classes))
    sheet = table.assign(label=table["label"].map(names)).rename(columns=HEADER)
    numbers = sheet.select_dtypes("float")
    sheet = sheet.astype(dict.fromkeys(numbers.columns[(numbers % 1 == 0).all()], "Int64"))
    write_table(sheet, folder / CSV)
    text = yaml.safe_dump(manifest(study, table), sort_keys=False, allow_unicode=True, width=100)
    return write_text(text, folder / f"{study.name}.yml")


def manifest(study: Study, table: pd.DataFrame) -> dict:
    """Describe the CSV as the book's page on own data asks for."""
    columns = {k: HEADER[f"{k}_id" if k == "patient" else k] for k in (
        "patient", "image", "mask", "label",
    )}  # fmt: skip
    columns |= {"image_id": HEADER["image_id"], "center": HEADER["center"]}
    clinical = [
        {"column": c, "kind": "numeric" if table[c].dtype == float else "categorical"}
        for c in study.columns
    ]
    return {
        "title": study.title,
        "endpoint": study.endpoint,
        "csv": CSV,
        "root": ".",
        "columns": columns | {"clinical": clinical},
        "positive": [study.classes[1]],
        "negative": [study.classes[0]],
        "mask_label": study.mask_value,
        "split": {"column": HEADER["split"]},
    }

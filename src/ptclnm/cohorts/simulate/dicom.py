"""A simulated frame as a DICOM ultrasound file."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid

FIRST_DAY, DAYS = date(2018, 12, 1), 790


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
    data.file_meta = _meta(patient)
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


def _meta(patient: dict[str, str | int]) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    meta.MediaStorageSOPInstanceUID = _uid("image", patient["picture"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return meta


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

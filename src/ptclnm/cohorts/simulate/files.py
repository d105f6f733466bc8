"""The pictures and masks that a hospital would hand over."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid

JPG_QUALITY = 92


def write_jpg(frame: NDArray[np.uint8], path: Path) -> None:
    """Write a grey JPG without metadata."""
    Image.fromarray(frame).save(path, format="JPEG", quality=JPG_QUALITY)


def write_dicom(
    frame: NDArray[np.uint8],
    spacing_mm: float,
    path: Path,
    names: tuple[str, str],
    tags: Mapping[str, str | int],
) -> None:
    """Write one frame.

    Parameters
    ----------
    frame : array of uint8, shape (rows, cols)
        Grey levels.
    spacing_mm : float
        Side of a pixel.
    path : Path
        Where to.
    names : tuple of str
        The patient's, and the picture's, which no other picture has. They are made up: what
        reads the file must not use them.
    tags : mapping
        What all files of a cohort say alike, by keyword.
    """
    patient, picture = names
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = UltrasoundImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = _uid("image", picture)
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    data.PatientID = patient
    data.StudyInstanceUID, data.SeriesInstanceUID = _uid("study", patient), _uid("series", patient)
    data.PixelSpacing = [f"{spacing_mm:.6g}"] * 2
    data.set_pixel_data(frame, "MONOCHROME2", 8, generate_instance_uid=False)
    data.save_as(path, enforce_file_format=True)


def _uid(kind: str, name: str) -> str:
    """Make the same unique identifier for the same name."""
    return generate_uid(entropy_srcs=["ptclnm", kind, name])


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

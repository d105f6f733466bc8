"""Pixel spacing of DICOM files, from tags that do not identify anyone."""

import struct
import warnings

import SimpleITK as sitk
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

Spacing = tuple[float, float]

_SPACING_TAGS = ("0028|0030", "0018|1164", "0018|2010")
_BURNED_IN = "0028|0301"
_REGIONS = (0x0018, 0x6011)
_TWO_DIMENSIONAL, _CENTIMETRES = 1, 3
# What pydicom raises for files that GDCM reads all the same.
_DAMAGED = (
    InvalidDicomError,
    BytesLengthException,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OverflowError,
    struct.error,
)


def dicom_spacing(reader: sitk.ImageFileReader) -> tuple[Spacing | None, list[str]]:
    """Find the pixel spacing of a DICOM file, and what else is to be noted.

    Parameters
    ----------
    reader : SimpleITK.ImageFileReader
        A reader that has read the file's information.

    Returns
    -------
    spacing : tuple of float or None
        Row and column spacing in mm: Pixel Spacing, Imager Pixel Spacing or Nominal Scanned Pixel
        Spacing; else that of the two-dimensional ultrasound regions, where they agree.
    notes : list of str
        Reservations, in words. No tag's text is repeated.
    """
    notes = []
    if reader.HasMetaDataKey(_BURNED_IN) and reader.GetMetaData(_BURNED_IN).strip() == "YES":
        notes.append("the file says that text is burnt into the picture; it may identify someone")
    for tag in _SPACING_TAGS:
        if reader.HasMetaDataKey(tag):
            spacing = _pair(reader.GetMetaData(tag))
            if spacing:
                return spacing, notes
    spacing, note = _region_spacing(reader.GetFileName())
    return spacing, [*notes, *note]


def _pair(text: str) -> Spacing | None:
    try:
        row, col = (float(part) for part in text.split("\\"))
    except ValueError:
        return None
    return (row, col) if 0 < row < 100 and 0 < col < 100 else None


def _region_spacing(path: str) -> tuple[Spacing | None, list[str]]:
    try:
        with warnings.catch_warnings():
            # A warning may repeat a header's text.
            warnings.simplefilter("ignore")
            dataset = dcmread(path, stop_before_pixels=True, specific_tags=[_REGIONS])
        if _REGIONS not in dataset:
            return None, []
        regions = [_one_region(region) for region in dataset[_REGIONS].value]
    except _DAMAGED:
        return None, ["its ultrasound regions cannot be read; pixel spacing taken as unknown"]
    found = sorted({region for region in regions if region})
    if not found:
        return None, []
    (low_row, low_col), (high_row, high_col) = found[0], found[-1]
    if high_row > 1.001 * low_row or abs(high_col - low_col) > 0.001 * low_col:
        return None, ["its ultrasound regions differ in scale; pixel spacing taken as unknown"]
    return found[0], []


def _one_region(region: Dataset) -> Spacing | None:
    units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
    two_dimensional = region.get("RegionSpatialFormat") == _TWO_DIMENSIONAL
    if not two_dimensional or units != (_CENTIMETRES, _CENTIMETRES):
        return None
    row, col = (abs(float(region.get(f"PhysicalDelta{axis}", 0.0))) * 10 for axis in "YX")
    return (row, col) if row > 0 and col > 0 else None

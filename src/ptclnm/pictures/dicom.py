"""Pixel spacing of DICOM files, from tags that do not identify anyone."""

import warnings
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

Spacing = tuple[float, float]

SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
BURNED_IN, REGIONS = "BurnedInAnnotation", "SequenceOfUltrasoundRegions"
_TWO_DIMENSIONAL, _CENTIMETRES = 1, 3


def dicom_spacing(path: Path) -> tuple[Spacing | None, list[str]]:
    """Find the pixel spacing of a DICOM file, and what else is to be noted.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    spacing : tuple of float or None
        Row and column spacing in mm: Pixel Spacing, Imager Pixel Spacing or Nominal Scanned Pixel
        Spacing; else that of the two-dimensional ultrasound regions, where they agree.
    notes : list of str
        Reservations, in words. No tag's text is repeated.
    """
    notes = []
    try:
        with warnings.catch_warnings():
            # A warning may repeat a header's text.
            warnings.simplefilter("ignore")
            header = dcmread(
                path, stop_before_pixels=True, specific_tags=[*SPACINGS, BURNED_IN, REGIONS]
            )
            if header.get(BURNED_IN) == "YES":
                notes = ["the file says that text is burnt into the picture; it may identify "
                         "someone"]  # fmt: skip
            for row, col in (header[name].value for name in SPACINGS if header.get(name)):
                if 0 < row < 100 and 0 < col < 100:
                    return (float(row), float(col)), notes
            regions = {_region_spacing(region) for region in header.get(REGIONS, ())} - {None}
    except Exception:  # noqa: BLE001  whatever pydicom makes of files that GDCM reads all the same
        return None, [*notes, "its pixel spacing cannot be read; taken as unknown"]
    if not regions:
        return None, notes
    (low_row, low_col), (high_row, high_col) = min(regions), max(regions)
    if high_row > 1.001 * low_row or abs(high_col - low_col) > 0.001 * low_col:
        differ = "its ultrasound regions differ in scale; pixel spacing taken as unknown"
        return None, [*notes, differ]
    return min(regions), notes


def _region_spacing(region: Dataset) -> Spacing | None:
    units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
    two_dimensional = region.get("RegionSpatialFormat") == _TWO_DIMENSIONAL
    if not two_dimensional or units != (_CENTIMETRES, _CENTIMETRES):
        return None
    row, col = (abs(float(region.get(f"PhysicalDelta{axis}", 0.0))) * 10 for axis in "YX")
    return (row, col) if row > 0 and col > 0 else None

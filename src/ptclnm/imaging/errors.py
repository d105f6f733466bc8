"""The named error of pictures, and what to do about each kind."""

from os import PathLike

from ptclnm.errors import PtclnmError

REMEDIES = {
    "missing_file": "Correct the path, or put the file there.",
    "unknown_format": (
        "Save it as PNG, JPG, BMP, TIFF, DICOM, NRRD (one file, data attached) or NIfTI "
        "(.nii or .nii.gz)."
    ),
    "unreadable": "Export or copy the file again; compare its size with the original's.",
    "multi_frame": (
        "Export the one frame in which the nodule was outlined as a picture of its own."
    ),
    "absurd_size": (
        "Each side must have 32 to 16,384 pixels, and the picture at most 67 million. "
        "Export the original frame, neither a thumbnail nor a scan of a page."
    ),
    "colour_doppler": (
        "Use the B-mode frame. If the colour is only a frame around the sector, crop it away or "
        "raise options: max_colour."
    ),
    "not_finite": "Export the picture again without missing or infinite pixels.",
}


class ImageError(PtclnmError):
    """A picture that cannot be used.

    Parameters
    ----------
    code : str
        A key of ``REMEDIES``.
    path : path-like
        The file. Nothing of the file's header enters the message.
    found : str
        What was found.
    """

    def __init__(self, code: str, path: str | PathLike[str], found: str) -> None:
        self.code = code
        self.path = str(path)
        self.found = found
        self.remedy = REMEDIES[code]
        super().__init__(f"{self.path}: {found}. {self.remedy}")

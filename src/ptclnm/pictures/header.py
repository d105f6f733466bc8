"""What a picture's first bytes tell before anything is decoded.

Among it the few variants in which ITK's grey values depend on how the same picture was stored.
"""

import re
import warnings
import zlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pandas as pd
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from ptclnm.errors import PtclnmError
from ptclnm.paths import DATA_MANIFEST

# What can be wrong with a reader's cohort, pictures among it, and what to do about it.
PROBLEMS = pd.read_csv(DATA_MANIFEST / "own" / "problems.csv", index_col="code")
READERS = {
    "JPG": "JPEGImageIO", "PNG": "PNGImageIO", "TIFF": "TIFFImageIO", "DICOM": "GDCMImageIO",
    "NIfTI": "NiftiImageIO", "NRRD": "NrrdImageIO",
}  # fmt: skip
MAGIC = {
    b"\xff\xd8\xff": "JPG", b"\x89PNG\r\n\x1a\n": "PNG", b"BM": "BMP", b"II*\0": "TIFF",
    b"MM\0*": "TIFF", b"NRRD000": "NRRD",
}  # fmt: skip
GZIP = b"\x1f\x8b"
MAX_BYTES = 1 << 30
_HEAD = 1 << 16
_DETACHED = re.compile(rb"^\s*data\s?file\s*:", re.IGNORECASE | re.MULTILINE)
_MINISWHITE, _PALETTE, _YCBCR = 0, 3, 6


class ImageError(PtclnmError):
    """A picture that cannot be used.

    Parameters
    ----------
    code : str
        A row of ``PROBLEMS``.
    path : path-like
        The file. Nothing of the file's header enters the message.
    found : str
        What was found.
    """

    def __init__(self, code: str, path: str | PathLike[str], found: str) -> None:
        self.code = code
        self.path = str(path)
        self.found = found
        self.remedy = PROBLEMS.at[code, "remedy"]
        super().__init__(f"{self.path}: {found}. {self.remedy}")


@dataclass(frozen=True)
class Header:
    """How a file has to be decoded.

    Parameters
    ----------
    format : str
        A key of ``READERS``, or ``BMP``.
    inverted : bool
        True where stored values are higher the darker, and ITK leaves them so.
    high_byte : bool
        True where ITK returns 8-bit values in the high byte of 16.
    pillow : bool
        True where Pillow decodes it: BMP, whose missing end ITK fills with whatever was in memory,
        and grey with alpha, for which SimpleITK has no pixel type.
    """

    format: str
    inverted: bool = False
    high_byte: bool = False
    pillow: bool = False


def read_header(path: Path) -> Header:
    """Tell the format from the contents, whatever the file is called.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Header
        The format and how to decode it.

    Raises
    ------
    ImageError
        If the file is missing, is of none of the formats, or is a variant that would not be read
        as it is meant.
    """
    if not is_file(path):
        raise ImageError("missing_file", path, "there is no such file")
    if path.stat().st_size > MAX_BYTES:
        raise ImageError("absurd_size", path, f"it has more than {MAX_BYTES:,} bytes")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    name = _format(head)
    if not name:
        found = "its contents are of no format that can be read" if head else "it is empty"
        raise ImageError("unknown_format", path, found)
    try:
        return _variant(name, head, path)
    except ImageError:
        raise
    except Exception:  # noqa: BLE001  whatever a damaged header brings about
        raise ImageError("unreadable", path, f"its {name} header is damaged") from None


def is_file(path: Path) -> bool:
    """Tell whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder; a name that no folder can have is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _format(head: bytes) -> str:
    """Tell the format; empty where it is none that is read."""
    if head[128:132] == b"DICM":
        return "DICOM"
    start = head
    if head.startswith(GZIP):
        try:
            start = zlib.decompressobj(wbits=31).decompress(head, 352)
        except zlib.error:
            return ""
    if start[344:348] == b"n+1\0" or start[4:8] == b"n+2\0":
        return "NIfTI"
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


def _variant(name: str, head: bytes, path: Path) -> Header:
    if name == "NRRD" and _DETACHED.search(head.partition(b"\n\n")[0]):
        raise ImageError("unknown_format", path, "its header names another file for the data")
    if name == "NIfTI" and not path.name.lower().endswith((".nii", ".nii.gz")):
        raise ImageError("unknown_format", path, "it is NIfTI, but not named .nii or .nii.gz")
    if name == "PNG":
        depth, colour = head[24:26]
        return _with_alpha(name, depth, path) if colour == 4 else Header(name)
    return _tiff(path) if name == "TIFF" else Header(name, pillow=name == "BMP")


def _with_alpha(name: str, depth: int, path: Path) -> Header:
    if depth != 8:
        raise ImageError("unknown_format", path, f"it is {depth}-bit grey with an alpha channel")
    return Header(name, pillow=True)


def _tiff(path: Path) -> Header:
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tags = ImageFileDirectory_v2(file.read(8))
        file.seek(tags.next)
        tags.load(file)
    depth, photometric, samples = tags.get(258, (1,))[0], tags.get(262, 1), tags.get(277, 1)
    if photometric > _PALETTE and photometric != _YCBCR:
        raise ImageError(
            "unknown_format", path, f"its colours are stored in an unusual way ({photometric})"
        )
    if samples == 2:
        return _with_alpha("TIFF", depth, path)
    # ITK expands pictures of one bit itself, with the right sense.
    inverted = photometric == _MINISWHITE and depth >= 8
    return Header("TIFF", inverted, high_byte=photometric == _PALETTE)

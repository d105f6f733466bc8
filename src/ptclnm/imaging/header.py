"""What a picture's first bytes tell before anything is decoded.

ITK reads some damaged files without a word: JPG, BMP and NIfTI whose end is missing come back
with pixels of whatever was in memory. They are checked here. So are the few variants in which
ITK's grey values depend on how the same picture was stored.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

from ptclnm.imaging.errors import ImageError

READERS = {
    "JPG": "JPEGImageIO",
    "PNG": "PNGImageIO",
    "BMP": "BMPImageIO",
    "TIFF": "TIFFImageIO",
    "DICOM": "GDCMImageIO",
    "NIfTI": "NiftiImageIO",
    "NRRD": "NrrdImageIO",
}
MAX_BYTES = 1 << 30
_HEAD = 1 << 16
_SLACK = 1 << 20
_JPEG_MARKER = re.compile(rb"\xff+([\x02-\xcf\xd8-\xfe])")
_DETACHED = re.compile(rb"^\s*data\s?file\s*:", re.IGNORECASE | re.MULTILINE)
_MINISWHITE, _PALETTE, _YCBCR = 0, 3, 6


@dataclass(frozen=True)
class Header:
    """How a file has to be decoded.

    Parameters
    ----------
    format : str
        A key of ``READERS``.
    inverted : bool
        True where stored values are higher the darker, and ITK leaves them so.
    high_byte : bool
        True where ITK returns 8-bit values in the high byte of 16.
    pillow : bool
        True for the grey-with-alpha and low-depth variants that SimpleITK has no pixel type for.
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
    if name is None:
        found = "it is empty" if not head else "its contents are of no format that can be read"
        raise ImageError("unknown_format", path, found)
    try:
        return _variant(name, head, path)
    except struct.error:
        raise ImageError("unreadable", path, f"its {name} header is cut off") from None


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


def check_complete(path: Path, header: Header) -> None:
    """Raise ImageError if the end of a JPG, BMP or NIfTI file is missing."""
    checks = {"JPG": _jpeg_complete, "BMP": _bmp_complete, "NIfTI": _nifti_complete}
    check = checks.get(header.format)
    try:
        complete = check is None or check(path.read_bytes())
    except (struct.error, zlib.error, ValueError, OverflowError):
        complete = False
    if not complete:
        raise ImageError(
            "unreadable", path, f"it is truncated or damaged: the {header.format} data stop short"
        )


def _format(head: bytes) -> str | None:
    magic = {
        b"\xff\xd8\xff": "JPG",
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"BM": "BMP",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
        b"NRRD000": "NRRD",
    }
    for start, name in magic.items():
        if head.startswith(start):
            return name
    if head[128:132] == b"DICM":
        return "DICOM"
    start = _gunzip(head, 352) if head.startswith(b"\x1f\x8b") else head
    one_file = start[344:348] == b"n+1\0" or start[4:8] == b"n+2\0"
    return "NIfTI" if one_file else None


def _variant(name: str, head: bytes, path: Path) -> Header:
    if name == "NRRD" and _DETACHED.search(head.partition(b"\n\n")[0]):
        raise ImageError("unknown_format", path, "its header names another file for the data")
    if name == "PNG":
        depth, colour = struct.unpack_from("BB", head, 24)
        return _with_alpha(name, depth, path) if colour == 4 else Header(name)
    if name == "BMP":
        return Header(name, pillow=struct.unpack_from("<H", head, 28)[0] not in (8, 24, 32))
    if name == "NIfTI" and not path.name.lower().endswith((".nii", ".nii.gz")):
        raise ImageError("unknown_format", path, "it is NIfTI, but not named .nii or .nii.gz")
    return _tiff_variant(path) if name == "TIFF" else Header(name)


def _with_alpha(name: str, depth: int, path: Path) -> Header:
    if depth != 8:
        raise ImageError("unknown_format", path, f"it is {depth}-bit grey with an alpha channel")
    return Header(name, pillow=True)


def _tiff_variant(path: Path) -> Header:
    tags = _tiff_tags(path.read_bytes())
    photometric, samples, depth = tags.get(262, 1), tags.get(277, 1), tags.get(258, 1)
    if photometric > _PALETTE and photometric != _YCBCR:
        raise ImageError(
            "unknown_format", path, f"its colours are stored in an unusual way ({photometric})"
        )
    if samples == 2:
        return _with_alpha("TIFF", depth, path)
    # ITK expands pictures of one bit itself, with the right sense.
    inverted = photometric == _MINISWHITE and depth >= 8
    return Header("TIFF", inverted, high_byte=photometric == _PALETTE)


def _tiff_tags(data: bytes) -> dict[int, int]:
    """Integer tags of the first directory; of several values the first."""
    order = "<" if data.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    tags = {}
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, entry)
        if kind not in (3, 4):
            continue
        width = "H" if kind == 3 else "I"
        inline = length * struct.calcsize(width) <= 4
        at = entry + 8 if inline else struct.unpack_from(f"{order}I", data, entry + 8)[0]
        (tags[tag],) = struct.unpack_from(f"{order}{width}", data, at)
    return tags


def _jpeg_complete(data: bytes) -> bool:
    at = 2
    while marker := _JPEG_MARKER.search(data, at):
        if marker[1] == b"\xd9":
            return True
        (length,) = struct.unpack_from(">H", data, marker.end())
        at = marker.end() + length
    return False


def _bmp_complete(data: bytes) -> bool:
    (start,) = struct.unpack_from("<I", data, 10)
    width, height, _, depth, compression = struct.unpack_from("<iiHHI", data, 18)
    (stored,) = struct.unpack_from("<I", data, 34)
    plain = (width * depth + 31) // 32 * 4 * abs(height)
    return len(data) >= start + (stored if compression in (1, 2) else plain)


def _nifti_complete(data: bytes) -> bool:
    if not data.startswith(b"\x1f\x8b"):
        return len(data) >= _nifti_bytes(data)
    expected = _nifti_bytes(_gunzip(data, 544))
    stream = zlib.decompressobj(wbits=31)
    # The end of the stream is read too: it holds the checksum.
    size = len(stream.decompress(data, expected + _SLACK))
    return size >= expected and (stream.eof or size > expected)


def _nifti_bytes(head: bytes) -> int:
    """Bytes that the header promises, itself included."""
    order = "<" if struct.unpack_from("<i", head)[0] in (348, 540) else ">"
    second = struct.unpack_from(f"{order}i", head)[0] == 540
    dims = struct.unpack_from(f"{order}8q" if second else f"{order}8h", head, 16 if second else 40)
    (bits,) = struct.unpack_from(f"{order}h", head, 14 if second else 72)
    (start,) = struct.unpack_from(
        f"{order}q" if second else f"{order}f", head, 168 if second else 108
    )
    sizes = dims[1 : 1 + max(0, min(dims[0], 7))]
    return int(start) + prod(max(size, 0) for size in sizes) * bits // 8


def _gunzip(data: bytes, size: int) -> bytes:
    """First `size` bytes of a gzip stream, or as many as there are."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, size)
    except zlib.error:
        return b""

"""Reading one picture or mask as floating point, the same from every format."""

import gzip
import os
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from os import PathLike
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from ptclnm.pictures.dicom import Spacing, dicom_spacing
from ptclnm.pictures.header import GZIP, MAX_BYTES, READERS, Header, ImageError, read_header

_PRINTING = Lock()
# ITK fills damaged parts of a JPG with grey and says so in print only.
_JPEG_DAMAGE = re.compile(rb"bad Huffman code|premature end", re.IGNORECASE)
RED, BLUE = 0.299, 0.114
CLEARLY_COLOURED = 0.2
_SLACK = 1 << 20
UPRIGHT = (1.0, 0.0, 0.0, 1.0)
MIN_SIDE, MAX_SIDE, MAX_PIXELS = 32, 16_384, 1 << 26
MAX_COLOUR = 0.01
# Dots per inch that are set for screen or paper, whatever the picture shows.
PRINT_DPI = (72, 75, 90, 92, 96, 100, 120, 144, 150, 180, 200, 240, 300, 350, 360, 400, 600, 1200)


@dataclass(frozen=True, eq=False)
class Image2D:
    """A picture as read.

    Parameters
    ----------
    array : array of float64, shape (rows, cols)
        Grey values as stored; colour as luma. The first row is the picture's top.
    spacing : tuple of float or None
        Distance of the rows and of the columns in mm; None where the file does not say.
    notes : tuple of str
        Reservations, in words.
    coloured : float
        Share of clearly coloured pixels, 0 to 1.
    format : str
        ``JPG``, ``PNG``, ``BMP``, ``TIFF``, ``DICOM``, ``NIfTI`` or ``NRRD``.
    direction : tuple of float
        Direction cosines in the plane, row-major; ``(1, 0, 0, 1)`` where there are none. The
        array is in the order of storage: they are not applied.
    """

    array: NDArray[np.float64]
    spacing: Spacing | None
    notes: tuple[str, ...] = ()
    coloured: float = 0.0
    format: str = ""
    direction: tuple[float, ...] = UPRIGHT


def read_image(path: str | PathLike[str], max_colour: float = MAX_COLOUR) -> Image2D:
    """Read a picture as grey floating-point values.

    Parameters
    ----------
    path : path-like
        JPG, PNG, BMP, TIFF, DICOM, NIfTI or NRRD; told by contents, not by name.
    max_colour : float
        Largest allowed share of clearly coloured pixels; 1 allows any.

    Returns
    -------
    Image2D
        Values are not rescaled: 8 bits give 0 to 255, 16 bits 0 to 65,535. DICOM's
        rescaling is applied. Pictures stored with 0 as white are inverted. Colour becomes luma
        by ITU-R BT.601, alpha is ignored.

    Raises
    ------
    ImageError
        If the file is missing, of no known format, damaged or truncated, has several frames, an
        absurd size, pixels that are no finite numbers, or is in colour (Doppler, elastography).

    Notes
    -----
    Spacing is None in JPG and BMP, whose resolution is that of a print, and wherever it is 1 by
    1 mm, which ITK writes and reads for none. TIFF and PNG keep theirs unless it is a customary
    number of dots per inch. DICOM takes it from its tags, see `dicom_spacing`.
    """
    picture = read_labels(path)
    if picture.coloured > max_colour:
        share, limit = f"{picture.coloured:.1%}", f"{max_colour:.1%}"
        found = f"{share} of its pixels are clearly coloured; allowed: up to {limit}"
        raise ImageError("colour_doppler", path, found)
    return picture


def read_labels(path: str | PathLike[str]) -> Image2D:
    """Read a mask with its stored values, or a picture whatever its colour.

    Parameters
    ----------
    path : path-like
        As for `read_image`.

    Returns
    -------
    Image2D
        As by `read_image`; colours are not refused.

    Raises
    ------
    ImageError
        As `read_image`, except for colour.
    """
    path = Path(path)
    header = read_header(path)
    if header.pillow:
        return _through_pillow(path, header)
    reader = _information(path, header)
    cols, rows = plane = _plane(reader, path)
    if header.format == "NIfTI" and not _is_whole(path, reader):
        raise ImageError("unreadable", path, "it is truncated or damaged: its data stop short")
    try:
        with _captured() as printed:
            image = reader.Execute()
            printed.seek(0)
            damaged = _JPEG_DAMAGE.search(printed.read())
    except RuntimeError:
        # ITK's own words may repeat what is in the file.
        raise ImageError("unreadable", path, "its pixels cannot be decoded") from None
    if header.format == "JPG" and damaged:
        raise ImageError("unreadable", path, "it is truncated, or part of its pixels is damaged")
    stored, parts = sitk.GetArrayViewFromImage(image), image.GetNumberOfComponentsPerPixel()
    if parts > 4 or np.iscomplexobj(stored):
        raise ImageError("unreadable", path, f"its pixels have {parts} parts or are complex")
    size = image.GetSize()
    spacing, notes = _spacing(reader, header, plane)
    matrix = np.array(reader.GetDirection()).reshape((reader.GetDimension(),) * 2)
    axes = matrix[np.ix_(plane, plane)]
    direction = UPRIGHT if np.allclose(axes, np.eye(2), atol=1e-3) else tuple(axes.flat)
    channels = stored.reshape(size[rows], size[cols], parts)
    return _picture(channels, header, path, spacing, tuple(notes), direction)


def read_mask(path: str | PathLike[str], label: int | str = "any") -> NDArray[np.bool_]:
    """Read the pixels of one label of a mask.

    Parameters
    ----------
    path : path-like
        As for `read_image`.
    label : int or "any"
        The value that marks the ROI; ``"any"`` takes all values above 0.

    Returns
    -------
    array of bool, shape (rows, cols)
        True in the ROI. May be empty.

    Raises
    ------
    ImageError
        As `read_labels`.
    """
    return select_label(read_labels(path).array, label)


def select_label(values: NDArray[np.float64], label: int | str) -> NDArray[np.bool_]:
    """Tell which pixels have a label; ``"any"`` stands for all values above 0."""
    return values > 0 if label == "any" else values == label


@contextmanager
def _captured() -> Iterator[BinaryIO]:
    """Keep what the C libraries print off the terminal, the log and the page.

    Their errors are exceptions all the same; what they print may repeat a header's text.
    """
    with _PRINTING, TemporaryFile() as printed:
        before = {stream: os.dup(stream) for stream in (1, 2)}
        warned = sitk.ProcessObject.GetGlobalWarningDisplay()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            for stream in before:
                os.dup2(printed.fileno(), stream)
            sitk.ProcessObject.SetGlobalWarningDisplay(False)
            yield printed
        finally:
            sitk.ProcessObject.SetGlobalWarningDisplay(warned)
            for stream, kept in before.items():
                os.dup2(kept, stream)
                os.close(kept)


def _information(path: Path, header: Header) -> sitk.ImageFileReader:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO(READERS[header.format])
    try:
        with _captured():
            reader.ReadImageInformation()
    except RuntimeError:
        found = f"it is a damaged or truncated {header.format} file, or of an unusual kind"
        raise ImageError("unreadable", path, found) from None
    return reader


def _plane(reader: sitk.ImageFileReader, path: Path) -> tuple[int, int]:
    """Axes of columns and rows: the two that are longer than one pixel."""
    size = reader.GetSize()
    axes = [axis for axis, length in enumerate(size) if length > 1]
    if len(axes) > 2:
        shape = " x ".join(map(str, size))
        raise ImageError("multi_frame", path, f"it has several frames ({shape})")
    cols, rows = axes if len(axes) == 2 else (0, 1)
    _check_size(size[rows], size[cols], path)
    return cols, rows


def _check_size(rows: int, cols: int, path: Path) -> None:
    sides = (rows, cols)
    if min(sides) < MIN_SIDE or max(sides) > MAX_SIDE or rows * cols > MAX_PIXELS:
        raise ImageError("absurd_size", path, f"it has {rows:,} x {cols:,} pixels")


def _is_whole(path: Path, reader: sitk.ImageFileReader) -> bool:
    """Tell whether a NIfTI file holds what its header promises; ITK does not look."""
    try:
        start, bits = (float(reader.GetMetaData(key)) for key in ("vox_offset", "bitpix"))
        promised = int(start) + prod(reader.GetSize()) * int(bits) // 8
        with path.open("rb") as file:
            data = gzip.GzipFile(fileobj=file) if file.read(2) == GZIP else file
            file.seek(0)
            # Beyond the end of the pixels, where a checksum stands.
            return 0 < promised <= len(data.read(min(promised, MAX_BYTES) + _SLACK))
    except (RuntimeError, ValueError, OverflowError, EOFError, OSError, zlib.error):
        return False


def _spacing(
    reader: sitk.ImageFileReader, header: Header, plane: tuple[int, int]
) -> tuple[Spacing | None, list[str]]:
    notes: list[str] = []
    if header.format == "DICOM":
        spacing, notes = dicom_spacing(Path(reader.GetFileName()))
    else:
        given = reader.GetSpacing()
        spacing = (given[plane[1]], given[plane[0]])
    if spacing is None or header.format == "JPG" or np.allclose(spacing, 1.0, atol=1e-4):
        return None, notes
    # NIfTI stores single precision; six digits are what the formats have in common.
    row, col = (float(f"{length:.6g}") for length in spacing)
    if header.format in ("TIFF", "PNG"):
        if row == col and min(abs(25.4 / col - dpi) for dpi in PRINT_DPI) < 0.1:
            return None, notes
        notes = [f"pixel spacing taken from the resolution stored in a {header.format} file"]
    return (row, col), notes


def _through_pillow(path: Path, header: Header) -> Image2D:
    try:
        with Image.open(path, formats=[header.format]) as image:
            _check_size(image.height, image.width, path)
            image.load()
            channels = np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        found = f"it is a damaged or truncated {header.format} file"
        raise ImageError("unreadable", path, found) from None
    return _picture(channels, header, path, None, (), UPRIGHT)


def _picture(
    channels: NDArray,
    header: Header,
    path: Path,
    spacing: Spacing | None,
    notes: tuple[str, ...],
    direction: tuple[float, ...],
) -> Image2D:
    if header.high_byte:
        channels = (channels >> 8).astype(np.uint8)
    if header.inverted:
        if not np.issubdtype(channels.dtype, np.integer):
            raise ImageError("unknown_format", path, "its values are real numbers with 0 as white")
        channels = np.iinfo(channels.dtype).max - channels
    array = luma(channels)
    if not np.isfinite(array).all():
        raise ImageError("not_finite", path, "some of its pixels are no finite numbers")
    return Image2D(array, spacing, notes, coloured_fraction(channels), header.format, direction)


def luma(channels: NDArray) -> NDArray[np.float64]:
    """Weigh red, green and blue to one grey value.

    Parameters
    ----------
    channels : array, shape (rows, cols, 1 to 4)
        Grey; grey and alpha; red, green, blue; or these and alpha. Alpha is ignored.

    Returns
    -------
    array of float64, shape (rows, cols)
        0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). Written about green, so that a grey picture
        stored as colour gives exactly its grey values.
    """
    if channels.shape[-1] < 3:
        return channels[..., 0].astype(np.float64)
    red, green, blue = (channels[..., k].astype(np.float64) for k in range(3))
    return green + RED * (red - green) + BLUE * (blue - green)


def coloured_fraction(channels: NDArray) -> float:
    """Share of the pixels that are clearly coloured.

    Parameters
    ----------
    channels : array, shape (rows, cols, 1 to 4)
        As for `luma`.

    Returns
    -------
    float
        Share of pixels whose largest and smallest channel differ by more than a fifth of the
        scale. Colour Doppler and elastography have many, lossy compression and small coloured
        marks in a B-mode picture few: below 0.001 in all 480 pictures of DDTI.
    """
    if channels.shape[-1] < 3:
        return 0.0
    colours = channels[..., :3]
    whole = np.issubdtype(colours.dtype, np.integer)
    scale = np.iinfo(colours.dtype).max if whole else max(float(colours.max()), 1e-12)
    spread = colours.max(axis=-1).astype(np.float64) - colours.min(axis=-1)
    return float((spread > CLEARLY_COLOURED * scale).mean())

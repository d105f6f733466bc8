"""Reading one picture or mask as floating point, the same from every format."""

import gzip
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from os import PathLike
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO

import numpy as np
import pandas as pd
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from ptclnm.errors import PtclnmError
from ptclnm.paths import DATA_MANIFEST

# What can be wrong with a reader's cohort, pictures among it, and what to do about it.
PROBLEMS = pd.read_csv(DATA_MANIFEST / "own" / "problems.csv", index_col="code")
# Who tells the format by the contents, and what it is called.
FORMATS = {
    "JPEGImageIO": "JPG", "PNGImageIO": "PNG", "BMPImageIO": "BMP", "TIFFImageIO": "TIFF",
    "GDCMImageIO": "DICOM", "NiftiImageIO": "NIfTI", "NrrdImageIO": "NRRD",
}  # fmt: skip
PILLOW = ("PNG", "BMP", "TIFF")
MAX_BYTES = 1 << 30
_DETACHED = re.compile(rb"^\s*data\s?file\s*:", re.IGNORECASE | re.MULTILINE)
_BURNED_IN = "0028|0301"
_PRINTING = Lock()
# ITK fills damaged parts of a JPG with grey and says so in print only.
_JPEG_DAMAGE = re.compile(rb"bad Huffman code|premature end", re.IGNORECASE)
RED, BLUE = 0.299, 0.114
CLEARLY_COLOURED = 0.2
_SLACK = 1 << 20
UPRIGHT = (1.0, 0.0, 0.0, 1.0)
MIN_SIDE, MAX_SIDE, MAX_PIXELS = 32, 16_384, 1 << 26
MAX_COLOUR = 0.01


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
        self.code, self.found, self.remedy = code, found, PROBLEMS.at[code, "remedy"]
        super().__init__(f"{path}: {found}. {self.remedy}")


@dataclass(frozen=True, eq=False)
class Image2D:
    """A picture as read.

    Parameters
    ----------
    array : array of float64, shape (rows, cols)
        Grey values as stored; colour as luma. The first row is the picture's top.
    spacing : tuple of float or None
        Distance of the rows and of the columns in mm; None where the file does not say.
    burned_in : bool
        Whether a DICOM file says that text is burnt into the picture.
    coloured : float
        Share of clearly coloured pixels, 0 to 1.
    format : str
        ``JPG``, ``PNG``, ``BMP``, ``TIFF``, ``DICOM``, ``NIfTI`` or ``NRRD``.
    direction : tuple of float
        Direction cosines in the plane, row-major; ``(1, 0, 0, 1)`` where there are none. The
        array is in the order of storage: they are not applied.
    """

    array: NDArray[np.float64]
    spacing: tuple[float, float] | None
    burned_in: bool = False
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
    Spacing is that of DICOM's Pixel Spacing, NIfTI and NRRD. It is None in the other formats, whose
    resolution is that of a print, and wherever it is 1 by 1 mm, which ITK reads for none.
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
    if not is_there(path):
        raise ImageError("missing_file", path, "there is no such file")
    try:
        with _captured() as printed:
            kind = _format(path)
            return _through_pillow(path, kind) if kind in PILLOW else _itk(path, kind, printed)
    except ImageError:
        raise
    except Exception:  # noqa: BLE001  whatever a damaged file brings about; it may repeat a header
        found = "it is damaged or truncated, or of an unusual kind"
        raise ImageError("unreadable", path, found) from None


def is_there(path: Path, test: Callable[[Path], bool] = Path.is_file) -> bool:
    """Tell whether there is such a file or folder; a name that none can have is none."""
    try:
        return test(path)
    except OSError:
        return False


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
    values = read_labels(path).array
    return values > 0 if label == "any" else values == label


@contextmanager
def _captured() -> Iterator[BinaryIO]:
    """Keep what the C libraries print off the terminal, the log and the page.

    Their errors are exceptions all the same; what they print may repeat a header's text.
    """
    with _PRINTING, TemporaryFile() as printed:
        before = {stream: os.dup(stream) for stream in (1, 2)}
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            for stream in before:
                os.dup2(printed.fileno(), stream)
            yield printed
        finally:
            for stream, kept in before.items():
                os.dup2(kept, stream)
                os.close(kept)


def _format(path: Path) -> str:
    """Tell the format from the contents; refuse what would reach into another file."""
    kind = FORMATS.get(sitk.ImageFileReader.GetImageIOFromFileName(str(path)))
    if not kind:
        found = "its contents are of no format that can be read"
        raise ImageError("unknown_format", path, found)
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if kind == "NRRD" and _DETACHED.search(head.partition(b"\n\n")[0]):
        raise ImageError("unknown_format", path, "its header names another file for the data")
    if kind == "NIfTI" and not path.name.lower().endswith((".nii", ".nii.gz")):
        raise ImageError("unknown_format", path, "it is NIfTI, but not named .nii or .nii.gz")
    return kind


def _itk(path: Path, kind: str, printed: BinaryIO) -> Image2D:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    size, spacing = reader.GetSize(), reader.GetSpacing()
    # Axes of columns and rows: the two that are longer than one pixel.
    long = [axis for axis, length in enumerate(size) if length > 1]
    cols, rows = plane = long if len(long) == 2 else (0, 1)
    _check_size(size[rows], size[cols], path, frames=len(long) > 2)
    if kind == "NIfTI" and not _is_whole(path, reader):
        raise ImageError("unreadable", path, "it is truncated or damaged: its data stop short")
    image = reader.Execute()
    printed.seek(0)
    if kind == "JPG" and _JPEG_DAMAGE.search(printed.read()):
        raise ImageError("unreadable", path, "it is truncated, or part of its pixels is damaged")
    stored, parts = sitk.GetArrayViewFromImage(image), image.GetNumberOfComponentsPerPixel()
    if parts > 4 or np.iscomplexobj(stored):
        raise ImageError("unreadable", path, f"its pixels have {parts} parts or are complex")
    tagged = reader.GetMetaData(_BURNED_IN) if reader.HasMetaDataKey(_BURNED_IN) else ""
    # NIfTI stores single precision; six digits are what the formats have in common.
    row, col = (float(f"{spacing[axis]:.6g}") for axis in (rows, cols))
    known = kind != "JPG" and not np.allclose((row, col), 1.0, atol=1e-4)
    axes = np.array(reader.GetDirection()).reshape((len(size),) * 2)[np.ix_(plane, plane)]
    direction = UPRIGHT if np.allclose(axes, np.eye(2), atol=1e-3) else tuple(axes.flat)
    channels = stored.reshape(size[rows], size[cols], parts)
    about = (row, col) if known else None, tagged.strip() == "YES", direction
    return _picture(channels, path, kind, *about)


def _check_size(rows: int, cols: int, path: Path, frames: bool) -> None:
    if frames:
        raise ImageError("multi_frame", path, "it has several frames")
    if min(rows, cols) < MIN_SIDE or max(rows, cols) > MAX_SIDE or rows * cols > MAX_PIXELS:
        raise ImageError("absurd_size", path, f"it has {rows:,} x {cols:,} pixels")


def _is_whole(path: Path, reader: sitk.ImageFileReader) -> bool:
    """Tell whether a NIfTI file holds what its header promises; ITK does not look."""
    start, bits = (int(float(reader.GetMetaData(key))) for key in ("vox_offset", "bitpix"))
    promised = start + prod(reader.GetSize()) * bits // 8
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rb") as data:
        # Beyond the end of the pixels, where a checksum stands.
        return 0 < promised <= len(data.read(min(promised, MAX_BYTES) + _SLACK))


def _through_pillow(path: Path, kind: str) -> Image2D:
    try:
        with Image.open(path, formats=[kind]) as image:
            _check_size(image.height, image.width, path, getattr(image, "n_frames", 1) > 1)
            deep = ";16" in str(image.tile)
            inverted = kind == "TIFF" and image.tag_v2.get(262) == 0
            image.load()
    except Image.DecompressionBombError:
        raise ImageError("absurd_size", path, "it has far too many pixels") from None
    if deep and image.mode.startswith("RGB"):
        raise ImageError("unknown_format", path, "its colours have 16 bits each")
    plain = {"1": "L"} | dict.fromkeys(("P", "PA", "CMYK", "YCbCr", "LAB"), "RGBA")
    channels = np.atleast_3d(np.asarray(image.convert(plain.get(image.mode, image.mode))))
    if inverted and channels.dtype != np.uint8:  # which Pillow has done for 8 bits
        channels = np.iinfo(channels.dtype).max - channels
    return _picture(channels, path, kind)


def _picture(
    channels: NDArray, path: Path, kind: str, spacing: tuple[float, float] | None = None,
    burned_in: bool = False, direction: tuple[float, ...] = UPRIGHT,
) -> Image2D:  # fmt: skip
    array = luma(channels)
    if not np.isfinite(array).all():
        raise ImageError("not_finite", path, "some of its pixels are no finite numbers")
    return Image2D(array, spacing, burned_in, coloured_fraction(channels), kind, direction)


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

"""Extracted features on disk: one file a picture, whole or not there."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptclnm.imaging.radiomics.engine import Measured
from ptclnm.imaging.radiomics.settings import Settings
from ptclnm.imaging.radiomics.textures import Spacing
from ptclnm.paths import BUILD
from ptclnm.report.files import replacing

FOLDER = BUILD / "cache" / "radiomics"
LIBRARIES = ("pyradiomics", "numpy", "SimpleITK", "scipy", "PyWavelets", "trimesh")
# What reading a damaged or foreign file raises.
DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


class EntryError(ValueError):
    """A cache entry that is not what its name says."""


@cache
def made_with() -> dict[str, str]:
    """Versions of the libraries, and a hash of the code of the extraction."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.name.encode() + b"\0" + path.read_bytes())
    return {name: version(name) for name in LIBRARIES} | {"code": code.hexdigest()}


def entry_key(array: NDArray, mask: NDArray, settings: Settings, spacing: Spacing) -> str:
    """Name everything that a picture's features depend on.

    Parameters
    ----------
    array : array, shape (rows, cols)
        Grey values; the same whatever type they are stored in.
    mask : array, same shape
        The region of interest, where not 0.
    settings : Settings
        What is extracted.
    spacing : tuple of float
        Distances of slices, rows and columns.

    Returns
    -------
    str
        SHA-256 of pixels, mask, settings, names in their order, versions of the libraries and
        code.
    """
    # The names keep the order of filters and classes, which sorting the keys does not.
    names = _names_hash(settings)
    about = [array.shape, mask.shape, spacing, settings.contents(), names, made_with()]
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    digest.update(np.packbits(np.asarray(mask) != 0).tobytes())
    return digest.hexdigest()


def read_entry(folder: Path, key: str, settings: Settings) -> Measured | None:
    """Read a picture's features.

    Parameters
    ----------
    folder : Path
        Folder of the entries.
    key : str
        As `entry_key` gives it.
    settings : Settings
        What is extracted.

    Returns
    -------
    Measured or None
        None where there is no entry.

    Raises
    ------
    EntryError
        If the entry cannot be read, or is another's.
    """
    path = entry_path(folder, key)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as entry:
            values, about = entry["values"], json.loads(entry["about"].tobytes())
    except DAMAGE as error:
        raise EntryError(f"{path}: it cannot be read ({type(error).__name__})") from None
    if not _is_entry(values, about, key, settings):
        raise EntryError(f"{path}: it is not the entry that its name says")
    return Measured(dict(zip(settings.names, values.tolist(), strict=True)), about["problems"])


def write_entry(folder: Path, key: str, measured: Measured, settings: Settings) -> Path:
    """Write a picture's features under its key, atomically, and return the path."""
    about = {"key": key, "names": _names_hash(settings), "problems": measured.problems}
    path = entry_path(folder, key)
    with replacing(path) as temporary, temporary.open("wb") as handle:
        text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
        np.savez(handle, values=np.array(list(measured.values.values())), about=text)
    return path


def entry_path(folder: Path, key: str) -> Path:
    """Path of an entry."""
    return folder / f"{key}.npz"


def _is_entry(values: NDArray, about: Any, key: str, settings: Settings) -> bool:
    return (
        isinstance(about, Mapping)
        and about.get("key") == key
        and about.get("names") == _names_hash(settings)
        and isinstance(about.get("problems"), dict)
        and values.shape == (len(settings.names),)
        and values.dtype == np.float64
    )


def _names_hash(settings: Settings) -> str:
    return hashlib.sha256("\n".join(settings.names).encode()).hexdigest()

"""The public datasets: what exists, where it lies on this machine, whether it is whole."""

import hashlib
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pooch
import yaml

from ptclnm.errors import ManifestError, MissingDataError, PtclnmError, nearest
from ptclnm.paths import DATA_MANIFEST, data_root

FETCHED = "PTCLNM_FETCHED"


@dataclass(frozen=True)
class Dataset:
    """One entry of ``data_manifest/datasets.yml``; the file's head explains its keys."""

    name: str
    title: str
    evidence: str
    endpoint: str
    endpoint_is_not: str
    licence: str
    use: str
    doi: str
    cite: str
    source: str
    commit: str
    base_url: str
    files: int
    bytes: int
    hashes: str
    show_images: bool
    rewrite: str = ""
    folders: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def stated_endpoint(self) -> str:
        """What the endpoint is and what it is not, as a page says it."""
        return f"{self.endpoint}. Not: {self.endpoint_is_not}".rstrip(".")

    def url(self, file: str) -> str:
        """Address of one file, given its local path below the dataset's folder."""
        folder, _, rest = file.rpartition("/")
        there = self.folders.get(folder, folder)
        return self.urls.get(file, self.base_url + (f"{there}/{rest}" if there else rest))

    def registry(self, manifest: Path = DATA_MANIFEST) -> dict[str, str]:
        """Read the sha256 of each file by its local path."""
        lines = (manifest / self.hashes).read_text(encoding="utf-8").splitlines()
        pairs = (line.rsplit(" sha256:", 1) for line in lines if line.strip())
        return {path: digest for path, digest in pairs}


@cache
def datasets(manifest: Path = DATA_MANIFEST) -> dict[str, Dataset]:
    """Read every dataset of ``datasets.yml`` by name.

    Raises
    ------
    ManifestError
        If an entry lacks a key or has one too many.
    """
    file = manifest / "datasets.yml"
    entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    found, problems = {}, []
    for name, entry in entries.items():
        try:
            found[name] = Dataset(name=name, **entry)
        except TypeError as error:
            problems.append(f"{name}: {error}".replace("Dataset.__init__() ", ""))
    if problems:
        raise ManifestError(str(file), problems)
    return found


def dataset(name: str) -> Dataset:
    """Return one dataset by name.

    Raises
    ------
    PtclnmError
        If there is none of that name; the nearest name is given.
    """
    known = datasets()
    if name not in known:
        raise PtclnmError(f"No dataset is called {name!r}: {nearest(name, known)}")
    return known[name]


def fetched_root() -> Path:
    """Folder that fetched datasets go to.

    Returns
    -------
    Path
        What ``PTCLNM_FETCHED`` names; otherwise ``ptclnm`` in the user's cache folder, where
        it outlives ``make clean`` and serves every clone.
    """
    return Path(os.environ.get(FETCHED) or pooch.os_cache("ptclnm"))


def locate(name: str) -> Path:
    """Find the folder of a dataset on this machine.

    Parameters
    ----------
    name : str
        Name of the dataset.

    Returns
    -------
    Path
        ``PTCLNM_DATA/<name>`` where it is there, otherwise the fetched one.

    Raises
    ------
    MissingDataError
        If it is in neither place; the message says both ways to get it.
    """
    entry = dataset(name)
    own = data_root()
    places = [p / name for p in (own, fetched_root()) if p is not None]
    for place in places:
        if place.is_dir() and any(place.iterdir()):
            return place.resolve()
    tried = " nor in ".join(map(str, places))
    raise MissingDataError(
        f"The dataset {name!r} ({entry.title}) is not on this machine: not in {tried}. "
        f"Either set PTCLNM_DATA to a folder that holds {name}/, or run `ptclnm data fetch "
        f"{name}` ({entry.files} files, {entry.bytes / 1e6:.1f} MB, from {entry.source})."
    )


def require(root: Path, file: str) -> Path:
    """Return a file of a dataset's folder.

    Raises
    ------
    MissingDataError
        If it is not there.
    """
    path = root / file
    if not path.is_file():
        raise MissingDataError(
            f"{path} is missing. Run `ptclnm data check {root.name}` to see what else is, "
            f"and `ptclnm data fetch {root.name}` to get it."
        )
    return path


def check_files(name: str, folder: Path | None = None) -> list[str]:
    """Compare the files of a dataset with their recorded hashes.

    Parameters
    ----------
    name : str
        Name of the dataset.
    folder : Path, optional
        Where it lies; by default where :func:`locate` finds it.

    Returns
    -------
    list of str
        One line for each file that is missing or differs; empty if all are as recorded.

    Raises
    ------
    MissingDataError
        If no folder is given and the dataset is not on this machine.
    """
    folder = folder or locate(name)
    problems = []
    for file, expected in dataset(name).registry().items():
        path = folder / file
        if not path.is_file():
            problems.append(f"{file}: missing")
        elif (found := sha256(path)) != expected:
            size = path.stat().st_size
            problems.append(f"{file}: sha256 {found[:12]}… ({size} bytes), not {expected[:12]}…")
    return problems


def sha256(path: Path) -> str:
    """Hash a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

"""The public datasets: what exists, where it lies on this machine, whether it is whole."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pooch
import requests
import yaml

from ptclnm.cohorts.splits import subsample
from ptclnm.errors import MissingDataError, ProblemsError, PtclnmError, nearest
from ptclnm.paths import DATA_MANIFEST, data_root
from ptclnm.progress import counted
from ptclnm.schema import Cohort, Flow, fingerprint

FETCHED, GONE = "PTCLNM_FETCHED", ": missing"
HTTP = pooch.HTTPDownloader(progressbar=False, timeout=30)


class FetchError(ProblemsError):
    """Files of a dataset that are not what was recorded."""


@dataclass(frozen=True)
class Dataset:
    """One entry of ``data_manifest/datasets.yml``; the file's head explains its keys."""

    name: str
    title: str
    evidence: str
    endpoint: str
    endpoint_is_not: str
    nodes: bool
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
    clinical: dict[str, str] = field(default_factory=dict)
    after_surgery: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def cohort(self, warnings: Iterable[str] = (), **rest: Any) -> Cohort:
        """Make a cohort of it: `warnings` come after its own, `rest` is as for `Cohort`.

        Its endpoint says what it is and what it is not.
        """
        rest |= {name: getattr(self, name) for name in ("name", "title", "evidence", "nodes")}
        endpoint = f"{self.endpoint}. Not: {self.endpoint_is_not}".rstrip(".")
        return Cohort(endpoint=endpoint, warnings=(*self.warnings, *warnings), **rest)

    def drawn(
        self, table: pd.DataFrame, flow: Flow, n_patients: int | None, seed: int,
        settings: Mapping[str, Any] = MappingProxyType({}), **rest: Any,
    ) -> Cohort:  # fmt: skip
        """Make a cohort of it: some patients of a table, whose flow goes on.

        Parameters
        ----------
        table : DataFrame
            The cohort table of all patients.
        flow : Flow
            Its lines so far.
        n_patients, seed : int
            As for ``ptclnm.cohorts.splits.subsample``.
        settings : mapping of str to Any, optional
            What else decides the table; part of the fingerprint.
        **rest
            As for :meth:`cohort`.
        """
        kept = subsample(table, n_patients, seed).reset_index(drop=True)
        flow.kept(table, kept, n_patients)
        decided = {"n_patients": n_patients, "seed": seed} | dict(settings)
        return self.cohort(
            table=kept, flow=flow.frame(), fingerprint=fingerprint(kept, decided), **rest
        )

    def url(self, file: str) -> str:
        """Address of one file, given its local path below the dataset's folder."""
        folder, _, rest = file.rpartition("/")
        there = self.folders.get(folder, folder)
        return self.urls.get(file, self.base_url + (f"{there}/{rest}" if there else rest))

    def registry(self) -> dict[str, str]:
        """Read the sha256 of each file by its local path."""
        lines = (DATA_MANIFEST / self.hashes).read_text(encoding="utf-8").splitlines()
        return dict(line.rsplit(" sha256:", 1) for line in lines if line.strip())


@cache
def datasets() -> dict[str, Dataset]:
    """Read every dataset of ``datasets.yml`` by name."""
    entries = yaml.safe_load((DATA_MANIFEST / "datasets.yml").read_text(encoding="utf-8"))
    return {name: Dataset(name=name, **entry) for name, entry in entries.items()}


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
    places = [p / name for p in (data_root(), fetched_root()) if p is not None]
    for place in places:
        if place.is_dir() and any(place.iterdir()):
            return place.resolve()
    tried = " nor in ".join(map(str, places))
    raise MissingDataError(
        f"The dataset {name!r} ({entry.title}) is not on this machine: not in {tried}. "
        f"Either set PTCLNM_DATA to a folder that holds {name}/, or run `ptclnm data fetch "
        f"{name}` ({entry.files} files, {entry.bytes / 1e6:.1f} MB, from {entry.source})."
    )


def whole(name: str, part: bool = False, file: str = "") -> Path:
    """Find the folder of a dataset whose files are byte for byte the recorded ones.

    What is read from it needs no other check: it is what was looked at when it was recorded.

    Parameters
    ----------
    name : str
        Name of the dataset.
    part : bool
        Whether files may be missing.
    file : str
        The one file that is to be read; all where empty.

    Raises
    ------
    MissingDataError
        If it is not on this machine.
    FetchError
        For every file that is missing or differs.
    """
    folder = locate(name)
    problems = check_files(name, folder, file)
    if problems := [line for line in problems if not (part and line.endswith(GONE))]:
        raise FetchError(f"{name} in {folder}; get it by: ptclnm data fetch {name}", problems)
    return folder


def check_files(name: str, folder: Path, only: str = "") -> list[str]:
    """Compare the files of a dataset with their recorded hashes.

    Parameters
    ----------
    name : str
        Name of the dataset.
    folder : Path
        Where it lies.
    only : str
        One file; all where empty.

    Returns
    -------
    list of str
        One line for each file that is missing or differs; empty if all are as recorded.
    """
    problems, registry = [], dataset(name).registry()
    for file, expected in ({only: registry[only]} if only else registry).items():
        path = folder / file
        if not path.is_file():
            problems.append(f"{file}{GONE}")
        elif (found := pooch.file_hash(path)) != expected:
            size = path.stat().st_size
            problems.append(f"{file}: sha256 {found[:12]}… ({size} bytes), not {expected[:12]}…")
    return problems


def fetch(entry: Dataset) -> Path:
    """Download what is not there yet.

    Parameters
    ----------
    entry : Dataset
        Which dataset.

    Returns
    -------
    Path
        The dataset's folder in :func:`fetched_root`, complete.

    Raises
    ------
    MissingDataError
        If the server cannot be reached or has no such file. What has come stays; the next call
        goes on from there.
    FetchError
        If files differ from the recorded sha256; these are not kept.
    PtclnmError
        If the folder cannot be written to.
    """
    folder = (fetched_root() / entry.name).expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PtclnmError(f"{folder} cannot be made ({error.strerror}); name another.") from error
    registry, wrong = entry.registry(), []
    pooch.get_logger().setLevel(logging.WARNING)
    urls = {name: entry.url(name) for name in registry}
    hashes = {name: f"sha256:{digest}" for name, digest in registry.items()}
    store = pooch.create(path=folder, base_url="", registry=hashes, urls=urls)
    for name in counted(registry, len(registry), f"files of {entry.name}"):
        try:
            store.fetch(name, downloader=semicolons_to_commas if entry.rewrite else HTTP)
        except requests.RequestException as error:
            raise MissingDataError(
                f"{name} of {entry.name} could not be downloaded from {urls[name]} "
                f"({type(error).__name__}). What has come so far is kept in {folder}. "
                f"Run `ptclnm data fetch {entry.name}` again where there is a network, or copy the "
                "dataset from elsewhere and set PTCLNM_DATA to the folder that holds "
                f"{entry.name}/."
            ) from error
        except ValueError:
            # What pooch raises where the hash differs; it has removed the file.
            wrong.append(f"{name}: its sha256 differs from the recorded one; nothing was kept")
    if wrong:
        raise FetchError(f"{entry.name} from {entry.source}", wrong)
    return folder


def semicolons_to_commas(url: str, path: str, store: pooch.Pooch | None) -> None:
    """Download a CSV with semicolons and CRLF, and rewrite it with commas and LF."""
    HTTP(url, path, store)
    text = Path(path).read_bytes()
    Path(path).write_bytes(text.replace(b"\r\n", b"\n").replace(b";", b","))

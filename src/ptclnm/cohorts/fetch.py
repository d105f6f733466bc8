"""Download a public dataset: every file checked, none half-written."""

import logging
from collections.abc import Callable
from pathlib import Path

import pooch
import requests

from ptclnm.cohorts.datasets import Dataset, fetched_root, sha256
from ptclnm.errors import MissingDataError, ProblemsError, PtclnmError

TIMEOUT = 30

Downloader = Callable[[str, str, pooch.Pooch | None], None]


class FetchError(ProblemsError):
    """Files that were downloaded and are not what was recorded."""


def fetch(
    entry: Dataset,
    destination: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Download what is not there yet.

    Parameters
    ----------
    entry : Dataset
        Which dataset.
    destination : Path, optional
        Folder for its files; by default ``<name>`` in :func:`fetched_root`.
    progress : callable, optional
        Called before each file with its name, its number from 1 and the number of files.

    Returns
    -------
    Path
        The dataset's folder, complete.

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
    folder = (destination or fetched_root() / entry.name).expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PtclnmError(f"{folder} cannot be made ({error.strerror}); name another.") from error
    registry = entry.registry()
    pooch.get_logger().setLevel(logging.WARNING)
    store = pooch.create(
        path=folder,
        base_url=entry.base_url,
        registry={name: f"sha256:{digest}" for name, digest in registry.items()},
        urls={name: entry.url(name) for name in registry},
        env=None,
    )
    downloader = REWRITES[entry.rewrite] if entry.rewrite else http
    wrong: list[str] = []
    for number, (name, digest) in enumerate(registry.items(), start=1):
        path = folder / name
        if path.is_file() and sha256(path) == digest:
            continue
        if progress:
            progress(name, number, len(registry))
        problem = _fetch_one(store, name, downloader, entry)
        wrong += [problem] if problem else []
    if wrong:
        raise FetchError(f"{entry.name} from {entry.source}", wrong)
    return folder


def http(url: str, path: str, store: pooch.Pooch | None) -> None:
    """Download one file over HTTP, as pooch does, with a time limit."""
    pooch.HTTPDownloader(progressbar=False, timeout=TIMEOUT)(url, path, store)


def semicolons_to_commas(url: str, path: str, store: pooch.Pooch | None) -> None:
    """Download a CSV with semicolons and CRLF, and rewrite it with commas and LF."""
    http(url, path, store)
    text = Path(path).read_bytes()
    Path(path).write_bytes(text.replace(b"\r\n", b"\n").replace(b";", b","))


REWRITES: dict[str, Downloader] = {"semicolons_to_commas": semicolons_to_commas}


def _fetch_one(store: pooch.Pooch, name: str, downloader: Downloader, entry: Dataset) -> str | None:
    """Fetch one file; return what is wrong with it, if it came and is wrong."""
    try:
        store.fetch(name, downloader=downloader)
    except requests.RequestException as error:
        raise MissingDataError(
            f"{name} of {entry.name} could not be downloaded from {entry.url(name)} "
            f"({type(error).__name__}). What has come so far is kept in {store.path}. "
            f"Run `ptclnm data fetch {entry.name}` again where there is a network, or copy the "
            f"dataset from elsewhere and set PTCLNM_DATA to the folder that holds {entry.name}/."
        ) from error
    except ValueError:
        # What pooch raises where the hash differs; it has removed the file.
        return f"{name}: its sha256 differs from the recorded one; nothing was kept. Run again."
    return None

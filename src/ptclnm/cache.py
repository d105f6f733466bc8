"""What is kept between runs: how much room it takes, and clearing what is no longer used."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from ptclnm.limits import checked_whole
from ptclnm.paths import BUILD

FOLDER = BUILD / "cache"
# Where entries stand: each is read, and cleared, as a whole.
ENTRIES = (
    "cohorts/*/*", "truth/*/*", "radiomics/*", "zoo/*", "crops/*", "deep/*", "deep/features/*",
    "superres/*", "superres/pictures/*", "delong_study/*",
)  # fmt: skip
DAY = 86_400.0


@dataclass(frozen=True)
class Entry:
    """One thing that is kept.

    Parameters
    ----------
    kind : str
        Whose it is: the folder of the cache that it stands in.
    path : Path
        A file, or a folder.
    bytes : int
        What it takes on the disk.
    used : float
        When it was last written or read, in seconds since 1970. A disk that does not note when
        files are read gives the time of writing.
    """

    kind: str
    path: Path
    bytes: int
    used: float


def entries(folder: Path = FOLDER) -> list[Entry]:
    """List what is kept, by kind and path; half-finished work of a run that was killed too.

    Parameters
    ----------
    folder : Path
        The cache.
    """
    shelves = {folder / Path(pattern).parent for pattern in ENTRIES}
    found = []
    for pattern in ENTRIES:
        for path in sorted(folder.glob(pattern)):
            if path not in shelves:
                found.append(_entry(" ".join(path.relative_to(folder).parent.parts), path))
    return found


def _entry(kind: str, path: Path) -> Entry:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    stats = [file.stat() for file in files] or [path.stat()]
    used = max(max(stat.st_atime, stat.st_mtime) for stat in stats)
    return Entry(kind, path, sum(stat.st_size for stat in stats) if files else 0, used)


def unused(found: Iterable[Entry], days: int, now: float | None = None) -> list[Entry]:
    """Choose what has neither been written nor read for some days.

    Raises
    ------
    ParameterError
        If `days` is no whole number from 1.
    """
    days = checked_whole("cache", "older-than", days, 1)
    limit = (time.time() if now is None else now) - days * DAY
    return [entry for entry in found if entry.used < limit]


def clear(chosen: Iterable[Entry], folder: Path = FOLDER) -> None:
    """Remove entries; one is gone or whole, also if this is interrupted."""
    chosen = list(chosen)
    if not chosen:
        return
    aside = Path(mkdtemp(prefix=".cleared-", dir=folder))
    try:
        for number, entry in enumerate(chosen):
            entry.path.rename(aside / str(number))
    finally:
        shutil.rmtree(aside)


def overview(found: Iterable[Entry], now: float | None = None) -> str:
    """Lay out entries by kind: number, size, and days since any was used."""
    now = time.time() if now is None else now
    kinds: dict[str, list[Entry]] = {}
    for entry in found:
        kinds.setdefault(entry.kind, []).append(entry)
    lines = [f"{'kept':<24}{'entries':>9}{'MB':>11}{'last used':>16}"]
    for kind, part in kinds.items():
        days = (now - max(entry.used for entry in part)) / DAY
        when = "today" if days < 1 else f"{days:.0f} days ago"
        lines.append(f"{kind:<24}{len(part):>9,}{_mb(part):>11,.1f}{when:>16}")
    every = [entry for part in kinds.values() for entry in part]
    return "\n".join([*lines, f"{'all':<24}{len(every):>9,}{_mb(every):>11,.1f}"])


def _mb(found: Iterable[Entry]) -> float:
    return sum(entry.bytes for entry in found) / 1e6

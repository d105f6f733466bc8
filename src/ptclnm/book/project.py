"""The folders of a project, in one place so that tests can give another one, and their safe use."""

import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ptclnm.errors import PtclnmError
from ptclnm.paths import ROOT


class PageError(PtclnmError):
    """A page whose notebook did not run to its end."""


class BuildError(PtclnmError):
    """A book that could not be built from its executed pages."""


class BusyError(PtclnmError):
    """A profile that another process is running into the same folder."""


@dataclass(frozen=True)
class Project:
    """Where the sources of a book are and where what is made of them goes.

    Parameters
    ----------
    root : Path
        Folder that holds ``notebooks``, ``book``, ``data_manifest`` and ``_config.yml``.
    build_dir : Path or None
        Folder for everything generated; ``root/_build`` where not given.
    """

    root: Path = ROOT
    build_dir: Path | None = None

    @property
    def notebooks(self) -> Path:
        """Folder of the notebooks, outputs stripped."""
        return self.root / "notebooks"

    @property
    def book(self) -> Path:
        """Folder of the prose."""
        return self.root / "book"

    @property
    def profiles(self) -> Path:
        """Folder of the profiles."""
        return self.book / "profiles"

    @property
    def published(self) -> Path:
        """Folder with one subfolder of tables per study."""
        return self.root / "data_manifest" / "published"

    @property
    def build(self) -> Path:
        """Folder of everything generated."""
        return (self.build_dir or self.root / "_build").resolve()

    @property
    def html(self) -> Path:
        """Folder of the published book."""
        return self.build / "html"

    def runs(self, profile: str) -> Path:
        """Folder of a profile's executed notebooks."""
        return self.build / "runs" / profile

    def alone(self, profile: str) -> AbstractContextManager:
        """Keep other runs of a profile off its folders; a run that is killed keeps none off.

        Raises
        ------
        BusyError
            If another process is running the profile.
        """
        self.build.mkdir(parents=True, exist_ok=True)
        try:
            return FileLock(self.build / f".running-{profile}").acquire(timeout=0)
        except Timeout:
            raise BusyError(
                f"profile {profile} is being run into {self.build} by another process. Wait for "
                "it, or give this run a folder of its own with --build-dir."
            ) from None

    def results(self, profile: str) -> Path:
        """Folder of a profile's tables and figures, one subfolder per page."""
        return self.build / "results" / profile

    def stage(self, profile: str) -> Path:
        """Folder in which a profile's book is put together and built."""
        return self.build / "stage" / profile

    def notebook(self, name: str) -> Path:
        """Path of the notebook of that name, whether it exists or not."""
        return self.notebooks / f"{name}.ipynb"


def fresh(folder: Path) -> Path:
    """Give an empty folder, whatever was there before."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def swap(new: Path, target: Path) -> None:
    """Put folder `new` in the place of `target`; if that fails, `target` is as it was."""
    old = target.with_name(f".old-{target.name}")
    if old.exists():
        shutil.rmtree(old)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    if old.exists():
        shutil.rmtree(old)

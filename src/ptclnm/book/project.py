"""The folders of a project, in one place so that tests can give another one."""

from dataclasses import dataclass
from pathlib import Path

from ptclnm.errors import PtclnmError
from ptclnm.paths import ROOT


class PageError(PtclnmError):
    """A page whose notebook did not run to its end."""


class BuildError(PtclnmError):
    """A book that could not be built from its executed pages."""


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

    def results(self, profile: str) -> Path:
        """Folder of a profile's tables and figures, one subfolder per page."""
        return self.build / "results" / profile

    def stage(self, profile: str) -> Path:
        """Folder in which a profile's book is put together and built."""
        return self.build / "stage" / profile

    def notebook(self, name: str) -> Path:
        """Path of the notebook of that name, whether it exists or not."""
        return self.notebooks / f"{name}.ipynb"

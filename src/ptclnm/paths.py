"""Where things are: the project's folders and the reader's data."""

import os
from pathlib import Path

from ptclnm.errors import MissingDataError

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
BOOK = ROOT / "book"
PROFILES = BOOK / "profiles"
DATA_MANIFEST = ROOT / "data_manifest"
PUBLISHED = DATA_MANIFEST / "published"
RESULTS = ROOT / "results"
BUILD = ROOT / "_build"


def data_root() -> Path | None:
    """Folder with local copies of the public datasets.

    Returns
    -------
    Path or None
        The folder that ``PTCLNM_DATA`` names, or None where it is not set.

    Raises
    ------
    MissingDataError
        If ``PTCLNM_DATA`` is set and is not a folder.
    """
    value = os.environ.get("PTCLNM_DATA", "")
    if not value:
        return None
    root = Path(value).expanduser().resolve()
    if not root.is_dir():
        raise MissingDataError(
            f"PTCLNM_DATA is {value!r}, which is not a folder. "
            "Set it to a folder that holds the datasets by name, or unset it."
        )
    return root

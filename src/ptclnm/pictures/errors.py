"""The named error of pictures."""

from os import PathLike

import pandas as pd

from ptclnm.errors import PtclnmError
from ptclnm.paths import DATA_MANIFEST

# What to do about each kind of problem.
REMEDIES = pd.read_csv(DATA_MANIFEST / "own" / "problems.csv", index_col="code")["remedy"]


class ImageError(PtclnmError):
    """A picture that cannot be used.

    Parameters
    ----------
    code : str
        A key of ``REMEDIES``.
    path : path-like
        The file. Nothing of the file's header enters the message.
    found : str
        What was found.
    """

    def __init__(self, code: str, path: str | PathLike[str], found: str) -> None:
        self.code = code
        self.path = str(path)
        self.found = found
        self.remedy = REMEDIES[code]
        super().__init__(f"{self.path}: {found}. {self.remedy}")

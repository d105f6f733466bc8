"""The papers' printed numbers, where this project keeps them."""

from pathlib import Path

import recount
from ptclnm.paths import PUBLISHED


def load(study: str | Path) -> recount.Study:
    """Read a paper's tables: by its name below ``data_manifest/published``, or by a full path.

    Raises
    ------
    RecordError
        As `recount.load`.
    """
    return recount.load(PUBLISHED / study)

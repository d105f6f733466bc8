"""Printed numbers of the studies, to draw from.

They are read straight from the files, which ``ptclnm.published.load`` checks against their schema:
importing the checker takes longer than opening a cohort.
"""

from functools import cache

import numpy as np
import pandas as pd

from ptclnm.errors import PublishedTableError
from ptclnm.paths import PUBLISHED


@cache
def printed(study: str, table: str, **where: str) -> pd.DataFrame:
    """Read rows of a study's printed numbers.

    Parameters
    ----------
    study, table : str
        Folder below ``data_manifest/published``, and file in it without its ending.
    **where : str
        The value that a column must have.

    Raises
    ------
    PublishedTableError
        If there is no such row.
    """
    file = PUBLISHED / study / f"{table}.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    found = rows[np.logical_and.reduce([rows[name] == value for name, value in where.items()])]
    if found.empty:
        raise PublishedTableError(str(file), [f"no row of {', '.join(where.values())}"])
    return found


def levels(study: str, variable: str, group: str) -> dict[str, int]:
    """Patients of a group of Table 1 by level of a variable, in printed order."""
    about = {"variable": variable, "group": group, "statistic": "count"}
    found = printed(study, "counts", where="Table 1", **about)
    return dict(zip(found["level"], found["value"].astype(int), strict=True))


def moments(study: str, variable: str, group: str) -> tuple[float, float]:
    """Mean and SD of a variable in a group of Table 1."""
    about = {"where": "Table 1", "variable": variable, "group": group}
    mean, sd = (printed(study, "counts", **about, statistic=s)["value"] for s in ("mean", "sd"))
    return float(mean.iloc[0]), float(sd.iloc[0])

"""What a cohort is, as one short hash: a cache key."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd


def fingerprint(
    table: pd.DataFrame, settings: Mapping[str, Any], contents: Mapping[str, str] | None = None
) -> str:
    """Hash a cohort's table, the settings it was made with and its files' contents.

    Parameters
    ----------
    table : DataFrame
        The cohort table. Of the paths only the file's name enters, so that the same data in
        another folder have the same fingerprint.
    settings : mapping
        Whatever else decides the contents; must be JSON.
    contents : mapping, optional
        Hash of each file's bytes by a name that does not hold the folder.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    paths = [c for c in ("image", "mask") if c in table]
    bare = table.assign(**{c: table[c].map(lambda p: Path(p).name) for c in paths})
    parts = [bare.to_csv(index=False), json.dumps(settings, sort_keys=True)]
    parts.append(json.dumps(dict(contents or {}), sort_keys=True))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

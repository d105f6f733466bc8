"""Results on disk: complete under their name or not there at all."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it to `path` if the block succeeds.

    Parameters
    ----------
    path : Path
        The file to be written; its folder is made where missing.

    Yields
    ------
    Path
        The temporary name to write to. It is removed if the block raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = mkstemp(prefix=".", suffix=f"-{path.name}", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> Path:
    """Write UTF-8 text atomically and return `path`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def write_json(value: Any, path: Path) -> Path:
    """Write JSON with sorted keys atomically and return `path`."""
    return write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", path)


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a frame as CSV without its index, atomically, and return `path`."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    return path


def write_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as SVG, the same bytes for the same figure, and return `path`."""
    settings = {"svg.hashsalt": path.stem, "svg.fonttype": "path"}
    with replacing(path) as temporary, rc_context(settings):
        figure.savefig(temporary, format="svg", bbox_inches="tight", metadata={"Date": None})
    return path

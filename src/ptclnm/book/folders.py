"""Folders that are complete under their name or not there at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Give an empty folder that is removed at the end, whatever happens."""
    fresh(folder)
    try:
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder)

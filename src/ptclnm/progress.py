"""Progress, told on the terminal of whoever waits, and never on a page."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

from tqdm import tqdm

Result = TypeVar("Result")
TERMINAL = "PTCLNM_TERMINAL"


@contextmanager
def terminal() -> Iterator[TextIO | None]:
    """Give the terminal to write on: this process's, else the one whose command runs this page.

    Yields
    ------
    file or None
        None where nobody watches.
    """
    if sys.stderr.isatty():
        yield sys.stderr
        return
    try:
        stream = Path(os.environ[TERMINAL]).open("w", encoding="utf-8")
    except (KeyError, OSError):  # no command waits, or its terminal is closed
        yield None
        return
    with stream:
        yield stream


def own_terminal() -> str:
    """Path of the terminal of this process, for the processes of its pages; empty for none."""
    watched = os.name == "posix" and sys.stderr.isatty()
    return os.ttyname(sys.stderr.fileno()) if watched else ""


def tell(line: str) -> None:
    """Write a line, where somebody watches."""
    with terminal() as stream:
        if stream is not None:
            print(line, file=stream, flush=True)


def counted(done: Iterable[Result], total: int, what: str) -> Iterator[Result]:
    """Pass results on, counting them on one line of the terminal with the time that is left.

    Parameters
    ----------
    done : iterable
        The results, as they come.
    total : int
        How many there will be.
    what : str
        What they are; empty tells nothing.
    """
    with terminal() as stream:
        yield from tqdm(done, what, total, file=stream, disable=not what or stream is None)

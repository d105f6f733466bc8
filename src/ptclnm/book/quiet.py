"""What is kept off a page: all that other code than the notebook's own cells writes there.

Loggers, warnings, prints, progress bars, C libraries and other processes all end in the two streams
of the notebook, whenever they were set up. So every write to these is judged, by the code it comes
from.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from ipykernel.iostream import OutStream
from IPython import get_ipython

# Names the log of a page that a command runs; the process's own streams end there too.
LOG = "PTCLNM_LOG"
OWN = __name__.partition(".")[0]
# What a cell prints through: pprint, help, magics; and the shell, which notes what it shows.
HELPERS = sys.stdlib_module_names | {"IPython", "ipykernel"}


class KeptOff:
    """What is kept off a running page; it goes to a log. Outside a notebook there is nothing.

    Where nobody watches the run, stdout shows what cells print themselves, and stderr nothing.
    Where somebody works in the notebook, both show what cells write or ask a library for; what
    comes by way of this package is kept off there too.

    Parameters
    ----------
    namespace : mapping
        The notebook's ``globals()``: code that runs in it is a cell's.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._log: Path | None = None
        self._held: list[tuple[OutStream, str]] = []
        self._released = False
        streams = [s for s in (sys.stdout, sys.stderr) if isinstance(s, OutStream)]
        self._attended = bool(streams) and _attended()
        for stream in streams:
            stream.__class__, stream.kept_off = QuietStream, self

    def keep_in(self, results: Path) -> None:
        """Write what is kept off to the log that the running command names, else to a new one.

        Parameters
        ----------
        results : Path
            The page's folder; a page that runs alone has its log there, as ``page.log``.
        """
        named = os.environ.get(LOG)
        self._log = Path(named) if named else results / "page.log"
        if not named:
            self._log.unlink(missing_ok=True)
        for stream, text in self._held:
            self.keep(stream, text)

    def release(self) -> None:
        """Show everything, also what was kept off so far: there is no page."""
        self._released = True
        for stream, text in self._held:
            stream.write(text)

    def shows(self, stream: OutStream, frame: FrameType | None) -> bool:
        """Whether a page shows what the code of a frame writes to one of its streams."""
        if self._released:
            return True
        return (self._attended or stream.name == "stdout") and self._asked(frame)

    def keep(self, stream: OutStream, text: str) -> None:
        """Write text to the log, or hold it until it is known where that is."""
        if self._log is None:
            self._held.append((stream, text))
            return
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab", buffering=0) as log:  # other processes append to it as well
            log.write(text.encode("utf-8", "replace"))

    def _asked(self, frame: FrameType | None) -> bool:
        """Whether a cell writes, itself or through what may stand between."""
        while frame is not None and frame.f_globals is not self._namespace:
            package = str(frame.f_globals.get("__name__")).partition(".")[0]
            if package == OWN if self._attended else package not in HELPERS:
                return False
            frame = frame.f_back
        return frame is not None


class QuietStream(OutStream):
    """What a notebook's stream becomes when its page starts."""

    kept_off: KeptOff

    @property
    def write(self) -> Callable[[str], int | None]:
        """What writers call. IPython wraps it for each cell, and puts the former one back."""
        return vars(self).get("_given", self._judged)

    @write.setter
    def write(self, given: Callable[[str], int | None]) -> None:
        # The cell in which the page starts would put back the one that judges nothing.
        vars(self)["_given"] = self._judged if given == super().write else given

    def _judged(self, text: str) -> int | None:
        if self.kept_off.shows(self, sys._getframe(1)):
            return super().write(text)
        self.kept_off.keep(self, text)
        return len(text)


def _attended() -> bool:
    """Whether the running cell was sent by somebody who could be asked something."""
    return bool(get_ipython().get_parent()["content"].get("allow_stdin"))

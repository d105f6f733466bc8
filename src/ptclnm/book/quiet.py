"""What is kept off a page: all that other code than the notebook's own cells writes there.

Loggers, warnings, prints, progress bars, C libraries and other processes all end in the two streams
of the notebook, whenever they were set up. So every write to these is judged, by the code it comes
from.
"""

import os
import sys
from collections.abc import Callable, Mapping
from io import UnsupportedOperation
from types import FrameType
from typing import Any

from ipykernel.iostream import OutStream
from IPython import get_ipython

OWN = __name__.partition(".")[0]
# What a cell prints through: pprint, help, magics; and the shell, which notes what it shows.
HELPERS = sys.stdlib_module_names | {"IPython", "ipykernel"}


def keep_off(namespace: Mapping[str, Any]) -> None:
    """Send what other code writes to the process's own stderr; outside a notebook do nothing.

    Where nobody watches the run, stdout shows what cells print themselves, and stderr nothing.
    Where somebody works in the notebook, both show what cells write or ask a library for; what
    comes by way of this package is kept off there too.

    Parameters
    ----------
    namespace : mapping
        The notebook's ``globals()``: code that runs in it is a cell's.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, OutStream):
            stream.__class__, stream.namespace = QuietStream, namespace
            # Whether the running cell was sent by somebody who could be asked something.
            stream.attended = bool(get_ipython().get_parent()["content"].get("allow_stdin"))


class QuietStream(OutStream):
    """What a notebook's stream becomes when its page starts."""

    namespace: Mapping[str, Any]
    attended: bool

    @property
    def write(self) -> Callable[[str], int | None]:
        """What writers call. IPython wraps it for each cell, and puts the former one back."""
        return vars(self).get("_given", self._judged)

    @write.setter
    def write(self, given: Callable[[str], int | None]) -> None:
        # The cell in which the page starts would put back the one that judges nothing.
        vars(self)["_given"] = self._judged if given == super().write else given

    def _judged(self, text: str) -> int | None:
        if (self.attended or self.name == "stdout") and self._asked(sys._getframe(1)):
            return super().write(text)
        try:
            own = self.fileno()
        except UnsupportedOperation:  # the kernel does not watch the process's own streams
            own = sys.__stderr__.fileno()
        os.write(own, text.encode("utf-8", "replace"))
        return len(text)

    def _asked(self, frame: FrameType | None) -> bool:
        """Whether a cell writes, itself or through what may stand between."""
        while frame is not None and frame.f_globals is not self.namespace:
            package = str(frame.f_globals.get("__name__")).partition(".")[0]
            if package == OWN if self.attended else package not in HELPERS:
                return False
            frame = frame.f_back
        return frame is not None

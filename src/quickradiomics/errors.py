"""Errors: settings, or a picture with its mask, that no features can be computed with."""

from collections.abc import Iterable
from difflib import get_close_matches

REMEDIES = {
    "mask_size": "Draw the mask on this picture; both must have the same rows and columns.",
    "empty_roi": "Check the mask and the label that marks the nodule.",
    "one_pixel": "Draw the nodule again: features need an area.",
    "thin_roi": "Draw the nodule again, or lower minimumROIDimensions in the settings.",
    "small_roi": "Draw the nodule again, or lower minimumROISize in the settings.",
    "not_finite": "Export the picture again without missing or infinite pixels.",
    "many_levels": "Set binCount, or a larger binWidth, in the settings.",
}


class RadiomicsError(Exception):
    """Base of the errors of this library."""


class RegionError(RadiomicsError):
    """A picture and mask that no features can be computed of.

    Parameters
    ----------
    code : str
        A key of ``REMEDIES``.
    found : str
        What was found.
    """

    def __init__(self, code: str, found: str) -> None:
        self.code = code
        self.found = found
        super().__init__(f"{found}. {REMEDIES[code]}")

    def __reduce__(self) -> tuple:
        """Let the error pass from a worker process."""
        return type(self), (self.code, self.found)


class SettingsError(RadiomicsError):
    """Settings that cannot be extracted with.

    Parameters
    ----------
    subject : str
        What was read, e.g. a file's path.
    problems : list of str
        All that is wrong, one line each.
    """

    def __init__(self, subject: str, problems: list[str]) -> None:
        self.subject, self.problems = subject, problems
        super().__init__("\n  - ".join([subject, *problems]))


def unknown(kind: str, given: Iterable[object], allowed: Iterable[str]) -> list[str]:
    """Say which names are not allowed, each with the nearest that is and the whole choice."""
    names = sorted(allowed)
    lines = []
    for name in map(str, given):
        if name not in names:
            close = get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}? " if close else ""
            lines.append(f"unknown {kind} {name!r}; {hint}Allowed: {', '.join(names)}.")
    return lines

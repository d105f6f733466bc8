"""Named errors: each says where, what was found, what is allowed and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class PtclnmError(Exception):
    """Base of every error that a user can mend."""


class ProblemsError(PtclnmError):
    """Several problems of one input, reported at once.

    Parameters
    ----------
    subject : str
        What was checked, e.g. a file's path.
    problems : iterable of str
        One line a problem.
    """

    def __init__(self, subject: str, problems: Iterable[str]) -> None:
        self.subject = subject
        self.problems = list(problems)
        count = len(self.problems)
        head = f"{subject}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  - {line}" for line in self.problems)]))


class ParameterError(ProblemsError):
    """Parameters of a notebook or profile that cannot be run with."""


class PublishedTableError(ProblemsError):
    """Transcribed tables that do not follow their schema."""


class ManifestError(ProblemsError):
    """A cohort manifest, or the files it names, that cannot be used."""


class MissingDataError(PtclnmError):
    """Data that are not on this machine; the message says how to get them."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Phrase the nearest allowed name and the whole choice.

    Parameters
    ----------
    word : str
        The name that was given.
    allowed : iterable of str
        The names that exist.

    Returns
    -------
    str
        ``"did you mean 'x'? Allowed: x, y"``; without a near name, only the second part.
    """
    names = sorted(map(str, allowed))
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(names) or 'none'}."

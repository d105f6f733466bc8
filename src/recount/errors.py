"""What is wrong with a study's folder, all of it at once."""

from collections.abc import Iterable
from difflib import get_close_matches


class RecordError(ValueError):
    """Transcribed tables that do not follow their schema.

    Parameters
    ----------
    subject : str
        What was checked, e.g. a folder's path.
    problems : iterable of str
        One line a problem.
    """

    def __init__(self, subject: str, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        head = f"{subject}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  - {line}" for line in self.problems)]))


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Phrase the nearest allowed name and the whole choice.

    Examples
    --------
    >>> nearest("tets", ["test", "train"])
    "did you mean 'test'? Allowed: test, train."
    """
    names = sorted(map(str, allowed))
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(names) or 'none'}."

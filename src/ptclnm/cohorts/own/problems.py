"""Every problem that a cohort of the reader's own can have, named once."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ptclnm.pictures.read import PROBLEMS, is_there

MAX_LINES = 20
# The kinds of problem by their code, in the order in which they are looked for: ``severity``
# (``error``, which stops, or ``warning``), ``what`` it is, ``why`` it matters, the ``remedy``.
CATALOGUE = {kind.Index: kind for kind in PROBLEMS.itertuples(name="Kind")}


@dataclass(frozen=True)
class Problem:
    """One problem at one place.

    Parameters
    ----------
    code : str
        A key of ``CATALOGUE``.
    file : str
        The file that is wrong, as the manifest or the CSV names it.
    found : str
        What was found there.
    row : int or None
        Line of the CSV, its header being line 1; None where no line is concerned.
    table : str
        Name of the CSV that `row` belongs to; empty where it is `file` itself.
    """

    code: str
    file: str
    found: str
    row: int | None = None
    table: str = ""

    @property
    def stops(self) -> bool:
        """True for an error."""
        return CATALOGUE[self.code].severity == "error"

    def __str__(self) -> str:
        """Say where, what was found and what to do, in one line."""
        place = self.file
        if self.row is not None:
            place += f" ({self.table} row {self.row})" if self.table else f", row {self.row}"
        return f"{place}: {self.found.removesuffix('.')}. {CATALOGUE[self.code].remedy}"


class UnreadableError(Exception):
    """A file that nothing more can be read from; its problems, the args, are to be reported."""


def read_bytes(path: Path, most: int, code: str) -> bytes:
    """Read a file of up to so many bytes; its absence is the problem of that code."""
    if not is_there(path) or path.stat().st_size > most:
        found = f"there is no such file of up to {most:,} bytes"
        raise UnreadableError(Problem(code, path.name, found))
    return path.read_bytes()


@dataclass(frozen=True)
class Report:
    """What a check found.

    Parameters
    ----------
    subject : str
        The manifest's path.
    problems : tuple of Problem
        All of them, in the order of manifest, CSV and files.
    """

    subject: str
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop."""
        return tuple(p for p in self.problems if p.stops)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that are listed only."""
        return tuple(p for p in self.problems if not p.stops)

    @property
    def ok(self) -> bool:
        """True if the cohort can be opened."""
        return not self.errors

    def __str__(self) -> str:
        """List errors, then warnings; many of one kind are cut short."""
        parts = [self.subject]
        for title, problems in (("error", self.errors), ("warning", self.warnings)):
            parts.append(f"{len(problems)} {title}{'' if len(problems) == 1 else 's'}")
            parts += [f"  - {line}" for line in lines(problems)]
        return "\n".join(parts)


def lines(problems: Iterable[Problem], limit: int = MAX_LINES) -> list[str]:
    """Phrase problems, at most so many of each kind.

    Parameters
    ----------
    problems : iterable of Problem
        What to list.
    limit : int
        Lines of each kind; the number of those left out is said.

    Returns
    -------
    list of str
        One line a problem.
    """
    groups: dict[str, list[str]] = {}
    for problem in problems:
        groups.setdefault(problem.code, []).append(str(problem))
    listed = []
    for code, group in groups.items():
        listed += group[:limit]
        if len(group) > limit:
            more = len(group) - limit
            listed.append(f"... and {more:,} more of this kind: {CATALOGUE[code].what}")
    return listed

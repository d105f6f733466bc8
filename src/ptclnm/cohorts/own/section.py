"""Reading the sections of a manifest, collecting what is wrong with them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ptclnm.cohorts.own.problems import Problem
from ptclnm.errors import nearest


def canonical(value: Any) -> str:
    """Bring a label's value to the form in which manifest and CSV are compared.

    Parameters
    ----------
    value : object
        Text, number or boolean.

    Returns
    -------
    str
        Without surrounding spaces and in lower case; ``1``, ``1.0`` and ``"01"`` are the same.
    """
    text = str(value).strip().casefold()
    try:
        number = float(text)
    except ValueError:
        return text
    return f"{number:.12g}" if math.isfinite(number) else text


class Section:
    """One mapping of the manifest.

    Each method returns the value of a key, or a harmless stand-in after noting a problem.

    Parameters
    ----------
    content : object
        What the file has there.
    where : str
        Name of the section, empty for the whole manifest.
    allowed : sequence of str or None
        Keys that there are; None allows any.
    file : str
        Name of the manifest.
    problems : list of Problem
        Where to note problems.
    hints : mapping, optional
        What to say of certain keys that are not allowed.
    """

    def __init__(
        self,
        content: Any,
        where: str,
        allowed: Sequence[str] | None,
        file: str,
        problems: list[Problem],
        hints: Mapping[str, str] | None = None,
    ) -> None:
        self._where, self._file, self._problems = where, file, problems
        self.given: dict[str, Any] = {}
        if not isinstance(content, dict):
            self.problem(f"must be a mapping of keys to values, found {_short(content)}")
            return
        self.given = {str(key): value for key, value in content.items()}
        for key in [] if allowed is None else sorted(set(self.given) - set(allowed)):
            hint = (hints or {}).get(key) or nearest(key, allowed or ())
            self.problem(f"unknown key {_short(key)}: {hint.rstrip('.')}")

    def problem(self, found: str) -> None:
        """Note a problem of this section."""
        place = f"{self._where}: " if self._where else ""
        self._problems.append(Problem("manifest_key", self._file, place + found))

    def value(self, key: str, required: bool = False) -> Any:
        """Return what is given, None where nothing is."""
        value = self.given.get(key)
        if required and value is None:
            self.problem(f"{key} is missing")
        return value

    def text(self, key: str, required: bool = False, default: str = "") -> str:
        """Return non-empty text of one line without control characters."""
        value = self.value(key, required)
        if value is None:
            return default
        # 2024 may be a column's or a cohort's name.
        text = str(value).strip() if isinstance(value, str | int) else ""
        if not text or len(text) > 500 or not text.isprintable():
            self.problem(f"{key} must be text of one line, found {_short(value)}")
            return default
        return text

    def texts(self, key: str, required: bool = False) -> tuple[str, ...]:
        """Return one or more values as text."""
        value = self.value(key, required)
        values = value if isinstance(value, list) else [] if value is None else [value]
        good = [v for v in values if isinstance(v, str | int | float) and str(v).strip()]
        if len(good) < len(values) or (isinstance(value, list) and not values):
            self.problem(f"{key} must be a value or a list of values, found {_short(value)}")
        return tuple(_plain(v) for v in good)

    def choice(self, key: str, allowed: Sequence[str], required: bool = False) -> str:
        """Return one of the allowed words."""
        value = self.value(key, required)
        if value is None or value in allowed:
            return value or allowed[0]
        self.problem(f"{key} is {_short(value)}: {nearest(str(value), allowed).rstrip('.')}")
        return allowed[0]

    def whole(self, key: str, default: int, low: int = 0) -> int:
        """Return a whole number from `low`."""
        value = self.given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**32:
            self.problem(f"{key} is {_short(value)}; allowed: a whole number from {low}")
            return default
        return value

    def fraction(self, key: str, default: float) -> float:
        """Return a number above 0 and below 1."""
        value = self.given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            self.problem(f"{key} is {_short(value)}; allowed: a number above 0 and below 1")
            return default
        return float(value)

    def pair(self, key: str) -> tuple[float, float] | None:
        """Return two numbers, the lower first, or None."""
        value = self.given.get(key)
        if value is None:
            return None
        numbers = isinstance(value, list) and all(type(v) in (int, float) for v in value)
        if not numbers or len(value) != 2 or not -math.inf < value[0] < value[1] < math.inf:
            self.problem(f"{key} must be [lowest, highest], found {_short(value)}")
            return None
        return float(value[0]), float(value[1])

    def section(
        self,
        key: str,
        allowed: Sequence[str] | None,
        required: bool = False,
        hints: Mapping[str, str] | None = None,
    ) -> "Section":
        """Return the mapping under a key; an empty one where nothing is given."""
        content = self.value(key, required)
        content = {} if content is None else content
        where = f"{self._where}.{key}" if self._where else key
        return Section(content, where, allowed, self._file, self._problems, hints)

    def items(self, key: str, allowed: Sequence[str]) -> list["Section"]:
        """Return the mappings of a list."""
        value = self.value(key)
        if value is not None and not isinstance(value, list):
            self.problem(f"{key} must be a list, found {_short(value)}")
        values = value if isinstance(value, list) else []
        return [
            Section(v, f"{self._where}.{key}[{n}]", allowed, self._file, self._problems)
            for n, v in enumerate(values, 1)
        ]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."

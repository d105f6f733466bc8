"""Parameters of notebooks: what a notebook declares, and whether given values fit it.

The cell tagged ``parameters`` holds one line per parameter::

    study: str = "li2024"  # which paper to audit [published]
    level: float = 0.95    # confidence level [0..1]
    test: str = "welch"    # which t test [welch|student]

The trailing bracket is a choice, a closed range whose ends may be left out, or the name of a
set of ``CHOICE_SETS``. The default is always allowed.
"""

import ast
import io
import math
import re
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml

from ptclnm.book.project import Project
from ptclnm.errors import ParameterError, nearest

SCALARS = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
TYPES = (*SCALARS, "list", "list[str]", "list[int]", "list[float]")
TAG = "parameters"
EXPECTED = "write `name: type = value  # what it is`"


def published_studies(project: Project) -> list[str]:
    """Names of the studies whose tables are transcribed, one folder each."""
    return sorted(path.name for path in project.published.glob("*") if path.is_dir())


def cohort_names(_: Project) -> list[str]:
    """Names of the cohorts that can be opened by name."""
    from ptclnm.cohorts.registry import COHORTS

    return sorted(COHORTS)


def families(_: Project) -> list[str]:
    """Names of the families of models that can score a cohort."""
    from ptclnm.models.sources import FAMILIES

    return sorted(FAMILIES)


# What the brackets of parameters may name. A cohort is also opened by the path of its manifest.
COHORTS_SET = "cohorts"
CHOICE_SETS: dict[str, Callable[[Project], list[str]]] = {
    "published": published_studies,
    COHORTS_SET: cohort_names,
    "families": families,
}


@dataclass(frozen=True)
class Parameter:
    """One declared parameter of a notebook.

    Parameters
    ----------
    name, type, help : str
        As the notebook writes them; `help` is the comment without its bracket.
    default : object
        The value it has when none is given.
    choices : tuple
        Allowed values; empty where not restricted.
    range : tuple of float or None
        Closed range of allowed numbers.
    choice_set : str
        Name of a set of allowed names; empty where none.
    """

    name: str
    type: str
    default: Any
    help: str
    choices: tuple = ()
    range: tuple[float, float] | None = None
    choice_set: str = ""

    def allowed(self, project: Project) -> str:
        """Phrase what values are allowed."""
        if self.choice_set:
            names = ", ".join(CHOICE_SETS[self.choice_set](project)) or "none"
            manifest = ", or the path of a manifest (.yml)"
            return names + manifest * (self.choice_set == COHORTS_SET)
        if self.range:
            low, high = self.range
            return f"{self.type} from {low:g} to {high:g}"
        return ", ".join(map(str, self.choices)) or self.type


def declared(notebook: Path) -> dict[str, Parameter]:
    """Read the parameters that a notebook declares.

    Parameters
    ----------
    notebook : Path
        Notebook file.

    Returns
    -------
    dict of str to Parameter
        In the order of their lines; empty where no cell is tagged ``parameters``.

    Raises
    ------
    ParameterError
        If the notebook is missing, or a line does not follow the grammar; all lines at once.
    """
    if not notebook.is_file():
        names = [path.stem for path in notebook.parent.glob("*.ipynb")]
        raise ParameterError(str(notebook), [f"no such notebook: {nearest(notebook.stem, names)}"])
    cells = nbformat.read(notebook, as_version=4).cells
    sources = [cell.source for cell in cells if TAG in cell.metadata.get("tags", [])]
    return parse("\n".join(sources), str(notebook))


def parse(source: str, where: str) -> dict[str, Parameter]:
    """Parse the lines of a parameters cell; see the module's text for their grammar.

    Raises
    ------
    ParameterError
        Listing every line that does not follow the grammar.
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(where, [f"parameters, line {error.lineno}: {error.msg}"]) from error
    comments = _comments(source)
    found, problems = {}, []
    for node in statements:
        try:
            parameter = _parameter(node, source.splitlines(), comments)
            found[parameter.name] = parameter
        except ValueError as error:
            problems.append(f"parameters, line {node.lineno}: {error}")
    if problems:
        raise ParameterError(where, problems)
    return found


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").rstrip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _parameter(node: ast.stmt, lines: list[str], comments: Mapping[int, str]) -> Parameter:
    text = lines[node.lineno - 1].strip()
    if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
        raise ValueError(f"`{text}`: {EXPECTED}")
    name, kind = node.target.id, ast.unparse(node.annotation)
    if node.end_lineno != node.lineno or text.count("=") != 1:
        raise ValueError(f"{name}: one line with a single '=', which is all papermill reads")
    if kind not in TYPES:
        raise ValueError(f"{name}: type {kind!r}; {nearest(kind, TYPES)}")
    if not (comment := comments.get(node.lineno, "")):
        raise ValueError(f"{name} has no comment; {EXPECTED}")
    try:
        default = coerce(ast.literal_eval(node.value), kind)
    except TypeError as error:
        raise ValueError(f"{name}: default {error}") from error
    except ValueError as error:
        raise ValueError(f"{name}: the default must be a plain value, not derived") from error
    help_text, *bracket = re.split(r"\s*\[([^\[\]]*)\]$", comment)
    return Parameter(name, kind, default, help_text, **_limits(name, kind, "".join(bracket)))


def _limits(name: str, kind: str, bracket: str) -> dict[str, Any]:
    """Read what a trailing bracket allows, as fields of `Parameter`."""
    if not bracket:
        return {}
    item = "str" if kind == "list" else kind.removeprefix("list[").removesuffix("]")
    try:
        if "|" in bracket:
            return {"choices": tuple(_literal(text, item) for text in bracket.split("|"))}
        if ".." in bracket:
            low, high = (text.strip() for text in bracket.split("..", 1))
            return {"range": (float(low or -math.inf), float(high or math.inf))}
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: [{bracket}] does not fit type {kind}") from error
    if bracket not in CHOICE_SETS:
        raise ValueError(f"{name}: [{bracket}] names no set; {nearest(bracket, CHOICE_SETS)}")
    return {"choice_set": bracket}


def _literal(text: str, kind: str) -> Any:
    return text.strip() if kind == "str" else coerce(scalar(text.strip()), kind)


def scalar(text: str) -> Any:
    """Read a value from the command line: YAML, with ``1e-3`` a number too."""
    value = yaml.safe_load(text)
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", value):
        return float(value)
    return "" if value is None else value


def coerce(value: Any, kind: str) -> Any:
    """Give `value` as the declared type; a whole number passes for a float, a number for text.

    Raises
    ------
    TypeError
        If it is of another type; nothing is guessed from text.
    """
    if kind.startswith("list"):
        if not isinstance(value, list | tuple):
            raise TypeError(f"is {value!r} ({type(value).__name__}), expected {kind}")
        item = kind.removeprefix("list").strip("[]")
        return [coerce(entry, item) if item else entry for entry in value]
    if kind == "str" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # what a command line or a YAML file makes of a text such as 0.5
    allowed = SCALARS[kind]
    is_bool = isinstance(value, bool) and kind != "bool"
    if is_bool or not isinstance(value, allowed):
        raise TypeError(f"is {value!r} ({type(value).__name__}), expected {kind}")
    if kind == "float" and not math.isfinite(value):
        raise TypeError(f"is {value!r}, expected a finite number")
    return float(value) if kind == "float" else value


def check_values(
    parameters: Mapping[str, Parameter], values: Mapping[str, Any], project: Project
) -> tuple[dict[str, Any], list[str]]:
    """Compare given values with declared parameters.

    Parameters
    ----------
    parameters : mapping of str to Parameter
        What the notebook declares.
    values : mapping
        What is given.
    project : Project
        Where named sets of choices are looked up.

    Returns
    -------
    coerced : dict
        The values that fit, of their declared types.
    problems : list of str
        One line for each that does not.
    """
    coerced, problems = {}, []
    for name, value in values.items():
        if name not in parameters:
            problems.append(f"{name}: no such parameter; {nearest(name, parameters)}")
            continue
        try:
            coerced[name] = fit(parameters[name], value, project)
        except (TypeError, ValueError) as error:
            problems.append(f"{name} {error}")
    return coerced, problems


def fit(parameter: Parameter, value: Any, project: Project) -> Any:
    """Give `value` as the parameter's type.

    Raises
    ------
    TypeError
        If it has another type.
    ValueError
        If it is not an allowed value.
    """
    value = coerce(value, parameter.type)
    items = value if isinstance(value, list) else [value]
    if value != parameter.default:
        for item in items:
            if not _allowed(parameter, item, project):
                hint = nearest(str(item), parameter.choices) if parameter.choices else ""
                told = hint or f"Allowed: {parameter.allowed(project)}."
                raise ValueError(f"is {item!r}; {told}")
    return value


def _allowed(parameter: Parameter, item: Any, project: Project) -> bool:
    if parameter.choice_set:
        manifest = parameter.choice_set == COHORTS_SET and item.endswith((".yml", ".yaml"))
        return manifest or item in CHOICE_SETS[parameter.choice_set](project)
    if parameter.range:
        return parameter.range[0] <= item <= parameter.range[1]
    return not parameter.choices or item in parameter.choices

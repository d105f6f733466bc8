"""Start of a page: the notebook's parameters checked, the place of its results found."""

import ast
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from matplotlib import rcParams

from ptclnm.book.parameters import check_values, declared
from ptclnm.book.project import Project
from ptclnm.errors import ParameterError, nearest
from ptclnm.report.page import Page

SIMPLE = (str, int, float, bool, list, dict, tuple, type(None))
INTERACTIVE = {"In", "Out", "exit", "quit", "get_ipython", "open"}


def start_page(notebook: str, namespace: Mapping[str, Any], project: Project | None = None) -> Page:
    """Check the parameters of a running notebook; a notebook calls `ptclnm.book.start_page`.

    Parameters
    ----------
    notebook : str
        Name of the notebook, without folder and suffix.
    namespace : mapping
        The notebook's ``globals()``.
    project : Project, optional
        The project that the notebook belongs to.

    Returns
    -------
    Page
        Its results go to the parameter ``results_dir`` (relative to the project), or where
        that is empty to ``_build/results/alone/<page>``.

    Raises
    ------
    ParameterError
        Listing every variable that looks like a misspelt parameter, every wrong type and
        every impossible value.
    """
    project = project or Project()
    path = project.notebook(notebook)
    parameters = declared(path)
    given = {name: namespace[name] for name in parameters if name in namespace}
    values, problems = check_values(parameters, given, project)
    problems += [f"{name}: not set" for name in parameters if name not in namespace]
    problems += [
        f"{name}: no such parameter; {nearest(name, parameters)}"
        for name in strays(namespace, {*parameters, *bound_names(path)})
    ]
    if problems:
        raise ParameterError(f"{notebook}.ipynb", problems)
    quiet_figures()
    results_dir = values.get("results_dir", "")
    name = Path(results_dir).name or page_name(notebook, values)
    folder = project.root / results_dir if results_dir else project.results("alone") / name
    return Page(name, values, folder)


def page_name(notebook: str, values: Mapping[str, Any]) -> str:
    """Name a page that runs alone after what it is about: its cohort, else its study."""
    subject = Path(str(values.get("cohort") or values.get("study") or "")).stem
    return f"{notebook}-{subject}" if subject else notebook


def strays(namespace: Mapping[str, Any], known: set[str]) -> list[str]:
    """List variables of plain types that neither the notebook nor the shell defines."""
    return [
        name
        for name, value in namespace.items()
        if isinstance(value, SIMPLE)
        and name not in known | INTERACTIVE
        and not name.startswith("_")
    ]


def bound_names(notebook: Path) -> set[str]:
    """Names that the notebook's own code assigns or imports, so none of them is a stray."""
    cells = nbformat.read(notebook, as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    nodes = [node for source in code for node in ast.walk(ast.parse(_without_magics(source)))]
    assigned = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    imports = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
    aliases = {(alias.asname or alias.name).split(".")[0] for n in imports for alias in n.names}
    return assigned | aliases


def _without_magics(source: str) -> str:
    lines = source.splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def quiet_figures() -> None:
    """Show figures as SVG, the same bytes for the same figure, where a notebook runs."""
    rcParams["svg.hashsalt"] = "ptclnm"
    shell = sys.modules.get("IPython")
    if shell and shell.get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata={"Date": None})

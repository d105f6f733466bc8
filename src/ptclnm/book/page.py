"""Start of a page: the notebook's parameters checked, the place of its results found."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython import get_ipython
from matplotlib import rcParams
from matplotlib_inline.backend_inline import set_matplotlib_formats

from ptclnm.book.parameters import check_values, declared
from ptclnm.book.project import Project
from ptclnm.errors import ParameterError
from ptclnm.report.page import Page

INJECTED = "# Parameters\n"  # how papermill's own cell starts


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
        Listing every parameter that papermill was given and the notebook does not declare, every
        wrong type and every impossible value.
    """
    project = project or Project()
    parameters = declared(project.notebook(notebook))
    names = [*parameters, *injected(namespace)]
    given = {name: namespace[name] for name in names if name in namespace}
    values, problems = check_values(parameters, given, project)
    problems += [f"{name}: not set" for name in parameters if name not in namespace]
    if problems:
        raise ParameterError(f"{notebook}.ipynb", problems)
    quiet_figures()
    results_dir = values.get("results_dir", "")
    name = Path(results_dir).name or page_name(notebook, values)
    folder = project.root / results_dir if results_dir else project.results("alone") / name
    return Page(name, folder)


def page_name(notebook: str, values: Mapping[str, Any]) -> str:
    """Name a page that runs alone after what it is about: its cohort, else its study."""
    subject = Path(str(values.get("cohort") or values.get("study") or "")).stem
    return f"{notebook}-{subject}" if subject else notebook


def injected(namespace: Mapping[str, Any]) -> list[str]:
    """List the names that papermill has set, which itself only warns of those it does not know."""
    cells = [cell for cell in namespace.get("In", []) if cell.startswith(INJECTED)]
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell))]
    return [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def quiet_figures() -> None:
    """Show figures as SVG, the same bytes for the same figure, where a notebook runs."""
    rcParams["svg.hashsalt"] = "ptclnm"
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None})

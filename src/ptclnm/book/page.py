"""A page while its notebook runs: checked parameters, and a folder for what it shows."""

import ast
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from IPython.display import Markdown, display
from matplotlib import rcParams
from matplotlib.figure import Figure

from ptclnm import cohorts
from ptclnm.book.parameters import check_values, declared
from ptclnm.book.project import Project
from ptclnm.cohorts.schema import Cohort
from ptclnm.errors import MissingDataError, ParameterError, nearest
from ptclnm.paths import RESULTS
from ptclnm.report import whose
from ptclnm.report.claims import check_claims, no_claims
from ptclnm.report.files import replacing, write_figure, write_table

SIMPLE = (str, int, float, bool, list, dict, tuple, type(None))
INTERACTIVE = {"In", "Out", "exit", "quit", "get_ipython", "open"}


@dataclass(frozen=True)
class Page:
    """A notebook with its parameters, and the folder that its results go to.

    Parameters
    ----------
    name : str
        Unique name within a run, e.g. ``00_published_record-li2024``.
    parameters : mapping
        Checked values of every declared parameter.
    results : Path
        Folder for the page's tables and figures.
    """

    name: str
    parameters: Mapping[str, Any]
    results: Path

    def open(self, cohort: str, n_patients: int = 0, seed: int = 0) -> Cohort:
        """Open a cohort; where its data are not here, say how to get them and end the page.

        Parameters
        ----------
        cohort : str
            A cohort's name, or the path of a manifest.
        n_patients : int
            Keep as many patients only; 0 keeps all.
        seed : int
            Seed of the draw and of the split.

        Returns
        -------
        Cohort
            As ``ptclnm.cohorts.open`` gives it, which names what else may be wrong.

        Raises
        ------
        SystemExit
            With status 0, where the data are not on this machine: a notebook stops at it, and
            papermill takes it for a clean end. The page then judges no claim.
        """
        try:
            return cohorts.open(cohort, n_patients=n_patients or None, seed=seed)
        except MissingDataError as error:
            self.save_claims(no_claims())
            display(Markdown(whose.left_out(str(error))))
            raise SystemExit(0) from error

    def save_table(self, frame: pd.DataFrame, name: str) -> pd.DataFrame:
        """Write `frame` as ``name.csv`` among the results and give it back to be shown."""
        write_table(frame, self._path(name, "csv"))
        return frame

    def save_predictions(self, predictions: pd.DataFrame) -> None:
        """Write the predictions table among the results, as Parquet."""
        with replacing(self._path("predictions", "parquet")) as temporary:
            predictions.to_parquet(temporary, index=False)

    def reference(self, run: str, name: str) -> pd.DataFrame:
        """Give a table of a longer run whose results are part of the project, ``results/<run>``.

        Raises
        ------
        ptclnm.errors.MissingDataError
            If the project has no such table.
        """
        path = RESULTS / run / f"{name}.csv"
        if not path.is_file():
            raise MissingDataError(f"{path} is not there; `make {run}` makes it.")
        return pd.read_csv(path)

    def save_figure(self, figure: Figure, name: str) -> Figure:
        """Write `figure` as ``name.svg`` among the results and give it back to be shown."""
        write_figure(figure, self._path(name, "svg"))
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close(figure)  # else an interactive backend shows it a second time
        return figure

    def save_claims(self, claims: pd.DataFrame) -> pd.DataFrame:
        """Write the page's rows of the claims table and give them back, checked, to be shown.

        Raises
        ------
        ptclnm.report.claims.ClaimsError
            If they do not follow the schema of claims.
        """
        checked = check_claims(claims, self.name)
        write_table(checked, self._path("claims", "csv"))
        return checked

    def glue(self, name: str, value: Any) -> None:
        """Make `value` available to the page's prose as ``{glue:text}`` of that name."""
        from myst_nb import glue

        glue(name, value, display=False)

    def _path(self, name: str, suffix: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise ParameterError(self.name, [f"result {name!r}: letters, digits, - and _ only"])
        return self.results / f"{name}.{suffix}"


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

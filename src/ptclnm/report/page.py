"""A page while its notebook runs: the folder for what it shows."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from IPython.display import SVG, Markdown, display
from matplotlib.figure import Figure

from ptclnm import cohorts
from ptclnm.errors import MissingDataError, ParameterError
from ptclnm.files import replacing, write_figure, write_table, write_text
from ptclnm.paths import RESULTS
from ptclnm.report import whose
from ptclnm.report.claims import check_claims, no_claims
from ptclnm.schema import Cohort


@dataclass(frozen=True)
class Page:
    """A running notebook, and the folder that its results go to.

    Parameters
    ----------
    name : str
        Unique name within a run, e.g. ``00_published_record-li2024``.
    results : Path
        Folder for the page's tables and figures.
    """

    name: str
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
            display(Markdown(whose.left_out(cohort, str(error))))
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

    def save_figure(self, figure: Figure | SVG, name: str) -> Figure | SVG:
        """Write `figure` as ``name.svg`` among the results and give it back to be shown."""
        if isinstance(figure, SVG):
            write_text(figure.data, self._path(name, "svg"))
            return figure
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

    def _path(self, name: str, suffix: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise ParameterError(self.name, [f"result {name!r}: letters, digits, - and _ only"])
        return self.results / f"{name}.{suffix}"

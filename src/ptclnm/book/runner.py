"""Running a profile: check everything, execute page by page, then build the book."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from ptclnm.book.build import build_book
from ptclnm.book.folders import scratch, swap
from ptclnm.book.kernel import execute
from ptclnm.book.parameters import Parameter, check_values, declared
from ptclnm.book.profiles import PageSpec, Profile, load_profile
from ptclnm.book.project import PageError, Project
from ptclnm.book.stage import ExecutedPage, stage_book
from ptclnm.errors import ParameterError, nearest
from ptclnm.files import write_table
from ptclnm.progress import tell
from ptclnm.report.claims import collect

Echo = Callable[[str], None]


@dataclass(frozen=True)
class Planned:
    """A page that can run: its entry in the profile, and its checked values.

    Parameters
    ----------
    spec : PageSpec
        Entry of the profile.
    declared : mapping of str to Parameter
        What its notebook declares.
    values : mapping
        What it is given.
    """

    spec: PageSpec
    declared: Mapping[str, Parameter]
    values: Mapping[str, Any]


def run(
    profile_name: str,
    *,
    only: Iterable[str] = (),
    overrides: Mapping[str, Any] | None = None,
    build: bool = True,
    project: Project | None = None,
    echo: Echo = print,
) -> pd.DataFrame | None:
    """Run the pages of a profile and build its book.

    Parameters
    ----------
    profile_name : str
        Name of a file in ``book/profiles``.
    only : iterable of str
        Pages to run; all where empty. The others are taken as they ran last.
    overrides : mapping, optional
        Values that go before those of the profile, for each chosen page that declares them.
    build : bool
        Whether the book is built and put in the place of the former one.
    project : Project, optional
        Folders to work in.
    echo : callable
        Receives lines of progress.

    Returns
    -------
    DataFrame or None
        All claims; None where a page that `only` left out has never run.

    Raises
    ------
    ParameterError
        Before anything runs, listing all that is wrong with profile, pages and values.
    BusyError
        If another process is running the profile into the same folder.
    PageError
        If a page fails; earlier pages are kept and no book is built.
    BuildError
        If the book cannot be built without a warning; the former book stays.
    """
    project = project or Project()
    profile = load_profile(profile_name, project)
    only = list(only)
    plan = plan_pages(profile, only, dict(overrides or {}), project)
    with project.alone(profile.name):
        return _run(profile, plan, set(only), build, project, echo)


def _run(
    profile: Profile, plan: list[Planned], only: set[str], build: bool, project: Project, echo: Echo
) -> pd.DataFrame | None:
    chosen = [page for page in plan if not only or page.spec.page in only]
    for number, page in enumerate(chosen, 1):
        run_page(page, profile, project, f"[{number}/{len(chosen)}]", echo)
    if missing := [line for page in plan if (line := unusable(page, profile, project))]:
        echo("No book built; these pages of the profile are to be run first:")
        echo("\n".join(f"  - {line}" for line in missing))
        return None
    claims = collect({p.spec.page: project.results(profile.name) / p.spec.page for p in plan})
    write_table(claims, project.results(profile.name) / "claims.csv")
    if build:
        executed = [read_executed(page, profile, project) for page in plan]
        tree = stage_book(project, profile, executed, claims)
        build_book(tree, project, profile.name)
        echo(f"Book: {project.html / 'index.html'}")
    return claims


def plan_pages(
    profile: Profile, only: list[str], overrides: Mapping[str, Any], project: Project
) -> list[Planned]:
    """Check every page's values before anything runs.

    Returns
    -------
    list of Planned
        All pages of the profile, in order.

    Raises
    ------
    ParameterError
        Listing all problems of all pages.
    """
    names = [spec.page for spec in profile.pages]
    problems = [f"no page {name!r}; {nearest(name, names)}" for name in only if name not in names]
    plan = []
    for spec in profile.pages:
        known = declared(project.notebook(spec.notebook))
        chosen = overrides if not only or spec.page in only else {}
        given = {
            **{k: v for k, v in profile.parameters.items() if k in known},
            **spec.parameters,
            **{k: v for k, v in chosen.items() if k in known},
        }
        values, found = check_values(known, given, project)
        problems += [f"page {spec.page}: {line}" for line in found]
        plan.append(Planned(spec, known, values))
    problems += _undeclared(plan, profile.parameters, "the profile's")
    reached = [page for page in plan if page.spec.page in only] or plan
    problems += _undeclared(reached, overrides, "")
    if problems:
        raise ParameterError(f"profile {profile.name}", problems)
    return plan


def _undeclared(plan: list[Planned], values: Mapping[str, Any], whose: str) -> list[str]:
    known = {name for page in plan for name in page.declared}
    phrase = f"{whose} parameter".strip()
    return [
        f"{phrase} {name!r} is declared by no page; {nearest(name, known)}"
        for name in values
        if name not in known
    ]


def run_page(page: Planned, profile: Profile, project: Project, label: str, echo: Echo) -> None:
    """Execute one page; its notebook and results appear when both are complete.

    Raises
    ------
    PageError
        Naming page, code cell and traceback. The notebook is kept beside the others, as
        ``<page>.failed.ipynb``, with the log of what was kept off the page.
    """
    name, started = page.spec.page, time.monotonic()
    tell(f"{label} {name} …")
    runs, results = project.runs(profile.name), project.results(profile.name)
    failed = runs / f"{name}.failed.ipynb"
    with (
        scratch(runs / ".partial") as partial_runs,
        scratch(results / ".partial") as partial_results,
    ):
        (partial_results / name).mkdir()
        output, log_file = partial_runs / f"{name}.ipynb", partial_runs / f"{name}.log"
        values = {**page.values, **_results_dir(page, partial_results / name, project)}
        try:
            execute(project.notebook(page.spec.notebook), output, values, log_file=log_file)
        except PageError as error:
            output.replace(failed)
            log = log_file.replace(failed.with_suffix(".log"))
            echo(f"{label} {name}  FAILED after {time.monotonic() - started:.1f} s")
            raise PageError(
                f"page {name}, {error}\nKept as {failed}; no book built. "
                f"What libraries wrote is in {log}."
            ) from error
        swap(partial_results / name, results / name)
        output.replace(runs / f"{name}.ipynb")
        log_file.replace(runs / f"{name}.log")
    for former in (failed, failed.with_suffix(".log")):
        former.unlink(missing_ok=True)
    echo(f"{label} {name}  {time.monotonic() - started:.1f} s")


def _results_dir(page: Planned, folder: Path, project: Project) -> dict[str, str]:
    """Give the folder for results, relative to the project where it lies inside."""
    if "results_dir" not in page.declared:
        return {}
    inside = folder.is_relative_to(project.root)
    return {"results_dir": str(folder.relative_to(project.root) if inside else folder)}


def unusable(page: Planned, profile: Profile, project: Project) -> str:
    """Say why the last run of a page cannot go into the book; empty where it can."""
    name, runs = page.spec.page, project.runs(profile.name)
    if (runs / f"{name}.failed.ipynb").exists():
        return f"{name}: failed when it last ran"
    if not (runs / f"{name}.ipynb").exists():
        return f"{name}: has not run"
    if not (project.results(profile.name) / name).is_dir():
        return f"{name}: its results are gone"
    return ""


def read_executed(page: Planned, profile: Profile, project: Project) -> ExecutedPage:
    """Read a page as it last ran, with the values that it then had."""
    path = project.runs(profile.name) / f"{page.spec.page}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    record = notebook.metadata.get("papermill", {})
    given = {k: v for k, v in record.get("parameters", {}).items() if k != "results_dir"}
    return ExecutedPage(page.spec, notebook, given, page.declared, record.get("duration") or 0.0)

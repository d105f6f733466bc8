"""Running a profile: check everything, execute page by page, build the book; its verdicts."""

import logging
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import nbformat
import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from ptclnm.book.parameters import Parameter, check_values, declared
from ptclnm.book.profiles import PageSpec, Profile, load_profile
from ptclnm.book.project import PageError, Project, swap
from ptclnm.book.stage import ANSI, ExecutedPage, build_book, stage_book
from ptclnm.errors import MissingDataError, ParameterError, nearest
from ptclnm.files import write_table, write_text
from ptclnm.progress import TERMINAL, own_terminal, tell
from ptclnm.report.claims import collect, headline_markdown, replace_block

START_SECONDS = 180
# By default the kernel would show on the page what goes to the process's own streams.
OWN_STREAMS = ["--IPKernelApp.capture_fd_output=False"]


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
    project: Project,
    only: Collection[str] = (),
    overrides: Mapping[str, Any] = MappingProxyType({}),
    build: bool = True,
) -> None:
    """Run the pages of a profile and build its book.

    Parameters
    ----------
    profile_name : str
        Name of a file in ``book/profiles``.
    project : Project
        Folders to work in.
    only : collection of str
        Pages to run; all where empty. The others are taken as they ran last.
    overrides : mapping
        Values that go before those of the profile, for each chosen page that declares them.
    build : bool
        Whether the book is built and put in the place of the former one; it is not where a page
        that `only` left out has never run.

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
    profile = load_profile(profile_name, project)
    plan = plan_pages(profile, only, overrides, project)
    with project.alone(profile.name):
        chosen = [page for page in plan if not only or page.spec.page in only]
        for number, page in enumerate(chosen, 1):
            run_page(page, profile, project, f"[{number}/{len(chosen)}]")
        if missing := [line for page in plan if (line := unusable(page, profile, project))]:
            print("No book built; these pages of the profile are to be run first:")
            print("\n".join(f"  - {line}" for line in missing))
            return
        claims = collect({p.spec.page: project.results(profile.name) / p.spec.page for p in plan})
        write_table(claims, project.results(profile.name) / "claims.csv")
        if build:
            executed = [read_executed(page, profile, project) for page in plan]
            build_book(stage_book(project, profile, executed, claims), project, profile.name)
            print(f"Book: {project.html / 'index.html'}")


def plan_pages(
    profile: Profile, only: Collection[str], overrides: Mapping[str, Any], project: Project
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
        given = spec.parameters | {k: v for k, v in chosen.items() if k in known}
        values, found = check_values(known, given, project)
        problems += [f"page {spec.page}: {line}" for line in found]
        plan.append(Planned(spec, known, values))
    reached = [page for page in plan if page.spec.page in only] or plan
    names = {name for page in reached for name in page.declared}
    problems += [
        f"parameter {name!r} is declared by no page; {nearest(name, names)}"
        for name in overrides
        if name not in names
    ]
    if problems:
        raise ParameterError(f"profile {profile.name}", problems)
    return plan


def run_page(page: Planned, profile: Profile, project: Project, label: str) -> None:
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
    runs.mkdir(parents=True, exist_ok=True)
    failed = runs / f"{name}.failed.ipynb"
    with TemporaryDirectory(prefix=".partial-", dir=project.build) as folder:
        made, output = Path(folder) / name, Path(folder) / f"{name}.ipynb"
        made.mkdir()
        log = output.with_suffix(".log")
        values = {**page.values, "results_dir": str(made)}
        try:
            execute(project.notebook(page.spec.notebook), output, values, log_file=log)
            check_quiet(nbformat.read(output, as_version=4))
            if not any(made.iterdir()):
                raise PageError("it has written no results: save what it shows through its page")
        except PageError as error:
            output.replace(failed)
            log = log.replace(failed.with_suffix(".log"))
            print(f"{label} {name}  FAILED after {time.monotonic() - started:.1f} s", flush=True)
            raise PageError(
                f"page {name}, {error}\nKept as {failed}; no book built. "
                f"What libraries wrote is in {log}."
            ) from error
        swap(made, results / name)
        output.replace(runs / f"{name}.ipynb")
        log.replace(runs / f"{name}.log")
    for former in (failed, failed.with_suffix(".log")):
        former.unlink(missing_ok=True)
    print(f"{label} {name}  {time.monotonic() - started:.1f} s", flush=True)


def unusable(page: Planned, profile: Profile, project: Project) -> str:
    """Say why the last run of a page cannot go into the book; empty where it can."""
    name, runs = page.spec.page, project.runs(profile.name)
    if (runs / f"{name}.failed.ipynb").exists():
        return f"{name}: failed when it last ran"
    whole = (runs / f"{name}.ipynb").exists() and (project.results(profile.name) / name).is_dir()
    return "" if whole else f"{name}: has not run"


def read_executed(page: Planned, profile: Profile, project: Project) -> ExecutedPage:
    """Read a page as it last ran."""
    path = project.runs(profile.name) / f"{page.spec.page}.ipynb"
    return ExecutedPage(page.spec, nbformat.read(path, as_version=4))


class OwnInterpreter(AsyncKernelManager):
    """Starts the running interpreter, whatever kernel is registered as ``python3``.

    What goes to the kernel process's own streams, where a page sends what it keeps off, ends in
    `log_file`.
    """

    log_file: Path

    @property
    def kernel_spec(self) -> KernelSpec:
        """Kernel specification of the running interpreter."""
        return KernelSpec(**get_kernel_dict(OWN_STREAMS))

    async def start_kernel(self, **options: Any) -> None:
        """Start the kernel with its streams in the log; progress goes to this terminal."""
        options["env"] = {**(options.get("env") or os.environ), TERMINAL: own_terminal()}
        with self.log_file.open("ab") as log:
            await super().start_kernel(stdout=log, stderr=log, **options)


def execute(notebook: Path, output: Path, parameters: Mapping[str, Any], *, log_file: Path) -> None:
    """Run a notebook with papermill.

    Parameters
    ----------
    notebook, output : Path
        What to run and where the executed notebook goes, also if it fails.
    parameters : mapping
        Checked values.
    log_file : Path
        Receives what is kept off the page.

    Raises
    ------
    PageError
        With number of the code cell, error and traceback, or the end of the log where the
        kernel died.
    """
    try:
        papermill.execute_notebook(
            notebook,
            output,
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=START_SECONDS,
            cwd=output.parent,
            kernel_manager_class=type("Kernel", (OwnInterpreter,), {"log_file": log_file}),
        )
    except PapermillExecutionError as error:
        trace = ANSI.sub("", "\n".join(error.traceback))
        place = f"code cell {error.exec_count}"
        raise PageError(f"{place}: {error.ename}: {error.evalue}\n{trace}") from error
    except KeyboardInterrupt:
        # The waiting cell's task ends with the kernel, and asyncio would print that as an error.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        raise
    except DeadKernelError as error:
        tail = "\n".join(log_file.read_text("utf-8", "replace").splitlines()[-20:])
        raise PageError(f"the kernel died ({error})\n{tail}") from error


def check_quiet(notebook: NotebookNode) -> None:
    """Check that no cell of an executed notebook has written on the page.

    Raises
    ------
    PageError
        With the first line of each code cell that shows stdout or stderr.
    """
    lines = []
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        text = "".join(o.text for o in cell.outputs if o.output_type == "stream")
        first = text.strip().partition("\n")[0]
        if text:
            lines.append(f"code cell {cell.execution_count} writes on the page: {first!r}")
    if lines:
        raise PageError(
            "\n".join(lines) + "\nA page shows tables, figures and sentences only: make it the "
            "value of its cell, as in `say(...)`, or take it out."
        )


def verdict_block(profile_name: str, project: Project) -> str:
    """Lay out the headline claims of a profile's last run.

    Raises
    ------
    MissingDataError
        If not all of its pages have run.
    """
    folder = project.results(profile_name)
    if not (folder / "claims.csv").is_file():
        raise MissingDataError(f"No {folder}/claims.csv. Run: ptclnm run --profile {profile_name}")
    return headline_markdown(collect({profile_name: folder}), for_book=False)


def write_readme(profile_name: str, project: Project) -> Path:
    """Put the headline claims into the project's README and return its path."""
    path = project.root / "README.md"
    text = path.read_text(encoding="utf-8")
    return write_text(replace_block(text, verdict_block(profile_name, project)), path)

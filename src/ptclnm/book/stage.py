"""The book: prose, executed and generated pages put together in one fresh tree, and its HTML."""

import copy
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import requires, version
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import yaml
from nbformat import NotebookNode

from ptclnm import __version__
from ptclnm.book.parameters import TAG
from ptclnm.book.profiles import PageSpec, Profile
from ptclnm.book.project import BuildError, Project, fresh, swap
from ptclnm.files import write_table, write_text
from ptclnm.report.claims import (
    claims_html,
    counts_markdown,
    escape_markdown,
    headline_markdown,
    markdown_table,
)
from ptclnm.report.sentences import listing

INJECTED = "injected-parameters"
ANSWER = "answer"
LEFT_OUT = "Left out of this run"
COMMAND = "from jupyter_book.cli.main import main; main()"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WARNING = re.compile(r"WARNING|ERROR|CRITICAL|Exception|Error:", re.IGNORECASE)


@dataclass(frozen=True)
class ExecutedPage:
    """A page as it last ran.

    Parameters
    ----------
    spec : PageSpec
        Its entry in the profile.
    notebook : NotebookNode
        The executed notebook.
    """

    spec: PageSpec
    notebook: NotebookNode

    @property
    def given(self) -> dict[str, Any]:
        """Values it was given; the others were the notebook's own."""
        given = self.notebook.metadata.papermill.parameters
        return {name: value for name, value in given.items() if name != "results_dir"}

    @property
    def seconds(self) -> float:
        """Run time."""
        return self.notebook.metadata.papermill.duration or 0.0

    @property
    def ended(self) -> int | None:
        """Index of the cell that ended the page because data are missing; None if none did."""
        cells = enumerate(self.notebook.cells)
        return next((at for at, cell in cells if _errors(cell)), None)


def stage_book(
    project: Project, profile: Profile, pages: list[ExecutedPage], claims: pd.DataFrame
) -> Path:
    """Put a book together in a fresh tree.

    Parameters
    ----------
    project : Project
        Where the prose is, and the folder to stage in.
    profile : Profile
        The profile that ran.
    pages : list of ExecutedPage
        All its pages, in order.
    claims : DataFrame
        All claims, as `ptclnm.report.claims.collect` gives them.

    Returns
    -------
    Path
        The tree, ready for ``jupyter-book build``.
    """
    tree = fresh(project.stage(profile.name) / "book")
    left_out = shutil.ignore_patterns("profiles", "_toc.yml")
    shutil.copytree(project.book, tree, ignore=left_out, dirs_exist_ok=True)
    shutil.copy(project.root / "_config.yml", tree)
    contents = yaml.safe_load((project.book / "_toc.yml").read_text(encoding="utf-8"))
    contents = with_parts(contents, [page.spec for page in pages])
    write_text(yaml.safe_dump(contents, sort_keys=False), tree / "_toc.yml")
    for page in pages:
        staged = nbformat.writes(stage_page(page, profile))
        write_text(without_places(staged, places(project)), tree / f"{page.spec.page}.ipynb")
    generated = tree / "_generated"
    write_table(claims, generated / "claims.csv")
    write_text(verdicts_fragment(claims), generated / "verdicts.md")
    write_text(claims_fragment(claims, pages), generated / "claims.md")
    write_text(status_fragment(pages, profile), generated / "status.md")
    write_text(versions_fragment(), generated / "versions.md")
    return tree


def with_parts(contents: dict[str, Any], specs: list[PageSpec]) -> dict[str, Any]:
    """Put the parts of a profile in the place of the entry ``pages: profile``."""
    parts: dict[str, list[dict[str, str]]] = {}
    for spec in specs:
        parts.setdefault(spec.part, []).append({"file": spec.page})
    own = [{"caption": caption, "chapters": files} for caption, files in parts.items()]
    staged: list[Any] = []
    for entry in contents["parts"]:
        staged += own if entry == {"pages": "profile"} else [entry]
    return {**contents, "parts": staged}


def stage_page(page: ExecutedPage, profile: Profile) -> NotebookNode:
    """Make a page of an executed notebook; where its data are missing, one that is not searched.

    Papermill's record with its absolute paths is left out.
    """
    notebook = copy.deepcopy(page.notebook)
    cells, title = notebook.cells, f"# {page.spec.title}"
    cells[0].source = re.sub("^# .*", lambda _: title, cells[0].source, count=1, flags=re.MULTILINE)
    if page.ended is None:
        notebook.cells = whole(cells, source_note(page, profile))
    else:
        notebook.cells = [card(title, cells[0].source, cells[page.ended])]
        notebook.metadata["nosearch"] = True  # Sphinx leaves it out of its index
    for part in (notebook, *notebook.cells):
        part.metadata.pop("papermill", None)
    notebook.nbformat_minor = 5
    return nbformat.validator.normalize(notebook)[1]


def whole(cells: list[NotebookNode], note: str) -> list[NotebookNode]:
    """Put the answer first, the note above the values, and leave out the runner's folder."""
    cells = joined_folds(with_answer_first(without_results_dir(cells)))
    at = next((i for i, cell in enumerate(cells) if TAG in _tags(cell)), 1)
    return [*cells[:at], nbformat.v4.new_markdown_cell(note), *cells[at:]]


def card(title: str, start: str, ended: NotebookNode) -> NotebookNode:
    """Say what a page would show, by its first paragraph, and what the cell that ended it said."""
    shows = start.partition(title)[2].strip().partition("\n\n")[0]
    said = next(output.data["text/markdown"] for output in ended.outputs if "data" in output)
    text = f"{title}\n\n:::{{card}} {LEFT_OUT}\n{shows}\n\n{said}\n:::"
    return nbformat.v4.new_markdown_cell(text)


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    """Errors among a cell's outputs: in a page that ran, only the clean end of `Page.open`."""
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def without_results_dir(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Leave the folder that the runner gives out of the values of a page."""
    for cell in (cell for cell in cells if INJECTED in _tags(cell)):
        lines = cell.source.splitlines()
        cell.source = "\n".join(
            line for line in lines if not line.startswith(("results_dir =", "# Parameters"))
        )
    return [cell for cell in cells if cell.source]


def with_answer_first(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Put the cells tagged ``answer`` right behind the title: a reader meets them first."""
    answer = [cell for cell in cells if ANSWER in _tags(cell)]
    rest = [cell for cell in cells if ANSWER not in _tags(cell)]
    return [*rest[:1], *answer, *rest[1:]]


def joined_folds(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Show folded code cells without output that follow each other as one."""
    joined: list[NotebookNode] = []
    for folded, group in groupby(cells, _only_folded):
        part = list(group)
        if folded:
            part[0].source = "\n\n".join(cell.source for cell in part)
        joined += part[:1] if folded else part
    return joined


def _only_folded(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and _tags(cell) == ["hide-input"] and not cell.outputs


def source_note(page: ExecutedPage, profile: Profile) -> str:
    """Say where a page's values come from, how to run it alone and how long it took."""
    return (
        ":::{div} page-source\n"
        f"A page of profile *{profile.name}*. "
        f"Run it alone with the same values: `{command(page.spec.notebook, page.given)}`. "
        f"It took {page.seconds:.0f} s.\n"
        ":::"
    )


def command(notebook: str, given: Mapping[str, Any]) -> str:
    """Give the papermill command that runs a notebook with these values."""
    flow = yaml.safe_dump(dict(given), default_flow_style=True, sort_keys=False, width=10_000)
    values = ["-y", flow.strip()] if given else []
    return shlex.join(["papermill", f"notebooks/{notebook}.ipynb", "out.ipynb", *values])


def verdicts_fragment(claims: pd.DataFrame) -> str:
    """Lay out the counts of verdicts and the headline claims, for the front page."""
    if claims.empty:
        return "No page of this profile makes a claim.\n"
    parts = [counts_markdown(claims)]
    if claims["headline"].any():
        parts.append(headline_markdown(claims, for_book=True))
    return "\n\n".join(parts) + "\n"


def claims_fragment(claims: pd.DataFrame, pages: list[ExecutedPage]) -> str:
    """Lay out all claims, and name the pages that had no data to judge any."""
    table = claims_html(claims) if len(claims) else "No page of this profile makes a claim."
    if not (names := [_link(page) for page in pages if page.ended is not None]):
        return f"{table}\n"
    return (
        f"**Pages without their data in this run: {listing(names)}.** They judge no claim here; "
        f"each says how to get the data.\n\n{table}\n"
    )


def _link(page: ExecutedPage) -> str:
    return f"[{escape_markdown(page.spec.page)}]({page.spec.page}.ipynb)"


def status_fragment(pages: list[ExecutedPage], profile: Profile) -> str:
    """Lay out when each page ran, with which values and for how long."""
    rows = []
    for page in pages:
        values = ", ".join(f"{name} = {value}" for name, value in page.given.items())
        finished = page.notebook.metadata.papermill.end_time[:16].replace("T", " ")
        rows.append([_link(page), escape_markdown(values), f"{page.seconds:.1f}", finished])
    total = sum(page.seconds for page in pages)
    return (
        f"Profile *{profile.name}* ({escape_markdown(profile.title)}): {len(pages)} pages, "
        f"{total:.0f} s in all.\n\n"
        + markdown_table(["page", "parameters", "run time (s)", "finished (UTC)"], rows)
        + "\n"
    )


def versions_fragment() -> str:
    """Lay out the versions of this project, of Python and of all that the project asks for."""
    asked = [line for line in requires("ptclnm") or [] if "extra ==" not in line]
    names = sorted((re.match(r"[\w.-]+", line)[0] for line in asked), key=str.lower)
    versions = [["ptclnm", __version__], ["python", platform.python_version()]]
    versions += [[name, version(name)] for name in names]
    return markdown_table(["library", "version"], versions) + "\n"


def places(project: Project) -> dict[str, str]:
    """Give folders whose paths say who ran a page and where, with what to write instead."""
    return {
        str(project.build): "_build",
        str(project.root.resolve()): ".",
        sys.prefix: "<python>",
        str(Path.home()): "~",
    }


def without_places(text: str, known: Mapping[str, str]) -> str:
    """Replace known folders in the text of a notebook, but not what looks like one in a picture.

    Parameters
    ----------
    text : str
        The notebook as it is on the disk.
    known : mapping of str to str
        What to write for each folder.
    """
    longest_first = map(re.escape, sorted(known, key=len, reverse=True))
    start = r"(?:(?<=\\[nt])|(?<![\w+]))"  # after a line's end, which is \n here, or another sign
    pattern = rf"{start}({'|'.join(longest_first)})(?![\w-]|\.\w)"
    return re.sub(pattern, lambda match: known[match[1]], text)


def build_book(tree: Path, project: Project, profile: str) -> Path:
    """Build the HTML of a staged tree; publish it only if that gives no warning.

    Parameters
    ----------
    tree : Path
        Folder made by `stage_book`.
    project : Project
        Its ``html`` folder is replaced.
    profile : str
        Name of the profile.

    Returns
    -------
    Path
        The folder of the published book.

    Raises
    ------
    BuildError
        With the warnings; the former book stays.
    """
    output = fresh(project.stage(profile) / "output")
    options = ["--path-output", str(output), "-W", "--keep-going", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "build", str(tree), *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
    )
    html = output / "_build" / "html"
    if done.returncode or not (html / "index.html").is_file():
        raise BuildError(
            f"The book could not be built from {tree}; the former one stays.\n"
            + _told(done.stdout + done.stderr, tree)
        )
    swap(html, project.html)
    return project.html


def _told(output: str, tree: Path) -> str:
    """Keep the lines that say what is wrong, with paths relative to the tree."""
    output = ANSI.sub("", output)
    lines = [line.replace(f"{tree}/", "") for line in output.splitlines() if line.strip()]
    told = [line for line in lines if WARNING.search(line)]
    return "\n".join(dict.fromkeys(told or lines[-20:]))

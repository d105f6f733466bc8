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
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import yaml
from nbformat import NotebookNode

from ptclnm import __version__
from ptclnm.book.parameters import TAG, Parameter
from ptclnm.book.profiles import PageSpec, Profile
from ptclnm.book.project import BuildError, Project, fresh, swap
from ptclnm.files import write_text
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
GENERATED = ("status", "claims")
COMMAND = "from jupyter_book.cli.main import main; main()"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WARNING = re.compile(r"WARNING|ERROR|CRITICAL|Exception|Error:", re.IGNORECASE)
TARGET = re.compile(r"^\(([^()\n]+)\)=\s*$", re.MULTILINE)
LIBRARIES = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "scikit-learn",
    "pyradiomics",
    "SimpleITK",
    "torch",
    "mlscorecheck",
    "tableone",
    "papermill",
    "jupyter-book",
)


@dataclass(frozen=True)
class ExecutedPage:
    """A page as it last ran.

    Parameters
    ----------
    spec : PageSpec
        Its entry in the profile.
    notebook : NotebookNode
        The executed notebook.
    given : mapping
        Values it was given; the others were the notebook's own.
    declared : mapping of str to Parameter
        What its notebook declares.
    seconds : float
        Run time.
    """

    spec: PageSpec
    notebook: NotebookNode
    given: Mapping[str, Any]
    declared: Mapping[str, Parameter]
    seconds: float

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

    Raises
    ------
    BuildError
        Naming every prose page that the table of contents lists and that does not exist.
    """
    contents = yaml.safe_load((project.book / "_toc.yml").read_text(encoding="utf-8"))
    check_prose(contents, project.book)
    tree = project.stage(profile.name) / "book"
    if tree.exists():
        shutil.rmtree(tree)
    shutil.copytree(project.book, tree, ignore=shutil.ignore_patterns("profiles", "_toc.yml"))
    shutil.copy(project.root / "_config.yml", tree / "_config.yml")
    contents = with_parts(contents, [page.spec for page in pages])
    write_text(yaml.safe_dump(contents, sort_keys=False), tree / "_toc.yml")
    for page in pages:
        staged = stage_page(page, profile)
        staged.cells = without_places(staged.cells, places(project))
        nbformat.write(staged, tree / f"{page.spec.page}.ipynb")
    generated = fresh(tree / "_generated")
    write_text(verdicts_fragment(claims), generated / "verdicts.md")
    claims.to_csv(generated / "claims.csv", index=False, lineterminator="\n")
    write_text(claims_page(claims, pages), tree / "claims.md")
    write_text(status_page(pages, profile), tree / "status.md")
    return tree


def listed_files(contents: Any) -> list[str]:
    """List every ``file`` and the ``root`` of a table of contents, in order."""
    if isinstance(contents, list):
        return [name for entry in contents for name in listed_files(entry)]
    if not isinstance(contents, dict):
        return []
    own = [contents[key] for key in ("root", "file") if key in contents]
    return own + [name for value in contents.values() for name in listed_files(value)]


def check_prose(contents: Any, book: Path) -> None:
    """Check that the prose exists that a table of contents lists.

    Raises
    ------
    BuildError
        Naming every missing file.
    """
    wanted = [name for name in listed_files(contents) if name not in GENERATED]
    if missing := [f"{name}.md" for name in wanted if not (book / f"{name}.md").is_file()]:
        raise BuildError(
            f"{book / '_toc.yml'} lists pages that are not in {book}: {', '.join(missing)}. "
            "Write them or take them off the list."
        )


def with_parts(contents: dict[str, Any], specs: list[PageSpec]) -> dict[str, Any]:
    """Put the parts of a profile in the place of the entry ``pages: profile``."""
    captions = list(dict.fromkeys(spec.part for spec in specs))
    parts = [
        {
            "caption": caption,
            "chapters": [{"file": spec.page} for spec in specs if spec.part == caption],
        }
        for caption in captions
    ]
    staged: list[Any] = []
    for entry in contents["parts"]:
        staged += parts if entry == {"pages": "profile"} else [entry]
    return {**contents, "parts": staged}


def stage_page(page: ExecutedPage, profile: Profile) -> NotebookNode:
    """Make a page of an executed notebook: its own title, and where its values come from.

    The folder that the runner gives for results, and papermill's record with its absolute
    paths, are left out.
    """
    cells = until_ended(page)
    cells = [cell for cell in map(_without_results_dir, cells) if cell is not None]
    cells = joined_folds(with_answer_first(with_title(cells, page.spec.title)))
    cells = with_own_labels(cells, page.spec.page)
    at = next((i for i, cell in enumerate(cells) if TAG in _tags(cell)), 1)
    note = nbformat.v4.new_markdown_cell(source_note(page, profile))
    kept = ("kernelspec", "language_info")
    metadata = {key: page.notebook.metadata[key] for key in kept if key in page.notebook.metadata}
    staged = nbformat.v4.new_notebook(cells=[*cells[:at], note, *cells[at:]], metadata=metadata)
    for cell in staged.cells:
        cell.metadata.pop("papermill", None)
    staged.nbformat_minor = 5
    return nbformat.validator.normalize(staged)[1]


def until_ended(page: ExecutedPage) -> list[NotebookNode]:
    """Cells of a page up to the one that ended it, which says first what is missing."""
    cells, at = page.notebook.cells, page.ended
    if at is None:
        return cells
    last = copy.deepcopy(cells[at])
    last.outputs = [output for output in last.outputs if output not in _errors(last)]
    last.metadata["tags"] = [ANSWER, "remove-input"]
    return [*cells[:at], last]


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    """Errors among a cell's outputs: in a page that ran, only the clean end of `Page.open`."""
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _without_results_dir(cell: NotebookNode) -> NotebookNode | None:
    if INJECTED not in _tags(cell):
        return cell
    lines = cell.source.splitlines()
    kept = [line for line in lines if not line.startswith(("results_dir =", "# Parameters"))]
    return nbformat.from_dict({**cell, "source": "\n".join(kept)}) if kept else None


def with_title(cells: list[NotebookNode], title: str) -> list[NotebookNode]:
    """Replace the first heading of level 1, or put one before everything."""
    for i, cell in enumerate(cells):
        lines = cell.source.splitlines() if cell.cell_type == "markdown" else []
        at = next((n for n, line in enumerate(lines) if line.startswith("# ")), None)
        if at is not None:
            lines[at] = f"# {title}"
            changed = nbformat.from_dict({**cell, "source": "\n".join(lines)})
            return [*cells[:i], changed, *cells[i + 1 :]]
    return [nbformat.v4.new_markdown_cell(f"# {title}"), *cells]


def with_answer_first(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Put the cells tagged ``answer`` right behind the title: a reader meets them first."""
    answer = [cell for cell in cells if ANSWER in _tags(cell)]
    rest = [cell for cell in cells if ANSWER not in _tags(cell)]
    return [*rest[:1], *answer, *rest[1:]]


def joined_folds(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Show folded code cells without output that follow each other as one."""
    joined: list[NotebookNode] = []
    for cell in cells:
        if joined and _only_folded(joined[-1]) and _only_folded(cell):
            source = f"{joined[-1].source}\n\n{cell.source}"
            joined[-1] = nbformat.from_dict({**cell, "source": source})
        else:
            joined.append(cell)
    return joined


def _only_folded(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and _tags(cell) == ["hide-input"] and not cell.outputs


def with_own_labels(cells: list[NotebookNode], page: str) -> list[NotebookNode]:
    """Put the page's name before every label, since one notebook may serve several pages.

    Labels are the names of figures and MyST targets; references to them in the notebook's own
    Markdown follow.
    """
    figures = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells]
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    labels = {name for name in figures if name}
    labels |= {name for text in texts for name in TARGET.findall(text)}
    if not labels:
        return cells
    label = re.compile(rf"(?<=[`<(#])({'|'.join(map(re.escape, sorted(labels)))})(?=[`>)])")
    return [_relabelled(cell, label, page) for cell in cells]


def _relabelled(cell: NotebookNode, label: re.Pattern[str], page: str) -> NotebookNode:
    cell = copy.deepcopy(cell)
    if cell.cell_type == "markdown":
        cell.source = label.sub(rf"{page}-\1", cell.source)
    figure = cell.metadata.get("mystnb", {}).get("figure", {})
    if "name" in figure:
        figure["name"] = f"{page}-{figure['name']}"
    return cell


def source_note(page: ExecutedPage, profile: Profile) -> str:
    """Say where a page's values come from, how to run it alone and how long it took."""
    listed = {**profile.parameters, **page.spec.parameters}
    by_hand = [f"`{name}`" for name, value in page.given.items() if listed.get(name) != value]
    exception = f", except {', '.join(by_hand)}, given on the command line" if by_hand else ""
    return (
        ":::{div} page-source\n"
        f"Parameters from profile *{profile.name}*{exception}. "
        f"Run this page alone: `{command(page.spec.notebook, page.given)}`. "
        f"It took {page.seconds:.0f} s.\n"
        ":::"
    )


def command(notebook: str, given: Mapping[str, Any]) -> str:
    """Give the papermill command that runs a notebook with these values."""
    words = ["papermill", f"notebooks/{notebook}.ipynb", "out.ipynb"]
    for name, value in given.items():
        if isinstance(value, list):
            flow = yaml.safe_dump({name: value}, default_flow_style=True, width=10_000)
            words += ["-y", flow.strip()]
        else:
            words += ["-r" if _would_be_converted(value) else "-p", name, str(value)]
    return shlex.join(words)


def _would_be_converted(value: Any) -> bool:
    """Whether papermill's ``-p`` would not leave this text a text."""
    if not isinstance(value, str):
        return False
    if value in {"True", "False", "None"}:
        return True
    try:
        float(value)
    except ValueError:
        return False
    return True


def verdicts_fragment(claims: pd.DataFrame) -> str:
    """Lay out the counts of verdicts and the headline claims, for the front page."""
    if claims.empty:
        return "No page of this profile makes a claim.\n"
    parts = [counts_markdown(claims)]
    if claims["headline"].any():
        parts.append(headline_markdown(claims, for_book=True))
    return "\n\n".join(parts) + "\n"


def claims_page(claims: pd.DataFrame, pages: list[ExecutedPage]) -> str:
    """Lay out the page of all claims, and name the pages that had no data to judge any."""
    table = claims_html(claims) if len(claims) else "No page of this profile makes a claim."
    return (
        "---\nhtml_theme.sidebar_secondary.remove: true\n---\n\n# All claims\n\n"
        "Every number that a page of this book compares with what a paper reports. The verdict "
        "is computed from the two numbers by a rule; nobody types it in. A premise that the paper "
        "does not print stands with the verdict. "
        "The same table as a file: {download}`claims.csv <_generated/claims.csv>`.\n\n"
        f"{_left_out(pages)}{table}\n"
    )


def _left_out(pages: list[ExecutedPage]) -> str:
    names = [
        f"[{escape_markdown(page.spec.page)}]({page.spec.page}.ipynb)"
        for page in pages
        if page.ended is not None
    ]
    if not names:
        return ""
    return (
        f"**Pages without their data in this run: {listing(names)}.** They judge no claim here; "
        "each says at its top how to get the data.\n\n"
    )


def status_page(pages: list[ExecutedPage], profile: Profile) -> str:
    """Lay out when and how each page ran, and with which versions."""
    rows = [
        [
            f"[{escape_markdown(page.spec.page)}]({page.spec.page}.ipynb)",
            escape_markdown(_values(page)),
            f"{page.seconds:.1f}",
            _finished(page),
        ]
        for page in pages
    ]
    versions = [["ptclnm", __version__], ["python", platform.python_version()]]
    versions += [[name, version(name)] for name in LIBRARIES]
    total = sum(page.seconds for page in pages)
    return (
        "# Execution status\n\n"
        f"Profile *{profile.name}* ({escape_markdown(profile.title)}): {len(pages)} pages, "
        f"{total:.0f} s in all. A book is built only if every page ran to its end.\n\n"
        + markdown_table(["page", "parameters", "run time (s)", "finished (UTC)"], rows)
        + "\n\n## Versions\n\n"
        + markdown_table(["library", "version"], versions)
        + "\n"
    )


def _values(page: ExecutedPage) -> str:
    own = {name: parameter.default for name, parameter in page.declared.items()}
    values = {name: value for name, value in {**own, **page.given}.items() if value != ""}
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _finished(page: ExecutedPage) -> str:
    record = page.notebook.metadata.get("papermill", {})
    return str(record.get("end_time") or "")[:16].replace("T", " ")


def places(project: Project) -> dict[str, str]:
    """Give folders whose paths say who ran a page and where, with what to write instead."""
    return {
        str(project.build): "_build",
        str(project.root.resolve()): ".",
        sys.prefix: "<python>",
        str(Path.home()): "~",
    }


def without_places(cells: list[NotebookNode], known: Mapping[str, str]) -> list[NotebookNode]:
    """Replace known folders in the text that cells put out; pictures are left alone.

    Parameters
    ----------
    cells : list of NotebookNode
        Executed cells; they are not changed.
    known : mapping of str to str
        What to write for each folder.
    """
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"({'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)")

    def mend(text: str) -> str:
        return pattern.sub(lambda match: known[match[1]], text)

    cells = copy.deepcopy(cells)
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if "text" in output:
            output.text = mend(output.text)
        data = output.get("data", {})
        data.update({kind: mend(data[kind]) for kind in data if kind.startswith("text/")})
    return cells


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

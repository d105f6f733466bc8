"""A small project to run, and the real book built once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
import yaml

from ptclnm.book.project import Project
from ptclnm.paths import ROOT

CONFIG = """\
title: Small
only_build_toc_files: true
execute: {execute_notebooks: "off"}
"""
TOC = """\
format: jb-book
root: index
parts:
  - pages: profile
  - caption: Reference
    chapters:
      - file: claims
      - file: status
"""
PARAMETERS = """\
study: str = "a"  # which study [a|b]
number: int = 1  # how many patients [1..9]
seed: int = 0  # seed of the generator
results_dir: str = ""  # folder for tables; empty: _build/results/alone/<page>"""
CLAIMS = """\
page.save_claims(pd.DataFrame([dict(
    claim_id=f"{page.name}-1", study=study, where="Table 1", quantity="AUC", reported="0.90",
    obtained="0.80", evidence="published", verdict="conflicts, if", premise="once",
    note="", headline=True)]))"""


def write_notebook(path: Path, *code: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook in the form that the book's notebooks have."""
    start = f'page = start_page("{path.stem}", globals(), Project(Path(os.environ["SMALL"])))'
    imports = (
        "import os\nfrom pathlib import Path\nimport pandas as pd\n"
        "from ptclnm.book import start_page\nfrom ptclnm.book.project import Project"
    )
    cells = [
        nbformat.v4.new_markdown_cell("# Heading of the notebook"),
        nbformat.v4.new_code_cell(imports),
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        *(nbformat.v4.new_code_cell(source) for source in (start, *code)),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, path)
    return path


@dataclass(frozen=True)
class SmallProject(Project):
    """A project in a temporary folder, with a command line of its own."""

    saves = CLAIMS

    def notebook_of(self, name: str, *code: str, parameters: str = PARAMETERS) -> Path:
        """Write one of its notebooks."""
        return write_notebook(self.notebook(name), *code, parameters=parameters)

    def profile_of(self, *pages: dict[str, object]) -> Path:
        """Write its profile ``quick``."""
        path = self.profiles / "quick.yml"
        content = {"title": "Quick", "pages": list(pages)}
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    @staticmethod
    def entry(page: str, notebook: str, **parameters: object) -> dict[str, object]:
        """Give an entry of a profile."""
        return {
            "page": page,
            "notebook": notebook,
            "title": f"Title of {page}",
            "part": "Part one",
            "parameters": parameters,
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start ``ptclnm run`` on it."""
        return subprocess.Popen(
            [sys.executable, "-m", "ptclnm.cli", "run", "--root", str(self.root), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"SMALL": str(self.root)},
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``ptclnm run`` on it to the end."""
        process = self.start(*words)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def make_small(root: Path) -> SmallProject:
    """Make a project of two pages, `one` and `two`, of one notebook each."""
    project = SmallProject(root)
    project.profiles.mkdir(parents=True)
    (project.root / "_config.yml").write_text(CONFIG, encoding="utf-8")
    (project.book / "_toc.yml").write_text(TOC, encoding="utf-8")
    index = "# Front\n\n```{include} _generated/verdicts.md\n```\n"
    (project.book / "index.md").write_text(index, encoding="utf-8")
    for name in ("claims", "status"):
        shutil.copy(ROOT / "book" / f"{name}.md", project.book)
    project.notebook_of("first", CLAIMS)
    project.notebook_of("second", CLAIMS)
    project.profile_of(
        project.entry("one", "first", study="a"), project.entry("two", "second", study="b")
    )
    return project


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """A small project that has not run."""
    monkeypatch.setenv("SMALL", str(tmp_path / "small"))
    return make_small(tmp_path / "small")


@pytest.fixture(scope="session")
def ran_once(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """A small project after one run, not to be changed."""
    project = make_small(tmp_path_factory.mktemp("ran") / "small")
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture
def ran(ran_once: SmallProject, tmp_path: Path) -> SmallProject:
    """A copy of a small project that has run."""
    shutil.copytree(ran_once.root, tmp_path / "copy")
    return SmallProject(tmp_path / "copy")


@pytest.fixture(scope="session")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real book at its smallest, built once, or the one that PTCLNM_BOOK_HTML names.

    One file of tests looks at it: each process that tests would build its own.
    """
    if given := os.environ.get("PTCLNM_BOOK_HTML"):
        return Path(given)
    build = tmp_path_factory.mktemp("build")
    words = [sys.executable, "-m", "ptclnm.cli", "run", "--profile", "tiny", "--build-dir"]
    done = subprocess.run(
        [*words, str(build)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return build / "html"


@pytest.fixture
def parameters_cell(tmp_path: Path) -> Callable[[str], Path]:
    """Write a notebook whose parameters cell holds the given lines."""
    return lambda text: write_notebook(tmp_path / "notebooks" / "page.ipynb", parameters=text)

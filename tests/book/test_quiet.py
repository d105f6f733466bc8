"""Nothing is on a page but what its own cells show, and what is kept off is in a log."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client.manager import start_new_kernel
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from ptclnm.book.project import Project
from ptclnm.paths import ROOT
from ptclnm.progress import TERMINAL

# Imported before the page starts.
EARLY = """\
import logging, sys
early = logging.getLogger("early")
early.setLevel("INFO")
early.addHandler(logging.StreamHandler())

class Told:
    def find_spec(self, name, path, target=None):
        if name == "ptclnm.book.page":
            print("NOISE of import", file=sys.stderr)

sys.meta_path.insert(0, Told())
"""
# Imported after it: it sets its own level, as mlscorecheck does.
NOISY = """\
import ctypes, logging, os, subprocess, sys, threading, warnings
from tqdm import tqdm
from early import early

own = logging.getLogger("noisy")
own.setLevel("DEBUG")
own.addHandler(logging.StreamHandler())
own.addHandler(logging.StreamHandler(sys.stdout))

def handler(): own.info("NOISE of handler")
def earlier(): early.info("NOISE of earlier")
def root(): logging.error("NOISE of root")
def warning(): warnings.warn("NOISE of warning", stacklevel=2)
def printed(): print("NOISE of printed")
def error(): print("NOISE of error", file=sys.stderr)
def bar(): list(tqdm(range(3), "NOISE of bar"))
def descriptor(): os.write(1, b"NOISE of descriptor\\n")
def library(): ctypes.CDLL(None).perror(b"NOISE of library")
def process(): subprocess.run([sys.executable, "-c", "print('NOISE of process')"], check=True)
def worker(_): print("NOISE of worker", file=sys.stderr)

def thread():
    running = threading.Thread(target=printed_by_thread)
    running.start()
    running.join()

def printed_by_thread(): print("NOISE of thread")

class Deleted:
    def __del__(self): raise ValueError("NOISE of deleted")

def deleted(): Deleted()
"""
CALLS = ["handler", "earlier", "root", "warning", "printed", "error", "bar", "descriptor",
         "library", "process", "thread", "deleted"]  # fmt: skip
CELLS = [
    "import noisy",
    *(f"noisy.{call}()" for call in CALLS),
    "from ptclnm.compute import parallel_map\n_none = parallel_map(noisy.worker, range(2), 2)",
    "from ptclnm.progress import tell\ntell('Progress')",
]
NOISES = ["import", "worker", *CALLS]
# What a reader adds to a copy, with what it shows.
ASKED = {
    "print('own')": "own",
    "def f():\n    print('function')\nf()": "function",
    "list(map(print, ['handed on']))": "handed on",
    "import pprint\npprint.pprint({'pretty': 1})": "'pretty'",
    "help(len)": "Return the number of items",
    "!echo command": "command",
    "%%time\nprint('timed')": "timed",
}


@pytest.fixture
def noisy(small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A small project on whose machine two packages write wherever they can."""
    (tmp_path / "early.py").write_text(EARLY)
    (tmp_path / "noisy.py").write_text(NOISY)
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return small


def notebook(project: Project, name: str, *code: str) -> Path:
    """Write a notebook that imports ``early`` before its page starts."""
    path = project.notebook_of(name, *code)
    content = nbformat.read(path, 4)
    content.cells.insert(1, new_code_cell("import early"))
    nbformat.write(content, path)
    return path


def shown(executed: NotebookNode) -> dict[str, str]:
    """Give what each code cell shows of its streams, by its source."""
    return {
        cell.source: "".join(o.text for o in cell.outputs if o.output_type == "stream")
        for cell in executed.cells
        if cell.cell_type == "code"
    }


def missing(text: str) -> list[str]:
    """List the noises that are not in a text."""
    return [noise for noise in NOISES if f"NOISE of {noise}" not in text]


def test_papermill_alone_shows_what_cells_print_and_its_terminal_what_others_write(
    noisy: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv(TERMINAL, str(tmp_path / "terminal"))
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it a kernel leaves descriptors 1 and 2 alone
    path = notebook(noisy, "first", *CELLS, *ASKED)
    executed = papermill.execute_notebook(path, tmp_path / "out.ipynb", progress_bar=False)
    texts = shown(executed)
    assert [source for source in CELLS if texts[source]] == []
    assert [source for source, text in ASKED.items() if text not in texts[source]] == []
    assert "NOISE" not in (tmp_path / "out.ipynb").read_text().replace("noisy", "")
    assert missing("".join(capfd.readouterr())) == []
    assert (tmp_path / "terminal").read_text() == "Progress\n"


def test_a_page_of_the_book_is_quiet_and_has_a_log(
    noisy: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    notebook(noisy, "first", *CELLS, noisy.saves)
    done = noisy.run("--only", "one", "--no-build")
    assert done.returncode == 0, done.stderr
    executed = nbformat.read(noisy.runs("quick") / "one.ipynb", 4)
    assert not any(shown(executed).values())
    log = noisy.runs("quick") / "one.log"
    assert missing(log.read_text(encoding="utf-8")) == []
    assert log.read_text().count("NOISE of descriptor") == 1
    assert [*noisy.results("quick").rglob("*.log")] == []


def test_a_page_that_prints_is_refused_with_its_cell_and_first_line(noisy: Project) -> None:
    notebook(noisy, "first", "import noisy; noisy.printed()", "print('\\nFound:\\n3')")
    done = noisy.run("--only", "one", "--no-build")
    assert done.returncode == 1
    assert "page one, code cell 7 writes on the page: 'Found:'" in done.stderr
    log = noisy.runs("quick") / "one.failed.log"
    assert str(log) in done.stderr
    assert "NOISE of printed" in log.read_text()
    assert not (noisy.runs("quick") / "one.ipynb").exists()
    notebook(noisy, "first", noisy.saves)
    assert noisy.run("--only", "one", "--no-build").returncode == 0
    assert not log.exists()


def test_what_is_printed_before_the_page_starts_is_refused_too(noisy: Project) -> None:
    path = notebook(noisy, "first")
    content = nbformat.read(path, 4)
    content.cells.insert(2, new_code_cell("early.early.info('too early')"))
    nbformat.write(content, path)
    done = noisy.run("--only", "one", "--no-build")
    assert "page one, code cell 2 writes on the page: 'too early'" in done.stderr


class Session:
    """A kernel whose user could be asked something, as in JupyterLab."""

    def __init__(self, project: Project) -> None:
        self.manager, self.client = start_new_kernel(cwd=str(project.root))

    def run(self, code: str) -> str:
        """Run a cell; give what it shows of its streams."""
        texts: list[str] = []

        def hear(message: dict) -> None:
            assert message["msg_type"] != "error", message["content"]
            texts.append(message["content"].get("text", ""))

        self.client.execute_interactive(code, allow_stdin=True, timeout=60, output_hook=hear)
        return "".join(texts)


@pytest.fixture
def session(noisy: Project) -> Iterator[Session]:
    """A kernel in which the page of the notebook ``first`` has been started twice."""
    started = Session(noisy)
    for cell in nbformat.read(notebook(noisy, "first", "import noisy"), 4).cells[1:]:
        assert not started.run(cell.source)
    yield started
    started.client.stop_channels()
    started.manager.shutdown_kernel(now=True)


def test_who_works_in_a_notebook_sees_the_library_that_a_cell_asks(
    session: Session, noisy: Project
) -> None:
    assert "warning" in session.run("noisy.warning()")
    assert session.run("noisy.printed()") == "NOISE of printed\n"
    through = "from ptclnm.compute import parallel_map\n_none = parallel_map(noisy.worker, [1], 1)"
    assert session.run(through) == "", "what comes by way of the book is noise of the book"


def test_a_page_that_is_started_again_shows_all_once(session: Session, noisy: Project) -> None:
    through = "from ptclnm.compute import parallel_map\n_none = parallel_map(noisy.worker, [1], 1)"
    start = next(c.source for c in nbformat.read(noisy.notebook("first"), 4).cells
                 if "page = start_page" in c.source)  # fmt: skip
    session.run(through)
    assert session.run(start) == ""
    assert session.run(f"print('once')\n{through}") == "once\n"


def test_nothing_that_could_write_is_imported_before_a_page_starts() -> None:
    code = (
        "import sys, ipykernel.iostream, IPython; before = set(sys.modules); "
        "from ptclnm.book import start_page; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) - sys.stdlib_module_names == {"ptclnm"}

"""Every notebook has the same frame, and nothing of one machine or one run in it."""

import ast
import itertools
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat import NotebookNode

from ptclnm.book.parameters import TAG, declared
from ptclnm.paths import NOTEBOOKS

HEADINGS = [
    "## What the paper did",
    "## What we do",
    "## What we found",
    "## Claims",
    "## Take away",
    "## Exercise",
]
LINES = 8
FILES = (".csv", ".json", ".png", ".svg", ".yml", ".yaml", ".ipynb", ".txt", ".dcm", ".nii.gz")

pytestmark = pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem
)


def cells_of(path: Path, kind: str) -> list[NotebookNode]:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


def trees(path: Path) -> list[ast.Module]:
    return [ast.parse(cell.source) for cell in cells_of(path, "code")]


def test_outputs_are_stripped(path: Path) -> None:
    left = [c.source for c in cells_of(path, "code") if c.outputs or c.execution_count]
    assert left == []


def test_any_python_3_runs_it(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert set(notebook.metadata.get("language_info", {})) <= {"name"}, "versions of one machine"


def test_parameters_are_declared_once_and_papermill_reads_them(path: Path) -> None:
    tagged = [cell for cell in cells_of(path, "code") if TAG in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    own = declared(path)
    assert "results_dir" in own
    read = papermill.inspect_notebook(str(path))
    assert {name: entry["inferred_type_name"] for name, entry in read.items()} == {
        name: parameter.type for name, parameter in own.items()
    }


def test_the_page_starts_right_after_its_parameters_and_before_any_import(path: Path) -> None:
    parameters, start, *_ = cells_of(path, "code")
    assert TAG in parameters.metadata.get("tags", [])
    assert list(filter(None, start.source.splitlines())) == [
        "from ptclnm.book import start_page",
        f'page = start_page("{path.stem}", globals())',
    ], "what another import writes would be on the page"


def test_cells_are_short(path: Path) -> None:
    code = [cell for cell in cells_of(path, "code") if TAG not in cell.metadata.get("tags", [])]
    long = [cell.source for cell in code if count(cell.source) > LINES]
    assert long == []


def count(source: str) -> int:
    lines = [line.strip() for line in source.splitlines()]
    return len([line for line in lines if line and not line.startswith("#")])


def test_the_skeleton_is_there_in_order(path: Path) -> None:
    lines = [line for cell in cells_of(path, "markdown") for line in cell.source.splitlines()]
    assert [line for line in lines if line in HEADINGS] == HEADINGS
    assert len([line for line in lines if line.startswith("# ")]) == 1


def test_the_exercise_has_a_solution_that_opens(path: Path) -> None:
    sources = [cell.source for cell in cells_of(path, "markdown")]
    last = "\n".join(
        itertools.dropwhile(lambda line: line != "## Exercise", "\n".join(sources).splitlines())
    )
    assert "{dropdown}" in last or ":class: dropdown" in last


def test_figures_have_a_caption_and_a_sentence_for_those_who_do_not_see_them(path: Path) -> None:
    shown = [
        cell.metadata["mystnb"] for cell in cells_of(path, "code") if "mystnb" in cell.metadata
    ]
    for figure in [entry for entry in shown if "figure" in entry or "image" in entry]:
        alt = figure["image"]["alt"]
        assert figure["figure"]["caption"]
        assert alt.endswith(".") and len(alt.split()) > 5, alt


def test_no_path_of_one_machine_and_no_search_path(path: Path) -> None:
    nodes = [node for tree in trees(path) for node in ast.walk(tree)]
    texts = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    paths = [t for t in texts if t.startswith(("/", "./", "../", "~")) or t.endswith(FILES)]
    assert paths == []
    names = {n.id for n in nodes if isinstance(n, ast.Name)}
    modules = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    assert not {"sys", "os"} & (names | modules)


def test_code_stands_in_the_package_not_in_the_notebook(path: Path) -> None:
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    nodes = [node for tree in trees(path) for node in ast.walk(tree)]
    assert [ast.unparse(node) for node in nodes if isinstance(node, kinds)] == []

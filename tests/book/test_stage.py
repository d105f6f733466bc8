"""A staged page says where its values come from and clashes with no other page."""

import shlex
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from papermill.cli import papermill as papermill_command

from ptclnm.book.profiles import PageSpec, Profile
from ptclnm.book.stage import (
    ExecutedPage,
    claims_fragment,
    command,
    stage_page,
    with_parts,
    without_places,
)
from ptclnm.report.claims import no_claims
from ptclnm.report.whose import left_out

LINES = "study: str = 'a'  # which\nresults_dir: str = ''  # folder"


def executed(given: dict[str, object], injected: str) -> ExecutedPage:
    cells = [
        new_markdown_cell("Before.\n\n# Heading\n\nAfter."),
        new_code_cell(LINES, metadata={"tags": ["parameters"]}),
        new_code_cell(injected, metadata={"tags": ["injected-parameters"]}),
    ]
    spec = PageSpec(page="p", notebook="n", title="Title", part="Part", parameters={"study": "b"})
    record = {"output_path": "/secret", "parameters": given, "duration": 2.0}
    return ExecutedPage(spec, new_notebook(cells=cells, metadata={"papermill": record}))


def profile() -> Profile:
    return Profile("quick", "Quick", ())


def test_title_is_replaced_and_the_runners_folder_left_out() -> None:
    injected = '# Parameters\nstudy = "b"\nresults_dir = "_build/x"'
    staged = stage_page(executed({"study": "b"}, injected), profile())
    assert staged.cells[0].source == "Before.\n\n# Title\n\nAfter."
    assert staged.cells[-1].source == 'study = "b"'
    assert "/secret" not in nbformat.writes(staged)


def test_a_page_without_its_data_is_a_title_and_one_card() -> None:
    page = executed({"study": "b"}, "# Parameters")
    assert "without their data" not in claims_fragment(no_claims(), [page])
    said = new_output("display_data", data={"text/markdown": left_out("ddti", "Fetch it.")})
    page.notebook.cells[0].source += " And this.\n\nBut not this."
    end = new_output("error", ename="SystemExit", evalue="0", traceback=["%tb"])
    opened = new_code_cell("patients = page.open(cohort)", outputs=[said, end])
    page.notebook.cells += [new_markdown_cell("Text."), opened, new_code_cell("never_run()")]
    assert "without their data in this run: [p](p.ipynb).**" in claims_fragment(no_claims(), [page])
    before = nbformat.writes(page.notebook)
    staged = stage_page(page, profile())
    (cell,) = staged.cells
    title, rest = cell.source.split("\n\n:::{card} Left out of this run\n")
    shows, whom, how = rest.removesuffix("\n:::").split("\n\n")
    assert (title, shows, how) == ("# Title", "After. And this.", "Fetch it.")
    assert "Thyroid Ultrasound Images. Endpoint: TI-RADS" in whom
    assert nbformat.writes(page.notebook) == before, "the executed notebook keeps what it has"


def test_folded_cells_in_a_row_show_as_one_and_no_other_cell_moves() -> None:
    def folded(source: str, **outputs: list) -> nbformat.NotebookNode:
        return new_code_cell(source, metadata={"tags": ["hide-input"]}, **outputs)

    page = executed({"study": "b"}, "# Parameters")
    shown = folded("show()", outputs=[new_output("display_data", data={"text/plain": "5"})])
    page.notebook.cells += [folded("import a"), folded("import b"), shown, folded("c = 1"),
                            new_code_cell("d = 2"), folded("e = 3")]  # fmt: skip
    sources = [cell.source for cell in stage_page(page, profile()).cells]
    assert sources[-5:] == ["import a\n\nimport b", "show()", "c = 1", "d = 2", "e = 3"]


def test_the_line_above_the_parameters_says_how_to_get_the_same_page() -> None:
    page = executed({"study": "b", "results_dir": "/secret"}, "# Parameters")
    note = stage_page(page, profile()).cells[1].source
    assert "profile *quick*. " in note
    assert "`papermill notebooks/n.ipynb out.ipynb -y '{study: b}'`. It took 2 s." in note


def test_the_machine_is_kept_out_of_text_and_pictures_are_left_alone() -> None:
    picture = new_output("display_data", data={"image/png": "AA/home/me/BB"})
    shown = new_output("display_data", data={"text/html": "<b>/home/me/book/x.csv</b>"})
    said = new_output("stream", text="in /home/me, not in /home/men nor /home/me-too. /home/me.")
    first = new_output("stream", text="two\n/home/me lines")
    cell = new_code_cell("x", outputs=[picture, shown, said, first])
    known = {"/home/me": "~", "/home/me/book": "."}
    text = without_places(nbformat.writes(new_notebook(cells=[cell])), known)
    (mended,) = nbformat.reads(text, 4).cells
    assert mended.outputs[0] == picture
    assert mended.outputs[1].data["text/html"] == "<b>./x.csv</b>"
    assert mended.outputs[2].text == "in ~, not in /home/men nor /home/me-too. ~."
    assert mended.outputs[3].text == "two\n~ lines"


def test_parts_take_the_place_of_their_marker_in_order() -> None:
    toc = {"root": "index", "parts": [{"chapters": [{"file": "a"}]}, {"pages": "profile"}]}
    specs = [
        PageSpec(page=page, notebook="n", title="T", part=part)
        for page, part in [("x", "B"), ("y", "A"), ("z", "B")]
    ]
    staged = with_parts(toc, specs)
    assert [part.get("caption") for part in staged["parts"]] == [None, "B", "A"]
    files = [[entry["file"] for entry in part["chapters"]] for part in staged["parts"]]
    assert files == [["a"], ["x", "z"], ["y"]]


@pytest.mark.parametrize(
    "given",
    [
        {"study": "li2024", "n": 3, "level": 0.5, "leak": True},
        {"study": "2024", "flag": "True", "text": "two words; $HOME"},
        {"models": ["lr", "svm"], "levels": [0.5, 1.0]},
    ],
)
def test_the_command_gives_papermill_the_same_values(
    given: dict[str, object], tmp_path: Path
) -> None:
    source, out = tmp_path / "n.ipynb", tmp_path / "out.ipynb"
    lines = "\n".join(f"{name} = None" for name in given)
    cell = new_code_cell(lines, metadata={"tags": ["parameters"]})
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "p"}}
    nbformat.write(new_notebook(cells=[cell], metadata=kernel), source)
    words = shlex.split(command("n", given))[3:]
    papermill_command.main([str(source), str(out), "--prepare-only", *words], standalone_mode=False)
    assert papermill.iorw.load_notebook_node(str(out)).metadata.papermill.parameters == given

"""A notebook that starts with wrong parameters stops before any work."""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import papermill
import pytest

from ptclnm.book.page import INJECTED, start_page
from ptclnm.book.project import Project
from ptclnm.errors import MissingDataError, ParameterError, PtclnmError
from ptclnm.report.claims import ClaimsError

GIVEN = {"study": "a", "number": 1, "seed": 0, "results_dir": ""}


def test_a_misspelt_variable_stops_with_a_suggestion(small: Project) -> None:
    with pytest.raises(ParameterError, match="did you mean 'study'"):
        start_page("first", {**GIVEN, "studdy": "b", "In": [INJECTED + "studdy = 'b'"]}, small)


def test_a_page_ends_cleanly_where_its_data_are_missing(small: Project, monkeypatch) -> None:
    def missing(*_, **__):
        raise MissingDataError("fetch it")

    page = start_page("first", GIVEN, small)
    monkeypatch.setattr("ptclnm.cohorts.open", missing)
    shown = []
    monkeypatch.setattr("ptclnm.report.page.display", shown.append)
    with pytest.raises(SystemExit) as end:
        page.open("clnm_ptc")
    assert end.value.code == 0
    assert "fetch it" in shown[0].data
    assert "Endpoint: Central lymph-node metastasis" in shown[0].data
    assert pd.read_csv(page.results / "claims.csv").empty


def test_what_is_wrong_with_a_cohort_but_its_absence_is_an_error(small: Project) -> None:
    with pytest.raises(PtclnmError, match="did you mean 'clnm_ptc'"):
        start_page("first", GIVEN, small).open("clnm_ptcc")


def test_all_wrong_values_are_told_at_once(small: Project) -> None:
    with pytest.raises(ParameterError) as error:
        start_page("first", {"study": "c", "number": 1.5, "seed": 1}, small)
    assert [line.split()[0] for line in error.value.problems] == [
        "study", "number", "results_dir:"
    ]  # fmt: skip


def test_a_page_alone_is_named_after_its_cohort_else_its_study(small: Project) -> None:
    small.notebook_of(
        "third", parameters='study: str = ""  # which\ncohort: str = ""  # which [x|y]'
    )
    names = [
        start_page("third", {"study": study, "cohort": cohort}, small).name
        for study, cohort in [("a", ""), ("a", "x"), ("", "")]
    ]
    assert names == ["third-a", "third-x", "third"]


def test_results_lie_in_the_project_whatever_the_working_folder(
    small: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    alone = start_page("first", GIVEN, small)
    assert alone.results == small.results("alone") / "first-a"
    placed = start_page("first", {**GIVEN, "results_dir": "_build/results/quick/one"}, small)
    assert (placed.results, placed.name) == (small.root / "_build/results/quick/one", "one")


def test_saved_tables_and_figures_are_given_back_and_hold_the_same(small: Project) -> None:
    page = start_page("first", GIVEN, small)
    table = pd.DataFrame({"n": [1, 2]})
    assert page.save_table(table, "counts") is table
    pd.testing.assert_frame_equal(pd.read_csv(page.results / "counts.csv"), table)
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    assert page.save_figure(figure, "line") is figure
    assert (page.results / "line.svg").read_text().lstrip().startswith("<?xml")
    assert figure.number not in plt.get_fignums()


@pytest.mark.parametrize("name", ["../out", "a b", "", "x/y"])
def test_a_result_cannot_leave_its_folder(small: Project, name: str) -> None:
    with pytest.raises(ParameterError, match="letters, digits"):
        start_page("first", GIVEN, small).save_table(pd.DataFrame(), name)


def test_wrong_claims_are_not_written(small: Project) -> None:
    page = start_page("first", GIVEN, small)
    with pytest.raises(ClaimsError):
        page.save_claims(pd.DataFrame({"claim_id": ["x"]}))
    assert not (page.results / "claims.csv").exists()


def test_papermill_alone_stops_at_a_misspelt_parameter(small: Project, tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    with pytest.raises(papermill.PapermillExecutionError, match="did you mean 'study'"):
        papermill.execute_notebook(
            small.notebook("first"), out, {"studdy": "b"}, progress_bar=False
        )
    assert not os.path.lexists(small.results("alone"))

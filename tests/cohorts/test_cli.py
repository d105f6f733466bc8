"""``ptclnm data``: messages without traceback, exit codes that scripts can use."""

import pytest
from typer.testing import CliRunner

from ptclnm.cohorts.cli import app
from ptclnm.cohorts.datasets import datasets


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.delenv("PTCLNM_DATA", raising=False)
    monkeypatch.setenv("PTCLNM_FETCHED", str(tmp_path / "none"))
    return lambda *words: CliRunner().invoke(app, list(words))


def test_list_names_every_dataset_and_how_to_get_it(run):
    result = run("list")
    assert result.exit_code == 0
    for name in datasets():
        assert f"ptclnm data fetch {name}" in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "dddti"), "did you mean 'ddti'"),
        (("check", "ddti"), "not on this machine"),
        (("fetch", "ibssi"), "did you mean 'ibsi'"),
        (("check", "no_such.yml"), "no_such.yml"),
    ],
)
def test_named_errors_end_with_2_and_no_traceback(run, words, said):
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_check_lists_what_differs(run, monkeypatch, tmp_path):
    (tmp_path / "ibsi").mkdir()
    (tmp_path / "ibsi" / "mask.nii.gz").write_bytes(b"x")
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    result = run("check", "ibsi")
    assert result.exit_code == 2
    assert "3 problems" in result.output and "phantom.nii.gz: missing" in result.output


def test_check_of_a_whole_dataset_says_so(data, monkeypatch):
    monkeypatch.setenv("PTCLNM_DATA", str(data))
    result = CliRunner().invoke(app, ["check", "uci_thyroid"])
    assert (result.exit_code, "all files as recorded (1)" in result.output) == (0, True)

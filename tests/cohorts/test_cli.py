"""``ptclnm data``: messages without traceback, exit codes that scripts can use."""

import pytest

from ptclnm.cohorts.datasets import datasets


@pytest.fixture
def run(monkeypatch, tmp_path, command):
    """The command on a machine without datasets."""
    monkeypatch.delenv("PTCLNM_DATA", raising=False)
    monkeypatch.setenv("PTCLNM_FETCHED", str(tmp_path / "none"))
    return command


def test_list_names_every_dataset_and_how_to_get_it(run):
    code, output = run("list")
    assert code == 0
    for name in datasets():
        assert f"ptclnm data fetch {name}" in output


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
    code, output = run(*words)
    assert code == 2
    assert said in output
    assert "Traceback" not in output


def test_check_lists_what_differs(run, monkeypatch, tmp_path):
    (tmp_path / "ibsi").mkdir()
    (tmp_path / "ibsi" / "mask.nii.gz").write_bytes(b"x")
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    code, output = run("check", "ibsi")
    assert code == 2
    assert "3 problems" in output and "phantom.nii.gz: missing" in output


def test_check_of_a_whole_dataset_says_so(run, data, monkeypatch):
    monkeypatch.setenv("PTCLNM_DATA", str(data))
    code, output = run("check", "uci_thyroid")
    assert (code, "all files as recorded (1)" in output) == (0, True)

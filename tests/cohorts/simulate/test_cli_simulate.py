"""``ptclnm data simulate``: a folder to hand over, or one named error."""

from collections.abc import Callable
from functools import partial

import pytest

from ptclnm.cohorts.own import open_manifest


@pytest.fixture
def simulate(command) -> Callable[..., tuple[int, str]]:
    """The command that writes a simulated cohort."""
    return partial(command, "simulate")


def test_the_folder_is_whole_and_stands_alone(build, quick, tmp_path, simulate):
    out = tmp_path / "handed" / "over"
    code, output = simulate("li2024-sim", "--out", out, "--n-patients", 30, "--seed", 2)
    assert code == 0, output
    assert "30 patients, 60 pictures" in output
    (build / "cache").rename(tmp_path / "elsewhere")
    own = open_manifest(out / "li2024-sim.yml")
    assert own.table["patient_id"].nunique() == 30
    assert all(str(out) in path for path in own.table["image"])
    assert sorted(p.name for p in out.iterdir()) == [
        "images", "li2024-sim.yml", "masks", "patients.csv",
    ]  # fmt: skip
    assert [p.name for p in out.parent.iterdir()] == ["over"]


def test_the_same_settings_hand_over_the_same_bytes(build, quick, tmp_path, simulate):
    for name in ("a", "b"):
        assert simulate("ni2024-sim", "--out", tmp_path / name, "--n-patients", 30)[0] == 0
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) > 60
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ni2024",), "did you mean 'ni2024-sim'"),
        (("ni2024-sim", "--signal", "5"), "signal is 5.0; allowed: 0 to 3"),
        (("ni2024-sim", "--n-patients", "4"), "n_patients is 4; allowed"),
        (("ni2024-sim", "--seed", "-3"), "seed is -3"),
    ],
)
def test_named_errors_end_with_2_and_leave_nothing(build, quick, tmp_path, simulate, words, said):
    code, output = simulate(*words, "--out", tmp_path / "out")
    assert code == 2
    assert said in output
    assert "Traceback" not in output
    assert not (tmp_path / "out").exists() and not build.exists()


def test_a_folder_that_is_there_is_not_touched_and_nothing_is_rendered(build, tmp_path, simulate):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    code, output = simulate("ni2024-sim", "--out", tmp_path / "out", "--n-patients", 30)
    assert code == 2
    assert "exists already" in output
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine"]
    assert not build.exists()


def test_a_place_that_cannot_be_written_to_is_named(build, quick, tmp_path, simulate):
    (tmp_path / "file").write_text("")
    code, output = simulate("ni2024-sim", "--out", tmp_path / "file" / "out", "--n-patients", 30)
    assert code == 2
    assert "cannot be written to" in output

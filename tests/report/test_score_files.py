"""Any CSV with label and score can be compared; the book's example does what it says."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ptclnm.evaluation import delong, paired_tests
from ptclnm.models.predictions import PredictionsError
from ptclnm.paths import BOOK
from ptclnm.report.score_files import compare_files, read_scores

PAGE = (BOOK / "how_to_adapt.md").read_text(encoding="utf-8")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example's CSV, cut out of the page."""
    blocks = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    (block,) = [b for b in blocks if b.startswith("patient_id,model,label,score")]
    path = tmp_path / "scores.csv"
    path.write_text(block, encoding="utf-8")
    return path


def test_the_example_of_the_page_runs_as_it_says(example: Path, monkeypatch) -> None:
    code = "\n".join(
        block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "ptclnm" in block
    )
    assert code.count("import") >= 3
    monkeypatch.chdir(example.parent)
    space: dict = {}
    exec(code, space)
    curves, pairs = space["curves"], space["pairs_table"](space["table"])
    assert curves.auc.tolist() == pytest.approx([1, 7 / 9])
    intervals = curves.intervals().set_index("model")
    assert intervals.loc["texture", ["logit_low", "logit_high"]].isna().all()
    assert pairs.loc[0, "p"] == pytest.approx(paired_tests(curves).loc[0, "p"], abs=1e-12)
    calls = space["mcnemar_table"](space["table"], {"texture": 0.38, "size": 20})
    assert calls.loc[0, ["only_a", "only_b"]].tolist() == [2, 0]


def test_the_command_writes_what_the_functions_give(example: Path) -> None:
    command = [sys.executable, "-m", "ptclnm.cli", "compare", str(example), "--out", "made"]
    done = subprocess.run(command, cwd=example.parent, capture_output=True, text=True, check=True)
    table = pd.read_csv(example)
    wide = table.pivot(index="patient_id", columns="model", values="score")[["texture", "size"]]
    expected = paired_tests(delong([0, 0, 0, 1, 1, 1], wide.to_numpy(), ["texture", "size"]))
    written = pd.read_csv(example.parent / "made" / "pairs.csv")
    assert written["paired"].tolist() == ["paired"]
    assert written["p"].to_numpy() == pytest.approx(expected["p"].to_numpy(), abs=1e-12)
    assert "texture" in done.stdout and "auc.csv" in done.stdout


def files(folder: Path, prefix: str = "") -> list[Path]:
    rng = np.random.default_rng(0)
    paths = []
    for name, ids in (("one", ""), ("two", prefix)):
        table = pd.DataFrame(
            {"patient_id": [f"{ids}{i}" for i in range(30)], "label": np.arange(30) % 2,
             "score": rng.normal(size=30).round(2) + np.arange(30) % 2}
        )  # fmt: skip
        path = folder / f"{name}.csv"
        table.to_csv(path, index=False)
        paths.append(path)
    return paths


def test_files_are_models_and_ids_decide_the_test(tmp_path: Path) -> None:
    assert "unpaired" not in compare_files(files(tmp_path))
    assert "unpaired" in compare_files(files(tmp_path, prefix="other-"))


def test_one_model_is_compared_with_none(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    text = "\ufeffpatient_id,label,score\na,0,1\nb,1,2\nc,1,0.5\n"
    path.write_text(text, encoding="utf-8")
    assert read_scores([path])["model"].tolist() == ["mine"] * 3
    assert "mine" in compare_files([path], tmp_path / "out")
    assert not (tmp_path / "out" / "pairs.csv").exists()


def test_all_that_is_wrong_is_listed_with_file_and_row(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("patient_id,label,score\na,0,x\nb,2,1\nc,1,inf\n", encoding="utf-8")
    other = tmp_path / "other.csv"
    other.write_text("labels,score\n0,1\n", encoding="utf-8")
    with pytest.raises(PredictionsError) as caught:
        read_scores([bad, other, tmp_path / "absent.csv"])
    text = str(caught.value)
    first = "the first is scores/bad/all/"
    assert f"bad.csv: 2 rows have a score that is not finite; {first}a" in text
    assert f"bad.csv: 1 rows have a label other than 0 and 1; {first}b" in text
    assert "other.csv: column 'label' is missing; found " in text
    assert "other.csv: column 'patient_id' is missing; found " in text
    assert "absent.csv: cannot be read as CSV" in text


def test_a_patient_there_twice_or_without_a_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("patient_id,label,score\na,0,1\n,1,3\n", encoding="utf-8")
    with pytest.raises(PredictionsError, match="1 rows have no 'patient_id'"):
        read_scores([path])
    path.write_text("patient_id,label,score\na,0,1\na,0,2\nb,1,3\n", encoding="utf-8")
    with pytest.raises(PredictionsError, match="one score; the first is scores/m/all/a"):
        read_scores([path])


def test_a_split_of_the_file_and_other_columns_are_left_aside(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("split,patient_id,label,score,x\ntrain,a,0,1,5\ntest,b,1,2,6\n")
    assert set(read_scores([path])["split"]) == {"all"}

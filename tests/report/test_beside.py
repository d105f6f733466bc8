"""What stands beside a paper's numbers is read from its folder, and wrong rows are all named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ptclnm import published
from ptclnm.evaluation.pairs import compare
from ptclnm.report import beside as module
from ptclnm.report import verdict
from ptclnm.report.beside import (
    BESIDE,
    PAGES,
    BesideError,
    best_claims,
    difference_claims,
    judged_by,
    read_beside,
)

LI = published.load("li2024")


@pytest.fixture
def write(tmp_path: Path, monkeypatch):
    """Write rows as the paper's file; a cell that a row does not have is empty."""
    monkeypatch.setattr(module, "PUBLISHED", tmp_path)
    (tmp_path / "li2024").mkdir()

    def to(*rows: dict[str, str], columns=BESIDE) -> None:
        table = pd.DataFrame([dict.fromkeys(columns, "") | row for row in rows])
        table.to_csv(tmp_path / "li2024" / "beside.csv", index=False)

    return to


def auc(ours: str, printed: str, split: str = "test") -> dict[str, str]:
    return {"page": "radiomics", "rule": "auc", "ours": ours, "printed": printed, "set": split}


@pytest.mark.parametrize("study", ["ni2024", "li2024"])
def test_every_row_of_the_papers_is_of_one_page_and_names_what_is_printed(study: str) -> None:
    paper = published.load(study)
    pages = [read_beside(paper, page) for page in PAGES]
    path = published.PUBLISHED / study / "beside.csv"
    assert sum(map(len, pages)) == len(pd.read_csv(path))
    for rows in pages:
        assert not rows.duplicated(["rule", "claim", "ours", "set"]).any()


def test_all_problems_of_a_file_are_named_at_once(write) -> None:
    write(
        auc("SVM", "OR_SVN"), auc("SVM", "OR_SVM") | {"page": "radiomic"},
        {"page": "deep", "rule": "bets"}, {"page": "deep", "rule": "best"},
        {"page": "deep", "rule": "difference", "claim": "x", "printed": "OR_SVM", "set": "test",
         "against": "OR_KNN", "against_set": "tests", "where": "Table 2"},
    )  # fmt: skip
    with pytest.raises(BesideError) as error:
        read_beside(LI, "radiomics")
    one, two, three, four, five, six = error.value.problems
    assert one.startswith("row 2: no AUC of OR_SVN in test is printed; did you mean 'OR_SVM in te")
    assert two.startswith("row 3, page 'radiomic': did you mean 'radiomics'?")
    assert three.startswith("row 4, rule 'bets': did you mean 'best'?")
    assert (four, five) == (
        "row 5: ours is empty; best needs it", "row 5: where is empty; best needs it",
    )  # fmt: skip
    assert six.startswith("row 6: no AUC of OR_KNN in tests is printed")
    assert str(error.value).startswith(str(module.PUBLISHED / "li2024" / "beside.csv"))


def test_a_column_too_few_or_too_many_is_named(write) -> None:
    write(auc("SVM", "OR_SVM"), columns=BESIDE[:-1])
    with pytest.raises(BesideError, match=r"columns are .*; needed: page, rule, .*, note"):
        read_beside(LI, "radiomics")


def test_a_paper_without_the_file_has_nothing_beside(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "PUBLISHED", tmp_path)
    found = read_beside(LI, "radiomics")
    assert found.empty and list(found.columns) == [*BESIDE, "model", "split"]


def scores(*models: str) -> pd.DataFrame:
    rng, label = np.random.default_rng(0), np.tile([0, 1], 40)
    ids = [f"p{i}" for i in range(80)]
    parts = [
        pd.DataFrame({"model": model, "split": "test", "patient_id": ids, "label": label}).assign(
            score=rng.normal(size=80) + label
        )
        for model in models
    ]
    return pd.concat(parts, ignore_index=True)


def test_a_difference_is_the_papers_and_judged_by_the_same_difference_here(write) -> None:
    asked = {"page": "radiomics", "rule": "difference", "claim": "a-b", "printed": "OR_KNN",
             "set": "test", "against": "OR_SVM", "against_set": "test", "where": "Table 2",
             "note": "As printed."}  # fmt: skip
    write(auc("near", "OR_KNN"), auc("SVM", "OR_SVM"), asked)
    rows = read_beside(LI, "radiomics", {"near": "neighbours", "SVM": "SVM"})
    made = scores("SVM", "neighbours")
    (claim,) = difference_claims(LI, rows, made)
    found = compare(*(made[made["model"] == name] for name in ("neighbours", "SVM")))
    assert claim[:4] == ("a-b", "Table 2", "AUC of OR_KNN less that of OR_SVM in the test set",
                         "-0.085")  # fmt: skip
    assert claim[4].startswith(f"{found['difference']:+.3f} ({found['low']:+.3f} to ")
    assert claim[5] == verdict.difference(-0.085, found["low"], found["high"])[0]
    assert claim[6] == "As printed."
    assert not list(difference_claims(LI, rows, scores("SVM"))), "one of the two is not here"


def test_the_best_is_asked_of_every_row(write) -> None:
    rows = [
        {"page": "radiomics", "rule": "best", "ours": name, "where": "3"} for name in ("A", "B")
    ]
    write(*rows)
    cv = pd.DataFrame([("A", 0, 0.9), ("A", 1, 0.9), ("B", 0, 0.6), ("B", 1, 0.6)],
                      columns=["classifier", "fold", "auc"])  # fmt: skip
    beside = read_beside(LI, "radiomics")
    found = [row[5] for row in best_claims(beside, cv, ["A", "B"])]
    assert found == ["consistent", "too wide to tell"]
    assert [row.ours for row in judged_by(beside, "best")] == ["A", "B"]

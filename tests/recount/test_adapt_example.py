"""The worked example of the book's page on adapting: what it says of itself is so."""

import re
from pathlib import Path

import pytest

import recount
from ptclnm import published
from ptclnm.paths import BOOK
from recount import RecordError
from recount.audit import claims

PAGE = (BOOK / "how_to_adapt.md").read_text(encoding="utf-8")
HEADS = {
    "groups": "study,where,quote_hint,group,", "counts": "study,where,quote_hint,variable,",
    "performance": "study,where,quote_hint,evaluation_set,", "claims": "claim_id,",
    "relations": "study,where,quote_hint,quantity,total",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example's files, cut out of the page."""
    folder = tmp_path / "demo2025"
    folder.mkdir()
    about = next(b for b in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "endpoint:" in b)
    (folder / "study.yml").write_text(about, encoding="utf-8")
    blocks = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    for name, head in HEADS.items():
        (block,) = [b for b in blocks if b.startswith(head)]
        (folder / f"{name}.csv").write_text(block, encoding="utf-8")
    return folder


def test_the_example_is_audited_as_the_page_says(folder):
    found = recount.audit(published.load(folder))
    totals = found.totals.set_index("key")
    assert (totals.loc["levels:Sex@test_N0", ["printed", "follows"]] == ["30", "31"]).all()
    p = found.p_values.query("variable == 'Age'").set_index("test")
    assert p["p"].round(3).to_dict() == {"Student": 0.079, "Welch": 0.077}
    assert p["reproduces"].all(), "rounding lets either test give 0.079"
    svm = found.split_checks.set_index("model").loc["SVM"]
    assert svm["stated_fit"] == svm["cells"] == 3
    assert found.split_checks.set_index("model").loc["KNN", "stated_fit"] == 2


def test_the_examples_claims_get_verdicts(folder):
    verdicts = claims(recount.audit(published.load(folder))).set_index("claim_id")["verdict"]
    assert verdicts.to_dict() == {
        "demo-sex": "contradicts", "demo-age": "agrees", "demo-better": "cannot be checked",
    }  # fmt: skip


def test_the_error_on_the_page_is_the_error_that_comes(folder):
    for name, old, new in (
        ("counts", "count,14", "count,l4"),
        ("performance", "sensitivity,0.733", "sensitvity,0.733"),
        ("performance", "0.820", "82.0"),
    ):
        file = folder / f"{name}.csv"
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(RecordError) as caught:
        published.load(folder)
    shown = re.findall(r"^  - (.*)$", PAGE, re.MULTILINE)
    shown = [line for line in shown if ".csv, row" in line]
    assert len(shown) == len(caught.value.problems) == 3
    for line in shown:
        start, _, _ = line.partition("…")
        assert any(problem.startswith(start) for problem in caught.value.problems), line

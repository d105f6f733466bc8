"""The verdicts of the README are those of a run, and no other text of it is touched."""

import pytest

from ptclnm.book.project import Project
from ptclnm.book.runner import write_readme
from ptclnm.errors import MissingDataError

README = "# Small\n<!-- verdicts -->\nold\n<!-- /verdicts -->\nThe end.\n"


def test_the_headline_claims_take_the_place_of_the_former_ones(ran: Project) -> None:
    (ran.root / "README.md").write_text(README, encoding="utf-8")
    text = write_readme("quick", ran).read_text(encoding="utf-8")
    assert text.startswith("# Small\n<!-- verdicts -->\n| study |")
    assert "| a | AUC | 0.90 | 0.80 | published | conflicts, if once |" in text
    assert text.endswith("<!-- /verdicts -->\nThe end.\n")
    assert "old" not in text


def test_a_profile_that_has_not_run_is_named(small: Project) -> None:
    (small.root / "README.md").write_text(README, encoding="utf-8")
    with pytest.raises(MissingDataError, match=r"claims.csv. Run: ptclnm run --profile quick"):
        write_readme("quick", small)
    assert (small.root / "README.md").read_text(encoding="utf-8") == README

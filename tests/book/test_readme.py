"""The verdicts of the README are those of a run, and no other text of it is touched."""

from pathlib import Path

import pytest

from ptclnm.book.project import Project
from ptclnm.book.runner import verdict_block, write_readme
from ptclnm.errors import MissingDataError
from ptclnm.paths import ROOT

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


def test_the_readme_shows_what_the_printed_numbers_give(html: Path) -> None:
    """Verdicts on other patients depend on how many there are; those on print do not."""
    block = verdict_block("tiny", Project(build_dir=html.parent))
    printed = [line for line in block.splitlines() if "| published |" in line]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert printed
    assert [line for line in printed if line not in readme] == [], "run: make readme"

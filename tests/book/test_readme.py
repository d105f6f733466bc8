"""The verdicts of the README are those of a run, and no other text of it is touched."""

import os
from pathlib import Path

import pytest

from ptclnm.book.project import Project
from ptclnm.book.readme import verdict_block, write_readme
from ptclnm.errors import MissingDataError
from ptclnm.paths import ROOT

README = "# Small\n<!-- verdicts -->\nold\n<!-- /verdicts -->\nThe end.\n"


def test_the_headline_claims_take_the_place_of_the_former_ones(ran: Project) -> None:
    (ran.root / "README.md").write_text(README, encoding="utf-8")
    text = write_readme("quick", ran).read_text(encoding="utf-8")
    assert text.startswith("# Small\n<!-- verdicts -->\n| study |")
    assert "| a | AUC | 0.90 | 0.80 | published | contradicts |" in text
    assert text.endswith("<!-- /verdicts -->\nThe end.\n")
    assert "old" not in text


def test_pages_that_have_not_run_are_named(small: Project) -> None:
    (small.root / "README.md").write_text(README, encoding="utf-8")
    with pytest.raises(MissingDataError, match="one, two. Run: ptclnm run --profile quick"):
        write_readme("quick", small)
    assert (small.root / "README.md").read_text(encoding="utf-8") == README


@pytest.mark.skipif(
    not os.environ.get("PTCLNM_DATA"),
    reason="PTCLNM_DATA is not set, and verdicts on public data are among the README's",
)
def test_the_readme_shows_what_the_book_finds(html: Path) -> None:
    block = verdict_block("quick", Project(build_dir=html.parent))
    assert block in (ROOT / "README.md").read_text(encoding="utf-8"), "run: make readme"

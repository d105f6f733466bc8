"""The published record says what its tables hold, in five lines first."""

import re

import pandas as pd
import pytest

import recount
from honest_papers import HONEST, KINDS, shares
from ptclnm import published
from ptclnm.pages.published_record import words
from ptclnm.paths import RESULTS
from ptclnm.report.sentences import verdicts
from recount import CONFLICTS, CONTRADICTS, claims


@pytest.fixture(scope="module", params=["li2024", "ni2024"])
def audit(request):
    return recount.audit(published.load(request.param))


def test_the_answer_has_at_most_five_lines_each_of_another_matter(audit):
    judged = claims(audit)
    lines = [line for line in words.answer(judged, audit.study).splitlines() if line[:2] == "- "]
    assert 1 <= len(lines) <= 5 and len(set(lines)) == len(lines)
    assert "{" not in "".join(lines), "every number is filled in"
    order = [line.startswith("- **contradicts**") for line in lines]
    assert order == sorted(order, reverse=True), "what is unconditional comes first"


def test_every_sum_that_fails_has_its_line(audit):
    wrong = audit.totals.query("verdict in ('contradicts', 'conflicts, if')")
    text = words.totals(audit)
    assert text.count("\n- ") == max(len(wrong), 1)
    assert text.startswith(
        f"Verdicts on {len(audit.totals)} sums: agrees {len(audit.totals) - len(wrong)}"
    )


def test_a_split_is_said_to_conflict_only_with_its_premise(audit):
    text = words.splits(audit)
    for row in audit.split_checks.itertuples():
        assert row.premise in text
    sure = (audit.split_checks["verdict"] == CONTRADICTS).any()
    assert (" contradict" in text) == sure


def test_error_rates_are_said_for_none_one_and_many():
    def rates(wrong: int) -> pd.DataFrame:
        found = [("honest", CONTRADICTS)] * wrong + [("honest", CONFLICTS)] * (50 - wrong)
        found += [("copied column", CONTRADICTS)] * 3 + [("copied column", "no accusation")]
        return shares(found)

    assert "50 honest papers drawn by simulation, 0 are accused" in words.error_rates(rates(0))
    assert "1 is accused without a premise" in words.error_rates(rates(1))
    text = words.error_rates(rates(2))
    assert "2 are accused" in text and "96 % conflict under a premise" in text


def test_the_committed_study_judges_every_kind_of_paper_that_can_be_drawn():
    rates = pd.read_csv(RESULTS / "study" / "audit.csv")
    assert list(rates["kind"].unique()) == list(KINDS)
    assert rates.drop_duplicates("kind")["papers"].iloc[0] >= 2_000
    accused = rates[(rates["kind"] == HONEST) & (rates["verdicts"] == CONTRADICTS)]
    assert accused["wrong"].item() == 0


def test_the_rows_of_a_check_are_counted_by_their_verdict(audit):
    found = audit.comparisons["verdict"]
    text = verdicts(audit.comparisons, "comparison")
    assert text.startswith(f"Verdicts on {len(found)} comparison")
    _, *counted = map(int, re.findall(r"\d+", text))
    assert sorted(counted) == sorted(found.value_counts())

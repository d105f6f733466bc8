"""Sentences that a run writes follow from its tables."""

import re

import pandas as pd
import pytest

import recount
from ptclnm import published
from ptclnm.report import sentences
from ptclnm.report.claims import VERDICTS
from ptclnm.report.tables import show
from recount import claims


@pytest.fixture(scope="module")
def audit():
    return recount.audit(published.load("li2024"))


def test_counts_of_verdicts_add_up(audit):
    judged = claims(audit)
    total, *parts = map(int, re.findall(r"\d+", sentences.verdicts(judged)))
    assert total == len(judged) == sum(parts)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "No claims are judged on this page."),
        (["contradicts"], "The one claim on this page contradicts another printed number."),
        (["agrees"] * 2, "All 2 claims on this page agree with the other printed numbers."),
        (
            ["contradicts"] * 2 + ["agrees", "conflicts, if"],
            "Of 4 claims on this page, 1 agrees with the other printed numbers, 2 contradict other "
            "printed numbers and 1 conflicts with another under a premise that is not printed.",
        ),
        (
            ["cannot be checked", "conflicts, if", "conflicts, if"],
            "Of 3 claims on this page, 2 conflict with others under premises that are not printed "
            "and 1 cannot be checked.",
        ),
    ],
)
def test_verdicts_are_counted_in_english(found, said):
    assert sentences.verdicts(pd.DataFrame({"verdict": pd.Series(found, dtype=str)})) == said


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_its_words_for_one_and_for_many(verdict):
    one, many = (
        sentences.verdicts(pd.DataFrame({"verdict": [verdict] * n})).split(" on this page ")[1]
        for n in (1, 3)
    )
    assert (one == many) == (verdict == "cannot be checked")
    assert verdict.split(",")[0].split()[-1].rstrip("s") in one and "themselves" not in many


def test_table_escapes_what_it_shows_and_says_what_it_cuts():
    frame = pd.DataFrame({"a": ["<script>"] * 70, "b": [0.00001] * 70, "c": [True] * 70})
    html = show(frame, {"a": "A", "b": "B", "c": "C"}, "Caption.").data
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "The first 60 of 70 rows" in html and "<td>1e-05</td>" in html and "<td>yes</td>" in html


def test_an_auc_is_phrased_without_limits_that_it_has_not():
    row = {"auc": 1.0, "auc_low": float("nan"), "auc_high": float("nan")}
    assert sentences.auc_text(row) == "1.000 (no interval)"
    printed = {f"reported_{name}": value for name, value in row.items()}
    assert sentences.auc_text(printed, "reported_") == "1.000"
    row = {"auc": 0.7, "auc_low": 0.6, "auc_high": 0.8}
    assert sentences.auc_text(row) == "0.700 (0.600–0.800)"

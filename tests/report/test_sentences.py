"""Sentences that a run writes follow from its tables."""

import re

import pandas as pd
import pytest

from ptclnm import published
from ptclnm.published.claims import claims
from ptclnm.report import sentences
from ptclnm.report.tables import show


@pytest.fixture(scope="module")
def audit():
    return published.audit(published.load("li2024"))


def test_counts_of_verdicts_add_up(audit):
    judged = claims(audit)
    total, *parts = map(int, re.findall(r"\d+", sentences.verdicts(judged)))
    assert total == len(judged) == sum(parts)


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

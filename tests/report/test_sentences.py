"""Sentences that a run writes follow from its tables."""

import re
from html import escape

import pandas as pd
import pytest

import recount
from ptclnm import published
from ptclnm.report import sentences, whose
from ptclnm.report.tables import show
from ptclnm.schema import Cohort
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
        ([], "There is no claim to judge."),
        (["contradicts"], "Verdicts on 1 claim: contradicts 1."),
        (
            ["contradicts"] * 2 + ["cannot be checked", "agrees", "conflicts, if"],
            "Verdicts on 5 claims: agrees 1, contradicts 2, conflicts 1, cannot be checked 1.",
        ),
    ],
)
def test_verdicts_are_counted_in_their_order(found, said):
    assert sentences.verdicts(pd.DataFrame({"verdict": pd.Series(found, dtype=str)})) == said


def test_table_escapes_what_it_shows_and_says_what_it_cuts():
    frame = pd.DataFrame({"a": ["<script>"] * 70, "b": [0.00001] * 70, "c": [True] * 70})
    html = show(frame, "a b c", "Caption.").data
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "The first 60 of 70 rows" in html and "<td>1e-05</td>" in html and "<td>yes</td>" in html


def test_an_auc_is_phrased_without_limits_that_it_has_not():
    row = {"auc": 1.0, "auc_low": float("nan"), "auc_high": float("nan")}
    assert sentences.auc_text(row) == "1.000 (no interval)"
    printed = {f"reported_{name}": value for name, value in row.items()}
    assert sentences.auc_text(printed, "reported_") == "1.000"
    row = {"auc": 0.7, "auc_low": 0.6, "auc_high": 0.8}
    assert sentences.auc_text(row) == "0.700 (0.600–0.800)"


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.5, 0.4, 0.6), "0.500 (0.400–0.600)"),
        ((0.5, -0.4, 0.6), "0.500 (-0.400 to 0.600)"),
        ((0.5, None, None), "0.500"),
        ((None, None, None), "–"),
    ],
)
def test_a_number_stands_with_its_interval_where_it_has_one(numbers, said) -> None:
    assert sentences.spread(*map(pd.to_numeric, numbers)) == said


def test_a_difference_has_a_sign_but_nothing_has_none() -> None:
    row = {"difference": -0.0001, "low": -0.04, "high": 0.03}
    assert sentences.signed(row) == "+0.000 (-0.040 to +0.030)"


@pytest.mark.parametrize(("p", "said"), [(0.0004, "< 0.001"), (0.03, "0.030"), (None, "–")])
def test_a_p_value_is_printed_alike_in_sentences_and_in_tables(p, said) -> None:
    assert sentences.p_text(p) == said
    html = show(pd.DataFrame({"p_holm": [p], "psnr": [30.0]}), "", "Caption.").data
    assert f"<td>{escape(said)}</td><td>30.000</td>" in html


def test_columns_are_headed_alike_on_every_page_those_without_a_heading_by_their_name() -> None:
    frame = pd.DataFrame(columns=["split", "odds_ratio", "p_holm", "tested by", "ICC"], index=[0])
    heads = re.findall("<th>(.*?)</th>", show(frame, "", "Caption.").data)
    assert heads == ["Set", "Odds ratio", "p, Holm", "Tested by", "ICC"]
    assert re.findall("<th>(.*?)</th>", show(frame, "p_holm split", "C.").data) == heads[2::-2]


def patients(evidence: str, labels: list[int], warnings: tuple[str, ...] = ()) -> Cohort:
    """Patients of two sets, the last one's `test`."""
    split = ["train"] * (len(labels) - 1) + ["test"]
    ids = [f"p{i}" for i in range(len(labels))]
    table = pd.DataFrame({"patient_id": ids, "label": labels, "split": split})
    flow = pd.DataFrame()
    return Cohort("mine", "Mine", evidence, "Any node.", table, (), flow, "f", warnings=warnings)


def test_patients_are_introduced_alike_with_what_is_wrong_with_them() -> None:
    assert whose.patients(patients("own", [1, 0, 1], ("Few.", "Old."))) == (
        "**Mine** (evidence: own). Endpoint: Any node. Patients, with the outcome in brackets: "
        "2 (1) in train and 1 (1) in test.\n\n- Few.\n- Old."
    )
    assert whose.patients(patients("own", [0])).endswith("brackets: 1 (0) in test.\n\n")


def test_an_answer_begins_with_its_patients_and_leaves_out_what_is_empty() -> None:
    assert whose.answer(patients("own", [1]), ["So.", ""]) == (
        "::::{div} answer\n- **1 patient, 1 with the outcome**, of Mine (evidence: own).\n- So."
        "\n::::"
    )
    toy = whose.answer(patients("simulated", [0, 0]), [])
    assert "2 patients, 0 with the outcome" in toy and "a **toy cohort**" in toy

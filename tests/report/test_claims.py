"""Claims keep to one vocabulary, one id each, and their text cannot break a table."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptclnm import published
from ptclnm.report.claims import (
    COLUMNS,
    VERDICTS,
    ClaimsError,
    check_claims,
    claim_rows,
    claims_html,
    collect,
    counts_markdown,
    escape_markdown,
    headline_markdown,
    replace_block,
    verdict_badge,
    verdict_counts,
    verdict_words,
)
from ptclnm.report.tables import show_claims
from ptclnm.schema import EVIDENCE, Cohort


def claims(**changes: object) -> pd.DataFrame:
    row = dict.fromkeys(COLUMNS, "x") | {"evidence": "published", "verdict": "agrees"}
    return pd.DataFrame([row | {"premise": ""} | changes])


def test_missing_columns_are_all_named() -> None:
    with pytest.raises(ClaimsError) as error:
        check_claims(claims().drop(columns=["verdict", "premise"]), "page one")
    assert len(error.value.problems) == 2


def test_unknown_words_and_repeated_ids_are_told_at_once() -> None:
    table = pd.concat([claims(verdict="agree"), claims(evidence="printed")])
    with pytest.raises(ClaimsError) as error:
        check_claims(table, "page one")
    told = str(error.value)
    assert len(error.value.problems) == 3
    assert "did you mean 'agrees'" in told
    assert "'printed'" in told
    assert "used more than once" in told


def test_a_premise_stands_where_it_must_and_nowhere_else() -> None:
    wrong = pd.concat([
        claims(claim_id="a", verdict="contradicts", premise="patients are counted"),
        claims(claim_id="b", verdict="conflicts, if", premise=" "),
        claims(claim_id="c", verdict="conflicts, if", premise=None),
        claims(claim_id="d", evidence="printed"),
    ])  # fmt: skip
    with pytest.raises(ClaimsError) as error:
        check_claims(wrong, "page one")
    told = error.value.problems
    assert len(told) == 4, "all at once"
    assert sum("has an empty premise" in line for line in told) == 2
    (given,) = [line for line in told if "'a'" in line]
    assert "'patients are counted'; leave it empty, or call it 'conflicts, if'" in given
    right = pd.concat([
        claims(claim_id="a", verdict="contradicts"),
        claims(claim_id="b", verdict="conflicts, if", premise="patients are counted"),
        claims(claim_id="c", premise="the 2 of 17 that cannot be checked hold too"),
    ])  # fmt: skip
    assert list(check_claims(right, "page one").premise) == list(right.premise)


def test_pages_are_put_together_in_order_and_share_no_id(tmp_path: Path) -> None:
    for page, claim_id in [("b", "1"), ("a", "2"), ("c", "1")]:
        (tmp_path / page).mkdir()
        claims(claim_id=claim_id, headline=page == "a").to_csv(
            tmp_path / page / "claims.csv", index=False
        )
    found = collect({page: tmp_path / page for page in ("b", "a", "empty")})
    assert list(found.page) == ["b", "a"]
    assert list(found.headline) == [False, True]
    assert list(found.columns) == [*COLUMNS, "page", "headline"]
    with pytest.raises(ClaimsError, match="'1' is on pages b, c"):
        collect({page: tmp_path / page for page in ("b", "a", "c")})


def test_printed_values_keep_their_digits(tmp_path: Path) -> None:
    claims(reported="0.930", obtained="007").to_csv(tmp_path / "claims.csv", index=False)
    found = collect({"one": tmp_path})
    assert (found.reported[0], found.obtained[0]) == ("0.930", "007")


def test_counts_have_every_verdict_in_its_fixed_order() -> None:
    counts = verdict_counts(pd.concat([claims(), claims(verdict="cannot be checked")]))
    assert tuple(counts.columns) == VERDICTS
    assert list(counts.loc["x", "published"]) == [1, 0, 0, 0, 0, 0, 1]


def test_counts_never_add_up_over_kinds_of_evidence() -> None:
    kinds = ["own", "simulated", "published", "public"]
    table = pd.concat([claims(study=s, evidence=kind) for s in ("b", "a") for kind in kinds])
    table = pd.concat([table, claims(study="a", evidence="public")])
    counts = verdict_counts(table)
    in_order = ["published", "simulated", "public", "own"]
    assert list(counts.index) == [(study, kind) for study in "ab" for kind in in_order]
    assert list(counts["agrees"]) == [1, 1, 2, 1, 1, 1, 1, 1]
    laid_out = counts_markdown(table).splitlines()
    assert laid_out[0].startswith("| verdict | a, published | a, simulated | a, public | a, own |")
    assert laid_out[2] == "| agrees | 1 | 1 | 2 | 1 | 1 | 1 | 1 | 1 |"
    assert len(laid_out) == 2 + len(VERDICTS)


@pytest.mark.parametrize(
    ("verdict", "premise", "words"),
    [
        ("contradicts", "", "contradicts"),
        ("conflicts, if", "each is counted once", "conflicts, if each is counted once"),
        ("agrees", "both hold", "agrees, if both hold"),
    ],
)
def test_a_verdict_stands_with_its_premise_in_every_table(verdict, premise, words) -> None:
    table = claims(verdict=verdict, premise=premise).assign(page="p", headline=True)
    assert verdict_words(verdict, premise) == words
    assert f"| {words} |" in headline_markdown(table, for_book=False)
    colour = f'<span class="badge-verdict verdict-{verdict.replace(", ", "-")}">'
    cell = verdict_badge(verdict, premise)
    assert cell.startswith(colour) and re.sub("<[^>]*>", "", cell) == words
    for html in (claims_html(table), show_claims(table).data):
        assert f"<td>{cell}</td>" in html
    assert f"| {cell} |" in headline_markdown(table, for_book=True)
    assert f'data-verdict="{verdict}"' in claims_html(table), "filtered by the word alone"


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_claims_about_nodes_are_judged_on_nodes_alone(evidence: str) -> None:
    row = ("auc", "Table 2", "AUC", "0.90", "0.80", "not consistent", "")
    patients = Cohort("p", "P", evidence, "e", pd.DataFrame(), (), pd.DataFrame(), "f")
    (judged, none) = (
        check_claims(claim_rows([row], "deep", published.load("li2024"), cohort, ""), "deep")
        for cohort in (patients, replace(patients, nodes=False))
    )
    assert judged[["quantity", "evidence"]].to_numpy().tolist() == [["AUC, on p", evidence]]
    assert none.empty and list(none) == list(judged)
    assert "lymph nodes are not judged here" in show_claims(none, nodes=False).data
    assert "lymph nodes" not in show_claims(none).data


@given(st.text(min_size=1))
def test_text_stays_within_its_cell(text: str) -> None:
    line = escape_markdown(text)
    assert "\n" not in line
    assert line.count("|") == line.count("\\|")


@given(st.text(alphabet="<>&\"'a \n", min_size=1))
def test_text_cannot_become_markup_of_the_claims_page(text: str) -> None:
    changed = claims(quantity=text, note=text, study=text, premise=f"a {text}")
    html = claims_html(changed.assign(page="p"))
    plain = claims_html(claims().assign(page="p"))
    assert html.count("<") == plain.count("<")
    assert html.count("\n") == plain.count("\n")


def test_only_headlines_are_on_the_front_page() -> None:
    table = pd.concat([claims(quantity="AUC"), claims(quantity="size")])
    table = table.assign(page="one", headline=[True, False])
    assert "size" not in headline_markdown(table, for_book=True)
    assert "[AUC](one.ipynb)" in headline_markdown(table, for_book=True)
    assert "one" not in headline_markdown(table, for_book=False)


def test_a_block_replaces_what_was_between_the_markers() -> None:
    text = "a\n<!-- verdicts -->\nold\n<!-- /verdicts -->\nb\n"
    once = replace_block(text, "new")
    assert once == "a\n<!-- verdicts -->\nnew\n<!-- /verdicts -->\nb\n"
    assert replace_block(once, "new") == once
    with pytest.raises(ClaimsError, match="verdicts"):
        replace_block("no markers", "new")

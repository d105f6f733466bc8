"""Claims keep to one vocabulary, one id each, and their text cannot break a table."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptclnm.report.claims import (
    ALSO,
    COLUMNS,
    VERDICTS,
    ClaimsError,
    check_claims,
    claims_html,
    collect,
    escape_markdown,
    headline_markdown,
    no_claims,
    reach_sentence,
    replace_block,
    verdict_counts,
)


def claims(**changes: object) -> pd.DataFrame:
    row = dict.fromkeys(COLUMNS, "x") | {"evidence": "published", "verdict": "agrees"}
    return pd.DataFrame([row | changes])


def test_missing_columns_are_all_named() -> None:
    with pytest.raises(ClaimsError) as error:
        check_claims(claims().drop(columns=["verdict", "note"]), "page one")
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
    assert list(counts.loc["x"]) == [1, 0, 0, 0, 1]


@given(st.text(min_size=1))
def test_text_stays_within_its_cell(text: str) -> None:
    line = escape_markdown(text)
    assert "\n" not in line
    assert line.count("|") == line.count("\\|")


@given(st.text(alphabet="<>&\"'a \n", min_size=1))
def test_text_cannot_become_markup_of_the_claims_page(text: str) -> None:
    html = claims_html(claims(quantity=text, note=text, study=text).assign(page="p"))
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


def test_claims_that_could_hardly_have_failed_are_counted() -> None:
    weak = claims(verdict="consistent", note="3 patients. The interval also holds 0.5, chance.")
    text = reach_sentence(pd.concat([weak, claims(verdict="consistent")], ignore_index=True))
    assert "Of 2 claims called *consistent*, 1 rests on" in text
    assert reach_sentence(claims(verdict="not consistent", note=f"{ALSO} 0.5.")) == ""
    assert reach_sentence(no_claims()) == ""

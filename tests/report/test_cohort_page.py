"""Page 01's view: the printed table, a cohort on disk, and data that are not there."""

import pytest
from matplotlib.figure import Figure

from ptclnm import published
from ptclnm.cohorts.own.example import write_example
from ptclnm.errors import PtclnmError
from ptclnm.published import published_flow
from ptclnm.report.cohort_page import draw_balance, draw_flow, view
from ptclnm.report.picture_page import compare_with_ddti, draw_gallery, draw_steps, say_realism
from recount import p_values, pair_name, published_table1


def test_printed_table_keeps_every_printed_cell_and_adds_the_reproducing_p():
    li = published.load("li2024")
    table = published_table1(li, p_values(li))
    levels = li.counts[li.counts["where"].str.startswith("Table")]
    assert len(table) == len(
        levels.query("statistic != 'p'").drop_duplicates(["variable", "level"])
    )
    first = table.drop_duplicates("variable").set_index("variable")
    assert first.loc["Gender", "test"] == "125 (76.22)"
    assert first.loc["Age", "train"] == "42.75 ± 11.40"
    printed = first["printed p"].astype(float)
    counts = printed.drop(["Age", "Diameter"])
    assert (abs(first["p"][counts.index] - counts) <= 0.0005).all()


def test_printed_flow_has_the_printed_sizes():
    flow = published_flow(published.load("ni2024"))
    assert list(flow["patients"]) == [854, 350, 150, 374]
    assert flow["step"].iloc[-1] == "split: external, 63 LVLNM"


def test_missing_data_are_named_with_the_remedy_and_draw_nothing(monkeypatch, tmp_path):
    monkeypatch.delenv("PTCLNM_DATA", raising=False)
    monkeypatch.setenv("PTCLNM_FETCHED", str(tmp_path))
    found = view("li2024", "uci_thyroid", 0, 0)
    assert "PTCLNM_DATA" in found.summary() and "ptclnm data fetch uci_thyroid" in found.summary()
    drawn = (
        draw_flow(found),
        draw_balance(found),
        draw_gallery(found.cohort, found.missing, False, 0),
    )
    assert all("Left out" in text for text in drawn)


def test_own_cohort_is_described_by_its_manifest(tmp_path):
    found = view("li2024", str(write_example(tmp_path / "mine")), 0, 0)
    assert found.evidence == "own" and found.cohort.fingerprint[:16] in found.summary()
    assert {"age", "sex", "size"} <= set(found.table1["variable"])
    assert "show_images" in draw_gallery(found.cohort, found.missing, False, 0), (
        "pictures of patients stay private"
    )
    assert isinstance(draw_gallery(found.cohort, found.missing, True, 0), Figure)


def test_unknown_cohort_suggests_the_nearest():
    with pytest.raises(PtclnmError, match="uci_thyroid"):
        view("li2024", "uci_tyroid", 0, 0)


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ("train", "test", "train / test"),
        ("training_NLVLNM", "training_LVLNM", "training: NLVLNM / LVLNM"),
        ("train_yes", "test_yes", "train yes / test yes"),
    ],
)
def test_pairs_say_once_what_they_share(first, second, name):
    assert pair_name(first, second) == name


def test_only_ddti_is_compared_and_only_simulations_are_explained(tmp_path):
    found = view("li2024", str(write_example(tmp_path / "mine")), 0, 0)
    compared = compare_with_ddti(found.cohort, 0)
    assert compared.empty and "on the page of DDTI" in say_realism(compared)
    assert isinstance(draw_steps(found.cohort, 0), str)

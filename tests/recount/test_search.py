"""The search for class splits finds all that brute force finds, and planted truths."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recount
from ptclnm import published
from recount import RecordError
from recount.printed import interval
from recount.search import UNEXPLAINED, cost_map, metrics_of, misses
from recount.stated import confirmed

from .conftest import GROUPS, metric_lines

LIMIT = 26


def row_intervals(cells: dict[str, str], places: int) -> dict:
    return {name: interval(text, places) for name, text in cells.items()}


def brute_force(row: dict, limit: int) -> np.ndarray:
    """Cells left unexplained by every split, from every 2x2 table there is."""
    cost = np.full((limit + 1, limit + 1), UNEXPLAINED)
    for p, n in itertools.product(range(1, limit), repeat=2):
        if p + n <= limit:
            tp, tn = (axis.ravel() for axis in np.mgrid[: p + 1, : n + 1])
            cost[p, n] = min(UNEXPLAINED, misses(row, tp, n - tn, p - tp, tn).min())
    return cost


@st.composite
def printed_rows(draw, required: set[str]) -> dict[str, str]:
    """Metrics of a small 2x2 table, some of them left out, one of them perhaps wrong."""
    p, n = draw(st.integers(2, 12)), draw(st.integers(2, 12))
    tp, tn = draw(st.integers(0, p)), draw(st.integers(0, n))
    exact = metrics_of(*map(np.array, (tp, n - tn, p - tp, tn)))
    places = draw(st.integers(2, 3))
    cells = {name: f"{value:.{places}f}" for name, value in exact.items() if np.isfinite(value)}
    optional = sorted(set(cells) - required)
    left_out = draw(st.sets(st.sampled_from(optional), max_size=2)) if optional else set()
    cells = {name: text for name, text in cells.items() if name not in left_out}
    if draw(st.booleans()):
        wrong = draw(st.sampled_from(sorted(cells)))
        cells[wrong] = f"{draw(st.floats(0, 1)):.{places}f}"
    return cells


@settings(max_examples=60)
@given(printed_rows(required={"sensitivity", "specificity", "accuracy"}))
def test_search_equals_brute_force(cells):
    row = row_intervals(cells, max(len(text) - 2 for text in cells.values()))
    np.testing.assert_array_equal(cost_map(row, LIMIT), brute_force(row, LIMIT))


@settings(max_examples=40)
@given(printed_rows(required={"sensitivity", "specificity", "accuracy", "f1"}))
def test_perfect_splits_are_found_without_sensitivity(cells):
    row = row_intervals({k: v for k, v in cells.items() if k != "sensitivity"}, 3)
    np.testing.assert_array_equal(cost_map(row, LIMIT) == 0, brute_force(row, LIMIT) == 0)


def tables(positive: int, negative: int, count: int, seed: int) -> list[tuple[int, int, int, int]]:
    rng = np.random.default_rng(seed)
    tp = rng.integers(1, positive, count)
    tn = rng.integers(1, negative, count)
    return [(a, negative - b, positive - a, b) for a, b in zip(tp, tn, strict=True)]


def splits_of(found: recount.Audit) -> set[tuple[int, int]]:
    pairs = found.class_split[["n_positive", "n_negative"]]
    return set(pairs.itertuples(index=False, name=None))


@pytest.mark.parametrize("split", [(33, 71), (45, 119), (128, 252), (7, 300)])
def test_planted_split_is_recovered_whatever_is_stated(write_study, split):
    rows = [
        line
        for i, table in enumerate(tables(*split, 5, seed=split[0]))
        for line in metric_lines("test", f"M{i}", table)
    ]
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)))
    pairs = splits_of(found)
    assert split in pairs
    if min(split) > 30:  # with fewer, three digits leave room for near multiples
        assert all(a * split[1] == b * split[0] for a, b in pairs), "all others are multiples"
    assert set(found.class_split["stated_positive"]) == {30}
    verdicts = found.split_checks["verdict"].value_counts()
    assert verdicts["contradicts"] >= 4, "one row alone may fit with some patients missing"
    assert set(verdicts.index) <= {"contradicts", "conflicts, if"}
    assert confirmed(found.splits)["found"].all()


def test_a_wrong_cell_is_named_with_what_it_should_be(write_study):
    first, *rest = tables(33, 71, 5, seed=3)
    rows = metric_lines("test", "Bad", first, npv="0.111")
    rows += [line for i, t in enumerate(rest) for line in metric_lines("test", f"M{i}", t)]
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)))
    assert (33, 71) in splits_of(found)
    (cell,) = found.cells.itertuples()
    assert (cell.model, cell.metric, cell.printed) == ("Bad", "npv", "0.111")
    assert cell.follows == f"{first[3] / (first[3] + first[2]):.3f}"


def test_a_copied_cell_names_its_source(write_study):
    first, *rest = tables(33, 71, 5, seed=5)
    sensitivity = f"{first[0] / 33:.3f}"
    rows = metric_lines("test", "Bad", first, npv=sensitivity)
    rows += [line for i, t in enumerate(rest) for line in metric_lines("test", f"M{i}", t)]
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)))
    assert list(found.cells["same_as"]) == ["sensitivity of the same row"]


def test_a_row_of_another_set_is_named_as_such(write_study):
    rows = []
    for name, split, seed in (("train", (61, 139), 1), ("test", (31, 69), 2)):
        for i, table in enumerate(tables(*split, 4, seed)):
            rows += metric_lines(name, f"M{i}", table)
    rows += metric_lines("test", "Swapped", (47, 30, 14, 109))
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)))
    checks = found.split_checks.set_index(["evaluation_set", "model"])
    assert checks.loc[("test", "Swapped"), "fits_set"] == "train"
    assert (checks["fits_set"] != "").sum() == 1
    assert "the row fits the split of another set" in set(found.cells["problem"])


def test_stated_split_that_holds_agrees(write_study):
    rows = [
        line
        for i, t in enumerate(tables(30, 70, 4, 9))
        for line in metric_lines("test", f"M{i}", t)
    ]
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)))
    assert set(found.split_checks["verdict"]) == {"agrees"}
    sums = found.confusion[["tp", "fn"]].sum(axis=1), found.confusion[["fp", "tn"]].sum(axis=1)
    assert set(sums[0]) == {30} and set(sums[1]) == {70}


def test_dropped_trailing_zeros_are_read_at_the_tables_precision(write_study):
    # 12/15 = 0.800 and 12/50 = 0.240 are printed as 0.8 and 0.24.
    rows = metric_lines("test", "M", (12, 38, 3, 97), sensitivity="0.8", ppv="0.24", npv="0.97")
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)), limit=200)
    assert splits_of(found) == {(15, 135)}


def test_a_row_that_nothing_explains_is_said_to_be_so(write_study):
    rows = metric_lines("test", "M", (12, 38, 3, 97), sensitivity="0.123", npv="0.456", ppv="0.9")
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)), limit=300)
    assert found.class_split.empty
    assert list(found.cells["problem"]) == ["no class split explains all of its cells but one"]


def test_small_third_paper_without_optional_tables_is_audited(write_study):
    rows = metric_lines("test", "M", (20, 10, 10, 60))
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)))
    assert (30, 70) in splits_of(found)
    assert found.auc.empty and found.comparisons.empty and found.features.empty


def test_every_problem_of_bad_input_is_reported_at_once(write_study):
    rows = ["demo,Table 2,h,tset,yes,A,sensitivty,1.8", "demo,Table 2,h,test,yes,A,auc,x"]
    counts = ["demo,Table 1,h,Sex,male,all,count,12.5", "demo,Table 1,h,Sex,female,all,count,-3"]
    with pytest.raises(RecordError) as caught:
        published.load(write_study(groups=GROUPS, performance=rows, counts=counts))
    text = str(caught.value)
    for part in (
        "performance.csv, row 2, column 'metric': found 'sensitivty'", "did you mean 'sensitivity'",
        "performance.csv, row 2, column 'value': found '1.8'; must be a number from 0 to 1",
        "performance.csv, row 3, column 'value': found 'x'",
        "counts.csv, row 2, column 'value': found '12.5'",
        "counts.csv, row 3, column 'value': found '-3'",
    ):  # fmt: skip
        assert part in text
    assert len(caught.value.problems) == 5


def test_missing_column_unknown_group_and_ragged_row_are_named(write_study):
    folder = write_study(groups=GROUPS, performance=["demo,T,h,tset,yes,A,auc,0.8"])
    with pytest.raises(RecordError, match="row 2, column 'evaluation_set': found 'tset'.*'test'"):
        published.load(folder)
    (folder / "performance.csv").write_text("study,where,quote_hint,evaluation_set,model,value\n")
    with pytest.raises(RecordError, match="performance.csv: column 'metric' is missing"):
        published.load(folder)
    (folder / "counts.csv").write_text("study,where\na,b,c\n")
    with pytest.raises(RecordError, match="counts.csv, row 2: found 3 cells, the header has 2"):
        published.load(folder)
    (folder / "groups.csv").unlink()
    with pytest.raises(RecordError, match="groups.csv is missing"):
        published.load(folder)


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_hostile_bytes_raise_only_the_named_error(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("hostile") / "demo"
    folder.mkdir()
    (folder / "study.yml").write_bytes(content)
    for name in ("groups", "counts", "performance"):
        (folder / f"{name}.csv").write_bytes(content)
    with pytest.raises(RecordError):
        published.load(folder)


def test_unknown_study_suggests_the_nearest():
    with pytest.raises(RecordError, match="did you mean 'li2024'"):
        published.load("li2023")

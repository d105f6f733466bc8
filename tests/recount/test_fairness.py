"""What the audit must not accuse a paper of, and what it must survive."""

import pandas as pd
import pytest

import recount
from ptclnm import published
from ptclnm.pages.published_record import figures, words
from recount import RecordError
from recount.audit import claims
from recount.printed import alike
from recount.stated import ONE_CUT_OFF
from recount.totals import pooled, pooled_bounds

from .conftest import GROUPS, metric_lines

AUC = "demo,Table 2,h,test,yes"


def audited(write_study, **tables) -> recount.Audit:
    return recount.audit(published.load(write_study(groups=GROUPS, **tables)))


def aucs(model: str, value: str, low: str, high: str) -> list[str]:
    cells = {"auc": value, "auc_low": low, "auc_high": high}
    return [f"{AUC},{model},{metric},{text}" for metric, text in cells.items()]


def test_one_wrong_cell_does_not_make_the_stated_split_wrong(write_study):
    rows = metric_lines("test", "A", (21, 9, 9, 61), f1="0.111")
    rows += metric_lines("test", "B", (25, 20, 5, 50))
    found = audited(write_study, performance=rows)
    assert set(found.split_checks["verdict"]) == {"agrees"}
    assert list(found.cells["metric"]) == ["f1"]


def test_the_stated_split_is_preferred_where_it_is_as_good_as_another(write_study):
    cells = metric_lines("test", "M", (20, 14, 10, 56))
    rows = [line for line in cells if ",accuracy," in line or ",sensitivity," in line]
    rows += [line for line in cells if ",specificity," in line]
    found = audited(write_study, performance=rows)
    assert found.confusion[["tp", "fp", "fn", "tn"]].to_numpy().tolist() == [[20, 14, 10, 56]]
    assert "Stated: 30/70. Verdicts on 1 row: agrees 1" in words.splits(found)


def test_no_cell_is_accused_where_several_could_be_wrong(write_study):
    rows = [f"{AUC},M,sensitivity,0.123", f"{AUC},M,specificity,0.800", f"{AUC},M,ppv,0.632"]
    found = audited(write_study, performance=rows)
    assert not set(found.cells["metric"]) & {"sensitivity", "specificity", "ppv"}


def test_unexplained_rows_are_not_taken_for_other_patients(write_study):
    rows = metric_lines("test", "A", (12, 38, 3, 97), sensitivity="0.123", npv="0.456", ppv="0.9")
    rows += metric_lines("test", "B", (25, 20, 5, 50))
    rows += aucs("A", "0.80", "0.70", "0.90") + aucs("B", "0.70", "0.60", "0.80")
    compared = ["demo,Text,h,A,test,B,test,p,0.040"]
    found = audited(write_study, performance=rows, comparisons=compared)
    assert list(found.comparisons["verdict"]) == ["cannot be checked"]


def test_rounding_is_given_its_room_in_comparisons(write_study):
    rows = aucs("A", "0.878", "0.82", "0.94") + aucs("B", "0.722", "0.65", "0.79")
    compared = [
        "demo,Text,h,A,test,B,test,auc_difference,0.157",
        "demo,Text,h,A,test,B,test,p,0.000",
        "demo,Text,h,A,test,A,test,greater_auc,",
    ]
    verdicts = audited(write_study, performance=rows, comparisons=compared).comparisons["verdict"]
    assert verdicts.iloc[0] == "agrees"
    assert verdicts.iloc[1] == "cannot be checked"
    assert verdicts.iloc[2] == "cannot be checked"


def test_a_column_of_two_decimals_beside_three_is_read_as_such(write_study):
    rows = []
    for i, table in enumerate([(25, 20, 5, 50), (20, 14, 10, 56), (28, 33, 2, 37)]):
        accuracy = f"{(table[0] + table[3]) / 100 + 0.0:.2f}"
        rows += metric_lines("test", f"M{i}", table, accuracy=accuracy)
    found = audited(write_study, performance=rows)
    assert found.cells.empty and set(found.split_checks["verdict"]) == {"agrees"}


def test_an_interval_cut_at_one_is_no_contradiction_and_a_perfect_auc_no_crash(write_study):
    rows = [line for i in range(9) for line in aucs(f"M{i}", "0.800", "0.700", "0.900")]
    rows += aucs("Cut", "0.950", "0.880", "1.000") + aucs("Perfect", "1.000", "1.000", "1.000")
    rows += metric_lines("test", "M0", (25, 20, 5, 50))
    assert set(audited(write_study, performance=rows).auc["verdict"]) == {"agrees"}


def test_a_lone_off_centre_interval_conflicts_if_it_is_meant_to_be_symmetric(write_study):
    rows = [line for i in range(9) for line in aucs(f"M{i}", "0.800", "0.700", "0.900")]
    rows += aucs("Odd", "0.800", "0.600", "0.900")
    verdicts = audited(write_study, performance=rows).auc.set_index("model")["verdict"]
    assert verdicts["Odd"] == "conflicts, if" and (verdicts.drop("Odd") == "agrees").all()


def test_a_yes_no_reading_of_two_decimals_has_the_room_of_two_decimals(write_study):
    # 25/30 and 59/70: the AUC is 0.838, printed 0.84, from 0.83 and 0.84.
    rows = metric_lines("test", "Reader", (25, 11, 5, 59))
    rows = [f"{line.rpartition(',')[0]},{float(line.rpartition(',')[2]):.2f}" for line in rows]
    rows += aucs("Reader", "0.84", "0.75", "0.93")
    counts = [f"demo,Table 1,h,Reader,{w},test,count,{n}" for w, n in (("Yes", 36), ("No", 64))]
    found = audited(write_study, performance=rows, counts=counts)
    assert list(found.auc["verdict"]) == ["agrees"]


def test_counts_repeated_in_the_text_and_a_lone_level_are_read(write_study):
    counts = [
        "demo,Table 1,h,Sex,male,train,count,80", "demo,Table 1,h,Sex,male,test,count,40",
        "demo,Text,h,Sex,male,test,count,40", "demo,Table 1,h,Sex,,train;test,p,1.000",
        "demo,Table 1,h,Stage,,train;test;all,p,0.300",
    ]  # fmt: skip
    rows = metric_lines("test", "M", (25, 20, 5, 50))
    found = audited(write_study, performance=rows, counts=counts)
    p = found.p_values
    assert (p[p["variable"] == "Sex"]["p"] > 0.99).any(), "women are the rest of the group"
    assert p.set_index("variable").loc["Stage", "verdict"] == "cannot be checked"
    assert not (found.totals["verdict"] == "contradicts").any()


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("60", "60.00", True), ("43.0", "43.03", True), ("<0.05", "0.013", True),
        ("<0.05", "0.060", False), ("43.1", "43.03", False), ("41", "47", False),
    ],
)  # fmt: skip
def test_printings_are_compared_as_numbers(first, second, same):
    assert alike(first, second) == alike(second, first) == same


def test_pooled_bounds_hold_every_unrounded_input():
    import numpy as np

    rng = np.random.default_rng(0)
    for _ in range(300):
        exact = [(rng.normal(40, 5), rng.uniform(5, 15), int(rng.integers(5, 300)))
                 for _ in range(int(rng.integers(2, 6)))]  # fmt: skip
        places = int(rng.integers(0, 3))
        printed = [(f"{m:.{places}f}", f"{s:.{places}f}", n) for m, s, n in exact]
        for value, (low, high) in zip(pooled(exact), pooled_bounds(printed), strict=True):
            assert low <= value <= high


def test_an_undefined_metric_printed_as_zero_is_no_contradiction(write_study):
    rows = [f"{AUC},M,{name},{text}" for name, text in (
        ("sensitivity", "0.000"), ("specificity", "1.000"), ("accuracy", "0.700"), ("ppv", "0.000"),
        ("npv", "0.700"), ("f1", "0.000"))]  # fmt: skip
    found = audited(write_study, performance=rows)
    assert found.cells.empty and list(found.split_checks["verdict"]) == ["agrees"]


def test_circles_and_empty_groups_are_named(write_study):
    groups = ["demo,T,h,a,b,,10", "demo,T,h,b,a,,10", "demo,T,h,c,,,0"]
    with pytest.raises(RecordError) as caught:
        published.load(write_study(groups=groups))
    text = str(caught.value)
    assert "a < b < a is a circle" in text and "found '0'; a group has patients" in text


def test_a_relation_that_names_nothing_is_an_error(write_study):
    relations = ["demo,T,h,men,Sex=male@all,Sex=mael@train"]
    with pytest.raises(RecordError, match="'Sex=mael@train' is not printed"):
        audited(write_study, relations=relations, performance=[f"{AUC},A,auc,0.8"])


def test_pages_survive_a_paper_that_prints_next_to_nothing(write_study):
    found = audited(write_study, performance=[f"{AUC},A,auc,0.8"])
    judged = claims(found)
    assert "No claim" in words.answer(judged, found.study)
    for draw, table in (
        (figures.auc_forest, found.auc), (figures.split_maps, found),
    ):  # fmt: skip
        assert isinstance(draw(table), str)
    for say in (words.splits, words.shares, words.totals, words.p_values, words.cells,
                words.auc, words.balance, words.moved, words.statements):  # fmt: skip
        assert isinstance(say(found), str)


def test_two_decimals_are_searched_within_memory(write_study):
    rows = metric_lines("test", "M", (25, 20, 5, 50))
    rows = [f"{line.rpartition(',')[0]},{float(line.rpartition(',')[2]):.2f}" for line in rows]
    found = recount.audit(published.load(write_study(groups=GROUPS, performance=rows)), limit=150)
    pairs = set(zip(found.class_split["n_positive"], found.class_split["n_negative"], strict=True))
    assert (30, 70) in pairs and len(pairs) > 10
    assert isinstance(found.confusion, pd.DataFrame)


def rows_of(split: tuple[int, int], models: int = 4, **written) -> list[str]:
    """Performance rows of several models on one split."""
    tables = [
        (round(split[0] * (0.9 - 0.05 * i)), round(split[1] * (0.2 + 0.05 * i)))
        for i in range(models)
    ]
    return [
        line
        for i, (tp, fp) in enumerate(tables)
        for line in metric_lines(
            "test", f"M{i}", (tp, fp, split[0] - tp, split[1] - fp), **written
        )
    ]  # fmt: skip


def test_images_counted_as_patients_are_an_accusation_only_under_that_premise(write_study):
    rows = rows_of((53, 127))
    about = {"images_per_patient": "[1, 3]"}
    checks = audited(write_study, about=about, performance=rows).split_checks
    assert set(checks["verdict"]) == {"conflicts, if"}
    assert set(checks["premise"]) == {"patients are counted, not images"}
    assert set(checks["as_images"]) == {"53/127"}
    checks = audited(write_study, performance=rows).split_checks
    assert set(checks["verdict"]) == {"contradicts"}, "one image a patient is printed"


def test_a_few_missing_patients_are_an_accusation_only_under_that_premise(write_study):
    checks = audited(write_study, performance=rows_of((29, 67))).split_checks
    assert set(checks["verdict"]) == {"conflicts, if"}
    assert set(checks["premise"]) == {"no patient of the set is missing from the row"}


def test_an_unnamed_set_may_be_another_one(write_study):
    groups = [*GROUPS, "demo,T,h,other,all,,180", "demo,T,h,other_p,other,positive,53",
              "demo,T,h,other_n,other,negative,127"]  # fmt: skip
    rows = [line.replace(",yes,", ",no,") for line in rows_of((53, 127))]
    folder = write_study(groups=groups, performance=rows)
    checks = recount.audit(published.load(folder)).split_checks
    assert set(checks["premise"]) == {"the set, which is not named, is the test one"}


def test_one_other_split_of_exactly_the_stated_size_behind_all_rows_contradicts(write_study):
    about = {"images_per_patient": "[1, 2]"}
    checks = audited(write_study, about=about, performance=rows_of((34, 66), 6)).split_checks
    assert set(checks["verdict"]) == {"contradicts"} and (checks["premise"] == "").all()


def test_another_printed_total_of_the_outcome_may_be_the_one_meant(write_study):
    counts = [
        f"demo,Table 1,h,{name},yes,test,count,{n}" for name, n in (("Any", 30), ("Seen", 34))
    ]
    relations = ["demo,Table 1,h,outcome,Any=yes@test,Seen=yes@test"]
    found = audited(
        write_study, performance=rows_of((34, 66), 6), counts=counts, relations=relations
    )
    assert set(found.split_checks["premise"]) == {"the outcome is present"}


def cut_rows(*tables: tuple[int, int, int, int]) -> list[str]:
    """Rows of models M0, M1, … whose digits are cut off after the third."""
    lines = [
        line
        for i, table in enumerate(tables)
        for line in metric_lines("test", f"M{i}", table, **_four_digits(table))
    ]
    return [line[:-1] for line in lines]


def test_digits_that_were_cut_off_are_no_contradiction(write_study):
    rows = cut_rows((27, 14, 3, 56), (22, 9, 8, 61), (25, 31, 5, 39), (17, 5, 13, 65))
    found = audited(write_study, performance=rows)
    assert set(found.split_checks["verdict"]) == {"agrees"} and found.cells.empty
    assert set(found.split_checks["follows"]) == {"fits, if digits were cut off and not rounded"}


def test_a_row_that_only_its_accuracy_spoils_is_accused_only_on_that_premise(write_study):
    # The study's digits are read as cut off; this row's are rounded.
    rows = cut_rows((27, 14, 3, 56), (22, 9, 8, 61), (25, 31, 5, 39))
    rounded = metric_lines("test", "Rounded", (22, 14, 8, 56), accuracy="0.911")
    wrong = metric_lines("test", "Wrong", (12, 38, 3, 97), sensitivity="0.123", npv="0.456")
    study = published.load(write_study(groups=GROUPS, performance=rows + rounded + wrong))
    found = recount.audit(study, limit=300).cells.set_index("model")
    assert set(found["problem"]) == {"no class split explains all of its cells but one"}
    assert found.loc["Rounded", "premise"] == ONE_CUT_OFF
    assert found.loc["Wrong", "verdict"] == "contradicts"


def _four_digits(table: tuple[int, int, int, int]) -> dict[str, str]:
    tp, fp, fn, tn = table
    exact = {"accuracy": (tp + tn) / sum(table), "sensitivity": tp / (tp + fn),
             "specificity": tn / (tn + fp), "ppv": tp / (tp + fp), "npv": tn / (tn + fn),
             "f1": 2 * tp / (2 * tp + fp + fn)}  # fmt: skip
    return {name: f"{value:.9f}"[:6] for name, value in exact.items()}


def test_an_accuracy_at_another_cut_off_is_an_accusation_only_under_that_premise(write_study):
    rows = [
        line
        for i, table in enumerate([(27, 14, 3, 56), (22, 9, 8, 61), (25, 31, 5, 39)])
        for line in metric_lines("test", f"M{i}", table, accuracy=f"0.{70 + i}0")
    ]
    found = audited(write_study, performance=rows)
    assert set(found.split_checks["verdict"]) == {"agrees"}
    assert set(found.cells["metric"]) == {"accuracy"}
    assert set(found.cells["verdict"]) == {"conflicts, if"}
    assert found.cells["premise"].str.contains("same cut-off").all()


def test_compared_rows_of_other_shares_contradict_unless_some_cases_may_be_missing(write_study):
    def compared(first: tuple, second: tuple) -> str:
        rows = metric_lines("test", "A", first) + metric_lines("test", "B", second)
        pairs = ["demo,Text,h,A,test,B,test,greater_auc,"]
        (row,) = audited(
            write_study, performance=rows, comparisons=pairs
        ).compared_shares.itertuples()
        return row.verdict

    assert compared((25, 20, 5, 50), (20, 10, 10, 60)) == "agrees"
    assert compared((25, 20, 5, 50), (20, 10, 7, 60)) == "conflicts, if", "three are missing"
    assert compared((25, 20, 5, 50), (10, 10, 5, 75)) == "contradicts"


def test_a_lone_level_larger_than_its_group_is_a_contradiction_and_no_crash(write_study):
    counts = [
        "demo,Table 1,h,Sex,male,train,count,80", "demo,Table 1,h,Sex,male,test,count,140",
        "demo,Table 1,h,Sex,,train;test,p,0.500",
    ]  # fmt: skip
    rows = metric_lines("test", "M", (25, 20, 5, 50))
    found = audited(write_study, performance=rows, counts=counts)
    assert set(found.p_values["verdict"]) == {"cannot be checked"}
    totals = found.totals.set_index("key")
    assert totals.loc["levels:Sex@test", "verdict"] == "contradicts"


def test_an_auc_may_lie_beyond_a_limit_whose_digits_were_cut_off(write_study):
    rows = aucs("Cut", "0.994", "0.94", "0.99") + aucs("Out", "0.994", "0.94", "0.98")
    verdicts = audited(write_study, performance=rows).auc.set_index("model")["verdict"]
    assert verdicts["Cut"] != "contradicts" and verdicts["Out"] == "contradicts"


def test_the_size_of_a_class_is_its_largest_sum_over_levels(write_study):
    groups = ["demo,T,h,all,,,60", "demo,T,h,test,all,,60", "demo,T,h,test_p,test,positive,",
              "demo,T,h,test_n,test,negative,"]  # fmt: skip
    counts = [
        f"demo,Table 1,h,{variable},{level},{group},count,{n}"
        for variable, lost in (("First", 2), ("Second", 0))
        for group, sizes in (("test_p", (8, 12)), ("test_n", (15, 25)))
        for level, n in zip(("No", "Yes"), (sizes[0] - lost, sizes[1]), strict=True)
    ]
    study = published.load(write_study(groups=groups, counts=counts))
    assert study.stated_split("test") == (20, 40)

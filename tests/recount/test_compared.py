"""Pairs of models: McNemar's bounds, families of tests, statements, accuracy of calling nobody."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar

from ptclnm import published
from recount import RecordError
from recount.comparisons import (
    discordance,
    families,
    late_inputs,
    mcnemar_bounds,
    mcnemar_exact,
    only_second,
    statements,
)
from recount.splits import calling_nobody

from .conftest import GROUPS, metric_lines

TABLE = ["evaluation_set", "model", "tp", "fp", "fn", "tn"]
AUC = "demo,Table 2,h,test,yes"


@pytest.mark.parametrize(("first", "second"), [(0, 11), (5, 16), (8, 8), (1, 0)])
def test_exact_mcnemar_equals_statsmodels(first, second):
    expected = mcnemar([[7, first], [second, 3]], exact=True).pvalue
    assert mcnemar_exact(first, second) == pytest.approx(expected)


@settings(max_examples=40)
@given(st.integers(1, 7), st.data())
def test_bounds_are_those_over_every_way_to_pair_the_patients(of, data):
    a, b = (data.draw(st.integers(0, of)) for _ in "ab")
    first = np.arange(of) < a
    tried = [np.isin(np.arange(of), right) for right in itertools.combinations(range(of), b)]
    found = [mcnemar_exact(int((first & ~second).sum()), int((second & ~first).sum()))
             for second in tried]  # fmt: skip
    bounds = mcnemar_bounds(a, b, [only_second(a, b, of)])
    assert bounds == pytest.approx((min(found), max(found)))


def test_li_sensitivity_falls_by_a_move_of_the_cut_off():
    rows = [
        ("test", "SR_SVM", 29, 8, 16, 111), ("test", "OR_SVM", 40, 50, 5, 69),
        ("test", "SR_KNN", 26, 12, 19, 107), ("test", "OR_KNN", 14, 4, 31, 115),
    ]  # fmt: skip
    found = discordance(published.load("li2024"), pd.DataFrame(rows, columns=TABLE))
    assert len(found) == 6, "pairs without 2x2 tables are left out"
    found = found.set_index("key")
    sensitivity = found.loc["test/SR_SVM~OR_SVM/sensitivity"]
    assert tuple(sensitivity[["count_a", "count_b", "of"]]) == (29, 40, 45)
    assert sensitivity["p_low"] == pytest.approx(2 * 0.5**11)
    assert (
        sensitivity["p_high"] == pytest.approx(mcnemar_exact(5, 16))
        and sensitivity["p_high"] < 0.05
    )
    specificity = found.loc["test/SR_SVM~OR_SVM/specificity"]
    assert tuple(specificity[["count_a", "count_b", "of"]]) == (111, 69, 119)
    assert "depends on the pairing" in found.loc["test/SR_KNN~OR_KNN/sensitivity", "follows"]


def test_several_tables_widen_the_bounds_and_other_patients_give_none(write_study):
    folder = write_study(groups=GROUPS, comparisons=["demo,T,h,A,test,B,test,greater_auc,"])
    study = published.load(folder)
    rows = [("test", "A", 20, 10, 10, 60), ("test", "B", 25, 10, 5, 60)]
    one = discordance(study, pd.DataFrame(rows, columns=TABLE))
    more = [*rows, ("test", "B", 24, 10, 6, 60)]
    both = discordance(study, pd.DataFrame(more, columns=TABLE))
    assert (
        both["p_high"].iloc[0] > one["p_high"].iloc[0]
        and both["p_low"].iloc[0] == one["p_low"].iloc[0]
    )
    other = [rows[0], ("test", "B", 25, 10, 6, 60)]
    assert discordance(study, pd.DataFrame(other, columns=TABLE)).empty


def family(write_study, *rows: str) -> pd.DataFrame:
    compared = [f"demo,{row}" for row in rows]
    return families(published.load(write_study(groups=GROUPS, comparisons=compared)))


def test_li_smallest_p_of_four_is_not_significant_over_the_family():
    (found,) = families(published.load("li2024")).itertuples()
    assert (found.key, found.tests, found.printed) == ("Results 3.2", 4, "0.013")
    assert found.adjusted == pytest.approx(0.052)
    assert (found.verdict, found.premise) == ("conflicts, if", "the 4 tests are one family")


def test_a_family_needs_two_tests_and_a_number_and_gets_the_benefit_of_rounding(write_study):
    denied = "T,h,C,test,D,test,not_significant,"
    assert family(write_study, "T,h,A,test,B,test,p,0.030").empty
    assert family(write_study, "T,h,A,test,B,test,p_below,0.05", denied).empty
    assert family(write_study, "T,h,A,test,B,test,p,0.030", "U" + denied[1:]).empty, "other place"
    for p, verdict in (("0.024", "agrees"), ("0.025", "agrees"), ("0.026", "conflicts, if"),
                       ("0.300", "agrees")):  # fmt: skip
        found = family(write_study, f"T,h,A,test,B,test,p,{p}", denied)
        assert list(found["verdict"]) == [verdict], p
    twice = family(write_study, "T,h,A,test,B,test,p,0.030", "T,h,A,test,B,test,p,0.030", denied)
    assert list(twice["tests"]) == [2], "one comparison printed twice is one test"


def test_li_text_against_its_other_text():
    found = statements(published.load("li2024"))
    significant = found[found["statement"] == "significant"].set_index("model_a")["verdict"]
    assert significant["SR_SVM"] == "agrees"
    assert set(significant.drop("SR_SVM")) == {"conflicts, if"} and len(significant) == 4
    best = found[found["statement"] == "best_auc"].set_index(["model_a", "where"])
    deep = best.loc["SR_ResNet101", "Results 3.2"]
    assert deep["verdict"] == "conflicts, if" and "0.814 of OR_DenseNet121" in deep["follows"]
    assert best.loc["SR_SVM", "Results 3.2"]["verdict"] == "agrees"
    parts = found[found["statement"] == "adds_more"].set_index("model_a")
    assert parts.loc["SR_SVM", "follows"] == (
        "SR_SVM adds +0.050 to Nomogram_C, which adds +0.052 to SR_SVM"
    )
    assert set(parts["verdict"]) == {"conflicts, if"}


def told(write_study, *rows: str, **tables) -> pd.DataFrame:
    performance = [f"{AUC},{name},auc,{value}" for name, value in
                   (("A", "0.80"), ("B", "0.70"), ("C", "0.85"))]  # fmt: skip
    lines = [f"demo,Text,h,{row}" for row in rows]
    folder = write_study(groups=GROUPS, performance=performance, statements=lines, **tables)
    return statements(published.load(folder))


def test_statements_without_a_premise_contradict_and_open_ones_stay_open(write_study):
    found = told(
        write_study, "best_auc,test,A,B,,", "best_auc,test,A,B;C,,", "significant,test,A,B,,",
        "significant,test,B,C,,", "significant,test,A,C,,", "adds_more,test,A,B,C,",
        comparisons=["demo,T,h,C,test,B,test,not_significant,", "demo,T,h,A,test,C,test,p,0.20"],
    )  # fmt: skip
    assert list(found["verdict"]) == [
        "agrees", "contradicts", "cannot be checked", "contradicts", "contradicts", "agrees",
    ]  # fmt: skip


def test_a_statement_on_a_model_without_auc_is_an_error(write_study):
    with pytest.raises(RecordError, match="no AUC of 'A' is printed for 'train'"):
        told(write_study, "best_auc,train,A,B,,")
    with pytest.raises(RecordError, match="row 2, column 'model_b': found 'B;BB'; did you"):
        told(write_study, "best_auc,test,A,B;BB,,")


def test_an_input_that_is_no_variable_is_named(write_study):
    design = ["demo,T,h,A,train,3,0.8,Age"]
    with pytest.raises(RecordError, match="design.csv, row 2, column 'inputs': found 'Age'"):
        published.load(write_study(groups=GROUPS, design=design))


def test_inputs_that_are_known_only_afterwards(write_study):
    found = late_inputs(published.load("li2024")).set_index("variable")
    assert list(found.index[found["verdict"] == "conflicts, if"]) == ["Multifocality"]
    assert found.loc["Multifocality", "premise"] == ("Multifocality was known afterwards only")
    assert set(found.drop("Multifocality")["verdict"]) == {"agrees"}
    assert late_inputs(published.load("ni2024")).empty


def test_li_candidates_of_the_clinical_model_are_recounted():
    study = published.load("li2024")
    table = study.counts[study.counts["where"] == "Table 1"]
    excluded = {"CLNM", "Location of LNM", "Surgical Methods", "Radiologist"}
    levels = table[~table["variable"].isin(excluded)].groupby("variable")["level"].nunique()
    numeric = table[table["statistic"] == "mean"]["variable"].unique()
    # The empty level of a variable is that of its p-value.
    parameters = (levels - 2).where(~levels.index.isin(numeric), 1)
    known = parameters.drop(study.about["known_after"])
    printed = study.design[study.design["basis"] == "counted"]["predictors"].astype(int)
    assert [known.sum(), parameters.sum()] == list(printed)


def test_calling_nobody_positive_is_held_beside_the_printed_accuracy(write_study):
    rows = metric_lines("test", "Low", (20, 20, 10, 50)) + metric_lines(
        "test", "High", (20, 5, 10, 65)
    )
    rows += metric_lines("test", "Even", (20, 10, 10, 60), accuracy="0.70")
    study = published.load(write_study(groups=GROUPS, performance=rows))
    shares = pd.DataFrame(
        [("test", name, "Table 2", 0.295, 0.305) for name in ("Low", "High", "Even")],
        columns=["evaluation_set", "model", "where", "low", "high"],
    )
    found = calling_nobody(study, shares).set_index("model")
    assert found["beaten"].to_dict() == {"Low": "perhaps", "High": "yes", "Even": "perhaps"}
    rare = calling_nobody(study, shares.assign(low=0.15, high=0.16)).set_index("model")
    assert rare["beaten"].to_dict() == {"Low": "no", "High": "perhaps", "Even": "no"}
    assert found.loc["Low", "follows"] == "calling nobody positive has 0.700"


def test_ni_models_are_less_often_right_than_calling_nobody_positive():
    shares = pd.DataFrame(
        [("internal", "Thy-DL", "Figure 5", 0.1598, 0.1611),
         ("internal", "Thy-DL-Radiomics", "Figure 5", 0.0994, 0.1003)],
        columns=["evaluation_set", "model", "where", "low", "high"],
    )  # fmt: skip
    found = calling_nobody(published.load("ni2024"), shares)
    assert set(found["beaten"]) == {"no"} and list(found["accuracy"]) == ["0.721", "0.727"]

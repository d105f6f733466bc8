"""Sums, nested counts and slips: what is accused, and under which premise."""

import pandas as pd
import pytest

from ptclnm import published
from recount import RecordError
from recount.printed import alike, room
from recount.slips import Sums, size_sources, slip
from recount.totals import totals

from .conftest import GROUPS

HEAD = "study,where,quote_hint,quantity,total,parts,relation,premise\n"
SEX = [
    "demo,Table 1,h,Sex,male,train,count,90", "demo,Table 1,h,Sex,female,train,count,110",
    "demo,Table 1,h,Sex,male,test,count,40", "demo,Table 1,h,Sex,female,test,count,60",
]  # fmt: skip


def checked(folder, relations: str = "", **given) -> pd.DataFrame:
    if relations:
        (folder / "relations.csv").write_text(HEAD + relations, encoding="utf-8")
    return totals(published.load(folder), **given).set_index("key")


@pytest.mark.parametrize(
    ("counts", "key", "verdict", "premise"),
    [
        (["male,train,count,89", "female,train,count,110"], "levels:Sex@train", "conflicts, if",
         "no value is missing"),
        (["male,train,count,91", "female,train,count,110"], "levels:Sex@train", "contradicts", ""),
        (["male,test,count,40", "female,test,count,60", "male,test,percent,40.1"],
         "percentages:Sex=male@test", "contradicts", ""),
        (["male,test,count,40", "female,test,count,58", "male,test,percent,40.8"],
         "percentages:Sex=male@test", "agrees", ""),
        (["male,test,count,40", "female,test,count,57", "male,test,percent,40.8"],
         "percentages:Sex=male@test", "conflicts, if", "no value is missing"),
        (["male,test,count,2", "female,test,count,97", "male,test,percent,2.0"],
         "percentages:Sex=male@test", "agrees", ""),
        (["male,all,count,130", "male,train,count,90", "male,test,count,39"],
         "parts:Sex=male@all", "contradicts", ""),
    ],
)  # fmt: skip
def test_only_what_no_patient_could_explain_is_called_a_contradiction(
    write_study, counts, key, verdict, premise
):
    rows = [f"demo,Table 1,h,Sex,{row}" for row in counts]
    found = checked(write_study(groups=GROUPS, counts=rows)).loc[key]
    assert (found["verdict"], found["premise"]) == (verdict, premise)


def test_parts_that_fall_short_may_leave_patients_out(write_study):
    groups = ["demo,T,h,all,,,300", "demo,T,h,train,all,,200", "demo,T,h,test,all,,90"]
    counts = [*SEX[:2], "demo,Table 1,h,Sex,male,test,count,40", "demo,T,h,Sex,male,all,count,135"]
    found = checked(write_study(groups=groups, counts=counts))
    for key in ("groups:@all", "parts:Sex=male@all"):
        assert found.loc[key, "verdict"] == "conflicts, if"
        assert found.loc[key, "premise"] == "every patient of all is in one of its parts"
    groups[2] = groups[2].replace("90", "110")
    found = checked(write_study(groups=groups, counts=counts))
    assert found.loc["groups:@all", "verdict"] == "contradicts"


def test_a_mean_between_those_of_its_parts_conflicts_and_one_beyond_contradicts(write_study):
    def of(mean: str) -> pd.Series:
        rows = [f"demo,Table 1,h,Age,,{group},{name},{value}" for group, name, value in (
            ("train", "mean", "40.0"), ("train", "sd", "10.0"), ("test", "mean", "50.0"),
            ("test", "sd", "10.0"), ("all", "mean", mean))]  # fmt: skip
        return checked(write_study(groups=GROUPS, counts=rows)).loc["means:mean:Age@all"]

    assert of("43.3")["verdict"] == "agrees"
    assert of("44.0")["premise"] == "no value is missing"
    assert of("50.3")["verdict"] == "contradicts"


def test_digits_that_are_cut_off_are_no_contradiction():
    assert alike("45.89", "45.8") and alike("45.89", "45.9")
    assert not alike("45.89", "45.7") and not alike("12", "13")
    low, high = room("45.8")
    assert low < 45.75 and high > 45.8999


def test_nested_counts_and_premises_of_relations(write_study):
    folder = write_study(groups=GROUPS, counts=SEX)
    rows = (
        "demo,T,h,q,Sex=male@test,Sex=male@train,<=,p\n"
        "demo,T,h,q,Sex=male@train,Sex=male@test,<=,men of the test set are among the others\n"
        "demo,T,h,q,Sex=male@train,Sex=male@test,=,\n"
    )
    found = checked(folder, rows)
    assert found.loc["relations:Sex=male@test<=Sex=male@train", "verdict"] == "agrees"
    wrong = found.loc["relations:Sex=male@train<=Sex=male@test"]
    assert (wrong["follows"], wrong["verdict"]) == ("at most 40", "conflicts, if")
    assert wrong["premise"] == "men of the test set are among the others"
    assert found.loc["relations:Sex=male@train=Sex=male@test", "verdict"] == "contradicts"


def test_unknown_relation_is_named(write_study):
    folder = write_study(groups=GROUPS)
    (folder / "relations.csv").write_text(HEAD + "demo,T,h,q,@all,@train,<,\n", encoding="utf-8")
    with pytest.raises(RecordError, match="column 'relation': found '<'.*allowed|Allowed"):
        published.load(folder)


def test_patients_behind_the_metrics_enter_relations_and_are_added_over_parts(write_study):
    folder = write_study(groups=GROUPS)
    rows = "demo,T,h,q,@train_yes,found:@train,=,p\ndemo,T,h,q,found:@all,@test,=,p\n"
    assert not checked(folder, rows).index.str.startswith("relations").any(), "not known: left out"
    found = checked(folder, rows, found={"train": 60, "test": 44})
    assert found.loc["relations:@train_yes=found:@train", "verdict"] == "agrees"
    assert found.loc["relations:found:@all=@test", "printed"] == "104"


def test_a_ratio_may_be_missed_by_rounding_alone(write_study):
    def of(train: int) -> str:
        groups = ["demo,T,h,all,,,544", f"demo,T,h,train,all,,{train}",
                  f"demo,T,h,test,all,,{544 - train}"]  # fmt: skip
        about = {"random_split": "{sets: [train, test], where: T, stated: true, ratio: [7, 3]}"}
        return checked(write_study(about, groups=groups)).loc["ratio:train:test", "verdict"]

    assert of(380) == of(381) == "agrees"
    assert of(370) == "conflicts, if"


def test_li_has_three_totals_and_nested_counts_that_agree():
    called = {"Radiologist@test": 48, "Radiologist@train": 122}
    found = totals(published.load("li2024"), called, {"train": 128, "test": 45}).set_index("key")
    three = found[found.index.str.contains("@all=")]
    assert {162, 165, 173} == set(three[["printed", "follows"]].astype(int).to_numpy().ravel())
    nested = found[found.index.str.contains("<=")]
    assert len(nested) == 6 and set(nested["verdict"]) == {"agrees"}
    calls = found[found.index.str.contains("called:")]
    assert set(calls["premise"]) == {"both rows named Radiologist are one reading"}
    assert found.loc["ratio:train:test", "follows"] == "380:164"
    assert found.loc["text:count:ACR_TIRADS=TR2@all", "verdict"] == "agrees"


def test_ni_names_as_many_networks_as_its_table_has():
    found = totals(published.load("ni2024")).set_index("key")
    assert found.loc["relations:stated:networks=models:Table 2", "verdict"] == "agrees"


def test_ni_slip_is_the_external_size_not_the_cohort():
    (found,) = slip(published.load("ni2024")).itertuples()
    assert (found.key, found.printed, found.follows) == ("@external", 374, 354)
    assert (found.failing, found.left) == (5, 1)
    assert found.verdict == "conflicts, if"


def test_ni_sources_of_either_total():
    sources = size_sources(published.load("ni2024")).set_index(["group", "size"])["sources"]
    for name in ("printed", "Sex", "Multifocality", "Capsular invasion"):
        assert name in sources["all", 854]
    assert "training + internal + external" in sources["all", 874]
    assert "Lymph-node metastasis" in sources["all", 874]


def test_li_has_no_single_slip():
    study = published.load("li2024")
    sums = Sums(study)
    assert len(sums.failing(sums.values)) == 3 and slip(study).empty


@pytest.mark.parametrize(("at", "wrong"), [(0, "80"), (2, "44"), (3, "57")])
def test_a_planted_count_is_found_where_two_sums_meet(write_study, at, wrong):
    counts = [
        *SEX,
        "demo,Table 1,h,Sex,male,all,count,130",
        "demo,Table 1,h,Sex,female,all,count,170",
    ]
    good = counts[at].rpartition(",")
    counts[at] = f"{good[0]},{wrong}"
    (found,) = slip(published.load(write_study(groups=GROUPS, counts=counts))).itertuples()
    assert found.printed == int(wrong) and found.follows == int(good[2]) and found.left == 0
    assert found.key.startswith("Sex=")


def test_a_planted_size_is_found_and_a_lone_failing_sum_names_nobody(write_study):
    wrong = [row.replace("test,all,,100", "test,all,,110") for row in GROUPS]
    (found,) = slip(published.load(write_study(groups=wrong, counts=SEX))).itertuples()
    assert (found.key, found.follows) == ("@test", 100)
    lone = ["demo,T,h,all,,,301", "demo,T,h,train,all,,200", "demo,T,h,test,all,,100"]
    assert slip(published.load(write_study(groups=lone))).empty
    assert slip(published.load(write_study(groups=GROUPS, counts=SEX))).empty

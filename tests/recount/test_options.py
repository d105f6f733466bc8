"""Optional keys of study.yml, and p-values and features under their premises."""

import pytest

from ptclnm import published
from recount import RecordError
from recount.features import feature_accounting
from recount.pvalues import p_values

from .conftest import GROUPS

SEX = [f"demo,Table 1,h,Sex,{level},{group},count,{n}" for group, level, n in (
    ("train", "male", 90), ("train", "female", 110), ("test", "male", 40),
    ("test", "female", 60))]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("images_per_patient", "[3, 1]", "is [3, 1]; needed: fewest and most images"),
        ("images_per_patient", "two", "is 'two'; needed: fewest and most images"),
        ("readers", "[Nobody]", "names 'Nobody'; "),
        ("readers", "Nobody", "needed: a list of models"),
        ("whole_numbers", "[Sx]", "names 'Sx'; did you mean 'Sex'"),
        ("known_after", "[Sx]", "names 'Sx'; did you mean 'Sex'"),
        ("random_split", "{sets: [train, tst], where: T, stated: true}", "names 'tst'; did you"),
        ("random_split", "{sets: [train], where: T, stated: true}", "needed: sets (two)"),
        ("random_split", "{sets: [train, test], where: T, stated: 7}", "needed: sets (two)"),
        ("random_split", "{sets: [train, test], where: T, stated: true, ration: [7, 3]}",
         "needed: sets (two)"),
        ("random_split", "", "needed: sets (two)"),
        ("random_splt", "x", "did you mean 'random_split'"),
        ("network", "[densenet121]", "needed: the name of a network"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named_with_what_is_needed(write_study, key, value, words):
    with pytest.raises(RecordError) as caught:
        published.load(write_study({key: value}, groups=GROUPS, counts=SEX))
    (problem,) = caught.value.problems
    assert problem.startswith("study.yml: ") and repr(key) in problem and words in problem


def test_the_papers_say_nothing_that_is_not_theirs():
    ni = published.load("ni2024").about
    assert "transfer" not in ni["summary"] and "ImageNet" not in ni["summary"]
    assert not ni["random_split"]["stated"] and ni["images_per_patient"] == [1, 3]
    li = published.load("li2024").about
    assert li["random_split"]["stated"] and li["images_per_patient"] == [1, 2]


def p_verdict(write_study, p: str) -> tuple[str, str, set[str]]:
    counts = [*SEX, f"demo,Table 1,h,Sex,,train;test,p,{p}"]
    rows = p_values(published.load(write_study(groups=GROUPS, counts=counts)))
    rows = rows[rows["variable"] == "Sex"]
    return rows["verdict"].iloc[0], rows["premise"].iloc[0], set(rows[rows["reproduces"]]["test"])


def test_a_p_value_that_no_test_gives_conflicts_and_a_cut_one_agrees(write_study):
    # chi-square 0.41002, with Yates 0.48376, Fisher 0.45897
    assert p_verdict(write_study, "0.410") == ("agrees", "", {"chi-square"})
    assert p_verdict(write_study, "0.483") == ("agrees", "", {"chi-square, Yates"}), "cut off"
    assert p_verdict(write_study, "0.200") == (
        "conflicts, if", "it is a chi-square or Fisher's exact test of these counts", set(),
    )  # fmt: skip


def features(write_study, *rows: str):
    folder = write_study(features=[f"demo,{row}" for row in rows])
    return feature_accounting(published.load(folder)).set_index("key")


def test_a_quantity_printed_twice_contradicts_in_one_place_only(write_study):
    same = features(write_study, "A,h,kept,9", "B,h,kept,9").loc["repeated:kept"]
    assert same["verdict"] == "agrees"
    apart = features(write_study, "A,h,kept,9", "B,h,kept,8").loc["repeated:kept"]
    assert (apart["verdict"], apart["premise"]) == (
        "conflicts, if", "every place means the same kept",
    )  # fmt: skip
    here = features(write_study, "A,h,kept,9", "A,h,kept,8").loc["repeated:kept"]
    assert (here["verdict"], here["premise"]) == ("contradicts", "")


def test_categories_are_counted_with_shape_among_them(write_study):
    # 14 shape features and three image types of first order, GLCM and NGTDM: four classes.
    total = 14 + 3 * (18 + 22 + 5)
    rows = f"A,h,total,{total}", "A,h,shape,14"
    fits = features(write_study, *rows, "A,h,categories,4").loc["categories"]
    assert fits["verdict"] == "agrees" and "3 x (first order 18 + GLCM 22" in fits["follows"]
    wrong = features(write_study, *rows, "A,h,categories,7").loc["categories"]
    assert wrong["verdict"] == "conflicts, if"


def test_an_unknown_network_is_named(write_study):
    folder = write_study({"network": "densnet121"}, features=["demo,A,h,deep_total,1024"])
    with pytest.raises(RecordError, match="did you mean 'densenet121'"):
        feature_accounting(published.load(folder))


def test_the_layer_before_the_last_is_found(write_study):
    folder = write_study({"network": "resnet18"}, features=["demo,A,h,deep_total,512"])
    found = feature_accounting(published.load(folder)).set_index("key")["verdict"]
    assert found.to_dict() == {"deep_total": "agrees", "deep_layer": "agrees"}

"""Balance, single variables, directions and GRIM: known nulls, planted faults, the papers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import recount
from ptclnm import published
from recount.auc import contrasts, directions, normal_auc
from recount.pvalues import balance
from recount.totals import grim, power, printings

from .conftest import GROUPS

RANDOM = {"random_split": "{sets: [train, test], where: T, stated: true}"}
COLUMNS = ["variable", "level", "group", "statistic", "value"]


def with_counts(study: recount.Study, rows: list[tuple]) -> recount.Study:
    frame = pd.DataFrame(rows, columns=COLUMNS).assign(study="demo", where="T", quote_hint="h")
    return dataclasses.replace(study, counts=frame.astype(str))


@pytest.fixture
def demo(write_study) -> recount.Study:
    return published.load(write_study(RANDOM | {"whole_numbers": "[]"}, groups=GROUPS))


def sampled(rng: np.random.Generator, shares: tuple[float, float]) -> list[tuple]:
    """Six two-level variables and two means of a train set of 200 and a test set of 100."""
    rows = []
    for i in range(6):
        for group, n, share in zip(("train", "test"), (200, 100), shares, strict=True):
            yes = int(rng.binomial(n, share))
            rows += [
                (f"V{i}", "No", group, "count", n - yes),
                (f"V{i}", "Yes", group, "count", yes),
            ]
    for i in range(2):
        for group, n in (("train", 200), ("test", 100)):
            x = rng.normal(50, 10, n)
            rows += [(f"M{i}", "", group, "mean", f"{x.mean():.2f}"),
                     (f"M{i}", "", group, "sd", f"{x.std(ddof=1):.2f}")]  # fmt: skip
    return rows


def test_random_splits_are_rarely_accused_and_a_skewed_one_always(demo):
    rng = np.random.default_rng(0)
    fair = [balance(with_counts(demo, sampled(rng, (0.3, 0.3)))) for _ in range(120)]
    accused = np.mean([(table["verdict"] != "agrees").any() for table in fair])
    assert accused <= 0.1, "Holm over the variables keeps the family at 5 %"
    skewed = balance(with_counts(demo, sampled(rng, (0.2, 0.5)))).set_index("variable")
    assert (skewed.loc["V0", "verdict"], skewed.loc["V0", "premise"]) == (
        "conflicts, if", "chance is ruled out",
    )  # fmt: skip
    assert skewed.loc["M0", "verdict"] == "agrees"


def test_classes_are_pooled_into_their_set(demo):
    rows = []
    for group, mean, share in (("train_yes", 60, 30), ("train_no", 40, 35), ("test_yes", 60, 15),
                               ("test_no", 40, 30)):  # fmt: skip
        rows += [("A", "", group, "mean", f"{mean}.0"), ("A", "", group, "sd", "5.0")]
        rows += [("B", "Yes", group, "count", share),
                 ("B", "No", group, "count", demo.size(group) - share)]  # fmt: skip
    found = balance(with_counts(demo, rows)).set_index("variable")
    assert found.loc["A", ["value_a", "value_b"]].tolist() == ["46.0 ± 10.5", "46.0 ± 10.5"]
    assert found.loc["B", "value_a"] == "No 68 %" and found.loc["B", "value_b"] == "No 55 %"
    assert found.loc["present", "p"] == pytest.approx(1), "30 % have the outcome in both"


def test_ni_training_and_internal_sets_differ_if_drawn_at_random():
    found = balance(published.load("ni2024")).set_index("variable")
    wrong = found[found["verdict"] == "conflicts, if"]
    assert set(wrong.index) == {"Size", "Multifocality", "Capsular invasion"}
    assert set(wrong["premise"]) == {"the sets were drawn at random and chance is ruled out"}
    assert found.loc["Multifocality", ["value_a", "value_b"]].tolist() == ["Yes 38 %", "Yes 57 %"]
    assert found.loc["Multifocality", "p"] == pytest.approx(1.15e-4, rel=0.01)
    assert found.loc["Capsular invasion", "value_b"] == "Yes 41 %"
    assert found.loc["Size", ["value_a", "value_b"]].tolist() == ["7.9 ± 3.9", "9.8 ± 4.3"]


def test_li_sets_are_as_alike_as_chance_leaves_them():
    found = balance(published.load("li2024"))
    assert len(found) == 17 and set(found["verdict"]) == {"agrees"}


def test_auc_of_normal_classes_is_that_of_drawn_patients():
    rng = np.random.default_rng(1)
    score = np.concatenate([rng.normal(12, 5, 20_000), rng.normal(8, 3, 20_000)])
    label = np.repeat([1, 0], 20_000)
    assert normal_auc((12, 5), (8, 3)) == pytest.approx(roc_auc_score(label, score), abs=0.005)
    assert normal_auc((8, 3), (12, 5)) == normal_auc((12, 5), (8, 3))


def test_auc_of_two_levels_is_that_of_the_patients(demo):
    rows = [("B", level, group, "count", n) for group, level, n in (
        ("test_yes", "No", 12), ("test_yes", "Yes", 18), ("test_no", "No", 63),
        ("test_no", "Yes", 7))]  # fmt: skip
    (found,) = contrasts(with_counts(demo, rows)).itertuples()
    label, score = (
        np.repeat([1, 1, 0, 0], [12, 18, 63, 7]),
        np.repeat([0, 1, 0, 1], [12, 18, 63, 7]),
    )
    assert found.auc == pytest.approx(roc_auc_score(label, score))
    assert found.difference == pytest.approx(18 / 30 - 7 / 70)


def test_what_single_variables_of_ni_would_give():
    auc = contrasts(published.load("ni2024")).set_index("key")["auc"]
    for variable, expected in (("Size", (0.799, 0.705, 0.740)),
                               ("Capsular invasion", (0.846, 0.737, 0.671))):  # fmt: skip
        sets = ("training", "internal", "external")
        assert [auc[f"{name}/{variable}"] for name in sets] == pytest.approx(expected, abs=5e-4)


def test_ni_age_changes_its_direction_and_nothing_else_does():
    found = directions(contrasts(published.load("ni2024"))).set_index("variable")
    assert list(found.index[found["verdict"] == "conflicts, if"]) == ["Age"]
    assert found.loc["Age", "follows"].startswith("+5.21 in training")
    assert found.loc["Age", "differences"].split(";")[2] == "-4.20"


def means(study: recount.Study, seed: int, flip: bool) -> recount.Study:
    rng, rows = np.random.default_rng(seed), []
    for name, sign in (("train", 1), ("test", -1 if flip else 1)):
        for role, shift in (("yes", 4 * sign), ("no", 0)):
            x = rng.normal(50 + shift, 6, study.size(f"{name}_{role}"))
            rows += [("A", "", f"{name}_{role}", "mean", f"{x.mean():.1f}"),
                     ("A", "", f"{name}_{role}", "sd", f"{x.std(ddof=1):.1f}")]  # fmt: skip
    return with_counts(study, rows)


@pytest.mark.parametrize("flip", [True, False])
def test_only_a_real_change_of_direction_is_told(demo, flip):
    (found,) = directions(contrasts(means(demo, 3, flip))).itertuples()
    assert (found.verdict == "conflicts, if") == flip


def ages(demo: recount.Study, mean: str, n: int) -> pd.DataFrame:
    groups = demo.groups.assign(
        n=demo.groups["n"].where(demo.groups["group"] != "test_yes", str(n))
    )
    study = dataclasses.replace(demo, groups=groups, about=demo.about | {"whole_numbers": ["Age"]})
    return grim(with_counts(study, [("Age", "", "test_yes", "mean", mean)]))


def test_means_of_whole_numbers_are_never_accused_however_they_are_printed(demo):
    rng = np.random.default_rng(4)
    for _ in range(150):
        n, digits = int(rng.integers(2, 99)), int(rng.integers(1, 3))
        exact = int(rng.integers(18, 85, n).sum()) * 10**digits / n
        for way in (np.floor, np.rint, lambda x: np.floor(x + 0.5)):
            found = ages(demo, f"{way(exact) / 10**digits:.{digits}f}", n)
            assert set(found["verdict"]) <= {"agrees"}


def test_grim_power_is_the_share_of_means_that_it_catches(demo):
    caught = [len(ages(demo, f"47.{last:02d}", 23).query("verdict != 'agrees'"))
              for last in range(100)]  # fmt: skip
    assert np.mean(caught) == pytest.approx(power(23, 2))
    assert power(100, 2) == 0 and 1 - 2 * 23 / 100 <= power(23, 2) <= 1 - 23 / 100
    assert printings(5, 8, 2) == {62, 63}, "a tie is rounded either way"


def test_ni_ages_by_grim_are_conditional():
    found = grim(published.load("ni2024")).set_index("group")
    assert found.loc["training_LVLNM", "verdict"] == "conflicts, if"
    assert found.loc["training_LVLNM", "premise"] == (
        "every value of Age is a whole number and none is missing"
    )
    assert set(found.drop("training_LVLNM")["verdict"]) == {"agrees"}
    assert grim(published.load("li2024")).empty, "its groups are too large for the test"

"""DeLong: pROC's numbers, the definition by pairs of patients, and the edges."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ptclnm.evaluation import (
    OneClassError,
    ScoresError,
    compare,
    contrast_test,
    delong,
    paired_tests,
)
from ptclnm.evaluation.pairs import auc_table, holm, pairs_table

ORACLES = Path(__file__).parents[1] / "oracles"
MODELS = ["a", "b", "c"]


@pytest.fixture(scope="module")
def data() -> dict[str, pd.DataFrame]:
    table = pd.read_csv(ORACLES / "delong_input.csv")
    return {name: part.reset_index(drop=True) for name, part in table.groupby("set")}


def curves(part: pd.DataFrame):
    return delong(part["label"], part[MODELS], MODELS)


def one(part: pd.DataFrame, model: str, prefix: str = "") -> pd.DataFrame:
    ids = [f"{prefix}{i}" for i in range(len(part))]
    columns = {"patient_id": ids, "label": part["label"], "score": part[model], "model": model}
    return pd.DataFrame(columns)


def test_auc_and_interval_are_those_of_proc(data) -> None:
    for row in pd.read_csv(ORACLES / "delong_auc.csv").itertuples():
        found = curves(data[row.set]).intervals().set_index("model").loc[row.model]
        got = [found["auc"], found["low"], found["high"], found["se"] ** 2]
        assert got == pytest.approx([row.auc, row.low, row.high, row.variance], abs=1e-10)


def test_paired_z_p_and_covariance_are_those_of_proc(data) -> None:
    rows = pd.read_csv(ORACLES / "delong_pairs.csv").query("paired == 'paired'")
    assert len(rows) == 9
    for row in rows.itertuples():
        fit = curves(data[row.set_a])
        tests = paired_tests(fit).set_index(["model_a", "model_b"])
        found = tests.loc[(row.model_a, row.model_b)]
        assert (found["z"], found["p"]) == pytest.approx((row.statistic, row.p), abs=1e-10)
        at = MODELS.index(row.model_a), MODELS.index(row.model_b)
        assert fit.covariance[at] == pytest.approx(row.covariance, abs=1e-12)


def test_unpaired_test_is_that_of_proc_and_chosen_by_the_ids(data) -> None:
    rows = pd.read_csv(ORACLES / "delong_pairs.csv").query("paired == 'unpaired'")
    assert len(rows) == 9
    for row in rows.itertuples():
        first = one(data[row.set_a], row.model_a, "first-")
        second = one(data[row.set_b], row.model_b, "second-")
        found = compare(first, second)
        assert found["paired"] == "unpaired"
        assert (found["z"], found["p"]) == pytest.approx((row.statistic, row.p), abs=1e-10)


def test_same_ids_are_compared_as_pairs_whatever_their_order(data) -> None:
    part = data["ties"]
    shuffled = one(part, "b").sample(frac=1, random_state=1)
    found = compare(one(part, "a"), shuffled)
    expected = paired_tests(curves(part)).set_index(["model_a", "model_b"]).loc[("a", "b")]
    assert found["paired"] == "paired"
    assert found["p"] == pytest.approx(expected["p"], abs=1e-12)


def test_of_sets_that_share_some_patients_those_are_compared(data) -> None:
    part = data["smooth"]
    first, second = one(part, "a").iloc[:150], one(part, "b").iloc[60:]
    found = compare(first, second)
    expected = compare(first.iloc[60:], second.iloc[:90])
    assert (found["paired"], found["n"], expected["paired"]) == ("partly", 90, "paired")
    pd.testing.assert_series_equal(found.drop("paired"), expected.drop("paired"))


def by_pairs(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The definition: every positive against every negative."""
    one, zero = scores[labels == 1], scores[labels == 0]
    wins = (one[:, None] > zero[None]) + 0.5 * (one[:, None] == zero[None])
    parts = [wins.mean(axis=1), wins.mean(axis=0)]
    total = sum(np.atleast_2d(np.cov(part, rowvar=False)) / len(part) for part in parts)
    return wins.mean(axis=(0, 1)), total


@given(st.integers(0, 10**6), st.integers(2, 25), st.integers(2, 25), st.integers(1, 4))
def test_midranks_give_the_definition_by_pairs(seed: int, m: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([1, 0], [m, n]))
    scores = rng.integers(0, 6, size=(m + n, k)).astype(float)
    found = delong(labels, scores)
    auc, covariance = by_pairs(labels, scores)
    assert found.auc == pytest.approx(auc, abs=1e-12)
    assert found.covariance == pytest.approx(covariance, abs=1e-12)


@given(st.integers(0, 10**6))
def test_a_rising_transform_changes_nothing_and_a_falling_one_mirrors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.r_[0, 1, rng.integers(0, 2, 38)]
    score = np.round(rng.normal(size=40), 1)
    found = delong(labels, np.column_stack([score, np.exp(score) + 3, -score]))
    assert found.auc[0] == pytest.approx(found.auc[1], abs=1e-12)
    assert found.auc[0] == pytest.approx(1 - found.auc[2], abs=1e-12)
    tests = paired_tests(found)
    assert tests.loc[0, ["difference", "z", "p"]].tolist() == [0, 0, 1]


def test_perfect_and_constant_scores_are_marked_and_not_tested() -> None:
    labels = np.repeat([0, 1], 10)
    scores = np.column_stack([np.arange(20.0), np.ones(20), np.tile([0.1, 0.2], 10)])
    found = delong(labels, scores, ["perfect", "constant", "chance"])
    table = found.intervals().set_index("model")
    assert found.auc.tolist() == [1.0, 0.5, 0.5]
    assert table["degenerate"].tolist() == [True, True, False]
    assert table.loc["perfect", ["low", "high"]].tolist() == [1, 1]
    assert table.loc["perfect", ["logit_low", "logit_high"]].isna().all()
    tests = paired_tests(found).set_index(["model_a", "model_b"])
    assert np.isnan(tests.loc[("perfect", "constant"), "p"])
    assert np.isnan(tests.loc[("perfect", "constant"), "p_holm"])
    assert tests["p"].notna().sum() == 2


def test_one_patient_of_a_class_has_an_auc_and_no_interval() -> None:
    labels = np.r_[1, np.zeros(20, int)]
    scores = np.column_stack([np.r_[11.5, np.arange(20)], np.r_[3.5, np.arange(20)[::-1]]])
    found = delong(labels, scores, ["a", "b"])
    table = found.intervals()
    assert table["auc"].tolist() == [0.6, 0.2] and table["degenerate"].all()
    assert table[["se", "low", "high"]].isna().all(axis=None)
    assert paired_tests(found)[["low", "high", "z", "p", "p_holm"]].isna().all(axis=None)
    assert np.isnan(contrast_test(found).p)
    first, second = (
        pd.DataFrame({"patient_id": [f"{name}{i}" for i in range(21)], "label": labels,
                      "score": scores[:, k]}) for k, name in enumerate("ab")
    )  # fmt: skip
    assert np.isnan(compare(first, second)["p"])


def test_logit_limits_stay_inside_and_hold_the_auc() -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1], [30, 6])
    table = delong(labels, rng.normal(size=36) + 3 * labels).intervals().iloc[0]
    plain = delong(labels, labels + rng.normal(size=36) / 3).intervals().iloc[0]
    assert 0 < table["logit_low"] < table["auc"] < table["logit_high"] < 1
    assert plain["high"] <= 1


def test_holm_multiplies_the_smallest_p_by_the_number_of_pairs(data) -> None:
    tests = paired_tests(curves(data["aSAH"])).sort_values("p")
    assert tests["p_holm"].iloc[0] == pytest.approx(min(3 * tests["p"].iloc[0], 1))
    assert (tests["p_holm"] >= tests["p"]).all() and tests["p_holm"].is_monotonic_increasing


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1) | st.just(np.nan), max_size=12))
def test_holm_is_that_of_statsmodels_on_the_p_values_that_are_known(values: list) -> None:
    p = pd.Series(values, dtype=float)
    known, found = p.notna(), holm(p)
    assert (found.isna() == ~known).all()
    if known.any():
        with patch("gc.collect"):  # which statsmodels calls each time
            expected = multipletests(p[known], method="holm")[1]
        assert found[known].to_numpy() == pytest.approx(expected, abs=1e-12)


def test_a_table_of_different_patients_is_tested_unpaired(data) -> None:
    part = data["ties"]
    table = pd.concat([one(part, "a"), one(part, "b", "x-"), one(part, "c")])
    found = pairs_table(table).set_index(["model_a", "model_b"])["paired"]
    assert found.to_dict() == {
        ("a", "b"): "unpaired", ("a", "c"): "paired", ("b", "c"): "unpaired",
    }  # fmt: skip


def test_all_models_at_once_are_the_models_one_by_one() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 500)
    scores = rng.normal(size=(500, 7)).round(1) + labels[:, None]
    whole = delong(labels, scores)
    for i in range(7):
        alone = delong(labels, scores[:, i])
        assert whole.auc[i] == alone.auc[0]
        assert whole.covariance[i, i] == pytest.approx(alone.covariance[0, 0], rel=1e-12)


def test_one_class_and_bad_scores_are_named() -> None:
    with pytest.raises(OneClassError, match="all 3 labels are 1; needed: patients of both"):
        delong([1, 1, 1], [1, 2, 3])
    with pytest.raises(ScoresError) as caught:
        delong([0, 1, 2], [[1, np.nan], [2, 1], [3, 1]], ["x", "y"], ["p", "p", "q"])
    assert [line.split(":")[0].split(" in ")[0] for line in caught.value.problems] == [
        "labels are 2; allowed", "scores that are not finite", "2 different patients",
    ]  # fmt: skip
    with pytest.raises(ScoresError, match="needed: .patients,. and .patients, models"):
        delong([0, 1], [1, 2, 3])


def test_a_patient_with_two_labels_is_refused() -> None:
    first = pd.DataFrame({"patient_id": list("abcd"), "label": [0, 0, 1, 1], "score": range(4)})
    second = first.assign(label=[1, 0, 1, 0])
    with pytest.raises(ScoresError, match="2 patients have two labels: a, d"):
        compare(first.assign(model="x"), second.assign(model="y"))


def test_auc_table_judges_each_set_apart(data) -> None:
    part = data["smooth"]
    table = one(part, "a").assign(study="s", split=np.where(part.index < 100, "train", "test"))
    found = auc_table(table).set_index("split")
    alone = delong(part["label"][:100], part["a"][:100])
    assert found.loc["train", "auc"] == alone.auc[0]
    assert found["n"].to_dict() == {"train": 100, "test": len(part) - 100}

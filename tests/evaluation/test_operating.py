"""Operating points: cut-offs by rule, counts by hand, metrics by other libraries."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as sk
from statsmodels.stats.proportion import proportion_confint

from ptclnm.errors import ParameterError
from ptclnm.evaluation import OneClassError
from ptclnm.evaluation.operating import (
    Confusion,
    confusion,
    cutoffs,
    metrics,
    metrics_table,
    proportion_intervals,
    rule_of,
    youden,
)

SCORED = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=40)


def predictions(seed: int = 0, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for split, n in (("train", 80), ("test", 50)):
        label = np.r_[0, 1, rng.integers(0, 2, n - 2)]
        score = rng.normal(size=n) + label + (shift if split == "test" else 0)
        ids = [f"{split}{i}" for i in range(n)]
        columns = {"patient_id": ids, "label": label, "score": score, "split": split}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True).assign(study="s", model="m")


@given(SCORED)
def test_no_cutoff_beats_youdens(pairs) -> None:
    labels, scores = np.array(pairs).T
    assume(0 < labels.sum() < len(labels))

    def gain(cutoff: float) -> float:
        found = metrics(confusion(labels, scores, cutoff))
        return found["sensitivity"] + found["specificity"] - 1

    best = youden(labels, scores)
    every = {c: gain(c) for c in np.unique(scores)}
    assert gain(best) == pytest.approx(max(every.values()))
    assert best == min(c for c, value in every.items() if value > max(every.values()) - 1e-12)


@given(SCORED, st.integers(0, 9))
def test_metrics_are_those_of_scikit_learn(pairs, cutoff: int) -> None:
    labels, scores = np.array(pairs).T
    called = (scores >= cutoff).astype(int)
    assume(0 < labels.sum() < len(labels) and 0 < called.sum() < len(called))
    found = metrics(confusion(labels, scores, cutoff))
    expected = {
        "accuracy": sk.accuracy_score(labels, called),
        "sensitivity": sk.recall_score(labels, called),
        "specificity": sk.recall_score(labels, called, pos_label=0),
        "ppv": sk.precision_score(labels, called),
        "npv": sk.precision_score(labels, called, pos_label=0),
        "f1": sk.f1_score(labels, called),
        "kappa": sk.cohen_kappa_score(labels, called),
    }
    assert found == pytest.approx(expected)


def test_a_share_of_nobody_is_missing() -> None:
    found = metrics(Confusion(0, 0, 3, 7))
    assert np.isnan(found["ppv"]) and found["npv"] == 0.7 and found["kappa"] == 0
    assert np.isnan(metrics(Confusion(0, 0, 0, 5))["f1"])
    assert np.isnan(metrics(Confusion(0, 0, 0, 5))["kappa"])


def test_train_cutoff_ignores_the_labels_it_is_judged_on() -> None:
    table = predictions()
    test = table["split"] == "test"
    flipped = table.assign(label=table["label"].where(~test, 1 - table["label"]))
    for changed in (flipped, table.assign(score=table["score"].where(~test, -7.0))):
        before, after = (cutoffs(t, "youden-train") for t in (table, changed))
        assert before == after
    key = ("s", "m", "test")
    assert cutoffs(table, "youden-eval")[key] != cutoffs(flipped, "youden-eval")[key]
    train = table[~test]
    assert cutoffs(table, "youden-train")[key] == youden(train["label"], train["score"])


def test_a_cutoff_chosen_on_the_judged_patients_flatters_them() -> None:
    def gain(rule: str) -> float:
        rows = pd.concat([metrics_table(predictions(s, 0.5), rule) for s in range(20)])
        rows = rows[rows["split"] == "test"]
        return (rows["sensitivity"] + rows["specificity"] - 1).mean()

    assert gain("youden-eval") > gain("youden-train") + 0.03


def test_a_number_is_taken_as_it_is() -> None:
    assert set(cutoffs(predictions(), "0.5").values()) == {0.5}
    found = metrics_table(predictions(), 0.5).set_index("split").loc["test"]
    table = predictions().query("split == 'test'")
    called = table["score"] >= 0.5
    assert found["tp"] == (called & (table["label"] == 1)).sum()
    assert found["tp"] + found["fp"] + found["fn"] + found["tn"] == found["n"] == 50


def test_unknown_rules_and_missing_training_patients_are_named() -> None:
    with pytest.raises(ParameterError, match="'youden-tran'; did you mean 'youden-train'"):
        rule_of("youden-tran")
    with pytest.raises(ParameterError, match="a number"):
        rule_of("nan")
    with pytest.raises(ParameterError, match="m has no patients in the set 'train'"):
        cutoffs(predictions().query("split == 'test'"), "youden-train")
    with pytest.raises(OneClassError):
        youden([1, 1], [0.1, 0.2])


def test_intervals_are_wilsons_and_clopper_pearsons() -> None:
    found = proportion_intervals(metrics_table(predictions()))
    row = found.query("split == 'test' and metric == 'sensitivity'").set_index("method")
    count, of = row["count"].iloc[0], row["of"].iloc[0]
    for name, method in (("Wilson", "wilson"), ("Clopper-Pearson", "beta")):
        expected = proportion_confint(count, of, method=method)
        assert (row.loc[name, "low"], row.loc[name, "high"]) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["constant", "perfect", "one positive"])
def test_an_auc_without_variance_has_no_interval(kind: str) -> None:
    table = predictions()
    test = table["split"] == "test"
    if kind == "constant":
        table.loc[test, "score"] = 0.3
    elif kind == "perfect":
        table.loc[test, "score"] = table.loc[test, "label"] + 0.1
    else:
        table.loc[test, "label"] = (np.arange(test.sum()) == 0).astype(int)
    found = metrics_table(table).set_index("split")
    assert found.loc["test", ["auc_low", "auc_high"]].isna().all()
    assert np.isfinite(found.loc["test", "auc"])
    assert found.loc["train", "auc_low"] < found.loc["train", "auc"]


def test_a_cutoff_from_left_out_scores_is_kept_for_every_set() -> None:
    """Cut by its training scores, a model that knows the labels calls nobody in other sets."""
    table = predictions()
    train = table["split"] == "train"
    left_out = table[train][["model", "label", "score"]].assign(model="m")
    table.loc[train, "score"] = 100.0 * table.loc[train, "label"]
    assert metrics_table(table).set_index("split").loc["test", "sensitivity"] == 0
    found = metrics_table(table, "youden-cv", left_out)
    assert set(found["cutoff"]) == {youden(left_out["label"], left_out["score"])}
    assert found.set_index("split").loc["test", "sensitivity"] > 0.3
    other = pd.concat([left_out, left_out.assign(model="other", score=-left_out["score"])])
    pd.testing.assert_frame_equal(metrics_table(table, "youden-cv", other), found)


def test_left_out_scores_are_needed_where_they_are_asked_for() -> None:
    with pytest.raises(ParameterError, match="did you mean 'youden-"):
        metrics_table(predictions(), "youden-cv")
    with pytest.raises(ParameterError, match="m has no patients"):
        cutoffs(predictions(), "youden-cv", predictions().assign(model="other"))
    assert rule_of("youden-cv", left_out=True) == "youden-cv"

"""Paired bootstrap, McNemar, nested models."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ptclnm.errors import ParameterError
from ptclnm.evaluation import (
    NestedModelsWarning,
    ScoresError,
    bootstrap_pairs,
    delong,
    mcnemar_table,
    nested_pairs,
    paired_tests,
    pairs_table,
    resampling,
)
from ptclnm.evaluation.operating import mcnemar

ORACLES = Path(__file__).parents[1] / "oracles"


def table(seed: int = 0, n: int = 120, models: str = "abc") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    label = np.r_[0, 0, 1, 1, rng.integers(0, 2, n - 4)]
    shared = rng.normal(size=n) + label
    columns = {"patient_id": [f"p{i:03d}" for i in range(n)], "label": label}
    parts = [pd.DataFrame(columns).assign(model=m, score=(shared + rng.normal(size=n)).round(1))
             for m in models]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_a_resample_is_delong_on_the_patients_drawn() -> None:
    rng = np.random.default_rng(1)
    labels, scores = np.repeat([1, 0], [8, 13]), rng.integers(0, 5, (21, 2)).astype(float)
    weights = rng.integers(0, 4, (30, 21)).astype(float)
    weights[:, [0, 10]] += 1
    found = resampling.weighted_aucs(labels, scores, weights)
    for row, weight in zip(found, weights.astype(int), strict=True):
        expected = delong(np.repeat(labels, weight), np.repeat(scores, weight, axis=0)).auc
        assert row == pytest.approx(expected, abs=1e-12)


def test_the_bootstrap_has_the_spread_that_delong_expects() -> None:
    predictions = table(n=300)
    boot = bootstrap_pairs(predictions, draws=4000)
    exact = pairs_table(predictions)
    assert boot["difference"].to_numpy() == pytest.approx(exact["difference"].to_numpy())
    se = (exact["high"] - exact["low"]) / 2 / 1.959964
    assert boot["se"].to_numpy() == pytest.approx(se.to_numpy(), rel=0.06)
    assert boot["low"].to_numpy() == pytest.approx(exact["low"].to_numpy(), abs=0.008)


def test_all_models_see_the_same_patients() -> None:
    predictions = table(models="a")
    other = predictions.assign(model="b", score=np.exp(predictions["score"]))
    row = bootstrap_pairs(pd.concat([predictions, other]), draws=50).iloc[0]
    assert row[["difference", "se", "low", "high", "p"]].tolist() == [0, 0, 0, 0, 1]


def test_draws_depend_on_the_seed_and_on_nothing_else(monkeypatch) -> None:
    predictions = table()
    first = bootstrap_pairs(predictions, draws=60, seed=4)
    monkeypatch.setattr(resampling, "CELLS", 700)
    pd.testing.assert_frame_equal(first, bootstrap_pairs(predictions, draws=60, seed=4))
    assert not first["low"].equals(bootstrap_pairs(predictions, draws=60, seed=5)["low"])


def test_bootstrap_needs_the_same_patients_and_draws() -> None:
    predictions = table()
    with pytest.raises(ScoresError, match=r"without a score of every patient: a \(1\)"):
        bootstrap_pairs(predictions.iloc[1:])
    with pytest.raises(ParameterError, match="draws 1"):
        bootstrap_pairs(predictions, draws=1)


def test_mcnemar_is_that_of_r() -> None:
    rows = pd.read_csv(ORACLES / "mcnemar.csv")
    found = mcnemar(rows["only_a"], rows["only_b"])
    for name, values in found.items():
        assert values == pytest.approx(rows[name].to_numpy(), abs=1e-12), name


def test_mcnemar_counts_the_patients_that_one_model_alone_is_right_about() -> None:
    score = {"a": [0.9, 0.9, 0.1, 0.9, 0.1], "b": [0.9, 0.2, 0.2, 0.1, 0.8]}
    ids = {"patient_id": list("vwxyz"), "label": [1, 1, 1, 0, 0]}
    parts = [pd.DataFrame(ids).assign(model=m, score=s) for m, s in score.items()]
    found = mcnemar_table(pd.concat(parts), {"a": 0.9, "b": 0.5}).set_index("among")
    assert found["n"].to_dict() == {"all": 5, "with outcome": 3, "without outcome": 2}
    assert found["only_a"].tolist() == [2, 1, 1]
    assert found["only_b"].tolist() == [1, 0, 1]
    assert found.loc["without outcome", ["chi2", "p_corrected", "p_exact"]].tolist() == [0, 1, 1]


def test_models_that_agree_everywhere_cannot_be_told_apart() -> None:
    found = mcnemar([0], [0])
    assert found["p_exact"][0] == 1 and np.isnan(found["chi2"][0])


def test_nested_models_are_those_whose_inputs_the_other_has_and_they_warn() -> None:
    inputs = {"a": ["age"], "b": ["size", "age"], "c": ["texture"], "d": ["age"], "e": []}
    assert nested_pairs(inputs) == [("a", "b"), ("d", "b")]
    with pytest.warns(NestedModelsWarning, match="a and b. DeLong's test does not hold"):
        found = pairs_table(table(), inputs=inputs)
    assert found["nested"].tolist() == [True, False, False]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apart = pairs_table(table(), inputs={"a": ["age"], "b": ["size"]})
    assert not apart["nested"].any()


def test_pairs_are_marked_nowhere_where_inputs_are_not_given() -> None:
    assert "nested" not in pairs_table(table())
    assert "nested" not in paired_tests(delong([0, 1, 0, 1], np.eye(4)[:, :2]))

"""Every model against every other: who is paired with whom, and what no wrong pairing may say."""

import numpy as np
import pandas as pd
import pytest

from ptclnm.evaluation import delong, sets
from ptclnm.evaluation.operating import CALLS

REQUIRED = ["set_a", "set_b", "model_a", "model_b", "paired", "n", "auc_a", "auc_b", "difference",
            "low", "high", "z", "p", "p_holm", "nested"]  # fmt: skip
INPUTS = {"Clinical": ["age"], "Clinical + eye": ["age", "eye"]}


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    """Four models on 80 patients of each of three sets."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 240)
    patients = pd.DataFrame(
        {"patient_id": [f"p{i:03d}" for i in range(240)], "label": label,
         "split": np.repeat(["train", "internal", "external"], 80)}
    )  # fmt: skip
    shared = rng.normal(size=240)
    scores = {
        name: (shared + rng.normal(size=240) + weight * label).round(1)
        for name, weight in {"Clinical": 0.4, "Clinical + eye": 0.9, "Eye": 0.8, "Coin": 0}.items()
    }
    parts = [patients.assign(study="s", model=name, score=score) for name, score in scores.items()]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def pairs(predictions) -> pd.DataFrame:
    return sets.all_pairs(predictions, INPUTS)


def test_pairs_are_paired_within_a_set_and_unpaired_across(pairs) -> None:
    assert list(pairs.columns) == REQUIRED
    inside = pairs["set_a"] == pairs["set_b"]
    assert set(pairs.loc[inside, "paired"]) == {"paired"}
    assert set(pairs.loc[~inside, "paired"]) == {"unpaired"}
    assert (pairs.loc[~inside, "model_a"] == pairs.loc[~inside, "model_b"]).all()
    assert "train" not in set(pairs["set_a"]) | set(pairs["set_b"])
    assert inside.sum() == 2 * 6 and (~inside).sum() == 4


def test_holm_pays_for_the_pairs_of_a_set(pairs) -> None:
    for _, part in pairs.groupby(["set_a", "set_b"]):
        least = part.loc[part["p"].idxmin()]
        assert least["p_holm"] == pytest.approx(min(1, len(part) * least["p"]))


def test_nested_models_are_marked_within_a_set_only(pairs) -> None:
    nested = pairs[pairs["nested"]]
    assert set(zip(nested["model_a"], nested["model_b"], strict=True)) == {
        ("Clinical", "Clinical + eye")
    }
    assert set(nested["paired"]) == {"paired"} and len(nested) == 2


def test_all_models_at_once_are_all_models_of_a_set(predictions) -> None:
    rows = sets.all_at_once(sets.curves_by_set(predictions)).set_index("split")
    assert list(rows.index) == ["internal", "external"]
    assert rows["models"].tolist() == [4, 4] and rows["df"].tolist() == [3, 3]
    assert rows["n"].tolist() == [80, 80]


def test_correlations_are_those_of_the_covariance(predictions) -> None:
    part = sets.by_set(predictions)["internal"]
    wide = part.pivot(index="patient_id", columns="model", values="score")
    label = part.drop_duplicates("patient_id").set_index("patient_id")["label"].loc[wide.index]
    curves = delong(label, wide.to_numpy())
    rho = curves.covariance / np.outer(curves.se, curves.se)
    expected = np.sort(rho[np.triu_indices(4, 1)])
    found = sets.correlations(sets.curves_by_set(predictions))
    assert np.sort(found[:6]) == pytest.approx(expected, abs=1e-10)
    assert len(found) == 12


def test_models_on_different_patients_are_no_paired_set(predictions) -> None:
    gone = (predictions["model"] == "Eye") & (predictions["patient_id"] == "p100")
    assert list(sets.paired_sets(predictions[~gone])) == ["external"]
    tested = sets.all_pairs(predictions[~gone], INPUTS).query("set_a == set_b == 'internal'")
    partly = tested[(tested["model_a"] == "Eye") | (tested["model_b"] == "Eye")]
    assert set(partly["paired"]) == {"partly"} and len(partly) == 3


def test_calls_are_corrected_within_what_they_are_among(predictions) -> None:
    calls = sets.calls(predictions, "0.5")
    assert len(calls) == 2 * 6 * 3
    for _, part in calls.groupby(["split", "among"]):
        least = part.loc[part["p_exact"].idxmin()]
        assert least["p_holm"] == pytest.approx(min(1, len(part) * least["p_exact"]))


def test_one_model_alone_has_tables_without_rows(predictions) -> None:
    alone = predictions[predictions["model"] == "Eye"]
    empty = sets.calls(alone, "0.5")
    assert list(empty.columns) == ["split", *CALLS] and empty.empty
    assert sets.all_pairs(alone, {})["paired"].tolist() == ["unpaired"]

"""McNemar's test, and models nested in each other."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ptclnm.evaluation import mark_nested, mcnemar_table
from ptclnm.evaluation.operating import mcnemar

ORACLES = Path(__file__).parents[1] / "oracles"


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


def test_nested_models_are_those_whose_inputs_the_other_has() -> None:
    inputs = {"a": ["age"], "b": ["size", "age"], "c": ["texture"], "d": ["age"], "e": []}
    sides = ["ab", "ba", "bd", "ad", "ac", "ea", "af"]
    pairs = pd.DataFrame([tuple(side) for side in sides], columns=["model_a", "model_b"])
    found = mark_nested(pairs, inputs)["nested"]
    assert found.tolist() == [True, True, True, False, False, False, False]
    assert not mark_nested(pairs, {"a": ["age"], "b": ["size"]})["nested"].any()

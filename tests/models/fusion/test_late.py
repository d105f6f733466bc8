"""Late fusion: means and weights of scores, learnt from patients that the models have not seen."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from ptclnm.models.fusion.late import mean_of_scores, stack
from ptclnm.models.predictions import PredictionsError


def scored(n: int = 400, useless: bool = False, seed: int = 0) -> pd.DataFrame:
    """Scores of two models, A better than B; with `useless` B knows nothing."""
    rng = np.random.default_rng(seed)
    label = (rng.random(n) < 0.3).astype(int)
    parts = []
    for model, signal in (("A", 1.2), ("B", 0.0 if useless else 0.8)):
        score = expit(signal * label + rng.normal(size=n) - 1)
        ids = [f"p{i:03d}" for i in range(n)]
        columns = {"model": model, "split": "train", "patient_id": ids, "label": label}
        parts.append(pd.DataFrame(columns | {"score": score}))
    return pd.concat(parts, ignore_index=True)


def auc(table: pd.DataFrame) -> float:
    return float(roc_auc_score(table["label"], table["score"]))


def test_the_mean_is_the_mean_of_a_patients_scores_in_any_order_of_rows() -> None:
    table = scored()
    found = mean_of_scores(table.sample(frac=1, random_state=0), ["A", "B"], "mean")
    own = table.groupby("patient_id")["score"].mean()
    np.testing.assert_allclose(found.set_index("patient_id")["score"].loc[own.index], own)
    assert set(found["model"]) == {"mean"}


def test_two_models_of_independent_skill_stack_to_more_than_either() -> None:
    table, new = scored(2000), scored(2000, seed=1)
    made = stack(table, ["A", "B"])
    assert made.weights[0] > made.weights[1] > 0
    joined = auc(made.score(new, "stacked"))
    assert joined > max(auc(new[new["model"] == m]) for m in "AB") + 0.02


def test_a_model_that_is_wrong_out_of_fold_gets_no_weight_and_a_flat_one_little() -> None:
    table = scored(2000, useless=True)
    assert stack(table, ["A", "B"]).weights[1] < 0.1 * stack(table, ["A", "B"]).weights[0]
    wrong = table.assign(score=np.where(table["model"] == "B", 1 - scored(2000)["score"],
                                        table["score"]))  # fmt: skip
    made = stack(wrong, ["A", "B"])
    assert made.weights[1] == 0
    np.testing.assert_allclose(made.weights[0], stack(wrong, ["A"]).weights[0])


def test_a_patient_that_one_model_has_not_scored_is_an_error() -> None:
    table = scored(20)
    with pytest.raises(PredictionsError, match="1 patients have no score of 'A'$"):
        mean_of_scores(table.iloc[1:], ["A", "B"], "mean")
    with pytest.raises(PredictionsError, match="20 patients have no score of 'C'$"):
        stack(table, ["A", "C"])

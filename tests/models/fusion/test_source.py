"""The fused family: the same tables whoever asks, out-of-fold scores by what has not seen them."""

import numpy as np
import pandas as pd
import pytest

from ptclnm.features import load_settings
from ptclnm.models import radiomics
from ptclnm.models.deep import source as deep_source
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.fusion import source
from ptclnm.models.fusion.source import ALONE, FUSED, MEAN, NETWORK
from ptclnm.models.sources import Plans
from ptclnm.models.validation import patient_folds
from ptclnm.models.zoo import Plan, run_zoo
from ptclnm.schema import Cohort

NET = DeepPlan("EfficientNet-Lite0", image_size=32)
P = Plans("ni2024", Plan("ni2024", ("LR", "KNN"), folds=3), load_settings("ni2024"), (), NET,
          resamples=0, n_jobs=1)  # fmt: skip


@pytest.fixture
def told(made_parts, monkeypatch, tmp_path) -> dict:
    """A cohort whose extraction and networks are stubs; a network tells by whom it was trained."""
    table, parts = made_parts(patients=80)
    cohort = Cohort("c", "C", "own", "e", table, (), pd.DataFrame(), "f")
    seen: list[tuple[Crops, pd.DataFrame]] = []
    ordered = table.sort_values(["patient_id", "image_id"])
    ids, patients, splits = (ordered[c].to_numpy(dtype=str) for c in ("image_id", "patient_id",
                                                                      "split"))  # fmt: skip
    empty = np.zeros((len(table), 4, 4), np.float32)
    made = Crops(empty, empty > 0, ids, patients, ordered["label"].to_numpy(), splits)

    def deep(own: Crops, *_: object) -> pd.DataFrame:
        found = parts["DL"].set_index("image_id").loc[own.image_ids].reset_index()
        seen.append((own, found))
        return found

    def scored(own: Crops, plan: object) -> dict[str, pd.DataFrame]:
        rows = {"split": own.splits, "patient_id": own.patients, "label": own.labels}
        trained = set(own.patients[own.splits == "train"])
        # It remembers whom it was trained on.
        score = [0.9 * label if p in trained else 0.5 for p, label in zip(own.patients, own.labels,
                                                                         strict=True)]  # fmt: skip
        scores = pd.DataFrame(rows | {"score": score, "model": "net"}).drop_duplicates("patient_id")
        return {"predictions": scores, "about": pd.DataFrame([{"origin": "nothing"}])}

    monkeypatch.setattr(source, "crops", lambda *_, **__: made)
    monkeypatch.setattr(source, "deep_features", deep)
    monkeypatch.setattr(source, "stored_deep", scored)
    monkeypatch.setattr(deep_source, "stored_all", scored)
    for module in (source, radiomics):
        monkeypatch.setattr(module, "extract", lambda *_, **__: parts["radiomics"])
        monkeypatch.setattr(module, "stored_zoo", lambda data, plan, n: run_zoo(
            data, Plan(plan.selection, plan.classifiers, plan.folds, plan.seed, 0), 1))  # fmt: skip
    return {"cohort": cohort, "seen": seen, "table": table}


def test_every_patient_is_scored_and_the_mean_is_that_of_both_models(told) -> None:
    found = source.predictions(told["cohort"], P)
    counts = found.groupby("model")["patient_id"].nunique()
    assert counts.to_dict() == {FUSED: 80, MEAN: 80}
    tables = radiomics.zoo_of(told["cohort"], P)
    network = source.stored_deep(source.crops(), None)["predictions"].assign(model=NETWORK)
    both = pd.concat([source.chosen_scores(tables, ALONE), network])
    again = both.groupby("patient_id")["score"].mean()
    own = found[found["model"] == MEAN].set_index("patient_id")["score"]
    pd.testing.assert_series_equal(own.sort_index(), again.sort_index(), check_names=False)


def test_out_of_fold_scores_come_from_networks_that_have_not_seen_the_patient(told) -> None:
    found = source.out_of_fold(told["cohort"], P)
    train = told["table"][told["table"]["split"] == "train"]
    for _, part in found.groupby("model"):
        assert sorted(part["patient_id"]) == sorted(train["patient_id"].unique())
    assert set(found["model"]) == {FUSED, MEAN} and set(found["split"]) == {"train"}
    folds = [own for own, _ in told["seen"] if set(own.splits) == {"train", "internal"}
             and len(own.labels) == len(train)]  # fmt: skip
    assert len(folds) == 3
    left_out = [set(own.patients[own.splits == "internal"]) for own in folds]
    for own, out in zip(folds, left_out, strict=True):
        assert not out & set(own.patients[own.splits == "train"])
    assert set.union(*left_out) == set(train["patient_id"])
    fold_of = patient_folds(train["patient_id"], train["label"], 3, 0)
    assert len(set(fold_of)) == 3


def test_the_family_names_early_and_late_fusion_alone(told) -> None:
    found = source.predictions(told["cohort"], P)
    assert set(found["model"]) == {FUSED, MEAN}
    assert set(found["split"]) == {"train", "internal", "external"}

"""Fusion: joined by image, fitted on train alone, better than parts that both know something."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ptclnm.evaluation.sets import increments, unseen
from ptclnm.models.data import FeaturesError
from ptclnm.models.fusion.apart import part_predictions, select
from ptclnm.models.fusion.join import fuse
from ptclnm.models.zoo import Plan, fit_zoo, predict

PLAN = Plan("fusion", ("LR", "KNN"), bootstraps=0)


def test_images_without_deep_features_are_named(made_parts) -> None:
    table, parts = made_parts(patients=12)
    few = parts["DL"].iloc[3:]
    with pytest.raises(FeaturesError, match="3 of 18 images have no DL features: p000_0, "):
        fuse(table, parts | {"DL": few})


def test_values_that_are_not_finite_are_named(made_parts) -> None:
    table, parts = made_parts(patients=12)
    deep = parts["DL"].assign(dl_0003=np.inf)
    with pytest.raises(FeaturesError, match="dl_0003"):
        fuse(table, parts | {"DL": deep})


def test_every_image_gets_its_own_features_and_shuffled_rows_give_the_same_model(
    made_parts,
) -> None:
    table, parts = made_parts()
    plain = fuse(table, parts)
    shuffled = fuse(
        table.sample(frac=1, random_state=1),
        {name: part.sample(frac=1, random_state=i) for i, (name, part) in enumerate(parts.items())},
    )
    ordered = table.sort_values(["patient_id", "image_id"])
    for part in parts.values():
        own = part.set_index("image_id").loc[ordered["image_id"]]
        at = [plain.names.index(name) for name in own]
        np.testing.assert_array_equal(plain.X[:, at], own.to_numpy())
    pd.testing.assert_frame_equal(
        predict(fit_zoo(plain.train, PLAN), plain), predict(fit_zoo(shuffled.train, PLAN), shuffled)
    )


def test_nothing_outside_the_training_set_moves_pca_selection_or_scores(made_parts) -> None:
    table, parts = made_parts()
    outside = table["split"].to_numpy() != "train"
    marked = {}
    for name, part in parts.items():  # a marker that gives the label away, and huge values
        values = part.copy()
        columns = values.columns.drop("image_id")
        marker = np.repeat(table.loc[outside, ["label"]].to_numpy(), len(columns), axis=1)
        values.loc[outside, columns] = 1e3 * (1.0 + marker)
        marked[name] = values
    one, two = (fuse(table, p) for p in (parts, marked))
    first, second = (fit_zoo(d.train, PLAN)["LR"] for d in (one, two))
    np.testing.assert_array_equal(
        first.named_steps["components"].pca_.components_,
        second.named_steps["components"].pca_.components_,
    )
    np.testing.assert_array_equal(
        first.named_steps["lasso"].coef_, second.named_steps["lasso"].coef_
    )
    np.testing.assert_array_equal(first.predict_proba(one.X), second.predict_proba(one.X))


def gains(table: pd.DataFrame, parts: dict) -> pd.DataFrame:
    found = increments(unseen(part_predictions(table, parts, folds=5, seed=0)))
    return found[found["base"] != ""].set_index(["split", "base", "adds"])


def test_two_independent_signals_add_up(made_parts) -> None:
    found = gains(*made_parts(radiomics=0.9, deep=0.3, patients=600))
    for split in ("internal", "external"):
        assert found.loc[(split, "radiomics", "DL"), "low"] > 0
        assert found.loc[(split, "DL", "radiomics"), "low"] > 0


def test_with_one_signal_only_it_is_the_other_part_that_gains(made_parts) -> None:
    found = gains(*made_parts(radiomics=0.9, deep=0.0, patients=600))
    for split in ("internal", "external"):
        row = found.loc[(split, "radiomics", "DL")]
        assert row["low"] <= 0 < row["high"] + 0.02 and row["difference"] < 0.02
        assert found.loc[(split, "DL", "radiomics"), "low"] > 0


def test_increments_are_differences_of_aucs_of_the_same_patients(made_parts) -> None:
    table, parts = made_parts()
    scores = unseen(part_predictions(table, parts, folds=5, seed=0))
    row = increments(scores).set_index(["split", "base", "adds"]).loc[("internal", "DL",
                                                                      "radiomics")]  # fmt: skip
    part = scores[scores["split"] == "internal"]
    auc = {m: roc_auc_score(p["label"], p["score"]) for m, p in part.groupby("model")}
    assert row["auc_base"] == pytest.approx(auc["DL"], abs=1e-12)
    assert row["difference"] == pytest.approx(auc["radiomics + DL"] - auc["DL"], abs=1e-12)
    alone = increments(scores).set_index(["split", "base", "adds"]).loc[("internal", "", "DL")]
    assert alone["auc_base"] == 0.5 and alone["auc_with"] == pytest.approx(auc["DL"], abs=1e-12)


def test_forced_columns_enter_without_selection(made_parts) -> None:
    table, parts = made_parts(radiomics=0.9, deep=0.0)
    rng = np.random.default_rng(5)
    size = pd.DataFrame({"image_id": table["image_id"], "size": rng.normal(size=len(table))})
    chain = select(fuse(table, {"radiomics": parts["radiomics"]}).train, 5, 0)
    scores = part_predictions(table, {"radiomics": parts["radiomics"], "size": size}, 5, 0)
    models = scores.pivot(index="patient_id", columns="model", values="score")
    assert list(models.columns) == ["radiomics", "radiomics + size", "size"]
    assert models["size"].nunique() > 100, "noise would not pass a selection"
    assert len(chain.named_steps["lasso"].kept_) >= 2

"""The zoo: no leak, no dependence on workers, and honest about its own choice."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from ptclnm.errors import ParameterError
from ptclnm.features import load_settings
from ptclnm.models import classifiers, radiomics
from ptclnm.models.choice import choose, nested, optimism
from ptclnm.models.radiomics import stored, stored_zoo
from ptclnm.models.selection import selection
from ptclnm.models.sources import Plans
from ptclnm.models.validation import FoldsError, patient_folds, train_test
from ptclnm.models.zoo import Plan, cross_validate, fit_zoo, fits, predict, run_zoo

FAST = Plan("ni2024", ("LR", "SVM", "KNN"), folds=4, bootstraps=3)


def same(first, second) -> None:
    assert first.keys() == second.keys()
    for name in first:
        pd.testing.assert_frame_equal(first[name], second[name], check_exact=True, obj=name)


def test_tables_are_the_same_for_one_and_two_workers(images) -> None:
    data = images(signal=1.0)
    plan = replace(FAST, classifiers=classifiers.NAMES, folds=2, bootstraps=2)
    same(run_zoo(data, plan, n_jobs=1), run_zoo(data, plan, n_jobs=2))


def test_test_patients_change_nothing_that_is_fitted(images) -> None:
    data = images(signal=1.0)
    test = data.splits == "test"
    other = replace(
        data,
        X=np.where(test[:, None], 100.0 - 7 * data.X, data.X),
        labels=np.where(test, 1 - data.labels, data.labels),
    )
    first, second = (run_zoo(d, FAST, n_jobs=1) for d in (data, other))
    for tables in (first, second):
        part = tables["predictions"]
        tables["predictions"] = part[part["split"] == "train"].reset_index(drop=True)
    same(first, second)


def test_the_order_of_rows_does_not_matter(images) -> None:
    data = images(signal=1.0)
    order = np.random.default_rng(0).permutation(len(data.labels))
    first, second = (run_zoo(d, FAST, n_jobs=1) for d in (data, data.rows(order)))
    assert (
        first["predictions"]["patient_id"].tolist() == second["predictions"]["patient_id"].tolist()
    )
    assert first["cv"]["auc"].to_numpy() == pytest.approx(second["cv"]["auc"].to_numpy(), abs=0.02)


@pytest.mark.parametrize("name", classifiers.NAMES)
def test_the_shared_selection_is_that_of_a_plain_pipeline(images, name: str) -> None:
    train = images(signal=1.0).train
    plan = replace(FAST, classifiers=(name,), seed=3)
    steps = [*selection("ni2024", plan.folds, 3), ("classifier", classifiers.make(name, 3))]
    plain = Pipeline(steps).fit(train.X, train.labels, lasso__groups=train.patients)
    mine = fit_zoo(train, plan)[name]
    assert mine.predict_proba(train.X) == pytest.approx(plain.predict_proba(train.X), abs=1e-9)
    assert roc_auc_score(train.labels, mine.predict_proba(train.X)[:, 1]) > 0.75


def leaking_auc(train, plan: Plan) -> float:
    """Cross-validate behind a selection that has seen the folds left out."""
    chain = Pipeline(selection(plan.selection, plan.folds, plan.seed))
    chain.fit(train.X, train.labels, lasso__groups=train.patients)
    X, aucs = chain.transform(train.X), []
    for rest, out in train_test(patient_folds(train.patients, train.labels, plan.folds, plan.seed)):
        model = classifiers.make("LR", 0).fit(X[rest], train.labels[rest])
        aucs.append(roc_auc_score(train.labels[out], model.predict_proba(X[out])[:, 1]))
    return float(np.mean(aucs))


def test_selection_outside_the_chain_is_caught_on_noise(images) -> None:
    leak, honest = [], []
    plan = Plan("li2024", ("LR",), folds=4)
    for seed in range(3):
        train = images(patients=90, features=400, seed=seed).train
        honest.append(cross_validate(train, plan, 1)["cv"]["auc"].mean())
        leak.append(leaking_auc(train, plan))
    assert np.mean(leak) > 0.75
    assert abs(np.mean(honest) - 0.5) < 0.12
    assert min(leak) > max(honest)


def test_left_out_scores_are_of_models_that_have_not_seen_the_patient(images) -> None:
    train = images(signal=1.0).train
    tables = run_zoo(train, FAST, n_jobs=1)
    scores, fold_of = tables["cv_scores"], patient_folds(train.patients, train.labels, 4, 0)
    assert not scores.duplicated(["model", "patient_id"]).any()
    assert set(scores["patient_id"]) == set(train.patients)
    rest, out = train_test(fold_of)[2]
    by_hand = predict(fit_zoo(train.rows(rest), FAST), train.rows(out))
    kept = scores[scores["fold"] == 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept[list(by_hand.drop(columns="split"))],
                                  by_hand.drop(columns="split"))  # fmt: skip


def test_nested_cross_validation_pays_back_the_best_of_many() -> None:
    rng = np.random.default_rng(0)
    names, gaps, honest = [f"m{i}" for i in range(8)], [], []
    for _ in range(80):
        folds = pd.MultiIndex.from_product([names, range(5)], names=["classifier", "fold"])
        cv = folds.to_frame(index=False).assign(auc=rng.normal(0.5, 0.1, 40))
        inner = pd.concat([cv.assign(outer=k, auc=rng.normal(0.5, 0.1, 40)) for k in range(5)])
        worth = optimism(cv, inner).set_index("estimate")["auc"]
        gaps.append(worth["best of all"] - worth["nested"])
        honest.append(worth["nested"])
    assert np.mean(gaps) > 0.04
    assert np.mean(honest) == pytest.approx(0.5, abs=0.02)


def test_on_noise_the_zoos_best_is_above_its_nested_estimate(images) -> None:
    plan = Plan("li2024", ("LR", "SVM", "KNN"), folds=3)
    found = []
    for seed in range(6):
        train = images(patients=80, features=60, seed=seed).train
        tables = cross_validate(train, plan, 1)
        found.append(optimism(tables["cv"], tables["inner"]).set_index("estimate")["auc"])
    table = pd.DataFrame(found).mean()
    assert table["nested"] < table["best of all"]
    assert abs(table["nested"] - 0.5) < 0.1


def test_the_rule_takes_the_highest_mean_less_sd() -> None:
    aucs = {"steady": [0.70, 0.70, 0.71], "wild": [0.50, 0.80, 0.95], "low": [0.5, 0.5, 0.5]}
    rows = [(name, fold, auc) for name, v in aucs.items() for fold, auc in enumerate(v)]
    table = choose(pd.DataFrame(rows, columns=["classifier", "fold", "auc"]))
    named = {flag: table.loc[table[flag], "classifier"].tolist()
             for flag in ("chosen", "highest_mean", "lowest_sd")}  # fmt: skip
    assert named == {"chosen": ["steady"], "highest_mean": ["wild"], "lowest_sd": ["low"]}


def test_nested_looks_up_the_winner_of_the_rest_on_the_fold_left_out() -> None:
    cv = pd.DataFrame(
        {"classifier": ["a", "a", "b", "b"], "fold": [0, 1, 0, 1], "auc": [0.1, 0.2, 0.3, 0.4]}
    )
    inner = pd.DataFrame(
        [(0, "a", 0, 0.9), (0, "a", 1, 0.9), (0, "b", 0, 0.5), (0, "b", 1, 0.5),
         (1, "a", 0, 0.5), (1, "a", 1, 0.5), (1, "b", 0, 0.8), (1, "b", 1, 0.8)],
        columns=["outer", "classifier", "fold", "auc"],
    )  # fmt: skip
    found = nested(cv, inner)
    assert found["chosen"].tolist() == ["a", "b"] and found["auc"].tolist() == [0.1, 0.4]


def test_nothing_kept_gives_everyone_the_share_of_the_outcome(images) -> None:
    data = images(features=3)
    flat = replace(data, X=np.ones_like(data.X))
    tables = run_zoo(flat, replace(FAST, classifiers=classifiers.NAMES), n_jobs=1)
    assert tables["steps"]["kept"].tolist() == [3, 0, 0]
    train = flat.train.labels.mean()
    assert tables["predictions"]["score"].to_numpy() == pytest.approx(train)
    assert (tables["cv"]["auc"] == 0.5).all() and tables["coefficients"].empty


def test_scores_lie_between_0_and_1_for_every_patient_once(images) -> None:
    data = images(signal=1.0)
    found = predict(fit_zoo(data.train, replace(FAST, classifiers=classifiers.NAMES)), data)
    assert found["score"].between(0, 1).all()
    assert not found.duplicated(["model", "patient_id"]).any()
    assert found.groupby("model")["patient_id"].nunique().eq(60).all()


def test_bad_plans_and_too_few_patients_are_named(images) -> None:
    with pytest.raises(ParameterError) as caught:
        Plan("ni", ("XGBost", "LR"), folds=1, seed=-1)
    assert [line.split("; ")[0] for line in caught.value.problems] == [
        "no classifier 'XGBost'", "no selection 'ni'", "folds is 1", "seed is -1",
    ]  # fmt: skip
    assert "did you mean 'XGBoost'" in caught.value.problems[0]
    with pytest.raises(FoldsError, match="5 folds, but 3 patients with the outcome"):
        run_zoo(images(patients=20, share=0.15).rows(np.arange(40)), replace(FAST, folds=5), 1)


@pytest.mark.parametrize(
    ("positives", "told"), [(1, "one class only"), (2, "outside a fold"), (3, "outside a fold")]
)
def test_too_few_patients_for_folds_within_folds_are_named_before_extraction(
    positives: int, told: str, monkeypatch
) -> None:
    def extracted(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr(radiomics, "extract", extracted)
    labels = (np.arange(20) < positives).astype(int)
    table = pd.DataFrame({"patient_id": [f"p{i}" for i in range(20)], "label": labels})
    cohort = SimpleNamespace(table=table.assign(split="train"))
    plans = Plans("ni2024", Plan("ni2024", folds=2), load_settings("ni2024"), ())
    with pytest.raises(FoldsError, match=told):
        radiomics.zoo_of(cohort, plans)
    with pytest.raises(AssertionError, match="work was begun"):
        table["label"] = (np.arange(20) < 4).astype(int)
        cohort.table = table.assign(split="train")
        radiomics.zoo_of(cohort, plans)


@pytest.mark.parametrize(("fewest", "folds"), [(4, 2), (3, 3)])
def test_the_fewest_patients_that_are_let_through_are_enough_for_every_classifier(
    images, fewest: int, folds: int
) -> None:
    data = images(patients=2 * fewest, share=0.5, signal=3.0, features=5)
    data = replace(data, splits=np.full(len(data.labels), "train")).rows(
        np.arange(0, len(data.labels), 2)
    )
    plan = Plan("ni2024", classifiers.NAMES, folds=folds, bootstraps=2)
    found = run_zoo(data, plan, n_jobs=1)
    assert found["cv"].groupby("classifier")["fold"].nunique().eq(folds).all()
    assert found["inner"].groupby("outer")["fold"].nunique().eq(2).all()


def test_neighbours_are_no_more_than_rows() -> None:
    X, y = np.arange(3.0)[:, None], np.array([0, 1, 1])
    assert classifiers.make("KNN", 0).fit(X, y).predict_proba(X)[:, 1] == pytest.approx(2 / 3)
    many = np.arange(12.0)[:, None]
    fitted = classifiers.make("KNN", 0).fit(many, np.tile([0, 1], 6))
    assert fitted.estimator_.n_neighbors == 5


def test_the_store_gives_what_was_computed_and_notices_damage(images, tmp_path) -> None:
    data = images(signal=1.0)
    first = stored_zoo(data, FAST, 1, tmp_path)
    same(first, run_zoo(data, FAST, 1))
    (entry,) = (tmp_path / "cross_validate").iterdir()
    assert {p.suffix for p in entry.iterdir()} == {".parquet", ".json"}
    before = (entry / "cv.parquet").stat().st_mtime_ns
    same(first, stored_zoo(data, FAST, 1, tmp_path))
    assert (entry / "cv.parquet").stat().st_mtime_ns == before
    (entry / "cv.parquet").write_bytes(b"PAR1")
    with pytest.warns(UserWarning, match="cv.parquet changed since written"):
        same(first, stored_zoo(data, FAST, 1, tmp_path))
    stored_zoo(replace(data, X=data.X + 1e-9), replace(FAST, bootstraps=0), 1, tmp_path)
    assert len(list((tmp_path / "cross_validate").iterdir())) == 2


class Mine(SelectKBest):
    """A step whose code the store cannot follow."""


def own(select: Pipeline | None = None, **models) -> Plan:
    """FAST in objects, as a notebook builds it, with another selection or more classifiers."""
    made = {name: classifiers.make(name, FAST.seed) for name in FAST.classifiers}
    chain = select or Pipeline(selection(FAST.selection, FAST.folds, FAST.seed))
    return replace(FAST, selection=chain, classifiers=made | models)


def with_best(step: SelectKBest) -> Pipeline:
    zscore, lasso = selection(FAST.selection, FAST.folds, FAST.seed)
    return Pipeline([zscore, ("best", step), lasso])


def test_any_pipeline_and_any_classifier_can_take_the_place_of_the_papers(images) -> None:
    data = images(signal=1.0)
    plan = own(with_best(SelectKBest(f_classif, k=5)), bayes=GaussianNB())
    tables = run_zoo(data, replace(plan, bootstraps=1), n_jobs=1)
    assert tables["steps"]["step"].tolist() == [
        "extracted", "not constant", "best (SelectKBest)", "LASSO",
    ]  # fmt: skip
    assert tables["steps"]["kept"].tolist()[:3] == [40, 40, 5]
    train = data.train
    first = np.sort(f_classif(train.X, train.labels)[0])[-5]
    best = [name for name, f in zip(train.names, f_classif(train.X, train.labels)[0], strict=True)
            if f >= first]  # fmt: skip
    assert set(tables["coefficients"]["feature"]) <= set(best)
    scores = tables["predictions"].query("model == 'bayes'")["score"]
    assert len(scores) == 60 and scores.between(0, 1).all()
    assert set(tables["cv"]["classifier"]) == {*FAST.classifiers, "bayes"}


def test_a_selection_without_the_lasso_has_no_coefficients(images) -> None:
    data = images(signal=1.0)
    last = Pipeline([("zscore", "passthrough"), ("best", SelectKBest(f_classif, k=5))])
    tables = run_zoo(data, replace(own(last), bootstraps=2), n_jobs=1)
    assert tables["steps"]["kept"].tolist() == [40, 40, 5]
    assert tables["coefficients"]["coefficient"].isna().all()
    assert len(tables["coefficients"]) == 5 and (tables["resamples"]["kept"] == 5).all()


def test_what_is_kept_is_found_by_the_objects_of_a_plan(images, tmp_path) -> None:
    data = images(signal=1.0)

    def entries(plan: Plan) -> int:
        stored(fits, data, plan, tmp_path)
        return len(list((tmp_path / "fits").iterdir()))

    best = SelectKBest(f_classif, k=5)
    plans = [FAST, own(), own(with_best(best)), own(with_best(clone(best).set_params(k=6))),
             own(LR=GaussianNB()), replace(own(), seed=1)]  # fmt: skip
    assert [entries(plan) for plan in plans] == [1, 1, 2, 3, 4, 5]
    mine = own(with_best(Mine(f_classif, k=5)))
    assert entries(mine) == 5, "nobody would notice if its code changed"
    same(stored(fits, data, mine, tmp_path), stored(fits, data, plans[2], tmp_path))

"""Families of models: each gives the predictions table, or says what it lacks."""

from dataclasses import replace
from importlib import import_module
from inspect import signature

import numpy as np
import pandas as pd
import pytest

from ptclnm import cohorts
from ptclnm.errors import ParameterError
from ptclnm.features import load_settings
from ptclnm.models import clinical, radiomics, sources
from ptclnm.models.sources import ColumnError, Plans, column_scores
from ptclnm.models.validation import patient_folds
from ptclnm.models.zoo import Plan, run_zoo
from ptclnm.schema import COLUMNS, Cohort


def plans(study: str = "li2024", **zoo) -> Plans:
    return Plans(study, Plan(study, **zoo), load_settings(study), (), n_jobs=1)


def cohort(**columns) -> Cohort:
    n = 12
    table = pd.DataFrame(dict.fromkeys(COLUMNS, "") | {"label": np.tile([0, 1], n // 2)})
    table = table.assign(
        patient_id=[f"p{i}" for i in range(n)], split=np.repeat(["train", "test"], n // 2)
    )
    return Cohort("mine", "Mine", "own", "x", table.assign(**columns), (), pd.DataFrame(), "")


@pytest.mark.parametrize("family", [f for f in sources.FAMILIES.values() if f.module])
def test_every_family_is_where_its_row_says(family: sources.Family) -> None:
    module = import_module(family.module)
    for function in (module.predictions, module.out_of_fold):
        assert list(signature(function).parameters) == ["cohort", "plans"]


def test_a_family_is_available_where_the_cohort_has_what_it_needs() -> None:
    assert sources.available(cohort()) == ()
    assert sources.available(cohort(radiologist="No")) == ("radiologist",)
    assert "radiomics" in sources.available(cohort(image="a.png", mask="a.nii"))
    half = cohort(image=["a.png"] * 11 + [""], mask="a.nii")
    assert "radiomics" not in sources.available(half)


def test_what_is_missing_or_misspelt_is_named() -> None:
    with pytest.raises(ParameterError, match="no family 'radiomic'; did you mean 'radiomics'"):
        sources.predictions("radiomic", cohort(), plans())
    with pytest.raises(ParameterError, match="needs 'pictures', which mine lacks. Able here: non"):
        sources.predictions("radiomics", cohort(), plans())


def test_a_reading_is_a_score_and_a_patient_without_one_is_left_out() -> None:
    reading = ["Yes", "No", None, *["No"] * 9]
    found = sources.predictions("radiologist", cohort(radiologist=reading), plans())
    assert list(found) == ["study", "model", "split", "patient_id", "label", "score"]
    assert found["score"].tolist() == [1.0] + [0.0] * 10
    assert "p2" not in set(found["patient_id"])
    with pytest.raises(ColumnError, match="column 'radiologist': found maybe; allowed: numbers"):
        column_scores(cohort(radiologist="maybe"), {"radiologist": "Radiologist"})


def test_scores_of_a_model_fitted_elsewhere_are_out_of_fold_already() -> None:
    mine = cohort(dl_signature=np.linspace(0, 1, 12))
    plain = sources.predictions("dl_signature", mine, plans())
    left_out = sources.out_of_fold("dl_signature", mine, plans())
    assert left_out.equals(plain[plain["split"] == "train"])


def test_radiomics_asks_for_the_entry_of_page_02_and_says_who_was_left_out(
    monkeypatch, images
) -> None:
    data, asked = images(signal=1.0), []

    def stored(given, plan, n_jobs):
        asked.append(plan)
        return run_zoo(given, replace(plan, bootstraps=0), n_jobs)

    monkeypatch.setattr(radiomics, "extract", lambda *_, **__: None)
    monkeypatch.setattr(radiomics, "join", lambda *_: data)
    monkeypatch.setattr(radiomics, "stored_zoo", stored)
    table = pd.DataFrame({"patient_id": data.patients, "label": data.labels,
                          "split": data.splits, "image": "a", "mask": "b"})  # fmt: skip
    mine = replace(cohort(), table=table)
    p = plans("ni2024", classifiers=("LR",), folds=3)
    plain = sources.predictions("radiomics", mine, p)
    left_out = sources.out_of_fold("radiomics", mine, p)
    assert asked == 2 * [Plan("ni2024", ("LR",), folds=3)]
    train = plain[plain["split"] == "train"].set_index("patient_id")["score"]
    assert set(left_out["patient_id"]) == set(train.index)
    assert not np.allclose(left_out.set_index("patient_id")["score"], train.loc[
        left_out["patient_id"]])  # fmt: skip


def test_public_signature_is_a_model_of_its_own(data, monkeypatch) -> None:
    monkeypatch.setenv("PTCLNM_DATA", str(data))
    opened = cohorts.open("clnm_ptc")
    assert sources.available(opened) == ("clinical", "dl_folds", "dl_signature")
    found = sources.predictions("dl_signature", opened, plans())
    assert len(found) == len(opened.patients)
    folds = sources.predictions("dl_folds", opened, plans())
    first = folds[folds["model"] == "DL signature, fold 1"]
    assert first["score"].tolist() == found["score"].tolist()
    assert folds["model"].nunique() == 5


def clinical_cohort(n: int = 80, seed: int = 0, **columns) -> Cohort:
    rng = np.random.default_rng(seed)
    label, split = rng.integers(0, 2, n), np.where(np.arange(n) < 50, "train", "test")
    table = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=range(n)).assign(
        patient_id=[f"p{i}" for i in range(n)], label=label, split=split,
        age=rng.normal(50, 10, n) - 4 * label, sex=rng.choice(["F", "M"], n),
        radiologist=np.where(label, "Yes", "No"), **columns,
    )  # fmt: skip
    table.loc[[3, 60], "age"] = np.nan
    return replace(cohort(), table=table, clinical=("age", "sex", "radiologist"))


def test_the_clinical_model_is_fitted_on_train_and_is_not_told_the_reading() -> None:
    mine = clinical_cohort()
    plain = sources.predictions("clinical", mine, plans())
    assert clinical.inputs(mine) == {"Clinical": ("age", "sex")}
    assert set(plain["model"]) == {"Clinical"} and plain["score"].between(0, 1).all()
    test = mine.table["split"] == "test"
    flipped = mine.table.assign(label=mine.table["label"].where(~test, 1 - mine.table["label"]))
    again = sources.predictions("clinical", replace(mine, table=flipped), plans())
    assert again["score"].tolist() == plain["score"].tolist()


def test_left_out_patients_do_not_enter_their_own_clinical_score() -> None:
    mine = clinical_cohort()
    p = plans(folds=5, seed=0)
    before = sources.out_of_fold("clinical", mine, p).set_index("patient_id")["score"]
    train = mine.table[mine.table["split"] == "train"]
    twin = train.index[train["label"] == 1][:2]
    other = mine.table.copy()
    other.loc[twin[0], "age"] = 500.0
    after = sources.out_of_fold("clinical", replace(mine, table=other), p)
    after = after.set_index("patient_id")["score"]
    dealt = patient_folds(train["patient_id"], train["label"], 5, 0)
    fold = dict(zip(train["patient_id"], dealt, strict=True))
    own = [name for name in before.index if fold[name] == fold[f"p{twin[0]}"]]
    rest = [name for name in own if name != f"p{twin[0]}"]
    assert before[rest].tolist() == after[rest].tolist()
    assert not np.allclose(before.drop(own), after.drop(own))


def test_a_model_with_the_signature_has_the_clinical_one_nested_in_it() -> None:
    mine = clinical_cohort(dl_signature=0.5)
    small, large = clinical.inputs(mine).values()
    assert set(small) < set(large) and "dl_signature" in large

"""Families of models: each gives the predictions table, or says what it lacks."""

from dataclasses import replace
from inspect import signature

import numpy as np
import pandas as pd
import pytest

from ptclnm import cohorts
from ptclnm.cohorts.schema import COLUMNS, Cohort
from ptclnm.errors import ParameterError
from ptclnm.models import radiomics, sources
from ptclnm.models.columns import ColumnError, column_scores


def cohort(**columns) -> Cohort:
    n = 12
    table = pd.DataFrame(dict.fromkeys(COLUMNS, "") | {"label": np.tile([0, 1], n // 2)})
    table = table.assign(
        patient_id=[f"p{i}" for i in range(n)], split=np.repeat(["train", "test"], n // 2)
    )
    return Cohort("mine", "Mine", "own", "x", table.assign(**columns), (), pd.DataFrame(), "")


@pytest.mark.parametrize("name", list(sources.FAMILIES))
def test_every_family_is_where_its_row_says(name: str) -> None:
    family = sources.FAMILIES[name]
    for place in filter(None, (family.scores, family.out_of_fold)):
        assert list(signature(sources._load(place)).parameters) == ["cohort", "parameters"]


def test_a_family_is_available_where_the_cohort_has_what_it_needs() -> None:
    assert sources.available(cohort()) == ()
    assert sources.available(cohort(radiologist="No")) == ("radiologist",)
    assert "radiomics" in sources.available(cohort(image="a.png", mask="a.nii"))
    half = cohort(image=["a.png"] * 11 + [""], mask="a.nii")
    assert "radiomics" not in sources.available(half)


def test_what_is_missing_or_misspelt_is_named() -> None:
    with pytest.raises(ParameterError, match="no family 'radiomic'; did you mean 'radiomics'"):
        sources.predictions("radiomic", cohort(), {"study": "li2024"})
    with pytest.raises(ParameterError, match="needs 'pictures', which mine lacks. Able here: non"):
        sources.predictions("radiomics", cohort(), {"study": "li2024"})


def test_a_reading_is_a_score_and_a_patient_without_one_is_left_out() -> None:
    reading = ["Yes", "No", None, *["No"] * 9]
    found = sources.predictions("radiologist", cohort(radiologist=reading), {"study": "li2024"})
    assert list(found) == ["study", "model", "split", "patient_id", "label", "score"]
    assert found["score"].tolist() == [1.0] + [0.0] * 10
    assert "p2" not in set(found["patient_id"])
    with pytest.raises(ColumnError, match="column 'radiologist': found maybe; allowed: numbers"):
        column_scores(cohort(radiologist="maybe"), {"radiologist": "Radiologist"})


def test_scores_of_a_model_fitted_elsewhere_are_out_of_fold_already() -> None:
    mine = cohort(dl_signature=np.linspace(0, 1, 12))
    plain = sources.predictions("dl_signature", mine, {"study": "li2024"})
    left_out = sources.out_of_fold("dl_signature", mine, {"study": "li2024"})
    assert left_out.equals(plain[plain["split"] == "train"])


def test_radiomics_asks_for_the_entry_of_page_02_and_says_who_was_left_out(
    monkeypatch, images
) -> None:
    data, asked = images(signal=1.0), []

    def stored(given, plan, n_jobs):
        asked.append(plan)
        return radiomics_tables(given, plan)

    def radiomics_tables(given, plan):
        from ptclnm.models.zoo import run_zoo

        return run_zoo(given, replace(plan, bootstraps=0), 1)

    monkeypatch.setattr(radiomics, "extract", lambda *_, **__: None)
    monkeypatch.setattr(radiomics, "join", lambda *_: data)
    monkeypatch.setattr(radiomics, "stored_zoo", stored)
    table = pd.DataFrame({"patient_id": data.patients, "label": data.labels,
                          "split": data.splits, "image": "a", "mask": "b"})  # fmt: skip
    mine = replace(cohort(), table=table)
    p = {"study": "ni2024", "classifiers": ["LR"], "folds": 3, "n_jobs": 1, "other": 1}
    plain = sources.predictions("radiomics", mine, p)
    left_out = sources.out_of_fold("radiomics", mine, p)
    assert asked[0] == asked[1] == radiomics.plan_of({"study": "ni2024", "folds": 3} | p)
    train = plain[plain["split"] == "train"].set_index("patient_id")["score"]
    assert set(left_out["patient_id"]) == set(train.index)
    assert not np.allclose(left_out.set_index("patient_id")["score"], train.loc[
        left_out["patient_id"]])  # fmt: skip


def test_public_signature_is_a_model_of_its_own(data, monkeypatch) -> None:
    monkeypatch.setenv("PTCLNM_DATA", str(data))
    opened = cohorts.open("clnm_ptc")
    assert sources.available(opened) == ("dl_signature",)
    found = sources.predictions("dl_signature", opened, {"study": "li2024"})
    assert len(found) == len(opened.patients)

"""The CLNM-in-PTC sheets: folds are the same patients, cohorts change places."""

import numpy as np
import pandas as pd
import pytest

import ptclnm.cohorts as cohorts
from ptclnm.cohorts.datasets import Dataset
from ptclnm.cohorts.tables import BY_FOLD, FOLDS, SHEETS, SIGNATURE


def sheet(n: int, fold: int, positive: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Label": [1] * positive + [0] * (n - positive),
            "Y_pred": np.linspace(0, 1, n) * fold / 5,
            "Gender": [0, 1] * (n // 2),
            "Age": range(30, 30 + n),
            "T_stage": [0] * n,
            "Size_of_US": [9.5] * n,
        }
    )


def path_of(root, name, fold):
    return root / f"nomogram/nomogram_signature/fold_{fold}/{name}_nom_sign_{fold}.csv"


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = tmp_path / "clnm_ptc"
    for name, n in (("test0", 8), ("test1", 12)):
        for fold in FOLDS:
            path = path_of(root, name, fold)
            path.parent.mkdir(parents=True, exist_ok=True)
            sheet(n, fold).to_csv(path, index=False)
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    monkeypatch.setattr(Dataset, "registry", lambda _: {})
    return root


def test_a_patient_is_counted_once_not_once_a_fold(root):
    assert len(cohorts.open("clnm_ptc").table) == 20


def test_one_cohort_is_fitted_on_and_the_other_validates(root):
    table = cohorts.open("clnm_ptc").table
    assert table.groupby("center")["split"].agg(set).to_dict() == {
        "test0": {"train"},
        "test1": {"test"},
    }


def test_the_signatures_are_those_of_the_folds(root):
    table = cohorts.open("clnm_ptc").table
    assert table[BY_FOLD].max().tolist() == pytest.approx([k / 5 for k in FOLDS])
    assert table[SIGNATURE].equals(table[BY_FOLD[0]])


def test_signature_is_not_a_clinical_column(root):
    cohort = cohorts.open("clnm_ptc")
    assert cohort.clinical == tuple(SHEETS.clinical.values())
    assert SIGNATURE in cohort.table


def test_real_sheets_have_the_counts_of_their_source(data):
    table = cohorts.open("clnm_ptc").table
    counted = table.groupby("center")["label"].agg(["size", "sum"])
    assert counted.loc["test0"].tolist() == [109, 55]
    assert counted.loc["test1"].tolist() == [187, 58]


def test_real_folds_are_the_same_patients(data):
    for name in ("test0", "test1"):
        first, *others = (
            pd.read_csv(path_of(data / "clnm_ptc", name, k))[["Label", *SHEETS.clinical]]
            for k in FOLDS
        )
        assert all(other.equals(first) for other in others)

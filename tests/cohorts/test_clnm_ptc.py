"""The CLNM-in-PTC sheets: folds are the same patients, cohorts change places."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ptclnm.cohorts as cohorts
from ptclnm.cohorts.tables import BY_FOLD, FOLDS, SHEETS, SIGNATURE
from ptclnm.errors import ManifestError, MissingDataError, PtclnmError


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


def test_a_fold_with_other_patients_is_named(root):
    path = path_of(root, "test1", 3)
    pd.read_csv(path).iloc[::-1].to_csv(path, index=False)
    with pytest.raises(ManifestError, match="fold 3 holds other patients than fold 1"):
        cohorts.open("clnm_ptc")


def test_impossible_values_are_named_all_at_once(root):
    bad = sheet(8, 1).astype(object)
    bad.loc[2, "Age"], bad.loc[4, "Label"], bad.loc[5, "Size_of_US"] = 400, "yes", -1
    bad.to_csv(path_of(root, "test0", 1), index=False)
    with pytest.raises(ManifestError) as caught:
        cohorts.open("clnm_ptc")
    assert sorted(p.split(":")[0] for p in caught.value.problems) == [
        "row 4, column 'Age'",
        "row 6, column 'Label'",
        "row 7, column 'Size_of_US'",
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_hostile_bytes_raise_named_errors_only(root, contents):
    path_of(root, "test0", 1).write_bytes(contents)
    with pytest.raises(PtclnmError):
        cohorts.open("clnm_ptc")


def test_a_missing_sheet_says_how_to_get_it(root):
    path_of(root, "test1", 2).unlink()
    with pytest.raises(MissingDataError, match="test1_nom_sign_2.csv is missing.*data fetch"):
        cohorts.open("clnm_ptc")


def test_signature_is_not_a_clinical_column(root):
    cohort = cohorts.open("clnm_ptc")
    assert cohort.clinical == tuple(SHEETS.clinical.values())
    assert SIGNATURE in cohort.table


def test_real_sheets_have_the_counts_of_their_source(data):
    table = cohorts.open("clnm_ptc").table
    counted = table.groupby("center")["label"].agg(["size", "sum"])
    assert counted.loc["test0"].tolist() == [109, 55]
    assert counted.loc["test1"].tolist() == [187, 58]

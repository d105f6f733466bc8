"""The UCI table: what is kept, what is dropped, what is known before surgery."""

import pandas as pd
import pytest

import ptclnm.cohorts as cohorts
from ptclnm.cohorts.datasets import Dataset, FetchError
from ptclnm.cohorts.tables import UCI, select

HEAD = [*UCI.clinical, *UCI.left_out]


def row(age="40", pathology="Papillary", n="N0", **other) -> dict:
    base = {c: "x" for c in HEAD} | {"Age": age, "Pathology": pathology, "N": n}
    return base | other


def raw(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=HEAD).astype({"Age": int})


TABLE = raw(
    row(n="N0"),
    row(n="N1a"),
    row(n="N1b", age="50"),
    row(n="N0"),
    row(pathology="Follicular"),
    row(pathology="Micropapillary", age="60"),
)


def test_labels_and_histology():
    table, _ = select(TABLE)
    assert table["label"].tolist() == [0, 1, 1, 0]
    assert table["patient_id"].tolist() == ["uci001", "uci002", "uci003", "uci006"]


def test_dropped_rows_are_counted_with_their_reason():
    _, flow = select(TABLE)
    lost = flow.frame().set_index("step")["rows"]
    assert (lost["histology"], lost["duplicates"]) == (1, 1)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write the table's file; give back how to open it."""
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    monkeypatch.setattr(Dataset, "registry", lambda _: {})
    (tmp_path / "uci_thyroid").mkdir()

    def writing(frame):
        frame.to_csv(tmp_path / "uci_thyroid" / "Thyroid_Diff.csv", index=False)
        return cohorts.open("uci_thyroid")

    return writing


def test_nothing_known_only_after_surgery_is_in_the_table(write):
    cohort = write(TABLE)
    assert not set(UCI.left_out) & set(cohort.table)
    named = " ".join(cohort.warnings)
    assert all(f"'{c}'" in named for c in UCI.left_out if c != "N")


def test_another_table_than_the_recorded_one_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("PTCLNM_DATA", str(tmp_path))
    (tmp_path / "uci_thyroid").mkdir()
    TABLE.to_csv(tmp_path / "uci_thyroid" / "Thyroid_Diff.csv", index=False)
    with pytest.raises(FetchError, match="Thyroid_Diff.csv: sha256"):
        cohorts.open("uci_thyroid")


def test_real_table_has_the_counts_of_its_source(data):
    cohort = cohorts.open("uci_thyroid")
    flow = cohort.flow.set_index("step")
    assert flow["rows"].iloc[0] == 383
    assert 383 - flow.loc["histology", "rows"] == 335
    assert flow.loc["duplicates", "rows"] == 19
    assert flow.loc["kept", "rows"] == len(cohort.table) == 335 - 19


def test_real_split_is_seven_to_three_by_label(data):
    table = cohorts.open("uci_thyroid").table
    share = (table["split"] == "train").groupby(table["label"]).mean()
    assert share.between(0.69, 0.71).all()
    assert table["patient_id"].is_unique


def test_fewer_patients_keep_their_split(data):
    whole = cohorts.open("uci_thyroid").table.set_index("patient_id")["split"]
    few = cohorts.open("uci_thyroid", n_patients=50)
    assert len(few.table) == 50
    assert (whole[few.table["patient_id"]].to_numpy() == few.table["split"]).all()
    assert few.fingerprint != cohorts.open("uci_thyroid").fingerprint

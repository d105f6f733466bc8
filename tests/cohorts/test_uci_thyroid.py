"""The UCI table: what is kept, what is dropped, what is known before surgery."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ptclnm.cohorts as cohorts
from ptclnm.cohorts.uci_thyroid import CLINICAL, EXCLUDED, read_table, select
from ptclnm.errors import ManifestError, ParameterError, PtclnmError

HEAD = [*CLINICAL, *EXCLUDED]


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
    table, _, _ = select(TABLE, "drop")
    assert table["label"].tolist() == [0, 1, 1, 0]
    assert table["patient_id"].tolist() == ["uci001", "uci002", "uci003", "uci006"]


def test_dropped_rows_are_counted_with_their_reason():
    _, flow, _ = select(TABLE, "drop")
    lost = flow.frame().set_index("step")["rows"]
    assert (lost["histology"], lost["duplicates"]) == (1, 1)


def test_kept_duplicates_are_warned_of():
    table, flow, warnings = select(TABLE, "keep")
    assert len(table) == 5
    assert "duplicates" not in flow.frame()["step"].tolist()
    assert warnings[0].startswith("1 rows equal an earlier row")


def test_nothing_known_only_after_surgery_is_in_the_table():
    table, _, warnings = select(TABLE, "drop")
    assert not set(EXCLUDED) & set(table)
    named = " ".join(warnings)
    assert all(f"'{c}'" in named for c in EXCLUDED if c != "N")


def write(tmp_path, frame, sep=","):
    path = tmp_path / "Thyroid_Diff.csv"
    frame.to_csv(path, index=False, sep=sep)
    return path


def test_every_bad_value_is_named_with_its_row(tmp_path):
    path = write(tmp_path, pd.DataFrame([row(), row(age="1040"), row(n="N2"), row(age="")]))
    with pytest.raises(ManifestError) as caught:
        read_table(path)
    assert [line.split(":")[0] for line in caught.value.problems] == [
        "row 3, column 'Age'",
        "row 5, column 'Age'",
        "row 4, column 'N'",
    ]


def test_semicolons_and_missing_columns_say_what_to_do(tmp_path):
    with pytest.raises(ManifestError, match="no column 'Age'; run `ptclnm data fetch"):
        read_table(write(tmp_path, pd.DataFrame([row()]), sep=";"))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_hostile_bytes_raise_named_errors_only(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("uci") / "Thyroid_Diff.csv"
    path.write_bytes(contents)
    with pytest.raises(PtclnmError):
        read_table(path)


def test_real_table_has_the_counts_of_its_source(data):
    cohort = cohorts.open("uci_thyroid")
    flow = cohort.flow.set_index("step")
    assert flow["rows"].iloc[0] == 383
    assert 383 - flow.loc["histology", "rows"] == 335
    assert flow.loc["duplicates", "rows"] == 19
    assert flow.loc["kept", "rows"] == len(cohort.table) == 335 - 19
    kept = cohorts.open("uci_thyroid", duplicates="keep")
    assert (len(kept.table), kept.table["label"].sum()) == (335, 109)


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


def test_a_policy_that_does_not_exist_is_refused(data):
    with pytest.raises(ParameterError, match="Allowed: drop, keep"):
        cohorts.open("uci_thyroid", duplicates="both")

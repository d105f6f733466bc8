"""The contract of the cohort table: each way of breaking it is named with its row."""

import pandas as pd
import pytest

from ptclnm.errors import ManifestError
from ptclnm.schema import COLUMNS, Cohort, checked

TABLE = pd.DataFrame(
    {
        "patient_id": ["p10", "p10", "p2", "p3"],
        "image_id": ["1", "2", "3", "4"],
        "image": ["/x/1.png", "/x/2.png", "/x/3.png", "/x/4.png"],
        "mask": "",
        "split": ["train", "train", "test", "train"],
        "center": "",
        "label": [1, 1, 0, 0],
        "age": [50.0, 50.0, None, 40.0],
    }
)


def cohort(table: pd.DataFrame) -> Cohort:
    return Cohort("mine", "Mine", "own", "made up", table, ("age",), pd.DataFrame(), "f")


def spoilt(row: int, column: str, value: object) -> pd.DataFrame:
    table = TABLE.astype({"label": object})
    table.loc[row, column] = value
    return table


def test_a_sound_table_passes_unchanged():
    pd.testing.assert_frame_equal(checked(cohort(TABLE)).table, TABLE)


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        (spoilt(2, "split", "tset"), ["row 2, column 'split': found 'tset'; allowed: train, "]),
        (spoilt(3, "label", 2), ["row 3, column 'label': found 2; allowed: 0, 1"]),
        (spoilt(3, "patient_id", ""), ["row 3, column 'patient_id': found ''"]),
        (spoilt(1, "split", "test"), ["row 0: split differs", "row 1: split differs"]),
        (spoilt(1, "label", 0), ["row 0: label differs", "row 1: label differs"]),
        (TABLE.drop(columns="split"), ["no column 'split'; needed: patient_id, "]),
    ],
)
def test_each_break_is_named_and_nothing_else(table, lines):
    with pytest.raises(ManifestError) as caught:
        checked(cohort(table))
    problems = caught.value.problems
    assert "cohort mine" in str(caught.value) and len(problems) == len(lines)
    assert all(p.startswith(line) for p, line in zip(problems, lines, strict=True))


def test_all_breaks_come_at_once():
    table = spoilt(0, "split", "x").assign(label=[1, 1, 5, 0])
    with pytest.raises(ManifestError) as caught:
        checked(cohort(table))
    text = str(caught.value)
    assert "found 'x'" in text and "found 5" in text and "split differs" in text


def test_no_column_of_the_contract_may_be_missing():
    for column in COLUMNS:
        with pytest.raises(ManifestError, match=f"no column '{column}'"):
            checked(cohort(TABLE.drop(columns=column)))


def test_many_breaks_come_by_column_and_row():
    table = pd.concat([TABLE] * 30, ignore_index=True).assign(center=3, label=7)
    with pytest.raises(ManifestError) as caught:
        checked(cohort(table))
    labels = [line for line in caught.value.problems if "'label'" in line]
    assert [int(line.split(",")[0].removeprefix("row ")) for line in labels] == list(range(120))
    assert "'center'" in caught.value.problems[0]

"""The flow adds up whatever is dropped."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ptclnm.schema import Flow, counts

tables = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=30).map(
    lambda rows: pd.DataFrame(rows, columns=["patient_id", "image"]).astype({"image": str})
)


@given(tables, st.lists(st.integers(0, 9), max_size=6))
def test_what_is_there_less_what_is_lost_is_what_is_kept(table, cuts):
    flow, now = Flow(), table
    flow.there("start", now)
    for cut in cuts:
        after = now[now["image"] != str(cut)]
        flow.lost("cut", now, after, f"image {cut}")
        now = after
    flow.there("kept", now)
    lines = flow.frame()
    lost = lines[lines["reason"] != ""]
    for column in ("rows", "images", "patients"):
        assert lines[column].iloc[0] - lost[column].sum() == lines[column].iloc[-1]


def test_empty_paths_are_no_images():
    table = pd.DataFrame({"patient_id": ["a", "b"], "image": ["", ""]})
    assert counts(table) == {"rows": 2, "images": 0, "patients": 2}


def test_a_step_that_drops_nothing_has_no_line():
    table = pd.DataFrame({"patient_id": ["a"], "image": ["x"]})
    flow = Flow()
    flow.lost("cut", table, table, "nothing")
    assert flow.frame().empty


def test_splits_come_in_the_order_of_the_study_with_positive_patients():
    table = pd.DataFrame(
        {
            "patient_id": ["a", "a", "b", "c"],
            "image": list("wxyz"),
            "split": ["test", "test", "train", "train"],
            "label": [1, 1, 1, 0],
        }
    )
    flow = Flow()
    flow.splits(table)
    assert flow.frame()["step"].tolist() == [
        "split: train, 1 with the endpoint",
        "split: test, 1 with the endpoint",
    ]
    assert flow.frame()["patients"].tolist() == [2, 1]

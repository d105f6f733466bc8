"""The fingerprint changes with contents and settings, and with nothing else."""

import pandas as pd

from ptclnm.schema import fingerprint

TABLE = pd.DataFrame(
    {"patient_id": ["a", "b"], "image": ["/x/1.png", "/x/2.png"], "mask": ["", ""], "label": [0, 1]}
)


def test_another_folder_is_the_same_cohort():
    moved = TABLE.assign(image=["/y/z/1.png", "/y/z/2.png"])
    assert fingerprint(moved, {"seed": 0}) == fingerprint(TABLE, {"seed": 0})


def test_settings_contents_and_table_each_count():
    base = fingerprint(TABLE, {"seed": 0}, {"1.png": "aa"})
    assert base != fingerprint(TABLE, {"seed": 1}, {"1.png": "aa"})
    assert base != fingerprint(TABLE, {"seed": 0}, {"1.png": "bb"})
    assert base != fingerprint(TABLE.assign(label=[1, 1]), {"seed": 0}, {"1.png": "aa"})
    assert len(base) == 16


def test_the_order_of_settings_does_not_count():
    assert fingerprint(TABLE, {"a": 1, "b": 2}) == fingerprint(TABLE, {"b": 2, "a": 1})

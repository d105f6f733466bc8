"""Which pictures are shown, and when none."""

import pandas as pd
import pytest

from ptclnm.report.gallery import choose, withheld
from ptclnm.schema import Cohort

TABLE = pd.DataFrame(
    {
        "patient_id": [f"p{number // 2}" for number in range(8)],
        "center": "a",
        "image_id": [str(number) for number in range(8)],
        "label": [number // 4 for number in range(8)],
        "image": "x.png",
    }
)


def cohort(table: pd.DataFrame, name="mine", evidence="own") -> Cohort:
    return Cohort(name, "t", evidence, "e", table, (), pd.DataFrame(), "f")


def test_one_picture_a_patient_and_both_classes():
    chosen = choose(TABLE, 5, seed=0)
    assert sorted(chosen["patient_id"]) == ["p0", "p1", "p2", "p3"]
    assert chosen["label"].tolist() == [0, 0, 1, 1]
    assert len(choose(TABLE, 1, seed=0)) == 2


def test_the_seed_decides_the_choice():
    drawn = [tuple(choose(TABLE, 2, seed=s)["image_id"]) for s in (0, 0, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1


def test_centres_take_turns_within_a_class():
    many = pd.concat([TABLE.assign(center=c, patient_id=TABLE.patient_id + c) for c in "xyz"])
    chosen = choose(many, 3, 0)
    per_class = chosen.groupby("label")["center"].agg(sorted)
    assert all(centers == ["x", "y", "z"] for centers in per_class)


def test_nothing_to_show_is_said():
    assert "no images" in withheld(cohort(TABLE.assign(image="")))


@pytest.mark.parametrize(
    ("name", "evidence", "show", "hidden"),
    [
        ("ddti", "public", False, True),
        ("ddti", "public", True, False),
        ("ni2024", "simulated", False, False),
        ("mine", "own", False, True),
        ("mine", "own", True, False),
    ],
)
def test_pictures_that_may_not_be_published_need_a_word(name, evidence, show, hidden):
    note = withheld(cohort(TABLE, name, evidence), show)
    assert bool(note) == hidden
    if hidden:
        assert "show_images" in note

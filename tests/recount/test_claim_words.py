"""How the rows that a claim rests on become one verdict, one premise and a few words."""

import pandas as pd
import pytest

from recount.audit import _obtained
from recount.verdicts import AGREES, CONFLICTS, CONTRADICTS, OPEN, combine

YES, NO, OPEN_ROW = (AGREES, ""), (CONTRADICTS, ""), (OPEN, "")
IF_IMAGES, IF_SET = (CONFLICTS, "patients are counted"), (CONFLICTS, "the set is the test set")


def rows(*verdicts: tuple[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(verdicts, columns=["verdict", "premise"])
    return frame.assign(follows=[str(i) for i in range(len(frame))], model="m")


@pytest.mark.parametrize(
    ("found", "premise", "verdict"),
    [
        ((YES, NO, IF_SET), "", CONTRADICTS),
        ((YES, IF_IMAGES, OPEN_ROW), "patients are counted", CONFLICTS),
        ((IF_IMAGES, IF_SET), "patients are counted; and the set is the test set", CONFLICTS),
        ((YES, YES), "", AGREES),
        ((YES, OPEN_ROW), "the 1 of 2 that cannot be checked holds too", AGREES),
        ((YES, OPEN_ROW, OPEN_ROW), "the 2 of 3 that cannot be checked hold too", AGREES),
        ((OPEN_ROW, OPEN_ROW), "", OPEN),
        ((), "", AGREES),
    ],
)
def test_any_part_that_conflicts_makes_the_claim_conflict(found, premise, verdict):
    got = combine(rows(*found), "parts")
    assert got == (premise, verdict)


@pytest.mark.parametrize(
    ("found", "premise", "verdict"),
    [
        ((NO, NO), "", CONTRADICTS),
        ((NO, IF_SET), "the set is the test set", CONFLICTS),
        ((NO, OPEN_ROW), "", OPEN),
        ((IF_SET, IF_IMAGES, OPEN_ROW), "", OPEN),
        ((NO, YES), "one of the 1 of 2 readings that hold is meant", AGREES),
        ((YES, YES), "", AGREES),
    ],
)
def test_alternatives_conflict_only_if_every_one_does(found, premise, verdict):
    assert combine(rows(*found), "alternatives") == (premise, verdict)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ((YES, YES, YES), "all 3 hold"),
        ((NO, NO), "none of 2 holds"),
        ((OPEN_ROW, OPEN_ROW), "none of 2 can be checked"),
        ((YES, YES, NO), "of 3, 2 hold and 1 does not"),
        ((YES, NO, NO), "of 3, 1 holds and 2 do not"),
        ((YES, NO, IF_SET, OPEN_ROW), "of 4, 1 holds, 2 do not and 1 cannot be checked"),
        ((YES, OPEN_ROW), "of 2, 1 holds and 1 cannot be checked"),
        ((), "nothing speaks against it"),
    ],
)
def test_several_rows_are_counted_in_plain_english(found, words):
    assert _obtained("totals", rows(*found)) == words

"""What a claim that rests on several rows says it obtained."""

import pandas as pd
import pytest

from ptclnm.published.claims import _obtained


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        (["agrees"] * 3, "all 3 hold"),
        (["contradicts"] * 2, "none of 2 holds"),
        (["agrees", "agrees", "contradicts"], "of 3: 2 hold, 1 do not"),
    ],
)
def test_several_rows_are_counted(verdicts, words):
    rows = pd.DataFrame({"verdict": verdicts, "follows": "", "model": "m"})
    assert _obtained("totals", rows) == words

"""Tables and sentences as a page shows them: nothing where there is nothing to say."""

import pandas as pd

from ptclnm.report.tables import say, show

FRAME = pd.DataFrame({"model": ["<A>", "B"], "auc": [0.8124, float("nan")], "p": [0.0004, 0.25]})


def test_what_is_empty_shows_nothing_or_says_so_in_a_line() -> None:
    assert say("") is None
    assert show(FRAME.head(0), "", "Compared.", fold=True) is None
    assert show(FRAME.head(0), "", "Compared.").data == "<p>Compared. None.</p>"


def test_cells_have_few_digits_a_dash_where_missing_and_no_markup_of_their_own() -> None:
    shown = show(FRAME, "auc model p", "Compared.").data
    assert shown.index("0.812") < shown.index("&lt;A&gt;") < shown.index("&lt; 0.001")
    assert "<td>–</td>" in shown and "nan" not in shown and "0.250" in shown

"""The smallest of several p-values that are printed in one place, adjusted for their number."""

import pandas as pd

from recount.printed import TIE
from recount.tables import Study
from recount.totals import room
from recount.verdicts import judged

ALPHA = 0.05
TESTS = ("p", "p_below", "not_significant")
FAMILY_COLUMNS = [
    "key", "study", "where", "tests", "printed", "adjusted", "premise", "verdict", "follows",
]  # fmt: skip


def families(study: Study) -> pd.DataFrame:
    """Adjust the smallest printed p-value of each place for all tests that it tells of.

    Those called not significant count. The smallest of k p-values is multiplied by k, which is
    the first step of Holm's (1979) procedure; if it fails, all others do.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a place with two tests or more and a p-value that is printed as a number: columns
        ``FAMILY_COLUMNS``. It conflicts where the p-value is below 0.05 and the adjusted one is
        not, whatever was rounded.
    """
    tests = study.comparisons[study.comparisons["statistic"].isin(TESTS)]
    tests = tests.drop_duplicates(["where", "model_a", "set_a", "model_b", "set_b"])
    records = []
    for where, rows in tests.groupby("where", sort=False):
        values = rows.loc[rows["statistic"] == "p", "value"]
        if len(rows) < 2 or values.empty:
            continue
        smallest = min(values, key=float)
        low = max(room(smallest)[0], 0) * len(rows)
        holds = float(smallest) >= ALPHA or low < ALPHA - 2 * len(rows) * TIE
        adjusted = min(1.0, float(smallest) * len(rows))
        records.append(
            {
                "key": where, "study": study.name, "where": where, "tests": len(rows),
                "printed": smallest, "adjusted": adjusted,
                **judged(holds, f"the {len(rows)} tests are one family"),
                "follows": f"{len(rows)} x {smallest} = {adjusted:.3g}",
            }
        )  # fmt: skip
    return pd.DataFrame(records, columns=FAMILY_COLUMNS)

"""Can a printed mean be that of whole numbers: the GRIM test (Brown & Heathers 2017)."""

import math

import pandas as pd

from recount.printed import decimals
from recount.tables import Study
from recount.verdicts import judged

WHOLE = "every value of {} is a whole number and none is missing"
GRIM_COLUMNS = [
    "key", "study", "where", "variable", "group", "n", "printed", "power", "premise", "verdict",
    "follows",
]  # fmt: skip


def printings(total: int, n: int, digits: int) -> set[int]:
    """Ways to print the mean of n whole numbers: cut off, or rounded with a tie either way.

    Parameters
    ----------
    total : int
        Sum of the whole numbers.
    n : int
        How many there are.
    digits : int
        Digits after the decimal point.

    Returns
    -------
    set of int
        The printed means, in units of the last digit.
    """
    scaled = total * 10**digits
    return {scaled // n, (2 * scaled + n) // (2 * n), (2 * scaled + n - 1) // (2 * n)}


def power(n: int, digits: int) -> float:
    """Share of all means of so many digits that no n whole numbers have."""
    step = 10**digits
    if n >= step:
        return 0.0
    possible = set().union(*(printings(total, n, digits) for total in range(n)))
    return 1 - len({mean % step for mean in possible}) / step


def grim(study: Study) -> pd.DataFrame:
    """Test the means of the variables that ``study.yml`` says are whole numbers.

    A mean may have been rounded, a tie either way, or cut off.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a mean of a group that is small enough for the test to have any power: columns
        ``GRIM_COLUMNS``.
    """
    rows = study.counts[study.counts["statistic"] == "mean"]
    rows = rows[rows["variable"].isin(study.about.get("whole_numbers", []))]
    records = []
    for row in rows.drop_duplicates(["variable", "group", "value"]).itertuples():
        n, digits = study.size(row.group), decimals(row.value)
        strength = power(n, digits) if n else 0.0
        if not strength:
            continue
        total = math.floor(float(row.value) * n)
        near = [total, total + 1]
        printed = round(float(row.value) * 10**digits)
        holds = any(printed in printings(one, n, digits) for one in near)
        means = " and ".join(f"{one / n:.{digits + 1}f}" for one in near)
        records.append(
            {
                "key": f"{row.variable}@{row.group}/{row.where}", "study": study.name,
                "where": row.where, "variable": row.variable, "group": row.group, "n": n,
                "printed": row.value, "power": strength,
                **judged(holds, WHOLE.format(row.variable)),
                "follows": f"the nearest means of {n} whole numbers are {means}",
            }
        )  # fmt: skip
    return pd.DataFrame(records, columns=GRIM_COLUMNS)

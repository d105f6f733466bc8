"""Are two sets that were drawn from one as alike as chance leaves them."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats.contingency import expected_freq
from statsmodels.stats.multitest import multipletests

from recount.pvalues import count_tests, mean_tests, smd_counts, smd_means
from recount.tables import Study
from recount.totals import Counts, leaves_of, pooled
from recount.verdicts import judged

ALPHA = 0.05
# With fewer patients expected in a cell the chi-square distribution is a poor guide.
FEWEST_EXPECTED = 5
CHANCE = "chance is ruled out"
AT_RANDOM = f"the sets were drawn at random and {CHANCE}"
BALANCE_COLUMNS = [
    "key", "study", "where", "variable", "set_a", "set_b", "value_a", "value_b", "test", "p",
    "p_holm", "smd", "premise", "verdict", "follows",
]  # fmt: skip


def _count_row(table: NDArray[np.int64], levels: list[str]) -> dict[str, object]:
    tests = count_tests(table)
    rare = expected_freq(table).min() < FEWEST_EXPECTED and not np.isnan(tests["Fisher"])
    test = "Fisher" if rare else "chi-square"
    shares = [[f"{100 * share:.0f}" for share in column / column.sum()] for column in table.T]
    value_a, value_b = (
        f"{levels[-1]} {part[-1]} %" if len(part) == 2 else f"{' / '.join(part)} %"
        for part in shares
    )
    return {
        "value_a": value_a, "value_b": value_b, "test": test, "p": tests[test],
        "smd": smd_counts(table),
    }  # fmt: skip


def _mean_row(sets: list[tuple[float, float, int]]) -> dict[str, object]:
    first, second = sets
    value_a, value_b = (f"{mean:.1f} ± {sd:.1f}" for mean, sd, _ in sets)
    return {
        "value_a": value_a, "value_b": value_b, "test": "Welch",
        "p": mean_tests(first, second)["Welch"], "smd": smd_means(first[:2], second[:2]),
    }  # fmt: skip


def _table(counts: Counts, variable: str, levels: list[str], sets: list[str]) -> NDArray | None:
    """Counts of a variable's levels in two sets, over the sets' parts where need be."""
    found = [[counts.level(variable, level, name) for name in sets] for level in levels]
    if len(levels) < 2 or any(None in row for row in found):
        return None
    table = np.array(found)
    return table[table.sum(axis=1) > 0] if table.sum(axis=0).all() else None


def _variable(counts: Counts, rows: pd.DataFrame, sets: list[str]) -> dict[str, object] | None:
    variable, kinds = rows["variable"].iloc[0], set(rows["statistic"])
    if "mean" in kinds:
        leaves = [leaves_of(counts, name, variable) for name in sets]
        if None in leaves:
            return None
        exact = [[(float(mean), float(sd), n) for mean, sd, n in part] for part in leaves]
        return _mean_row([(*pooled(part), sum(n for *_, n in part)) for part in exact])
    levels = list(dict.fromkeys(rows.loc[rows["statistic"] == "count", "level"]))
    table = _table(counts, variable, levels, sets)
    return None if table is None or len(table) < 2 else _count_row(table, levels)


def _outcome(study: Study, sets: list[str]) -> dict[str, object] | None:
    """Share with the outcome of two sets, where their classes are printed."""
    splits = [study.stated_split(name) for name in sets]
    if any(None in split for split in splits):
        return None
    return _count_row(np.array(splits).T[::-1], [study.about["negative"], study.about["positive"]])


def balance(study: Study) -> pd.DataFrame:
    """Compare the two sets that ``study.yml`` names as drawn at random, variable by variable.

    Counts by the chi-square test, or by Fisher's where few are expected; means by Welch's test.
    The p-values are adjusted over the variables (Holm 1979).

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a variable that is printed for both sets or their classes, the outcome among them:
        columns ``BALANCE_COLUMNS``. `smd` is the standardised difference (Austin 2009).
    """
    drawn = study.about.get("random_split")
    if not drawn:
        return pd.DataFrame(columns=BALANCE_COLUMNS)
    sets, counts = drawn["sets"], Counts(study)
    found = {
        variable: (rows["where"].iloc[0], _variable(counts, rows, sets))
        for variable, rows in study.counts.groupby("variable", sort=False)
    }
    found.setdefault(study.about["positive"], (drawn["where"], _outcome(study, sets)))
    known = [(name, where, row) for name, (where, row) in found.items() if row]
    frame = pd.DataFrame(
        [
            {
                "key": f"{name}@{';'.join(sets)}", "study": study.name, "where": where,
                "variable": name, "set_a": sets[0], "set_b": sets[1], **row,
            }
            for name, where, row in known
        ],
        columns=BALANCE_COLUMNS,
    )  # fmt: skip
    if frame.empty:
        return frame
    frame["p_holm"] = multipletests(frame["p"], method="holm")[1]
    premise = CHANCE if drawn["stated"] else AT_RANDOM
    verdicts = [judged(p >= ALPHA, premise) for p in frame["p_holm"]]
    follows = [
        f"{row.value_a} against {row.value_b}; p = {row.p:.2g}, over all variables {row.p_holm:.2g}"
        for row in frame.itertuples()
    ]
    return frame.assign(**pd.DataFrame(verdicts).to_dict("list"), follows=follows)

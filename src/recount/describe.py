"""The printed Table 1 as one frame."""

import pandas as pd

from recount.tables import Study

HEADINGS = {"test": "tested by", "printed": "printed p"}
# What R's chisq.test does by default comes first.
PREFERRED = ("chi-square, Yates", "chi-square", "Welch")


def _cell(part: pd.DataFrame) -> str:
    values = dict(zip(part["statistic"], part["value"], strict=True))
    if "mean" in values:
        return f"{values['mean']} ± {values.get('sd', '?')}"
    percent = f" ({values['percent']})" if "percent" in values else ""
    return f"{values.get('count', '')}{percent}"


def _one_test(p_values: pd.DataFrame) -> pd.DataFrame:
    """Keep the preferred test of each variable and pair."""
    rank = p_values["test"].map({name: i for i, name in enumerate(PREFERRED)})
    kept = p_values.assign(rank=rank).dropna(subset=["rank"]).sort_values("rank", kind="stable")
    return kept.drop_duplicates("key")


def published_table1(study: Study, p_values: pd.DataFrame) -> pd.DataFrame:
    """Table 1 as printed, with the p-values and differences that follow from it.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    p_values : DataFrame
        From ``p_values``.

    Returns
    -------
    DataFrame
        One row for each level: ``variable, level``, a column for each printed group, then for
        each pair of compared groups ``tested by``, ``p``, ``smd`` (with the pair's parent in the
        name where there are several pairs) and, where there is one, ``printed p``.
    """
    rows = study.counts[study.counts["where"].str.startswith("Table")]
    cells = rows[rows["statistic"] != "p"]
    keys = ["variable", "level"]
    body = {
        (variable, level, group): _cell(part)
        for (variable, level, group), part in cells.groupby([*keys, "group"], sort=False)
    }
    frame = cells.drop_duplicates(keys)[keys].reset_index(drop=True)
    for group in dict.fromkeys(cells["group"]):
        frame[group] = [
            body.get((v, level, group), "")
            for v, level in zip(frame["variable"], frame["level"], strict=True)
        ]
    return _with_tests(frame, _one_test(p_values))


def _with_tests(frame: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    first = ~frame["variable"].duplicated()
    pairs = tests.groupby(["group_a", "group_b"], sort=False)
    for (a, b), part in pairs:
        suffix = f" {a} / {b}" if pairs.ngroups > 1 else ""
        of = part.set_index("variable")
        for name in ("test", "p", "smd", "printed"):
            column = f"{HEADINGS.get(name, name)}{suffix}"
            if name == "printed" and (of[name] == "").all():
                continue
            frame[column] = frame["variable"].map(of[name]).where(first)
    return frame

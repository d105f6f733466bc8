"""The printed Table 1, and the flow that the printed sizes make."""

import pandas as pd

from recount import Study

HEADINGS = {"test": "tested by", "p": "p", "smd": "smd", "printed": "printed p"}
# What R's chisq.test does by default comes first.
PREFERRED = {"chi-square, Yates": 0, "chi-square": 1, "Welch": 2}


def _printed_cell(part: pd.DataFrame) -> str:
    values = dict(zip(part["statistic"], part["value"], strict=True))
    if "mean" in values:
        return f"{values['mean']} ± {values.get('sd', '?')}"
    percent = f" ({values['percent']})" if "percent" in values else ""
    return f"{values.get('count', '')}{percent}"


def published_table1(paper: Study, p_values: pd.DataFrame) -> pd.DataFrame:
    """Table 1 as printed, with the p-values and differences that follow from it.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    p_values : DataFrame
        From ``recount.p_values``.

    Returns
    -------
    DataFrame
        One row for each level: ``variable, level``, a column for each printed group, then for
        each pair of compared groups ``tested by``, ``p``, ``smd`` (with the pair's parent in the
        name where there are several pairs) and, where there is one, ``printed p``.
    """
    rows = paper.counts[paper.counts["where"].str.startswith("Table")]
    cells = rows[rows["statistic"] != "p"]
    parts = cells.groupby(["variable", "level", "group"], sort=False)[["statistic", "value"]]
    frame = as_printed(parts.apply(_printed_cell).rename("cell").reset_index()).fillna("")
    ranked = p_values.assign(rank=p_values["test"].map(PREFERRED)).dropna(subset=["rank"])
    tests = ranked.sort_values("rank", kind="stable").drop_duplicates("key")
    first = ~frame["variable"].duplicated()
    pairs = tests.groupby(["group_a", "group_b"], sort=False)
    for (a, b), part in pairs:
        suffix = f" {a} / {b}" if pairs.ngroups > 1 else ""
        of = part.set_index("variable")
        for name, heading in HEADINGS.items():
            if name != "printed" or (of[name] != "").any():
                frame[heading + suffix] = frame["variable"].map(of[name]).where(first)
    return frame


def as_printed(cells: pd.DataFrame) -> pd.DataFrame:
    """Lay out `cell` as the papers do: a row for each level, a column for each group."""
    keys = ["variable", "level"]
    wide = cells.pivot(index=keys, columns="group", values="cell")
    order = pd.MultiIndex.from_frame(cells[keys].drop_duplicates())
    return wide.reindex(index=order, columns=list(dict.fromkeys(cells["group"]))).reset_index()


def published_flow(paper: Study) -> pd.DataFrame:
    """Recruitment flow from the printed sizes, in the form of a cohort's flow.

    Returns
    -------
    DataFrame
        Columns ``step, rows, images, patients, reason``: the cohort, then each of its sets with
        the stated number with the outcome. A paper that prints no number of excluded patients has
        no row for them.
    """
    tops = paper.groups[paper.groups["parent"] == ""]
    records = [{"step": f"{paper.about['title']}: {row.group}", "patients": int(row.n or 0)}
               for row in tops.itertuples()]  # fmt: skip
    for top in tops["group"]:
        for row in paper.groups[paper.groups["parent"] == top].itertuples():
            positive, _ = paper.stated_split(row.group)
            size = paper.size(row.group)
            step = f"split: {row.group}, {positive} {paper.about['positive']}"
            records.append({"step": step, "patients": size})
    frame = pd.DataFrame(records).assign(rows=0, images=0, reason="")
    return frame[["step", "rows", "images", "patients", "reason"]]


def pair_name(first: str, second: str) -> str:
    """Name two groups, with what their names share said once: ``train: yes / no``."""
    head, _, tail = first.partition("_")
    other, _, rest = second.partition("_")
    same = head == other and tail and rest
    names = f"{head}: {tail} / {rest}" if same else f"{first} / {second}"
    return names.replace("_", " ")

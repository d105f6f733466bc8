"""A simulated cohort beside the printed table that it was drawn from."""

from collections.abc import Mapping

import pandas as pd

from recount import Study, decimals

# Printed names of sets that a cohort's table calls otherwise.
SPLITS = {"training": "train"}


def members(study: Study, table: pd.DataFrame, group: str) -> pd.Series:
    """Tell which simulated patients belong to a printed group.

    Parameters
    ----------
    study : Study
        The transcribed paper, whose groups have parents and roles.
    table : DataFrame
        One row a patient, columns ``split, label``.
    group : str
        Name of a printed group.
    """
    row = study.groups.set_index("group").loc[group]
    if not row["parent"]:
        return pd.Series(True, table.index)
    if row["role"]:
        label = int(row["role"] == "positive")
        return members(study, table, row["parent"]) & (table["label"] == label)
    return table["split"] == SPLITS.get(group, group)


def _obtained(part: pd.DataFrame, column: str, row) -> str:
    values = part[column]
    if row.statistic in ("mean", "sd"):
        number = values.mean() if row.statistic == "mean" else values.std()
        return f"{number:.{decimals(row.value)}f}"
    count = int((values == row.level).sum())
    if row.statistic == "percent":
        return f"{100 * count / len(part):.{decimals(row.value)}f}"
    return str(count)


def reported_against_obtained(
    study: Study, table: pd.DataFrame, printed: Mapping[str, str]
) -> pd.DataFrame:
    """Compare every printed number of Table 1 with the simulated patients.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    table : DataFrame
        One row a patient: ``split, label`` and the clinical columns.
    printed : mapping of str to str
        Printed variable of each clinical column.

    Returns
    -------
    DataFrame
        Columns ``variable, level, group, statistic, reported, obtained, difference, same``. A
        variable that the simulation does not have (what is known after surgery) is left out.
    """
    table = table.assign(clnm=table["label"].map({0: "No", 1: "Yes"}))
    columns = {variable: column for column, variable in printed.items()} | {"CLNM": "clnm"}
    records = []
    for row in study.counts[study.counts["where"].str.startswith("Table")].itertuples():
        column = columns.get(row.variable)
        if row.statistic == "p" or column is None:
            continue
        found = _obtained(table[members(study, table, row.group)], column, row)
        difference = float(found) - float(row.value)
        head = (row.variable, row.level, row.group, row.statistic, row.value, found)
        records.append((*head, difference, found == row.value))
    names = ["variable", "level", "group", "statistic", "reported", "obtained"]
    return pd.DataFrame(records, columns=[*names, "difference", "same"])


def side_by_side(compared: pd.DataFrame) -> pd.DataFrame:
    """Lay out the comparison as the papers do: a row a level, a column a group.

    Parameters
    ----------
    compared : DataFrame
        From ``reported_against_obtained``.

    Returns
    -------
    DataFrame
        Cells hold the printed number, and where it differs an arrow and what was obtained.
    """
    rows = compared[compared["statistic"] != "percent"]
    cells = rows["reported"].where(rows["same"], rows["reported"] + " → " + rows["obtained"])
    rows = rows.assign(
        cell=cells, level=rows["level"].where(rows["level"] != "", rows["statistic"])
    )
    wide = rows.pivot(index=["variable", "level"], columns="group", values="cell")
    order = rows.drop_duplicates(["variable", "level"]).set_index(["variable", "level"]).index
    return wide.reindex(index=order, columns=list(dict.fromkeys(rows["group"]))).reset_index()

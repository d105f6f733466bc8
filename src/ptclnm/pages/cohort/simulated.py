"""Simulated patients beside the printed table that they were drawn from."""

from collections.abc import Mapping

import pandas as pd

from ptclnm import published
from ptclnm.cohorts.simulate.patients import STUDIES, draw
from ptclnm.pages.cohort.printed import as_printed
from ptclnm.schema import Cohort
from recount import Study, decimals

# Printed names of sets that a cohort's table calls otherwise.
SPLITS = {"training": "train"}
COLUMNS = ["variable", "level", "group", "statistic", "reported", "obtained"]


def printed_and_drawn(cohort: Cohort, seed: int) -> pd.DataFrame:
    """Lay out Table 1 of a simulated cohort's paper with what all its patients have.

    Parameters
    ----------
    cohort : Cohort
        Whatever part of it was drawn, as many patients as the paper's are compared.
    seed : int
        Seed of the draw.

    Returns
    -------
    DataFrame
        As :func:`side_by_side`; empty for a cohort that was not drawn from a printed table.
    """
    if cohort.name not in STUDIES:
        return pd.DataFrame(columns=["variable", "level"])
    paper, table = published.load(cohort.name.removesuffix("-sim")), draw(cohort.name, seed=seed)
    printed = STUDIES[cohort.name].STUDY.variables
    return side_by_side(reported_against_obtained(paper, table.table, printed))


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
        Columns ``variable, level, group, statistic, reported, obtained, same``. A variable that
        the simulation does not have (what is known after surgery) is left out.
    """
    table = table.assign(clnm=table["label"].map({0: "No", 1: "Yes"}))
    columns = {variable: column for column, variable in printed.items()} | {"CLNM": "clnm"}
    rows = study.counts[study.counts["where"].str.startswith("Table")]
    rows = rows[(rows["statistic"] != "p") & rows["variable"].isin(list(columns))]
    obtained = [
        _obtained(table.loc[members(study, table, row.group), columns[row.variable]], row)
        for row in rows.itertuples()
    ]
    rows = rows.rename(columns={"value": "reported"}).assign(obtained=obtained)[COLUMNS]
    return rows.assign(same=rows["reported"] == rows["obtained"]).reset_index(drop=True)


def _obtained(values: pd.Series, row) -> str:
    if row.statistic == "count":
        return str((values == row.level).sum())
    if row.statistic == "percent":
        values = 100 * (values == row.level)
    number = values.std() if row.statistic == "sd" else values.mean()
    return f"{number:.{decimals(row.value)}f}"


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
    levels = rows["level"].where(rows["level"] != "", rows["statistic"])
    return as_printed(rows.assign(cell=cells, level=levels))

"""Verdicts on a paper's claims, from the audit's tables; no verdict is typed by hand."""

from fnmatch import fnmatchcase

import pandas as pd

from ptclnm.errors import PublishedTableError, nearest
from ptclnm.published.audit import Audit
from ptclnm.report.claims import COLUMNS

CHECKED = ("totals", "p_values", "split_checks", "cells", "auc", "comparisons", "features")
OPEN = "cannot be checked"


def _follows(table: str, row: pd.Series) -> str:
    """What a check obtained, in a few words."""
    if table == "split_checks":
        return f"{row['found_positive']}/{row['found_negative']}"
    if table == "p_values":
        names = row["tests"] or "no test from counts or means"
        return f"{row['printed'] or 'not printed'}: {names}"
    return str(row["follows"])


def _one_row_a_variable(p_values: pd.DataFrame) -> pd.DataFrame:
    """Reduce the tests of a variable to one row that names those which reproduce it."""
    if p_values.empty:
        return p_values.assign(tests="")
    rows = p_values.drop_duplicates("key").set_index("key", drop=False)
    given = p_values[p_values["reproduces"]].groupby("key")["test"].agg(", ".join)
    return rows.assign(tests=given.reindex(rows.index).fillna("")).reset_index(drop=True)


def checked_tables(audit: Audit) -> dict[str, pd.DataFrame]:
    """The audit's tables that claims may refer to, one row for each key."""
    tables = {name: getattr(audit, name) for name in CHECKED}
    return tables | {"p_values": _one_row_a_variable(audit.p_values)}


def matching(tables: dict[str, pd.DataFrame], check: str) -> pd.DataFrame:
    """Rows of the audit that a claim rests on.

    Parameters
    ----------
    tables : dict of DataFrame
        From ``checked_tables``.
    check : str
        ``table:key``; the key may hold ``*`` for any text.

    Returns
    -------
    DataFrame
        The rows, all of one table.

    Raises
    ------
    PublishedTableError
        If the table, or any row of it that the key names, does not exist; a table of problems
        (``cells``) may have none.
    """
    name, _, key = check.partition(":")
    if name not in tables:
        hint = nearest(name, tables)
        raise PublishedTableError("claims.csv", [f"column 'check': found {check!r}; {hint}"])
    table = tables[name]
    rows = table[[fnmatchcase(found, key) for found in table["key"]]] if len(table) else table
    if rows.empty and name != "cells":
        hint = nearest(key, table["key"])
        raise PublishedTableError("claims.csv", [f"column 'check': no row {check!r}; {hint}"])
    return rows


def combine(verdicts: pd.Series) -> str:
    """Verdict of a claim from those of the rows it rests on.

    Any contradiction contradicts; otherwise any agreement agrees; otherwise it cannot be checked.
    A claim that rests on a table of problems, and finds none there, agrees.
    """
    if verdicts.empty or (verdicts == "agrees").any():
        return "contradicts" if (verdicts == "contradicts").any() else "agrees"
    return "contradicts" if (verdicts == "contradicts").any() else OPEN


def _obtained(name: str, rows: pd.DataFrame) -> str:
    if rows.empty:
        return "nothing speaks against it"
    if len(rows) == 1:
        return _follows(name, rows.iloc[0])
    counts = rows["verdict"].value_counts()
    if name == "cells":
        return "; ".join(f"{row['model']} {row['follows']}" for _, row in rows.iterrows())
    words = {"agrees": "hold", "contradicts": "do not", "cannot be checked": "cannot be checked"}
    if set(counts.index) == {"agrees"}:
        return f"all {len(rows)} hold"
    if set(counts.index) == {"contradicts"}:
        return f"none of {len(rows)} holds"
    return f"of {len(rows)}: " + ", ".join(f"{n} {words[verdict]}" for verdict, n in counts.items())


def claims(audit: Audit) -> pd.DataFrame:
    """Judge every claim of a study's ``claims.csv``.

    Parameters
    ----------
    audit : Audit
        From ``audit``.

    Returns
    -------
    DataFrame
        Columns ``claim_id, study, where, quantity, reported, obtained, evidence, verdict, note,
        headline``. A claim that names no check rests on the patients' data; its note says what
        would settle it.
    """
    tables = checked_tables(audit)
    records = [_judge(audit.study.name, tables, row) for row in audit.study.claims.itertuples()]
    return pd.DataFrame(records, columns=[*COLUMNS, "headline"])


def _judge(study: str, tables: dict[str, pd.DataFrame], row) -> dict[str, object]:
    if row.check:
        rows = matching(tables, row.check)
        verdict = combine(rows["verdict"])
        obtained = _obtained(row.check.partition(":")[0], rows)
    else:
        verdict, obtained = OPEN, "needs the patients' data"
    return {
        "claim_id": row.claim_id, "study": study, "where": row.where, "quantity": row.quantity,
        "reported": row.reported, "obtained": obtained, "evidence": "published",
        "verdict": verdict, "note": row.settled_by, "headline": row.headline == "yes",
    }  # fmt: skip

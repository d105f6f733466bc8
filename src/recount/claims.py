"""Verdicts on a paper's claims, from the audit's tables; no verdict is typed by hand."""

from fnmatch import fnmatchcase

import pandas as pd

from recount.audit import Audit
from recount.errors import RecordError, nearest
from recount.verdicts import AGREES, CONFLICTS, CONTRADICTS, OPEN, conflict, together

CLAIM_COLUMNS = [
    "claim_id", "study", "where", "quantity", "reported", "obtained", "premise", "verdict", "note",
    "headline", "matter", "kind",
]  # fmt: skip
# The audit's tables that a claim may rest on, each with a key, a verdict and its premise.
CHECKED = (
    "totals", "slip", "p_values", "balance", "directions", "grim", "split_checks",
    "compared_shares", "cells", "auc", "comparisons", "families", "discordance", "statements",
    "late_inputs", "features",
)  # fmt: skip
# So many pairs of rows, and more, are counted and not listed.
FEW = 4


def _follows(table: str, row: pd.Series) -> str:
    """What a check obtained, in a few words."""
    if table == "p_values":
        names = row["tests"] or "no test from counts or means"
        return f"{row['printed'] or 'not printed'}: {names}"
    if table == "cells":
        return f"{row['model']} {row['follows']}"
    if table == "compared_shares":
        return f"{row['model_a']} and {row['model_b']}: {row['follows']}"
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
    RecordError
        If the table, or any row of it that the key names, does not exist; a table of problems
        (``cells``) may have none.
    """
    name, _, key = check.partition(":")
    if name not in tables:
        hint = nearest(name, tables)
        raise RecordError("claims.csv", [f"column 'check': found {check!r}; {hint}"])
    table = tables[name]
    rows = table[[fnmatchcase(found, key) for found in table["key"]]] if len(table) else table
    if rows.empty and name != "cells":
        hint = nearest(key, table["key"])
        raise RecordError("claims.csv", [f"column 'check': no row {check!r}; {hint}"])
    return rows


def combine(rows: pd.DataFrame, way: str = "parts") -> tuple[str, str]:
    """Premise and verdict of a claim from those of the rows that it rests on.

    Parameters
    ----------
    rows : DataFrame
        Columns ``verdict, premise``. A claim that rests on a table of problems, and finds none
        there, agrees.
    way : {"parts", "alternatives"}
        Of parts, any that conflicts makes the claim conflict, and any that agrees makes it agree
        as far as it can be checked. Of alternatives (a comparator that is not named, say) all must
        conflict, and one that agrees is enough if it is the one meant.
    """
    bad = rows[rows["verdict"].isin([CONTRADICTS, CONFLICTS])]
    good, total = int((rows["verdict"] == AGREES).sum()), len(rows)
    if way == "alternatives":
        if total and len(bad) == total:
            premise = together(bad["premise"])
            return premise, conflict(premise)
        meant = "" if good == total else f"one of the {good} of {total} readings that hold is meant"
        return (meant, AGREES) if good else ("", OPEN)
    if (bad["verdict"] == CONTRADICTS).any():
        return "", CONTRADICTS
    if len(bad):
        return together(bad["premise"]), CONFLICTS
    if good in (0, total):
        return "", AGREES if good or not total else OPEN
    verb = "holds" if total - good == 1 else "hold"
    return f"the {total - good} of {total} that cannot be checked {verb} too", AGREES


def _obtained(name: str, rows: pd.DataFrame) -> str:
    if rows.empty:
        return "nothing speaks against it"
    follows = list(dict.fromkeys(_follows(name, row) for _, row in rows.iterrows()))
    if len(follows) == 1 or name == "cells" or (name == "compared_shares" and len(rows) < FEW):
        return "; ".join(follows)
    total, good, left = len(rows), *((rows["verdict"] == word).sum() for word in (AGREES, OPEN))
    counts = {
        ("holds", "hold"): good, ("does not", "do not"): total - good - left,
        ("cannot be checked", "cannot be checked"): left,
    }  # fmt: skip
    if total in counts.values():
        none = "can be checked" if left else "holds"
        return f"all {total} hold" if good else f"none of {total} {none}"
    parts = [f"{n} {one if n == 1 else many}" for (one, many), n in counts.items() if n]
    if name == "comparisons" and total - good - left == 1:
        odd = rows[rows["verdict"].isin([CONTRADICTS, CONFLICTS])].iloc[0]
        parts[1] += f" ({odd['model_a']}: {odd['follows']})"
    return f"of {total}, {' and '.join([', '.join(parts[:-1]), parts[-1]])}"


def _unnamed(rows: pd.DataFrame) -> str:
    """What a test needs whose comparator is not named, from every comparator that was tried."""
    paired = rows.loc[rows["verdict"] == OPEN, "correlation_needed"]
    needs = " or ".join(f"{rho:.2f}" for rho in paired)
    p = ", ".join(f"{p:.2f}" for p in rows["p_unpaired"])
    start = f"paired, a correlation of {needs} would do; " if needs else ""
    return f"{start}as printed the rows are not of the same cases, and the unpaired p is {p}"


def _note(name: str, rows: pd.DataFrame, settled_by: str) -> str:
    """What would settle a claim, and whom a wrong cell favours where that is not the authors."""
    if name == "cells" and len(rows) and rows["favours"].eq("the model look worse").all():
        words = (
            "The values that follow make the models look better: the slip is against the authors"
        )
        return f"{words}' own interest. {settled_by}".strip()
    return settled_by


def claims(audit: Audit) -> pd.DataFrame:
    """Judge every claim of a study's ``claims.csv``.

    Parameters
    ----------
    audit : Audit
        From ``audit``.

    Returns
    -------
    DataFrame
        Columns ``CLAIM_COLUMNS``. A claim that names no check rests on the patients' data; its
        note says what would settle it.
    """
    tables = checked_tables(audit)
    records = [_judge(audit.study.name, tables, row) for row in audit.study.claims.itertuples()]
    return pd.DataFrame(records, columns=CLAIM_COLUMNS)


def _judge(study: str, tables: dict[str, pd.DataFrame], row) -> dict[str, object]:
    premise, verdict, obtained, note = "", OPEN, "needs the patients' data", row.settled_by
    if row.check:
        name, rows = row.check.partition(":")[0], matching(tables, row.check)
        premise, verdict = combine(rows, row.combine)
        unnamed = name == "comparisons" and row.combine == "alternatives"
        obtained = _unnamed(rows) if unnamed else _obtained(name, rows)
        note = _note(name, rows, row.settled_by)
    return {
        "claim_id": row.claim_id, "study": study, "where": row.where, "quantity": row.quantity,
        "reported": row.reported, "obtained": obtained,
        "premise": premise, "verdict": verdict, "note": note,
        "headline": row.headline == "yes", "matter": row.matter, "kind": row.kind,
    }  # fmt: skip

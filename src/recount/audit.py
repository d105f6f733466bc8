"""All checks of one study's printed numbers, and verdicts on its claims."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import pandas as pd

from recount.auc import auc_checks, contrasts, directions, intervals
from recount.comparisons import comparisons, discordance, families, late_inputs, statements
from recount.features import feature_accounting
from recount.pvalues import balance, p_values
from recount.samplesize import sample_size
from recount.schema import RecordError, nearest
from recount.slips import size_sources, slip
from recount.splits import (
    LIMIT,
    Splits,
    calling_nobody,
    class_split,
    compared_shares,
    confusion,
    find_splits,
    shares,
)
from recount.stated import cells, split_checks
from recount.tables import Study
from recount.totals import grim, totals
from recount.verdicts import AGREES, CONFLICTS, CONTRADICTS, OPEN, combine

CLAIM_COLUMNS = """
    claim_id study where quantity reported obtained premise verdict note headline matter kind
""".split()
# The audit's tables that a claim may rest on, each with a key, a verdict and its premise.
CHECKED = """
    totals slip p_values balance directions grim split_checks compared_shares cells auc
    comparisons families discordance statements late_inputs features
""".split()
# So many pairs of rows, and more, are counted and not listed.
FEW = 4


@dataclass(frozen=True)
class Audit:
    """What follows from a study's printed numbers; each table is an attribute, by its name.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    splits : Splits
        Its rows of metrics and the class splits behind them.
    tables : dict of DataFrame
        One a check, by the name of the function that makes it: ``class_split, confusion,
        intervals, split_checks, shares, compared_shares, calling_nobody, cells, totals, slip,
        size_sources, p_values, balance, contrasts, directions, grim, auc, comparisons, families,
        discordance, statements, late_inputs, features, sample_size``.
    """

    study: Study
    splits: Splits
    tables: dict[str, pd.DataFrame]

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Give a table by its name."""
        if name not in self.__dict__.get("tables", {}):
            raise AttributeError(f"an audit has no table {name!r}")
        return self.tables[name]


def called_positive(tables: pd.DataFrame) -> dict[str, int]:
    """Patients that each model calls positive in a set, by ``model@set``, where they are sure."""
    called = tables.assign(called=tables["tp"] + tables["fp"])
    sure = called.groupby(["model", "evaluation_set"])["called"].agg(["first", "nunique"])
    sure = sure[sure["nunique"] == 1]["first"]
    return {f"{model}@{name}": int(count) for (model, name), count in sure.items()}


def outcomes(splits: Splits) -> dict[str, int]:
    """Patients with the outcome behind a set's metrics, where all of its rows need one split."""
    by_set: dict[str, set] = {}
    for group in splits.groups:
        by_set.setdefault(group.evaluation_set, set()).add(group.chosen)
    return {name: split[0] for name, (split, *more) in by_set.items() if split and not more}


def audit(study: Study, limit: int = LIMIT) -> Audit:
    """Check a study's printed numbers against each other.

    Parameters
    ----------
    study : Study
        From ``load``.
    limit : int
        Largest number of patients that the search for class splits considers.

    Returns
    -------
    Audit
        One frame for each check.
    """
    splits = find_splits(study, limit)
    tables, checks, implied = confusion(splits), split_checks(splits), shares(splits)
    alone = contrasts(study)
    found = {
        "class_split": class_split(splits), "confusion": tables, "intervals": intervals(tables),
        "split_checks": checks, "shares": implied, "compared_shares": compared_shares(splits),
        "calling_nobody": calling_nobody(study, implied), "cells": cells(splits, checks),
        "totals": totals(study, called_positive(tables), outcomes(splits)), "slip": slip(study),
        "size_sources": size_sources(study), "p_values": p_values(study),
        "balance": balance(study), "contrasts": alone, "directions": directions(alone),
        "grim": grim(study), "auc": auc_checks(splits), "comparisons": comparisons(splits),
        "families": families(study), "discordance": discordance(study, tables),
        "statements": statements(study), "late_inputs": late_inputs(study),
        "features": feature_accounting(study), "sample_size": sample_size(study),
    }  # fmt: skip
    return Audit(study, splits, found)


def checked_tables(audit: Audit) -> dict[str, pd.DataFrame]:
    """The audit's tables that claims may refer to, one row for each key."""
    tests = audit.p_values
    given = tests[tests["reproduces"].eq(True)].groupby("key")["test"].agg(", ".join)
    rows = tests.drop_duplicates("key")
    follows = [
        f"{row.printed or 'not printed'}: {given.get(row.key, 'no test from counts or means')}"
        for row in rows.itertuples()
    ]
    return {name: audit.tables[name] for name in CHECKED} | {
        "p_values": rows.assign(follows=follows)
    }


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


def _obtained(name: str, rows: pd.DataFrame) -> str:
    if rows.empty:
        return "nothing speaks against it"
    words = rows["follows"].astype(str)
    if name == "cells":
        words = rows["model"] + " " + words
    elif name == "compared_shares":
        words = rows["model_a"] + " and " + rows["model_b"] + ": " + words
    follows = list(dict.fromkeys(words))
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
    return row._asdict() | {
        "study": study, "obtained": obtained, "premise": premise, "verdict": verdict, "note": note,
        "headline": row.headline == "yes",
    }  # fmt: skip

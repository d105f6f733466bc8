"""Sentences of the published record whose logic depends on what the audit finds."""

from collections.abc import Callable

import pandas as pd

from ptclnm.report.claims import escape_markdown
from ptclnm.report.columns import heading
from ptclnm.report.sentences import answer_box, bullets, count, listing, verdicts
from recount import AGREES, CONFLICTS, CONTRADICTS, Audit, Study

LINES = 5
STATEMENTS = {
    "significant": "significant", "best_auc": "has the highest AUC of its rivals",
    "adds_more": "adds more",
}  # fmt: skip
BAD = (CONTRADICTS, CONFLICTS)


def conflicts(table: pd.DataFrame, sentence: Callable[..., str], none: str = "") -> str:
    """List the rows that conflict, each with what that presupposes; `none` where none does."""
    rows = table[table["verdict"].isin(BAD)].itertuples()
    lines = (f"{escape_markdown(sentence(row))}{_if(row.premise)}" for row in rows)
    return bullets(dict.fromkeys(lines), none)


def _if(premise: str) -> str:
    """End a sentence, with what it presupposes where it presupposes something."""
    return f", which conflicts if {premise}." if premise else "."


def answer(judged: pd.DataFrame, study: Study) -> str:
    """Give the page's answer in at most five lines: what conflicts, one line a matter.

    Parameters
    ----------
    judged : DataFrame
        From ``claims``; a claim of ``claims.csv`` that has a ``finding`` may become a line.
    study : Study
        The transcribed paper.
    """
    finding = study.claims.set_index("claim_id")["finding"]
    rows = judged.assign(finding=judged["claim_id"].map(finding))
    rows = rows[(rows["finding"] != "") & rows["verdict"].isin([*BAD, AGREES])]
    order = {CONTRADICTS: 0, CONFLICTS: 1, AGREES: 2}
    rows = rows.sort_values("verdict", key=lambda v: v.map(order), kind="stable")
    lines = (_line(row) for row in rows.drop_duplicates("matter").head(LINES).itertuples())
    return answer_box(lines, "No claim that makes a finding was judged.")


def _line(row) -> str:
    words = row.finding.format(**row._asdict())
    return f"**{row.verdict.removesuffix(', if')}**: {escape_markdown(words)}"


def splits(audit: Audit) -> str:
    """Say which class split the printed metrics need, set by set, and what that presupposes."""
    keys = ["evaluation_set", "found_positive", "found_negative"]
    groups = audit.split_checks.groupby(keys, sort=False, dropna=False)
    return bullets(f"**{name}**: {_split(audit, part)}" for (name, *_), part in groups)


def _split(audit: Audit, part: pd.DataFrame) -> str:
    """Say of the rows that one split explains which it is, and how the stated one does."""
    first, said = part.iloc[0], verdicts(part, "row")
    if pd.isna(first["found_positive"]):
        return f"no split up to the largest size tried explains {listing(part['model'])}."
    rows = audit.class_split[audit.class_split["evaluation_set"] == first["evaluation_set"]]
    alike = sum(first["model"] in models.split(";") for models in rows["models"])
    fits = "the only split" if alike == 1 else f"one of {alike} splits"
    stated, found = ("{}/{}".format(*first[[f"{way}_positive", f"{way}_negative"]])
                     for way in ("stated", "found"))  # fmt: skip
    text = f"{found}, {fits} up to {audit.splits.limit:,} that fit{'s' * (alike == 1)}. "
    if pd.isna(first["stated_positive"]):
        return text + "The paper does not state the split."
    premises = listing(dict.fromkeys(filter(None, part["premise"])))
    return f"{text}Stated: {stated}. {said}" + (f" Premises: {premises}." if premises else "")


def shares(audit: Audit) -> str:
    """Say whether the rows that are compared can be of the same cases."""
    found = conflicts(
        audit.compared_shares, lambda row: f"{row.model_a} and {row.model_b}: {row.follows}"
    )
    lines = (
        f"The share behind {row.model}, {row.evaluation_set}, is that stated for "
        f"{row.sets.replace(';', ' and ')}."
        for row in audit.shares.itertuples()
        if found and row.sets and row.evaluation_set not in row.sets.split(";")
    )
    compared = verdicts(audit.compared_shares, "compared pair")
    return f"{compared}\n\n{found}\n{bullets(lines, '')}"


def totals(audit: Audit) -> str:
    """List the sums that do not come out, after how many do."""
    wrong = conflicts(
        audit.totals,
        lambda row: f"{row.quantity} ({row.where}): {row.printed} against {row.follows}",
        "None fails.",
    )
    return f"{verdicts(audit.totals, 'sum')}\n\n{wrong}"


def p_values(audit: Audit) -> str:
    """Say how many printed p-values are reproduced, and by which tests."""
    printed = audit.p_values[audit.p_values["printed"] != ""]
    if printed.empty:
        return "No p-value is printed."
    good = printed[printed["reproduces"].eq(True)].groupby("key")["test"].first()
    lost = printed[~printed["key"].isin(good.index)].drop_duplicates("key")
    by = listing(f"{number} by {name}" for name, number in good.value_counts().items())
    total = count(printed["key"].nunique(), "printed p-value")
    text = f"Of {total}, {len(good)} can be reproduced: {by or 'none'}."
    if len(lost):
        text += f" No test of the printed numbers gives {listing(lost['variable'])}."
    return text


def cells(audit: Audit) -> str:
    """List the cells that cannot be right, those of one kind in one line."""
    kinds = ["evaluation_set", "where", "metric", "problem", "same_as", "favours", "premise"]
    return bullets(
        (_cell(part) for _, part in audit.cells.groupby(kinds, sort=False)),
        "Every cell follows from the others of its row, and text and tables agree.",
    )


def _cell(part: pd.DataFrame) -> str:
    row = part.iloc[0]
    values = listing(
        f"{cell.model} {cell.printed}" + (f" (follows: {cell.follows})" if cell.follows else "")
        for cell in part.itertuples()
    )
    name = f"{heading(row['metric'])}, {row['evaluation_set']} ({row['where']})"
    text = f"{name}: {values}; {row['problem']}"
    text += f", printed also as {row['same_as']}" if row["same_as"] else ""
    text += f" (that makes {row['favours']})" if row["favours"] else ""
    return text + _if(row["premise"])


def auc(audit: Audit) -> str:
    """Say which AUCs their intervals or operating points do not fit, and how wide intervals are."""
    lines = [
        f"{row.model}, {row.evaluation_set} ({row.where}): printed {row.auc} "
        f"({row.low}–{row.high}); {row.follows}{_if(row.premise)}"
        for row in audit.auc[audit.auc["verdict"] != AGREES].itertuples()
    ]
    ratio = audit.auc["se_ratio"].dropna()
    if len(ratio):
        lines.append(
            f"The printed intervals are {ratio.min():.2f} to {ratio.max():.2f} times as wide as "
            f"Hanley and McNeil's formula expects at the splits found, {ratio.median():.2f} at "
            "the median."
        )
    return bullets(lines, "No AUC is printed with its interval.")


def sizes(audit: Audit) -> str:
    """Say which printed numbers lead to which size, where they lead to several."""
    found = audit.size_sources
    lines = [
        f"{row.group} = {row.size}{'' if row.printed else ', which is not the printed size'}: "
        f"{row.sources}."
        for row in found[found.duplicated("group", keep=False)].itertuples()
    ]
    lines += [
        f"If one number alone is wrong, it is the {row.quantity}: {row.printed} for {row.follows}. "
        f"That leaves {row.left} of {count(row.failing, 'failing sum')}."
        for row in audit.slip.itertuples()
    ]
    return bullets(lines, "The sums that give a group's size agree.")


def balance(audit: Audit) -> str:
    """Say how alike two sets are that were drawn from one, and which variables change direction."""
    odd = conflicts(
        audit.balance, lambda row: f"{row.variable}: {row.follows} ({row.set_a}, {row.set_b})"
    )
    turned = conflicts(
        audit.directions, lambda row: f"{row.variable} changes its direction: {row.follows}"
    )
    compared = verdicts(audit.balance, "variable")
    return f"{compared}\n\n{odd}\n{turned}"


def statements(audit: Audit) -> str:
    """List what the text says against what it prints elsewhere, and the families of tests."""
    said = conflicts(
        audit.statements,
        lambda row: (
            f"{row.where}: {row.model_a} ({row.evaluation_set}) "
            f"{STATEMENTS[row.statement]}; {row.follows}"
        ),
    )
    tests = conflicts(
        audit.families,
        lambda row: f"{row.where}: p = {row.printed} is one of {row.tests}; {row.follows}",
    )
    return f"{verdicts(audit.statements, 'statement')}\n\n{said}\n{tests}"


def moved(audit: Audit) -> str:
    """Say how often sensitivity falls between compared models while the accuracy rises."""
    pair = ["evaluation_set", "model_a", "model_b"]
    gain = audit.discordance.assign(gain=audit.discordance.eval("count_a - count_b"))
    gain = gain.pivot(index=pair, columns="metric", values="gain")
    if gain.empty:
        return "No two by two tables of compared models are known."
    up = gain[gain["accuracy"] > 0]
    falls = up[up["sensitivity"] < 0]
    named = listing(f"{a} against {b} ({name})" for name, a, b in falls.index)
    text = f"Of {count(len(up), 'pair')} whose accuracy rises, sensitivity falls in {len(falls)}"
    return f"{text}: {named}." if named else f"{text}."


def error_rates(rates: pd.DataFrame) -> str:
    """Say how often the audit accuses honest papers.

    Parameters
    ----------
    rates : DataFrame
        From ``bench/audit_study.py``: ``papers, kind, verdicts, wrong, share, low, high``.
    """
    honest = rates[rates["kind"] == "honest"].set_index("verdicts")
    wrong, high = (honest.loc[CONTRADICTS, name] for name in ("wrong", "high"))
    return (
        f"Of {count(honest.loc[CONTRADICTS, 'papers'], 'honest paper')} drawn by simulation, "
        f"{count(wrong, 'is', 'are')} accused without a premise (at most {100 * high:.1f} % with "
        f"95 % confidence), and {100 * honest.loc[CONFLICTS, 'share']:.0f} % conflict under a "
        "premise."
    )

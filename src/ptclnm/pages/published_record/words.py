"""Sentences of the published record whose logic depends on what the audit finds."""

import pandas as pd

from ptclnm.report.claims import escape_markdown
from ptclnm.report.sentences import answer_box, bullets, count, listing
from recount import AGREES, CONFLICTS, CONTRADICTS, OPEN, Audit, Study, images_a_patient

LINES = 5
METRIC_NAMES = {
    "ppv": "PPV", "npv": "NPV", "f1": "F1", "auc": "AUC", "auc_low": "lower limit of the AUC",
    "auc_high": "upper limit of the AUC", "all": "all metrics",
}  # fmt: skip
BAD = (CONTRADICTS, CONFLICTS)


def about(study: Study) -> str:
    """Say what the paper did, with a link to it."""
    link = f"[{study.about['title']}](https://doi.org/{study.about['doi']})"
    return f"{link}. {study.about['summary']}"


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


def _if(premise: str) -> str:
    """End a sentence, with what it presupposes where it presupposes something."""
    return f", if {premise}." if premise else "."


def matters(judged: pd.DataFrame) -> str:
    """Say how many claims conflict, and about which matters, those of substance first."""
    bad = judged[judged["verdict"].isin(BAD)]
    if bad.empty:
        return "No claim conflicts with another."
    names = bad["matter"].where(bad["matter"] != "", bad["quantity"])
    heads = {"substance": "What the conclusions rest on", "slip": "Slips of print or count"}
    lines = [
        f"{head}: {escape_markdown(_listed(names[bad['kind'] == kind]))}."
        for kind, head in heads.items()
        if (bad["kind"] == kind).any()
    ]
    sure, under = ((bad["verdict"] == word).sum() for word in BAD)
    return (
        f"{count(sure, 'claim contradicts', 'claims contradict')} other printed values and "
        f"{count(under, 'conflicts', 'conflict')} with them under a premise, about "
        f"{count(names.nunique(), 'matter')}.\n\n{bullets(lines)}"
    )


def _listed(names: pd.Series) -> str:
    counts = names.value_counts(sort=False)
    return "; ".join(f"{name} ({count(n, 'claim')})" for name, n in counts.items())


def splits(audit: Audit) -> str:
    """Say which class split the printed metrics need, set by set, and what that presupposes."""
    keys = ["evaluation_set", "found_positive", "found_negative"]
    groups = audit.split_checks.groupby(keys, sort=False, dropna=False)
    return bullets(
        f"**{name}**, {_who(part)}: {_split_sentence(audit, part)}"
        for (name, *_), part in groups
    )  # fmt: skip


def _who(part: pd.DataFrame) -> str:
    models = count(len(part), "model")
    return f"{models} ({listing(part['model'])})" if len(part) < 4 else models


def _split_sentence(audit: Audit, part: pd.DataFrame) -> str:
    first = part.iloc[0]
    if pd.isna(first["found_positive"]):
        return "no split up to the largest size tried explains all but one of their cells."
    positive, negative = int(first["found_positive"]), int(first["found_negative"])
    text = f"{positive} with the outcome and {negative} without, {_choice(audit, part)}."
    if pd.isna(first["stated_positive"]):
        return text + " The paper does not state the split."
    if set(part["verdict"]) == {AGREES}:
        return text + " The stated split explains them."
    stated = f"{first['stated_positive']}/{first['stated_negative']}"
    miss = listing(sorted({f"{value:.3f}" for value in (part.off_by.min(), part.off_by.max())}))
    text += f" With the stated {stated} the worst cells are off by {miss.replace('and', 'to')}."
    return text + _premise(audit, part)


def _choice(audit: Audit, part: pd.DataFrame) -> str:
    """Say how many splits would do as well, and why this one is shown."""
    first = part.iloc[0]
    rows = audit.class_split[audit.class_split["evaluation_set"] == first["evaluation_set"]]
    rows = rows[[first["model"] in models.split(";") for models in rows["models"]]]
    size = int(first["found_positive"] + first["found_negative"])
    sized = size == audit.study.size(first["evaluation_set"])
    if len(rows) == 1:
        return f"{size} in all, the only split up to {audit.splits.limit:,} that fits"
    which = "only this one has the stated size" if sized else "this is the smallest"
    others = f"{len(rows)} splits up to {audit.splits.limit:,} fit equally well"
    return f"{size} in all; {others}, and {which}"


def _premise(audit: Audit, part: pd.DataFrame) -> str:
    """Say what a conflict presupposes, and how images would fit where they would."""
    premises = dict.fromkeys(part["premise"])
    if "" in premises:
        most = images_a_patient(audit.study)[1]
        return (
            f" Neither missing patients nor images, at most {most} of a patient and counted "
            "instead of patients, explain that."
        )
    images = listing(dict.fromkeys(filter(None, part["as_images"])))
    fits = f" As images, {images} fits." if images else ""
    return f" That conflicts if {listing(premises)}.{fits}"


def shares(audit: Audit) -> str:
    """Say whether the rows that are compared can be of the same cases."""
    found = audit.compared_shares[audit.compared_shares["verdict"].isin([*BAD, AGREES])]
    if found.empty:
        return "No two rows of one set are compared whose shares are known."
    if (found["verdict"] == AGREES).all():
        pairs = count(len(found), "pair")
        return f"Of all {pairs} of rows that are compared in one set, the shares can be the same."
    lines = [
        f"**{row.verdict.removesuffix(', if')}**: {row.model_a} and {row.model_b}: {row.follows}"
        + _if(row.premise)
        for row in found.itertuples()
    ]
    lines += [
        f"The share behind {row.model}, {row.evaluation_set}, is that stated for "
        f"{row.sets.replace(';', ' and ')}."
        for row in audit.shares.itertuples()
        if row.sets and row.evaluation_set not in row.sets.split(";")
    ]
    return bullets(lines)


def like_for_like(audit: Audit) -> str:
    """Compare the AUCs of rows whose share can be the same, where compared rows' are not."""
    if not audit.compared_shares["verdict"].isin(BAD).any():
        return ""
    auc = audit.auc.drop_duplicates(["evaluation_set", "model"])
    rows = audit.shares.merge(auc[["evaluation_set", "model", "auc"]], "left")
    compared = {*audit.comparisons["model_a"], *audit.comparisons["model_b"]}
    rows = rows[rows["model"].isin(compared)].sort_values("low").dropna(subset=["auc"])
    groups, last = [], -1.0
    for row in rows.itertuples():
        if row.low > last:
            groups.append([])
        groups[-1].append(row)
        last = max(last, row.high)
    lines = [
        f"about {100 * (part[0].low + part[0].high) / 2:.0f} %: "
        + listing(f"{row.auc} ({row.model}, {row.evaluation_set})" for row in part)
        for part in groups
    ]
    return f"By share with the outcome the AUCs are {'; '.join(lines)}."


def totals(audit: Audit) -> str:
    """List the sums that do not come out, after how many do."""
    wrong = audit.totals[audit.totals["verdict"].isin(BAD)]
    good = len(audit.totals) - len(wrong)
    head = f"Of {count(len(audit.totals), 'sum')}, {count(good, 'comes', 'come')} out."
    return head + "\n\n" + bullets(
        (
            f"{escape_markdown(row.quantity)} ({row.where}): {row.printed} against {row.follows}"
            + (f", which conflicts if {row.premise}." if row.premise else ".")
            for row in wrong.itertuples()
        ),
        "None fails.",
    )  # fmt: skip


def p_values(audit: Audit) -> str:
    """Say how many printed p-values are reproduced, and by which tests."""
    printed = audit.p_values[audit.p_values["printed"] != ""]
    if printed.empty:
        pairs = audit.p_values["key"].nunique()
        return f"No p-value is printed; {count(pairs, 'comparison')} can be computed here."
    good = printed[printed["reproduces"]].groupby("key")["test"].first()
    lost = printed[~printed["key"].isin(good.index)].drop_duplicates("key")
    tests = good.value_counts()
    by = listing(f"{number} by {name}" for name, number in tests.items()) if len(good) else "none"
    total = printed["key"].nunique()
    text = f"Of {count(total, 'printed p-value')}, {len(good)} can be reproduced: {by}."
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
    name = METRIC_NAMES.get(row["metric"], row["metric"])
    values = listing(
        f"{cell.model} {cell.printed}" + (f" (follows: {cell.follows})" if cell.follows else "")
        for cell in part.itertuples()
    )
    text = f"{name}, {row['evaluation_set']} ({row['where']}): {values}; {row['problem']}"
    text += f", printed also as {row['same_as']}" if row["same_as"] else ""
    text += f". That makes {row['favours']}." if row["favours"] else "."
    return text + (f" This presupposes that {row['premise']}." if row["premise"] else "")


def auc(audit: Audit) -> str:
    """Say which AUCs their intervals or operating points do not fit, and how wide intervals are."""
    odd = audit.auc[audit.auc["verdict"] != AGREES]
    ratio = audit.auc["se_ratio"].dropna()
    lines = [
        f"{row.model}, {row.evaluation_set} ({row.where}): printed {row.auc} "
        f"({row.low}–{row.high}); {row.follows}" + _if(row.premise)
        for row in odd.itertuples()
    ]
    if len(ratio):
        low = audit.auc.loc[ratio.idxmin()]
        lines.append(
            f"The printed intervals are {ratio.min():.2f} to {ratio.max():.2f} times as wide as "
            f"Hanley and McNeil's formula expects at the splits found, {ratio.median():.2f} at "
            f"the median; the narrowest is that of {low['model']}, {low['evaluation_set']}."
        )
    return bullets(lines, "No AUC is printed with its interval.")


def comparisons(audit: Audit) -> str:
    """Count what the printed comparisons need."""
    found = audit.comparisons["verdict"]
    if found.empty:
        return "No two models are compared."
    good, left, odd = ((found == AGREES).sum(), (found == OPEN).sum(), found.isin(BAD).sum())
    return (
        f"Of {count(len(found), 'comparison')}, {count(good, 'follows', 'follow')} from the "
        f"printed values, {count(left, 'needs', 'need')} a correlation that is not printed, and "
        f"{count(odd, 'does', 'do')} not hold."
    )


def features(audit: Audit) -> str:
    """Say how many printed numbers of features follow from each other."""
    found = audit.features["verdict"]
    good = len(found) - found.isin(BAD).sum()
    agree = f"Of {count(len(found), 'check')}, {count(good, 'agrees', 'agree')}."
    return agree if len(found) else "The paper prints no number of features."


def sample_size(audit: Audit) -> str:
    """Say how many models had as many patients as they needed."""
    found = audit.sample_size
    if found.empty:
        return "The paper does not say how many candidates its models had."
    enough = found["enough"].sum()
    return f"Of {count(len(found), 'model')}, {count(enough, 'has', 'have')} enough patients."


def sizes(audit: Audit) -> str:
    """Say which printed numbers lead to which size, where they lead to several."""
    found = audit.size_sources
    several = found[found.duplicated("group", keep=False)]
    lines = [
        f"{row.group} = {row.size}{'' if row.printed else ', which is not the printed size'}: "
        f"{row.sources}."
        for row in several.itertuples()
    ]
    lines += [
        f"If one number alone is wrong, it is the {row.quantity}: {row.printed} for {row.follows}. "
        f"That leaves {row.left} of {count(row.failing, 'failing sum')}."
        for row in audit.slip.itertuples()
    ]
    return bullets(lines, "The sums that give a group's size agree.")


def balance(audit: Audit) -> str:
    """Say how alike two sets are that were drawn from one."""
    odd = audit.balance[audit.balance["verdict"].isin(BAD)]
    if audit.balance.empty:
        return "The paper does not say that sets were split at random."
    first = audit.balance.iloc[0]
    sets = f"{first['set_a']} and {first['set_b']}"
    if odd.empty:
        return f"By all {len(audit.balance)} variables, {sets} are as alike as chance leaves them."
    lines = (f"{row.variable}: {row.follows}." for row in odd.itertuples())
    start = f"Of {count(len(audit.balance), 'variable')}, {len(odd)} differ between {sets}, which "
    return f"{start}conflicts if {listing(dict.fromkeys(odd['premise']))}.\n\n{bullets(lines)}"


def alone(audit: Audit) -> str:
    """Say what the two most telling printed variables alone would give, set by set."""
    if audit.contrasts.empty:
        return "No variable is printed by class, so what one alone would give does not follow."
    mean = audit.contrasts.groupby("variable")["auc"].mean().nlargest(2)
    lines = ["AUCs of one variable alone, the two best on average:"]
    for name in mean.index:
        rows = audit.contrasts[audit.contrasts["variable"] == name]
        aucs = listing(f"{row.auc:.2f} ({row.evaluation_set})" for row in rows.itertuples())
        assumed = rows["assumes"].iloc[0]
        lines.append(f"{name}: {aucs}" + (f", if {assumed}." if assumed else "."))
    best = audit.contrasts.dropna(subset=["best_auc"]).drop_duplicates("evaluation_set")
    lines += [
        f"The best model printed for {row.evaluation_set} has {row.best_auc:.3f}."
        for row in best.itertuples()
    ]
    odd = audit.directions[audit.directions["verdict"].isin(BAD)]
    lines += [f"{row.variable} changes its direction: {row.follows}." for row in odd.itertuples()]
    return bullets(lines)


def nobody(audit: Audit) -> str:
    """Compare the printed accuracies with calling nobody positive."""
    found = audit.calling_nobody["beaten"]
    if found.empty:
        return ""
    lower, perhaps = (found == "no").sum(), (found == "perhaps").sum()
    rest = f"; for {perhaps} rounding decides" if perhaps else ""
    return (
        f"Of {count(len(found), 'printed accuracy', 'printed accuracies')}, "
        f"{count(lower, 'is', 'are')} below that of calling nobody positive, which finds no "
        f"case{rest}."
    )


def statements(audit: Audit) -> str:
    """List what the text says against what it prints elsewhere, and the families of tests."""
    names = {"significant": "significant", "best_auc": "has the highest AUC of its rivals",
             "adds_more": "adds more"}  # fmt: skip
    wrong, tests = (t[t["verdict"].isin(BAD)] for t in (audit.statements, audit.families))
    said = []
    alike = ["where", "statement", "follows", "premise"]
    for (where, statement, follows, premise), of in wrong.groupby(alike, sort=False):
        models = listing(of["model_a"] + " (" + of["evaluation_set"] + ")")
        said.append((f"{where}: {models} {names[statement]}; {follows}", premise))
    said += [
        (f"{row.where}: p = {row.printed} is one of {row.tests}; {row.follows}", row.premise)
        for row in tests.itertuples()
    ]
    return bullets(
        (f"{words}. That conflicts if {premise}." for words, premise in said),
        "No statement of the text conflicts with what is printed elsewhere.",
    )


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
        From ``bench/audit_study.py``: columns ``papers, kind, verdicts, wrong, share, low, high``.
    """
    honest = rates[rates["kind"] == "honest"].set_index("verdicts")
    wrong, high = (honest.loc[CONTRADICTS, name] for name in ("wrong", "high"))
    return (
        f"Of {count(honest.loc[CONTRADICTS, 'papers'], 'honest paper')} drawn by simulation, "
        f"{count(wrong, 'is', 'are')} accused without a premise (at most {100 * high:.1f} % with "
        f"95 % confidence), and {100 * honest.loc[CONFLICTS, 'share']:.0f} % conflict under a "
        "premise."
    )

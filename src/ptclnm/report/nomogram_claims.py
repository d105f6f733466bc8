"""What Li et al. say of their nomograms (3.3, Figures 5 and 6), judged on the patients at hand."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ptclnm.evaluation.nomogram.study import Fitted
from ptclnm.evaluation.operating import TRAIN, proportion_intervals
from ptclnm.published.tables import Study
from ptclnm.report import verdict
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.nomogram_tables import PAPER_TEST, Tables
from ptclnm.report.sentences import auc_text, count, listing

WHERE = "Results 3.3"
# Columns of our cohorts that hold what the paper calls an independent risk factor.
RISK_FACTORS = {
    "age": ("age",), "nodule diameter": ("diameter_mm", "size_mm"), "nodule margin": ("margin",),
    "multiplicity": ("multifocality",),
}  # fmt: skip
Row = tuple[str, str, str, str, str, str, str]
OTHER = "The nomogram here has no {}, so that its numbers are not those of the paper's."
FITTED_ON = "Judged on the patients fitted on."


def claims_table(
    paper: Study, cohort: str, evidence: str, note: str, fitted: Fitted, tables: Tables
) -> pd.DataFrame:
    """Judge what the paper says of its nomograms.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    cohort, evidence : str
        Whose patients these are, and what kind of evidence that is.
    note : str
        What a reader has to know of the endpoint.
    fitted : Fitted
        The nomograms.
    tables : dict of str to DataFrame
        From ``ptclnm.report.nomogram_tables.make_tables``.

    Returns
    -------
    DataFrame
        The page's rows of the claims table; none for a paper without nomograms.
    """
    rows: list[Row] = []
    if tables["metrics"]["reported_auc"].notna().any():
        rows = [
            *_aucs(fitted, tables), *_accuracies(fitted, tables), *_differences(paper, tables),
            *_risk_factors(fitted, tables), *_weights(fitted), *_hosmer(fitted, tables),
            *_decision(fitted, tables),
        ]  # fmt: skip
    turned = "" if fitted.fit_on == TRAIN else f"-on-{fitted.fit_on}"
    made = claim_rows(rows, "nomogram", paper, cohort, evidence, note)
    prefix = slug(f"nomogram-{paper.name}-{cohort}")
    return made.assign(claim_id=made["claim_id"].str.replace(prefix, prefix + turned, n=1))


def lacking(fitted: Fitted, model: str) -> list[str]:
    """What the paper's nomogram has and a nomogram here has not; nothing for other models."""
    if model not in {one.name for one in fitted.built}:
        return []
    return [
        factor
        for factor, columns in RISK_FACTORS.items()
        if not set(columns) & set(fitted.predictors)
    ]


def _judged(fitted: Fitted, model: str, found: str, note: str = "") -> tuple[str, str]:
    """Verdict on a number that depends on which variables a nomogram has; its note, or a better."""
    if lost := lacking(fitted, model):
        return verdict.OPEN, OTHER.format(listing(lost).replace(" and ", " or "))
    return found, note


def _aucs(fitted: Fitted, tables: Tables) -> Iterator[Row]:
    rows = tables["metrics"]
    for row in rows[rows["reported_auc"].notna()].to_dict("records"):
        yield (
            f"auc-{slug(row['model'])}-{row['split']}", WHERE,
            f"AUC of {row['model']} in the {row['split']} set",
            auc_text(row, "reported_"), auc_text(row),
            *_judged(fitted, row["model"], *verdict.auc(row)),
        )  # fmt: skip


def _accuracies(fitted: Fitted, tables: Tables) -> Iterator[Row]:
    rows = tables["metrics"]
    limits = proportion_intervals(rows).query("metric == 'accuracy' and method == 'Wilson'")
    limits = limits.set_index(["model", "split"])
    for row in rows[rows["reported_accuracy"].notna()].to_dict("records"):
        low, high = limits.loc[(row["model"], row["split"]), ["low", "high"]]
        one_call = max(row["positives"], row["n"] - row["positives"]) / row["n"]
        found = verdict.within_interval(row["reported_accuracy"], low, high, one_call)
        word, note = _judged(fitted, row["model"], found)
        yield (
            f"accuracy-{slug(row['model'])}-{row['split']}", WHERE,
            f"accuracy of {row['model']} in the {row['split']} set",
            f"{row['reported_accuracy']:.3f}", f"{row['accuracy']:.3f} ({low:.3f}–{high:.3f})",
            word, f"The paper does not state its cut-off. {note}".strip(),
        )  # fmt: skip


def _differences(paper: Study, tables: Tables) -> Iterator[Row]:
    """Differences of AUCs that the paper calls significant, or not."""
    table = paper.performance
    printed = table[(table["metric"] == "auc") & (table["evaluation_set"] == PAPER_TEST)]
    auc = printed.drop_duplicates("model").set_index("model")["value"].astype(float)
    words = {"p_below": "p < {}", "not_significant": "not significant"}
    asked = paper.comparisons[paper.comparisons["statistic"].isin(list(words))]
    for row in asked.to_dict("records"):
        pair = row["model_a"], row["model_b"]
        for found in _found(tables["differences"], *pair):
            reported = round(auc[pair[0]] - auc[pair[1]], 6)
            low, high, p = found["low"], found["high"], found["p"]
            yield (
                f"difference-{slug(pair[0])}-{slug(pair[1])}-{found['split']}", row["where"],
                f"AUC of {pair[0]} less that of {pair[1]} in the {found['split']} set",
                f"{reported:+.3f}, {words[row['statistic']].format(row['value'])}",
                f"{found['difference']:+.3f} ({low:+.3f} to {high:+.3f}), p {p_text(p)}",
                *verdict.difference(reported, low, high),
            )  # fmt: skip


def _found(table: pd.DataFrame, first: str, second: str) -> Iterator[dict]:
    """Rows of a pair, turned so that the first is the first."""
    for row in table.to_dict("records"):
        if (row["model_a"], row["model_b"]) == (first, second):
            yield row
        elif (row["model_a"], row["model_b"]) == (second, first):
            yield row | {"difference": -row["difference"], "low": -row["high"],
                         "high": -row["low"]}  # fmt: skip


def p_text(p: float) -> str:
    """Give a p-value with three decimals, or as a bound."""
    if np.isnan(p):
        return "unknown"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _risk_factors(fitted: Fitted, tables: Tables) -> Iterator[Row]:
    clinical = [one for one in fitted.built if not one.signature]
    if not clinical:
        return
    table = tables["coefficients"].query("model == @clinical[0].name")
    by = table.drop_duplicates("variable").set_index("variable")["p_variable"]
    for factor, columns in RISK_FACTORS.items():
        for column in (name for name in columns if name in by.index):
            p = by[column]
            others = listing(n for n in by.index if n not in (column, "Intercept"))
            yield (
                f"factor-{slug(factor)}", "Results 3.1 and 3.3",
                f"{factor} is an independent risk factor", "yes",
                f"p {p_text(p)} beside {others or 'nothing else'}",
                verdict.shown(p), "",
            )  # fmt: skip


def _weights(fitted: Fitted) -> Iterator[Row]:
    for one in fitted.built:
        if not one.signature:
            continue
        longest = {axis.name: float(axis.points.max()) for axis in one.nomogram.axes}
        most = max(value for name, value in longest.items() if name != one.signature)
        own = longest[one.signature]
        yield (
            f"weight-{slug(one.name)}", WHERE,
            f"in {one.name} every clinical variable has fewer points than the signature", "yes",
            f"signature {own:.0f} points, clinical variables up to {most:.0f}",
            verdict.for_every_choice([most < own]), "",
        )  # fmt: skip


def _hosmer(fitted: Fitted, tables: Tables) -> Iterator[Row]:
    for (model, split), part in tables["hosmer_lemeshow"].groupby(["model", "split"], sort=False):
        holds = part["p"] > 0.05
        yield (
            f"hosmer-{slug(model)}-{split}", WHERE,
            f"Hosmer-Lemeshow test of {model} in the {split} set", "p > 0.05",
            f"p {p_text(part['p'].min())} to {p_text(part['p'].max())} with {part['g'].min()} to "
            f"{part['g'].max()} groups; above 0.05 with {int(holds.sum())} of {len(part)}",
            verdict.for_every_choice(holds),
            FITTED_ON if split == fitted.fit_on else "",
        )  # fmt: skip


def _decision(fitted: Fitted, tables: Tables) -> Iterator[Row]:
    best = "Nomogram_A"
    if best not in {one.name for one in fitted.built} or len(fitted.built) < 2:
        return
    for split, part in tables["decision"].groupby("split", sort=False):
        wide = part.pivot(index="threshold", columns="model", values="net_benefit")
        first = wide[best] >= wide.max(axis=1) - 1e-12
        yield (
            f"decision-{split}", WHERE, f"{best} has the highest net benefit in the {split} set",
            "yes", f"at {int(first.sum())} of {count(len(first), 'threshold')}",
            verdict.for_every_choice(first), FITTED_ON if split == fitted.fit_on else "",
        )  # fmt: skip

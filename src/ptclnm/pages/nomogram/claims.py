"""What Li et al. say of their nomograms (3.3, Figures 5 and 6), judged on the patients at hand."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from ptclnm.evaluation.nomogram.study import Built
from ptclnm.evaluation.operating import TRAIN, proportion_intervals
from ptclnm.report import verdict, whose
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.sentences import auc_text, count, listing, p_text
from ptclnm.schema import Cohort
from recount import Study

WHERE = "Results 3.3"
NOMOGRAM = "Nomogram_"
BEST = "Nomogram_A"
PAPER_TEST = "test"
REPORTED = ["auc", "auc_low", "auc_high", "accuracy"]
# Columns of our cohorts that hold what the paper calls an independent risk factor.
RISK_FACTORS = {
    "age": ("age",), "nodule diameter": ("diameter_mm", "size_mm"), "nodule margin": ("margin",),
    "multiplicity": ("multifocality",),
}  # fmt: skip
Row = tuple[str, str, str, str, str, str, str]
OTHER = "The nomogram here has no {}, so that its numbers are not those of the paper's."
FITTED_ON = "Judged on the patients fitted on."


def beside_paper(metrics: pd.DataFrame, paper: Study, fit_on: str) -> pd.DataFrame:
    """Join the paper's numbers where it prints a model of that name.

    Parameters
    ----------
    metrics : DataFrame
        From ``ptclnm.evaluation.metrics_table``.
    paper : Study
        The transcribed paper.
    fit_on : str
        The set fitted on, which stands beside the paper's training set; every other stands beside
        its test set.

    Returns
    -------
    DataFrame
        The metrics, then ``reported_auc, reported_auc_low, reported_auc_high,
        reported_accuracy``.
    """
    rows = paper.performance[paper.performance["metric"].isin(REPORTED)]
    rows = rows.drop_duplicates(["evaluation_set", "model", "metric"])
    wide = rows.pivot(index=["model", "evaluation_set"], columns="metric", values="value")
    wide = wide.reindex(columns=REPORTED).astype(float).add_prefix("reported_").reset_index()
    side = np.where(metrics["split"] == fit_on, TRAIN, PAPER_TEST)
    keys = ["model", "evaluation_set"]
    joined = metrics.assign(evaluation_set=side).merge(wide, on=keys, how="left")
    return joined.drop(columns="evaluation_set")


def table(rows: Iterable[Row], paper: Study, cohort: Cohort, fit_on: str) -> pd.DataFrame:
    """Lay out the page's rows of the claims table; none for a paper without nomograms.

    Parameters
    ----------
    rows : iterable of tuple
        From the functions below.
    paper : Study
        The transcribed paper.
    cohort : Cohort
        Whose patients these are.
    fit_on : str
        The set fitted on.
    """
    own = rows if paper.performance["model"].str.startswith(NOMOGRAM).any() else ()
    note = whose.claim_note(cohort)
    made = claim_rows(list(own), "nomogram", paper, cohort.name, cohort.evidence, note)
    turned = "" if fit_on == TRAIN else f"-on-{fit_on}"
    prefix = slug(f"nomogram-{paper.name}-{cohort.name}")
    return made.assign(claim_id=made["claim_id"].str.replace(prefix, prefix + turned, n=1))


def _judged(model: str, predictors: Collection[str], found: str, note: str = "") -> tuple[str, str]:
    """Verdict on a number that depends on which variables a nomogram has; its note, or a better."""
    lost = [factor for factor, own in RISK_FACTORS.items() if not set(own) & set(predictors)]
    if lost and model.startswith(NOMOGRAM):
        return verdict.OPEN, OTHER.format(listing(lost).replace(" and ", " or "))
    return found, note


def aucs(metrics: pd.DataFrame, predictors: Collection[str]) -> Iterator[Row]:
    """AUCs that the paper prints, by the interval here.

    Parameters
    ----------
    metrics : DataFrame
        From :func:`beside_paper`.
    predictors : collection of str
        The clinical variables of the nomograms here.
    """
    for row in metrics[metrics["reported_auc"].notna()].to_dict("records"):
        yield (
            f"auc-{slug(row['model'])}-{row['split']}", WHERE,
            f"AUC of {row['model']} in the {row['split']} set",
            auc_text(row, "reported_"), auc_text(row),
            *_judged(row["model"], predictors, *verdict.auc(row)),
        )  # fmt: skip


def accuracies(metrics: pd.DataFrame, predictors: Collection[str]) -> Iterator[Row]:
    """Accuracies that the paper prints, by Wilson's interval here; see :func:`aucs`."""
    limits = proportion_intervals(metrics).query("metric == 'accuracy' and method == 'Wilson'")
    limits = limits.set_index(["model", "split"])
    for row in metrics[metrics["reported_accuracy"].notna()].to_dict("records"):
        low, high = limits.loc[(row["model"], row["split"]), ["low", "high"]]
        one_call = max(row["positives"], row["n"] - row["positives"]) / row["n"]
        found = verdict.within_interval(row["reported_accuracy"], low, high, one_call)
        word, note = _judged(row["model"], predictors, found)
        yield (
            f"accuracy-{slug(row['model'])}-{row['split']}", WHERE,
            f"accuracy of {row['model']} in the {row['split']} set",
            f"{row['reported_accuracy']:.3f}", f"{row['accuracy']:.3f} ({low:.3f}–{high:.3f})",
            word, f"The paper does not state its cut-off. {note}".strip(),
        )  # fmt: skip


def differences(pairs: pd.DataFrame, paper: Study) -> Iterator[Row]:
    """Differences of AUCs that the paper calls significant, or not, by DeLong's interval here."""
    table = paper.performance
    printed = table[(table["metric"] == "auc") & (table["evaluation_set"] == PAPER_TEST)]
    auc = printed.drop_duplicates("model").set_index("model")["value"].astype(float)
    words = {"p_below": "p < {}", "not_significant": "not significant"}
    asked = paper.comparisons[paper.comparisons["statistic"].isin(list(words))]
    for row in asked.to_dict("records"):
        pair = row["model_a"], row["model_b"]
        for found in _found(pairs, *pair):
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


def risk_factors(coefficients: pd.DataFrame, built: Sequence[Built]) -> Iterator[Row]:
    """Variables that the paper calls independent risk factors, by the clinical regression here."""
    clinical = [one.name for one in built if not one.signature][:1]
    table = coefficients[coefficients["model"].isin(clinical)]
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


def weights(built: Sequence[Built]) -> Iterator[Row]:
    """Whether the signature has the most points of its nomogram."""
    for one in (one for one in built if one.signature):
        longest = {axis.name: float(axis.points.max()) for axis in one.nomogram.axes}
        own = longest.pop(one.signature)
        most = max(longest.values(), default=0.0)
        yield (
            f"weight-{slug(one.name)}", WHERE,
            f"in {one.name} every clinical variable has fewer points than the signature", "yes",
            f"signature {own:.0f} points, clinical variables up to {most:.0f}",
            verdict.for_every_choice([most < own]), "",
        )  # fmt: skip


def hosmer_lemeshow(tests: pd.DataFrame, fit_on: str) -> Iterator[Row]:
    """Whether the test's p lies above 0.05, with every number of groups."""
    for (model, split), part in tests.groupby(["model", "split"], sort=False):
        holds = part["p"] > 0.05
        yield (
            f"hosmer-{slug(model)}-{split}", WHERE,
            f"Hosmer-Lemeshow test of {model} in the {split} set", "p > 0.05",
            f"p {p_text(part['p'].min())} to {p_text(part['p'].max())} with {part['g'].min()} to "
            f"{part['g'].max()} groups; above 0.05 with {int(holds.sum())} of {len(part)}",
            verdict.for_every_choice(holds),
            FITTED_ON if split == fit_on else "",
        )  # fmt: skip


def decision(curves: pd.DataFrame, fit_on: str) -> Iterator[Row]:
    """Whether the best nomogram of the paper has the highest net benefit at every threshold."""
    nomograms = curves["model"][curves["model"].str.startswith(NOMOGRAM)].unique()
    if BEST not in nomograms or len(nomograms) < 2:
        return
    for split, part in curves.groupby("split", sort=False):
        wide = part.pivot(index="threshold", columns="model", values="net_benefit")
        first = wide[BEST] >= wide.max(axis=1) - 1e-12
        yield (
            f"decision-{split}", WHERE, f"{BEST} has the highest net benefit in the {split} set",
            "yes", f"at {int(first.sum())} of {count(len(first), 'threshold')}",
            verdict.for_every_choice(first), FITTED_ON if split == fit_on else "",
        )  # fmt: skip

"""Tables of page 05: selected features, models and pairs, what parts add, claims."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ptclnm.evaluation.operating import TRAIN
from ptclnm.evaluation.pairs import compare, curves_of, paired_tests
from ptclnm.models.choice import choose
from ptclnm.models.components import is_deep
from ptclnm.models.fusion.source import ALONE, FUSED, NETWORK
from ptclnm.models.zoo import Tables
from ptclnm.report import verdict
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.metrics import Beside, auc_claims, reported_metrics
from recount import Study, printed_features

PAPER: Beside = {
    ("internal", FUSED): "Thy-DL-Radiomics", ("external", FUSED): "Thy-DL-Radiomics",
    ("internal", ALONE): "Thy-Radiomics", ("internal", NETWORK): "Thy-DL",
}  # fmt: skip
# What the paper calls its best classifier of the combined features.
BEST = ("MLP", "Results, combined model")
HEADINGS = {
    "counts": {
        "part": "Features kept", "reported": "Paper", "obtained": "Here", "low": "2.5 %",
        "median": "Median of resamples", "high": "97.5 %",
    },
    "pairs": {
        "split": "Set", "model_a": "Model", "model_b": "less", "n": "Patients", "auc_a": "AUC",
        "auc_b": "AUC ", "difference": "Difference", "low": "95 % from", "high": "to", "p": "p",
        "p_holm": "p, Holm",
    },
    "increments": {
        "split": "Set", "base": "To", "adds": "add", "auc_base": "AUC", "auc_with": "AUC with",
        "difference": "Difference", "low": "95 % from", "high": "to", "p": "p",
    },
    "texture": {
        "split": "Set", "model_a": "Features", "model_b": "less", "auc_a": "AUC", "auc_b": "AUC ",
        "difference": "Difference", "low": "95 % from", "high": "to", "p": "p",
    },
    "importance": {
        "kind": "By", "group": "Group", "features": "Features", "drop": "AUC falls by",
        "low": "2.5 %", "high": "97.5 %",
    },
    "calibration": {
        "model": "Model", "split": "Set", "n": "Patients", "events": "With outcome",
        "expected": "Expected", "intercept": "Intercept", "slope": "Slope", "brier": "Brier",
        "ici": "ICI",
    },
    "settings": {
        "setting": "Setting", "group": "Group", "model": "Model", "n": "Patients",
        "positives": "With outcome", "auc": "AUC", "low": "95 % from", "high": "to",
        "score_without": "Mean score without", "score_with": "with",
    },
    "drift": {"model": "Model", "n": "Patients", "rho": "ρ of gain and score", "p": "p"},
}  # fmt: skip


def counts_table(tables: Tables, paper: Study) -> pd.DataFrame:
    """Count the kept features by part beside the paper's.

    Returns
    -------
    DataFrame
        ``part, reported, obtained, low, median, high``: radiomics features and components of deep
        features that the selection keeps, and the middle 95 % of the bootstrap resamples.
    """
    printed, drawn = printed_features(paper), tables["resamples"]
    deep = tables["coefficients"]["feature"].map(is_deep).astype(bool)
    parts = {
        "radiomics": ("combined_radiomics", int((~deep).sum()), drawn["kept"] - drawn["deep"]),
        "DL": ("combined_deep", int(deep.sum()), drawn["deep"]),
    }
    rows = []
    for part, (key, own, values) in parts.items():
        known = len(values) > 0
        limits = np.percentile(values, [2.5, 50, 97.5]) if known else [np.nan] * 3
        rows.append((part, printed.get(key), own, *limits))
    columns = ["part", "reported", "obtained", "low", "median", "high"]
    return pd.DataFrame(rows, columns=columns).astype({"reported": "Int64"})


def pairs_by_set(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare every two models on the same patients, set by set, training set left out.

    Returns
    -------
    DataFrame
        ``split, model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p, p_holm``;
        the fused model comes first in its pairs.
    """
    parts = []
    for split, part in predictions[predictions["split"] != TRAIN].groupby("split", sort=False):
        if part["label"].nunique() < 2:
            continue
        order = [FUSED, *[m for m in dict.fromkeys(part["model"]) if m != FUSED]]
        ranked = part.assign(model=pd.Categorical(part["model"], order)).sort_values("model")
        table = paired_tests(curves_of(ranked.astype({"model": str})))
        table.insert(0, "split", split)
        parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(
        columns=["split", "model_a", "model_b"])  # fmt: skip


def against(predictions: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Compare named pairs of models on the same patients, set by set; see :func:`pairs_by_set`."""
    rows = []
    for split, part in predictions[predictions["split"] != TRAIN].groupby("split", sort=False):
        by = dict(list(part.groupby("model", sort=False)))
        if part["label"].nunique() == 2:
            rows += [{"split": split} | compare(by[a], by[b]).to_dict() for a, b in pairs]
    return pd.DataFrame(rows)


def claims_table(
    paper: Study,
    cohort: str,
    evidence: str,
    note: str,
    tables: Tables,
    predictions: pd.DataFrame,
    metrics: pd.DataFrame,
) -> pd.DataFrame:
    """Judge what the paper says of its combined model.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    cohort, evidence, note : str
        Whose patients these are, what kind of evidence that is, and what a reader has to know.
    tables : dict of str to DataFrame
        From ``ptclnm.models.zoo.run_zoo`` on the fused features.
    predictions, metrics : DataFrame
        The predictions table, and every model in every set beside the paper's numbers.

    Returns
    -------
    DataFrame
        The page's rows of the claims table.
    """
    rows = [
        *auc_claims(paper, metrics[metrics["model"] == FUSED], PAPER),
        *_count_claims(paper, tables),
        *_best_claim(tables),
        *_better_claims(paper, predictions),
    ]
    return claim_rows(rows, "fusion", paper, cohort, evidence, note)


def _count_claims(paper: Study, tables: Tables) -> list[tuple]:
    features, claims = paper.features.set_index("quantity")["where"], []
    for row in counts_table(tables, paper).to_dict("records"):
        if pd.isna(row["reported"]):
            continue
        key = {"radiomics": "combined_radiomics", "DL": "combined_deep"}[row["part"]]
        drawn = len(tables["resamples"])
        low, high = row["low"], row["high"]
        spread = f" ({low:.0f}–{high:.0f} in {drawn} resamples)" if drawn else ""
        claims.append(
            (f"kept-{slug(row['part'])}", features[key], f"{row['part']} features in the combined "
             "model", str(row["reported"]), f"{row['obtained']}{spread}",
             *verdict.kept_count(float(row["reported"]), low, high))
        )  # fmt: skip
    return claims


def _best_claim(tables: Tables) -> list[tuple]:
    name, where = BEST
    tried = list(dict.fromkeys(tables["cv"]["classifier"]))
    if name not in tried or len(tried) < 2:
        return []
    whole = choose(tables["cv"])
    first = whole.loc[whole["chosen"], "classifier"].iloc[0]
    folds = [choose(part) for _, part in tables["inner"].groupby("outer")]
    inside = [str(table.loc[table["chosen"], "classifier"].iloc[0]) for table in folds]
    named = ", ".join(dict.fromkeys(inside))
    return [
        ("best", where, f"best of {len(tried)} classifiers of the combined features", name,
         f"{first}; within the folds {named}", *verdict.chosen(name, first, inside))
    ]  # fmt: skip


def _better_claims(paper: Study, predictions: pd.DataFrame) -> list[tuple]:
    """Judge how much better the combined model is than each of its parts, on the same patients.

    The internal set, as in the paper; another where the cohort has none.
    """
    others = [split for split in dict.fromkeys(predictions["split"]) if split != TRAIN]
    split = "internal" if "internal" in others else next(iter(others), "")
    part = predictions[predictions["split"] == split]
    printed = reported_metrics(paper, PAPER).set_index(["model", "split"])["reported_auc"]
    if part.empty or part["label"].nunique() < 2:
        return []
    claims = []
    for other in (ALONE, NETWORK):
        reported = round(printed[FUSED, "internal"] - printed[other, "internal"], 6)
        found = compare(part[part["model"] == FUSED], part[part["model"] == other])
        obtained = f"{signed(found)}, p {p_text(found['p'])}"
        word, note = verdict.difference(reported, found["low"], found["high"])
        claims.append(
            (f"better-than-{slug(other)}", "Results, combined model; Figure 5",
             f"AUC of {FUSED} less that of {other} in the {split} set (paired DeLong test; the "
             "paper: internal set, p < 0.05, against which model is not said)",
             f"{reported:+.3f}", obtained,
             word, f"Both models' scores of the same patients. {note}".strip())
        )  # fmt: skip
    return claims


def signed(row: Mapping[str, float]) -> str:
    """Phrase a difference with its interval."""
    values = [f"{round(float(row[name]), 3) + 0.0:+.3f}" for name in ("difference", "low", "high")]
    return f"{values[0]} ({values[1]} to {values[2]})"


def p_text(p: float) -> str:
    """Phrase a p-value after the letter p; one that cannot be had says so."""
    return "cannot be had" if pd.isna(p) else "< 0.001" if p < 0.001 else f"= {p:.3f}"

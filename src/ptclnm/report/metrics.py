"""The metrics table beside a paper's numbers: joined, laid out for reading, and judged."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ptclnm.report import verdict
from ptclnm.report.claims import slug
from ptclnm.report.sentences import auc_text
from recount import CELL_METRICS, METRICS, Study

# Which of a paper's models ours stand beside, by set and our model.
Beside = Mapping[tuple[str, str], str]
FIRST = [
    "study", "model", "split", "auc", "auc_low", "auc_high", *CELL_METRICS, "kappa",
]  # fmt: skip
LAST = ["n", "positives", "cutoff", "tp", "fp", "fn", "tn"]
REPORTED = [f"reported_{metric}" for metric in METRICS]
HEADINGS = {
    "split": "Set", "model": "Model", "whose": "From", "auc": "AUC (95 % CI)",
    "accuracy": "Acc.", "sensitivity": "Sens.", "specificity": "Spec.",
    "ppv": "PPV", "npv": "NPV", "f1": "F1", "kappa": "κ",
}  # fmt: skip
CHOICE = {
    "classifier": "Classifier", "mean": "Mean AUC", "sd": "SD", "mean_minus_sd": "Mean − SD",
    "chosen": "Chosen",
}  # fmt: skip


def reported_metrics(paper: Study, beside: Beside) -> pd.DataFrame:
    """Give the paper's printed metrics by our model and set.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    beside : mapping of (set, our model) to the paper's model
        Which of the paper's models ours stand beside.

    Returns
    -------
    DataFrame
        ``model, split``, then ``reported_auc, reported_auc_low, …`` as numbers; of a metric that
        is printed twice, the first.
    """
    keys = ["evaluation_set", "model", "metric"]
    printed = paper.performance.drop_duplicates(keys).set_index(keys)["value"].astype(float)
    rows = [
        (model, split, *(printed.get((split, name, metric), np.nan) for metric in METRICS))
        for (split, model), name in beside.items()
    ]
    return pd.DataFrame(rows, columns=["model", "split", *REPORTED])


def beside_paper(metrics: pd.DataFrame, paper: Study, beside: Beside) -> pd.DataFrame:
    """Join the paper's metrics to ours.

    Parameters
    ----------
    metrics : DataFrame
        From ``ptclnm.evaluation.metrics_table``.
    paper, beside
        As in :func:`reported_metrics`.

    Returns
    -------
    DataFrame
        ``study, model, split, auc, auc_low, auc_high, accuracy, …, kappa, reported_auc, …``, then
        numbers of patients, cut-off and 2x2 table; empty where the paper prints nothing.
    """
    joined = metrics.merge(reported_metrics(paper, beside), on=["model", "split"], how="left")
    return joined[[*FIRST, *REPORTED, *LAST]]


def side_by_side(metrics: pd.DataFrame) -> pd.DataFrame:
    """Lay out metrics for reading: a row for ours and, where there is one, one for the paper's."""
    rows = []
    for row in metrics.to_dict("records"):
        for whose, prefix in (("here", ""), ("paper", "reported_")):
            if pd.notna(row[f"{prefix}auc"]):
                cells = {name: row.get(f"{prefix}{name}", np.nan) for name in HEADINGS}
                named = {"split": row["split"], "model": row["model"], "whose": whose}
                rows.append(cells | named | {"auc": auc_text(row, prefix)})
    return pd.DataFrame(rows, columns=list(HEADINGS))


def auc_claims(paper: Study, metrics: pd.DataFrame, beside: Beside) -> list[tuple]:
    """Judge every AUC that the paper prints of a model that stands beside one of ours."""
    places = paper.performance.drop_duplicates(["evaluation_set", "model"])
    where = places.set_index(["evaluation_set", "model"])["where"]
    claims = []
    for row in metrics[metrics["reported_auc"].notna()].to_dict("records"):
        model, split = beside[row["split"], row["model"]], row["split"]
        here = f", here {row['model']}," if row["model"] != model else ""
        claims.append(
            (f"auc-{slug(model)}-{split}", where[split, model],
             f"AUC of {model}{here} in the {split} set",
             auc_text(row, "reported_"), auc_text(row), *verdict.auc(row))
        )  # fmt: skip
    return claims

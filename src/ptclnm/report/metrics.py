"""The metrics table beside a paper's numbers: joined, and laid out for reading."""

import numpy as np
import pandas as pd

from ptclnm.report.beside import judged_by
from ptclnm.report.sentences import auc_text
from recount import CELL_METRICS, METRICS, Study

FIRST = [
    "study", "model", "split", "auc", "auc_low", "auc_high", *CELL_METRICS, "kappa",
]  # fmt: skip
LAST = ["n", "positives", "cutoff", "tp", "fp", "fn", "tn"]
REPORTED = [f"reported_{metric}" for metric in METRICS]
SHOWN = ["split", "model", "whose", "auc", *CELL_METRICS, "kappa"]


def reported_metrics(paper: Study, beside: pd.DataFrame) -> pd.DataFrame:
    """Give the paper's printed metrics by our model and set.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    beside : DataFrame
        From ``ptclnm.report.beside.read_beside``.

    Returns
    -------
    DataFrame
        ``model, split``, then ``reported_auc, reported_auc_low, …`` as numbers; of a metric that
        is printed twice, the first.
    """
    printed = [paper.printed(metric) for metric in METRICS]
    rows = [
        (row.model, row.split, *(float(of.get((row.set, row.printed), "nan")) for of in printed))
        for row in judged_by(beside, "auc")
    ]
    table = pd.DataFrame(rows, columns=["model", "split", *REPORTED])
    return table.astype(dict.fromkeys(REPORTED, float))


def beside_paper(metrics: pd.DataFrame, paper: Study, beside: pd.DataFrame) -> pd.DataFrame:
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
                cells = {name: row.get(f"{prefix}{name}", np.nan) for name in SHOWN}
                named = {"split": row["split"], "model": row["model"], "whose": whose}
                rows.append(cells | named | {"auc": auc_text(row, prefix)})
    return pd.DataFrame(rows, columns=SHOWN)

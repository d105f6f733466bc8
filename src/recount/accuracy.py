"""The accuracy of calling nobody positive, beside the printed accuracies."""

import pandas as pd

from recount.tables import Study
from recount.totals import room
from recount.verdicts import OPEN

NOBODY_COLUMNS = [
    "key", "study", "where", "evaluation_set", "model", "accuracy", "low", "high", "beaten",
    "premise", "verdict", "follows",
]  # fmt: skip


def calling_nobody(study: Study, shares: pd.DataFrame) -> pd.DataFrame:
    """Hold each printed accuracy against that of calling nobody positive.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    shares : DataFrame
        Columns ``evaluation_set, model, where, low, high``: bounds of the share with the outcome
        that each row's sensitivity, specificity and PPV imply.

    Returns
    -------
    DataFrame
        One row a model whose accuracy is printed: columns ``NOBODY_COLUMNS``. `low` and `high`
        bound the accuracy of calling nobody positive, `beaten` tells whether the printed
        accuracy is higher: ``yes``, ``no``, or ``perhaps`` where rounding decides. No claim is
        judged.
    """
    accuracy = study.performance[study.performance["metric"] == "accuracy"]
    accuracy = accuracy.drop_duplicates(["evaluation_set", "model", "where"])
    rows = shares.merge(accuracy[["evaluation_set", "model", "where", "value"]])
    records = []
    for row in rows.itertuples():
        low, high = 1 - row.high, 1 - row.low
        least, most = room(row.value)
        beaten = "yes" if least > high else "no" if most < low else "perhaps"
        records.append(
            {
                "key": f"{row.evaluation_set}/{row.model}", "study": study.name,
                "where": row.where, "evaluation_set": row.evaluation_set, "model": row.model,
                "accuracy": row.value, "low": low, "high": high, "beaten": beaten,
                "premise": "", "verdict": OPEN,
                "follows": f"calling nobody positive has {(low + high) / 2:.3f}",
            }
        )  # fmt: skip
    return pd.DataFrame(records, columns=NOBODY_COLUMNS)

"""Exact intervals that follow from the 2x2 tables found."""

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

METHODS = {"Clopper-Pearson": "beta", "Wilson": "wilson"}


def _fractions(row) -> dict[str, tuple[int, int]]:
    return {
        "accuracy": (row.tp + row.tn, row.tp + row.fp + row.fn + row.tn),
        "sensitivity": (row.tp, row.tp + row.fn),
        "specificity": (row.tn, row.tn + row.fp),
        "ppv": (row.tp, row.tp + row.fp),
        "npv": (row.tn, row.tn + row.fn),
    }


def intervals(confusion: pd.DataFrame) -> pd.DataFrame:
    """95 % intervals of the proportions of each 2x2 table.

    Parameters
    ----------
    confusion : DataFrame
        Columns ``study, evaluation_set, model, tp, fp, fn, tn``.

    Returns
    -------
    DataFrame
        ``study, evaluation_set, model, metric, count, of, value, method, low, high`` with methods
        Clopper-Pearson (1934) and Wilson (1927); a proportion of nobody is left out.
    """
    records = []
    for row in confusion.itertuples():
        for metric, (count, of) in _fractions(row).items():
            for name, method in METHODS.items() if of else ():
                low, high = proportion_confint(count, of, alpha=0.05, method=method)
                head = (row.study, row.evaluation_set, row.model, metric, count, of, count / of)
                records.append((*head, name, low, high))
    columns = ["study", "evaluation_set", "model", "metric", "count", "of", "value"]
    return pd.DataFrame(records, columns=[*columns, "method", "low", "high"])

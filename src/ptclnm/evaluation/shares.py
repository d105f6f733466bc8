"""Shares of a nodule, compared between classes of patients."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ptclnm.evaluation.pairs import holm
from ptclnm.schema import SPLITS

COLUMNS = ["split", "habitat", "n_without", "n_with", "median_without", "median_with", "auc", "p"]


def by_patient(shares: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Reduce the shares of a patient's pictures to their mean.

    Parameters
    ----------
    shares : DataFrame
        ``image_id``, then a column a habitat.
    table : DataFrame
        The cohort table.

    Returns
    -------
    DataFrame
        ``patient_id, split, center, label``, then the habitats; the training set first.
    """
    keys = ["patient_id", "split", "center", "label"]
    joined = table[["image_id", *keys]].merge(shares, on="image_id", validate="1:1")
    means = joined.drop(columns="image_id").groupby(keys, sort=False).mean().reset_index()
    return means.sort_values("split", key=lambda s: s.map(SPLITS.index), kind="stable")


def share_tests(patients: pd.DataFrame, habitats: Sequence[str]) -> pd.DataFrame:
    """Compare shares between the classes, set by set.

    Parameters
    ----------
    patients : DataFrame
        From :func:`by_patient`.
    habitats : sequence of str
        Their columns.

    Returns
    -------
    DataFrame
        ``split, habitat, n_without, n_with, median_without, median_with, auc, p, p_holm``: `auc`
        is the chance that a patient with the outcome has the larger share, a tie counting one
        half; p that of the two-sided Mann-Whitney test, and Holm's correction counts the habitats
        of a set. Missing where a set has one class only.
    """
    rows = []
    for split, part in patients.groupby("split", sort=False):
        for name in habitats:
            without, with_it = (part.loc[part["label"] == label, name] for label in (0, 1))
            auc, p = np.nan, np.nan
            if len(without) and len(with_it):
                found = stats.mannwhitneyu(with_it, without, method="asymptotic")
                auc, p = found.statistic / (len(without) * len(with_it)), found.pvalue
            medians = without.median(), with_it.median()
            rows.append((split, name, len(without), len(with_it), *medians, auc, p))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(p_holm=table.groupby("split", sort=False)["p"].transform(holm))

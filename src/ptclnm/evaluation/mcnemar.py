"""McNemar's test of two models' calls on the same patients."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ptclnm.evaluation.pairs import wide_scores

AMONG = ("all", "with outcome", "without outcome")


def mcnemar(only_a: ArrayLike, only_b: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Test whether two models are right equally often.

    Parameters
    ----------
    only_a, only_b : array_like of int, shape (pairs,)
        Patients that only the one model, and only the other, is right about.

    Returns
    -------
    dict of str to ndarray
        ``p_exact``, from the binomial distribution; ``chi2`` with continuity correction and
        its ``p_corrected``, as R's ``mcnemar.test`` gives them: missing where the models differ in
        no patient, 0 and 1 where the two numbers are the same.
    """
    a, b = np.asarray(only_a, dtype=float), np.asarray(only_b, dtype=float)
    total, apart = a + b, np.abs(a - b)
    exact = np.minimum(1.0, 2 * stats.binom.cdf(np.minimum(a, b), total, 0.5))
    corrected = np.where(apart > 0, apart - 1, 0.0) ** 2
    chi2 = np.divide(corrected, total, out=np.full_like(total, np.nan), where=total > 0)
    return {"p_exact": exact, "chi2": chi2, "p_corrected": stats.chi2.sf(chi2, 1)}


def mcnemar_table(predictions: pd.DataFrame, cutoffs: Mapping[str, float]) -> pd.DataFrame:
    """Compare every two models' calls at their cut-offs.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``model, patient_id, label, score``, one set, the same patients for every model.
    cutoffs : mapping of str to float
        Score from which each model calls a patient positive.

    Returns
    -------
    DataFrame
        ``model_a, model_b, among, n, only_a, only_b, p_exact, chi2, p_corrected``. Among all
        patients the test compares accuracies, among those with the outcome sensitivities, among
        those without specificities.

    Raises
    ------
    ScoresError
        If a model lacks a patient that another has.
    """
    labels, wide = wide_scores(predictions)
    positive = labels.to_numpy() == 1
    called = {name: wide[name].to_numpy() >= cutoffs[name] for name in wide}
    right = {name: calls == positive for name, calls in called.items()}
    groups = dict(zip(AMONG, (np.full(len(labels), True), positive, ~positive), strict=True))
    rows = [
        (a, b, among, int(at.sum()), int((right[a] & ~right[b] & at).sum()),
         int((right[b] & ~right[a] & at).sum()))
        for a, b in combinations(right, 2)
        for among, at in groups.items()
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["model_a", "model_b", "among", "n", "only_a", "only_b"])
    return table.assign(**mcnemar(table["only_a"], table["only_b"]))

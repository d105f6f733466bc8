"""How many patients the models would have needed (Riley et al. 2019, 2020)."""

import numpy as np
import pandas as pd
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from ptclnm.published.tables import Study

SHRINKAGE = 0.9
OPTIMISM = 0.05
MARGIN = 0.05
SIZE_COLUMNS = [
    "study", "model", "training_group", "patients", "events", "predictors", "events_per_predictor",
    "auc", "r2", "shrinkage", "optimism", "risk", "minimum", "enough",
]  # fmt: skip


def cox_snell_from_auc(auc: float, prevalence: float) -> float:
    """Cox-Snell R2 of a logistic model with a given AUC (Riley et al. 2021).

    Parameters
    ----------
    auc : float
        Anticipated area under the curve, above 0.5.
    prevalence : float
        Proportion with the outcome.

    Returns
    -------
    float
        R2 for linear predictors that are normal with equal variance in both classes, which is
        the distribution under which the AUC fixes the likelihood.
    """
    shift = np.sqrt(2) * norm.ppf(auc)
    offset = np.log(prevalence / (1 - prevalence)) - shift**2 / 2

    def gain(x: float) -> float:
        risk = expit(offset + shift * x)
        event = prevalence * norm.pdf(x, shift) * np.log(risk)
        return event + (1 - prevalence) * norm.pdf(x) * np.log1p(-risk)

    fitted = quad(gain, -8, shift + 8, limit=200)[0]
    return float(1 - np.exp(2 * (null_log_likelihood(prevalence) - fitted)))


def null_log_likelihood(prevalence: float) -> float:
    """Log-likelihood per patient of a model without predictors."""
    return float(prevalence * np.log(prevalence) + (1 - prevalence) * np.log1p(-prevalence))


def riley_minimum(r2: float, prevalence: float, predictors: int) -> dict[str, int]:
    """Smallest sample for developing a binary prediction model (Riley et al. 2020, BMJ).

    Parameters
    ----------
    r2 : float
        Anticipated Cox-Snell R2.
    prevalence : float
        Proportion with the outcome.
    predictors : int
        Candidate predictor parameters.

    Returns
    -------
    dict of int
        ``shrinkage`` (expected shrinkage 0.9), ``optimism`` (optimism of Nagelkerke's R2 at most
        0.05), ``risk`` (overall risk within 0.05), ``minimum`` (the largest of the three).
    """
    largest = 1 - np.exp(2 * null_log_likelihood(prevalence))

    def needed(shrinkage: float) -> int:
        return int(np.ceil(predictors / ((shrinkage - 1) * np.log(1 - r2 / shrinkage))))

    sizes = {
        "shrinkage": needed(SHRINKAGE),
        "optimism": needed(r2 / (r2 + OPTIMISM * largest)),
        "risk": int(np.ceil((norm.ppf(0.975) / MARGIN) ** 2 * prevalence * (1 - prevalence))),
    }
    return sizes | {"minimum": max(sizes.values())}


def sample_size(study: Study) -> pd.DataFrame:
    """Compare the training sets with what their models would have needed.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a model of ``design.csv``: ``study, model, training_group, patients, events,
        predictors, events_per_predictor, auc, r2, shrinkage, optimism, risk, minimum, enough``.
        Events and prevalence are those that the paper states for the training set.
    """
    records = []
    for row in study.design.itertuples():
        events, rest = study.stated_split(row.training_group)
        if not events or not rest:
            continue
        patients, predictors = events + rest, int(row.predictors)
        r2 = cox_snell_from_auc(float(row.auc), events / patients)
        sizes = riley_minimum(r2, events / patients, predictors)
        records.append(
            {
                "study": study.name, "model": row.model, "training_group": row.training_group,
                "patients": patients, "events": events, "predictors": predictors,
                "events_per_predictor": events / predictors, "auc": row.auc, "r2": r2, **sizes,
                "enough": patients >= sizes["minimum"],
            }
        )  # fmt: skip
    return pd.DataFrame(records, columns=SIZE_COLUMNS)

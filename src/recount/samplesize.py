"""How many patients the models would have needed (Riley et al. 2019, 2020).

The criteria count every candidate. A LASSO with more candidates than patients keeps few of them, so
that fewer patients can do than the criteria ask for; but with few patients its penalty, and which
candidates it keeps, are uncertain (Riley et al. 2021, J Clin Epidemiol 132:88), and that they were
chosen on the same patients does not lift the criteria.
"""

import numpy as np
import pandas as pd
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from recount.tables import Study

SHRINKAGE = 0.9
OPTIMISM = 0.05
MARGIN = 0.05
MEAN_ERROR = 0.05
# The formula for the mean error was fitted to simulations of up to so many candidates.
MOST_CANDIDATES = 30
CRITERIA = ("shrinkage", "optimism", "risk", "error")
SIZE_COLUMNS = [
    "key", "study", "where", "model", "training_group", "patients", "events", "predictors",
    "events_per_predictor", "auc", "r2", *CRITERIA, "minimum", "enough", "follows",
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


def mean_error_minimum(prevalence: float, predictors: int) -> float:
    """Smallest sample for a mean absolute error of the risks of 0.05 (van Smeden et al. 2019).

    Returns
    -------
    float
        NaN beyond 30 candidate parameters, for which the formula was not derived.
    """
    if predictors > MOST_CANDIDATES:
        return float("nan")
    size = -0.508 + 0.259 * np.log(prevalence) + 0.504 * np.log(predictors) - np.log(MEAN_ERROR)
    return float(np.ceil(np.exp(size / 0.544)))


def riley_minimum(r2: float, prevalence: float, predictors: int) -> dict[str, float]:
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
    dict of float
        ``shrinkage`` (expected shrinkage 0.9), ``optimism`` (optimism of Nagelkerke's R2 at most
        0.05), ``risk`` (overall risk within 0.05), ``error`` (mean absolute error of the risks
        within 0.05; NaN beyond 30 candidates), ``minimum`` (the largest of those known).
    """
    largest = 1 - np.exp(2 * null_log_likelihood(prevalence))

    def needed(shrinkage: float) -> int:
        return int(np.ceil(predictors / ((shrinkage - 1) * np.log(1 - r2 / shrinkage))))

    sizes = {
        "shrinkage": needed(SHRINKAGE),
        "optimism": needed(r2 / (r2 + OPTIMISM * largest)),
        "risk": int(np.ceil((norm.ppf(0.975) / MARGIN) ** 2 * prevalence * (1 - prevalence))),
        "error": mean_error_minimum(prevalence, predictors),
    }
    return sizes | {"minimum": int(np.nanmax(list(sizes.values())))}


def sample_size(study: Study) -> pd.DataFrame:
    """Compare the training sets with what their models would have needed.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a model of ``design.csv``: columns ``SIZE_COLUMNS``. Events and prevalence are
        those that the paper states for the training set.
    """
    records = []
    for row in study.design.itertuples():
        events, rest = study.stated_split(row.training_group)
        if not events or not rest:
            continue
        patients, predictors = events + rest, int(row.predictors)
        r2 = cox_snell_from_auc(float(row.auc), events / patients)
        sizes = riley_minimum(r2, events / patients, predictors)
        short = [name for name in CRITERIA if sizes[name] > patients]
        words = f"too few by {', '.join(short)}" if short else "enough by every criterion"
        if predictors > patients:
            words += "; more candidates than patients, so that what is kept depends on the sample"
        records.append(
            row._asdict() | sizes
            | {
                "key": row.model, "patients": patients, "events": events, "predictors": predictors,
                "events_per_predictor": events / predictors, "r2": r2,
                "enough": patients >= sizes["minimum"], "follows": words,
            }
        )  # fmt: skip
    return pd.DataFrame(records, columns=SIZE_COLUMNS)

"""Who predicts on page 07: families of models, asked for by one plan."""

from dataclasses import asdict, dataclass

import pandas as pd

from ptclnm.errors import ParameterError
from ptclnm.evaluation.operating import rule_of
from ptclnm.models import sources
from ptclnm.models.radiomics import plan_of
from ptclnm.schema import Cohort


@dataclass(frozen=True)
class Plan:
    """Which families predict, how those are fitted that are fitted here, and where scores are cut.

    Parameters are those of the notebook, which holds their defaults.

    Raises
    ------
    ParameterError
        If the rule of the cut-off or a setting of the radiomics zoo is not allowed.
    """

    study: str
    families: list[str]
    settings: str
    classifiers: list[str]
    folds: int
    epochs: int
    cutoff: str
    seed: int
    n_jobs: int
    scheduler: str

    def __post_init__(self) -> None:
        rule_of(self.cutoff)
        if "radiomics" in self.families:
            plan_of(asdict(self))


def predict(cohort: Cohort, plan: Plan) -> pd.DataFrame:
    """Score the patients of every set by every model of every family.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    plan : Plan
        No `families` are all that can score the cohort.

    Returns
    -------
    DataFrame
        The predictions table, training patients included.

    Raises
    ------
    PtclnmError
        Whatever is wrong with families or cohort, by name; families before any of them works.
    """
    families = tuple(dict.fromkeys(plan.families)) or sources.available(cohort)
    if not families:
        raise ParameterError("families", [f"no family can score {cohort.name}"])
    sources.require(families, cohort)
    parts = [sources.predictions(family, cohort, asdict(plan)) for family in families]
    return pd.concat(parts, ignore_index=True)

"""What page 05 asks of papers and machines beside its own models."""

import pandas as pd

from ptclnm import published
from ptclnm.cohorts.simulate.truth import load_scanners
from ptclnm.errors import ParameterError
from ptclnm.schema import Cohort
from recount import Study


def paper_of(study: str) -> Study:
    """Load a paper that prints a combined model.

    Raises
    ------
    ParameterError
        If it prints none.
    """
    paper = published.load(study)
    if "combined_radiomics" not in set(paper.features["quantity"]):
        raise ParameterError("study", [f"{study!r} prints no combined model; take ni2024"])
    return paper


def machines(cohort: Cohort) -> pd.DataFrame:
    """Give each patient's centre and, of simulated patients, how the machine was set.

    Returns
    -------
    DataFrame
        ``patient_id, center``, then ``frequency_mhz, gain_db`` and others where they are known.
    """
    centers = cohort.patients[["patient_id", "center"]]
    if cohort.evidence != "simulated":
        return centers
    return centers.merge(load_scanners(cohort), on="patient_id", validate="1:1")

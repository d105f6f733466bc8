"""What page 05 asks of papers, machines and networks beside its own models."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm import published
from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate.patients import STUDIES
from ptclnm.cohorts.simulate.truth import load_scanners
from ptclnm.errors import ParameterError
from ptclnm.models.deep.cam import heatmaps
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.deep.stored import stored_network
from ptclnm.published.tables import Study


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


def simulated(cohort: Cohort) -> bool:
    """Tell whether the truth behind a cohort's pictures is known."""
    return cohort.evidence == "simulated" and cohort.name in STUDIES


def machines(cohort: Cohort) -> pd.DataFrame:
    """Give each patient's centre and, of simulated patients, how the machine was set.

    Returns
    -------
    DataFrame
        ``patient_id, center``, then ``frequency_mhz, gain_db`` and others where they are known.
    """
    centers = cohort.patients[["patient_id", "center"]]
    if not simulated(cohort):
        return centers
    return centers.merge(load_scanners(cohort), on="patient_id", validate="1:1")


def heat(pictures: Crops, network: DeepPlan, images: Sequence[str]) -> NDArray[np.float32]:
    """Compute Grad-CAM of some nodules' rectangles, without the margin that the network sees.

    Parameters
    ----------
    pictures : Crops
        All sets, as the network was trained on.
    network : DeepPlan
        Which network.
    images : sequence of str
        Ids of some of the pictures.

    Returns
    -------
    ndarray of float32, shape (len(images), side, side)
        0 to 1.
    """
    trained, standard = stored_network(pictures, network)
    at = pd.Index(pictures.image_ids).get_indexer(images)
    found = heatmaps(trained, network.architecture, pictures.rows(at), standard)
    side, margin = network.image_size, network.margin
    edge = round(side * margin / (1 + 2 * margin))
    return found[:, edge : side - edge, edge : side - edge]

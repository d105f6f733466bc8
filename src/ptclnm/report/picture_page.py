"""Page 01's sections on pictures: gallery, how they are made, and how they compare with DDTI."""

import pandas as pd
from matplotlib.figure import Figure

from echophantom.drivers import Drivers, Scanner
from echophantom.steps import explain
from ptclnm.cohorts.schema import Cohort
from ptclnm.cohorts.simulate import realism
from ptclnm.cohorts.simulate.patients import STUDIES
from ptclnm.report import whose
from ptclnm.report.gallery import gallery, withheld
from ptclnm.report.rendering import side_by_side, steps_figure

NO_PICTURES = "There are no pictures: this is a table."
PICTURES = 6
# A nodule that shows most of what the renderer knows, for the explanation.
EXAMPLE = Drivers(
    diameter_mm=14.0, taller_than_wide=1.1, irregularity=0.5, echogenicity_db=-6.0,
    heterogeneity=0.4, microcalcifications=6, halo=0.2,
)  # fmt: skip
REALISM_PICTURES = 40


def draw_gallery(cohort: Cohort | None, missing: str, show_images: bool, seed: int) -> Figure | str:
    """Draw pictures of both classes, or say why not."""
    if missing:
        return whose.LEFT_OUT
    if cohort is None or not cohort.table["image"].ne("").any():
        return NO_PICTURES
    return withheld(cohort, show_images) or gallery(cohort, n_per_class=PICTURES, seed=seed)


def draw_steps(cohort: Cohort | None, seed: int) -> Figure | str:
    """Draw one simulated frame at every step of its making, for simulated cohorts."""
    if cohort is None or cohort.name not in STUDIES:
        return "Only the pictures of simulated cohorts are made here."
    return steps_figure(explain(EXAMPLE, Scanner(), seed))


def compare_with_ddti(cohort: Cohort | None, seed: int) -> pd.DataFrame:
    """Compare simulated pictures with DDTI's, for the cohort DDTI; empty for any other.

    Returns
    -------
    DataFrame
        From ``realism.compare``: a row for each measure and region.
    """
    if cohort is None or cohort.name != "ddti":
        return pd.DataFrame(columns=list(REALISM))
    pictures = realism.ddti_like(REALISM_PICTURES, seed)
    return realism.compare(pictures, realism.read_crops(cohort, 2 * REALISM_PICTURES, seed))


REALISM = {
    "feature": "Measure", "region": "Region", "ddti_low": "DDTI, 2.5 %", "ddti_median": "median",
    "ddti_high": "97.5 %", "sim_median": "Simulated, median", "share_inside": "Share inside",
    "inside": "Median inside",
}  # fmt: skip


def say_realism(compared: pd.DataFrame) -> str:
    """Say for how many measures the simulated values lie where DDTI's do."""
    if compared.empty:
        return "Simulated pictures are compared with real ones on the page of DDTI."
    inside = int(compared["inside"].sum())
    return (
        f"For {inside} of {len(compared)} measures the median of simulated pictures lies within "
        f"the central 95 % of DDTI's; on average {compared['share_inside'].mean():.0%} of the "
        "simulated values do. The settings of the simulation were fitted to DDTI, so this says "
        "how well they could be fitted, and is no independent test."
    )


def draw_side_by_side(cohort: Cohort | None, show_images: bool, seed: int) -> Figure | str:
    """Draw four simulated pictures beside four of DDTI's, where those may be shown."""
    if cohort is None or cohort.name != "ddti":
        return "The pictures of DDTI are drawn beside simulated ones on its own page."
    if note := withheld(cohort, show_images):
        return note
    simulated = realism.crops(realism.ddti_like(4, seed))
    return side_by_side(simulated, realism.read_crops(cohort, 4, seed))

"""At the sizes that a page uses: the network beats interpolation, the adversary sharpens."""

from dataclasses import replace
from pathlib import Path

import pytest

from ptclnm import cohorts
from ptclnm.imaging.superres import study
from ptclnm.imaging.superres.arms import Arm
from ptclnm.imaging.superres.pictures import training_pictures
from ptclnm.imaging.superres.plan import SRPlan
from ptclnm.imaging.superres.stored import WEIGHTS, stored_generator

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["li2024-sim", "ddti"])
@pytest.mark.parametrize("scale", [2, 4])
def test_on_patients_it_has_not_seen(
    name: str, scale: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if name == "ddti":
        request.getfixturevalue("data")
    cohort = cohorts.open(name, n_patients=60, seed=0)
    plan = replace(SRPlan(), scale=scale, epochs=8)
    pictures = training_pictures(cohort, plan)
    pixel = plan.without_adversary()
    weights = {one: stored_generator(pictures, one, tmp_path) / WEIGHTS for one in (pixel, plan)}
    arms = {study.PIXEL: Arm("sr_pixel", pixel, weights[pixel]),
            study.GAN: Arm("sr", plan, weights[plan])}  # fmt: skip
    made = study.summary(study.quality_table(study.held_out(cohort, 18, 0), arms))
    rows = made.set_index(["task", "method", "metric"]).loc["restore"]
    for metric in ("psnr", "ssim"):
        assert rows.loc[(study.PIXEL, metric), "difference_low"] > 0, rows.loc[study.PIXEL]
    sharp = rows.xs("sharpness", level="metric")["mean"]
    assert sharp[study.GAN] > 1.05 * sharp[study.PIXEL]
    assert rows.loc[(study.GAN, "psnr"), "mean"] < rows.loc[(study.PIXEL, "psnr"), "mean"]

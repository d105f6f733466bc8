"""At the sizes that a page uses: the network beats interpolation, the adversary sharpens."""

from pathlib import Path

import pytest

from ptclnm import cohorts, store
from ptclnm.superres.pictures import held_out, training_pictures
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.quality import GAN, PIXEL, quality_table, summary
from ptclnm.superres.training import train

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["li2024-sim", "ddti"])
@pytest.mark.parametrize("scale", [2, 4])
def test_on_patients_it_has_not_seen(
    name: str, scale: int, tmp_path: Path, monkeypatch, request: pytest.FixtureRequest
) -> None:
    if name == "ddti":
        request.getfixturevalue("data")
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    cohort, plan = cohorts.open(name, n_patients=60, seed=0), SRPlan(scale=scale)
    pictures = training_pictures(cohort, plan)
    methods = {PIXEL: train(pictures, plan.without_adversary()), GAN: train(pictures, plan)}
    table = summary(quality_table(held_out(cohort, 18, 0), methods))
    rows = table.set_index(["task", "method", "metric"]).loc["restore"]
    for metric in ("psnr", "ssim"):
        assert rows.loc[(PIXEL, metric), "difference_low"] > 0, rows.loc[PIXEL]
    sharp = rows.xs("sharpness", level="metric")["mean"]
    assert sharp[GAN] > 1.05 * sharp[PIXEL]
    assert rows.loc[(GAN, "psnr"), "mean"] < rows.loc[(PIXEL, "psnr"), "mean"]

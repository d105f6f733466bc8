"""Measures of likeness, and the likeness itself where DDTI is at hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from ptclnm.cohorts.simulate import realism
from ptclnm.errors import ParameterError


def texture(seed: int, sigma: tuple[float, float], mean: float = 90.0) -> realism.Crop:
    """A crop of Gaussian texture with a disc for a nodule."""
    noise = np.random.default_rng(seed).normal(size=(160, 160))
    grey = ndimage.gaussian_filter(noise, sigma)
    rows, columns = np.ogrid[:160, :160]
    return mean + 20 * grey / grey.std(), np.hypot(rows - 80, columns - 80) < 50


@pytest.mark.parametrize("sigma", [(1.0, 2.0), (1.5, 3.0)])
def test_correlation_widths_are_those_of_a_known_texture(sigma):
    """Noise smoothed by a Gaussian of SD s has an autocorrelation 4 s sqrt(ln 2) wide."""
    for axis in (0, 1):
        widths = [realism.correlation_width(*texture(s, sigma), axis=axis) for s in range(5)]
        assert np.mean(widths) == pytest.approx(4 * np.sqrt(np.log(2)) * sigma[axis], rel=0.12)


def test_measures_tell_the_regions_apart():
    """A darker nodule has lower grey levels than what surrounds it."""
    image, mask = texture(0, (1, 2))
    image[mask] -= 40
    table = realism.measure((image, mask)).set_index(["region", "feature"])["value"]
    assert table["surroundings", "firstorder_Mean"] - table["nodule", "firstorder_Mean"] > 30
    assert len(table) == 2 * 46 and np.isfinite(table).all()


def test_like_is_inside_and_unlike_is_not(monkeypatch):
    """Textures of one kind lie within each other's range; brighter, coarser ones do not."""
    monkeypatch.setattr(realism, "crops", list)
    real = [texture(s, (1, 2), 80 + s % 20) for s in range(40)]
    like = realism.compare([texture(100 + s, (1, 2), 80 + s % 20) for s in range(12)], real)
    unlike = realism.compare([texture(200 + s, (3, 6), 160) for s in range(12)], real)
    assert like["inside"].mean() > 0.95 and like["share_inside"].mean() > 0.8
    by_feature = unlike.set_index(["region", "feature"])
    for feature in ("firstorder_Mean", "speckle_axial_px", "glcm_Contrast"):
        assert not by_feature.loc[("nodule", feature), "inside"]
        assert by_feature.loc[("nodule", feature), "share_inside"] == 0
    assert list(like.columns) == [
        "feature", "region", "ddti_low", "ddti_median", "ddti_high", "sim_median",
        "share_inside", "inside",
    ]  # fmt: skip
    assert (like["ddti_low"] <= like["ddti_median"]).all()


def test_nothing_to_compare_is_an_error():
    with pytest.raises(ParameterError, match="pictures is empty"):
        realism.compare([], [texture(0, (1, 2))])
    with pytest.raises(ParameterError, match="ddti_examples is empty"):
        realism.compare([SimpleNamespace()], [])


def test_pictures_like_ddti_do_not_depend_on_how_many():
    few, more = realism.ddti_like(1, seed=3), realism.ddti_like(2, seed=3)
    assert (few[0].frame == more[0].frame).all()
    assert more[0].frame.shape[0] == realism.DDTI_ROWS


def test_simulated_pictures_lie_within_ddti(data):
    """Of the medians of all measures of nodule and surroundings, nine in ten lie in its range."""
    from ptclnm import cohorts

    real = realism.read_crops(cohorts.open("ddti"), 60)
    table = realism.compare(realism.ddti_like(24), real)
    assert table["inside"].mean() >= 0.9
    assert table["share_inside"].mean() >= 0.7
    speckle = table[table["feature"].str.startswith("speckle")]
    assert isinstance(speckle, pd.DataFrame) and speckle["inside"].all()

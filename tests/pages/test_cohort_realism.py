"""Measures of likeness, and the likeness itself where DDTI is at hand."""

import numpy as np
import yaml
from scipy import ndimage

from ptclnm.pages.cohort import realism


def texture(seed: int, sigma: tuple[float, float], mean: float = 90.0) -> realism.Crop:
    """A crop of Gaussian texture with a disc for a nodule."""
    noise = np.random.default_rng(seed).normal(size=(160, 160))
    grey = ndimage.gaussian_filter(noise, sigma)
    rows, columns = np.ogrid[:160, :160]
    return mean + 20 * grey / grey.std(), np.hypot(rows - 80, columns - 80) < 50


def test_measures_tell_the_regions_apart():
    """A darker nodule has lower grey levels than what surrounds it."""
    image, mask = texture(0, (1, 2))
    image[mask] -= 40
    found = realism.measured((image, mask))
    assert found["surroundings", "firstorder_Mean"] - found["nodule", "firstorder_Mean"] > 30
    assert len(found) == 2 * (18 + 24) and np.isfinite(found).all()


def test_like_is_inside_and_unlike_is_not():
    """Textures of one kind lie within each other's range; brighter, coarser ones do not."""

    def kind(first: int, count: int, sigma: tuple[float, float], mean: float = 80.0):
        seeds = range(first, first + count)
        return [realism.measured(texture(s, sigma, mean + s % 20)) for s in seeds]

    real = kind(0, 40, (1, 2))
    like = realism.compare(kind(100, 12, (1, 2)), real)
    unlike = realism.compare(kind(200, 12, (3, 6), 160), real).set_index(["region", "feature"])
    assert like["inside"].mean() > 0.95 and like["share_inside"].mean() > 0.8
    for feature in ("firstorder_Mean", "glcm_Contrast"):
        assert not unlike.loc[("nodule", feature), "inside"]
        assert unlike.loc[("nodule", feature), "share_inside"] == 0
    assert list(like.columns) == realism.COLUMNS
    assert (like["ddti_low"] <= like["ddti_median"]).all()


def test_a_region_too_small_to_measure_does_not_count():
    image, mask = texture(0, (1, 2))
    small = np.zeros_like(mask)
    small[70:82, 70:82] = True
    whole = [realism.measured((image, mask)) for _ in range(3)]
    table = realism.compare([realism.measured((image, small)), *whole], whole)
    assert table["inside"].all() and (table["region"] == "nodule").any()


def test_simulated_pictures_lie_within_ddti(data, monkeypatch, tmp_path):
    """Of the medians of all measures of nodule and surroundings, nine in ten lie in its range."""
    from ptclnm import cohorts

    fewer = yaml.safe_load(realism.FILE.read_text(encoding="utf-8")) | {"pictures": 24}
    monkeypatch.setattr(realism, "FILE", tmp_path / "fewer.yml")
    realism.FILE.write_text(yaml.safe_dump(fewer), encoding="utf-8")
    table = realism.beside_ddti(cohorts.open("ddti"), 0)
    assert table["inside"].mean() >= 0.9
    assert table["share_inside"].mean() >= 0.7

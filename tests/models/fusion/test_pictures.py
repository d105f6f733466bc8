"""On pictures: a signal in the speckle and one in the outline, seen by two kinds of features."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.evaluation.sets import increments, unseen
from ptclnm.models.deep.crops import Crops, rectangle, resized
from ptclnm.models.deep.features import features_of
from ptclnm.models.deep.networks import network
from ptclnm.models.fusion.apart import part_predictions
from quickradiomics import measure
from quickradiomics.settings import from_content

pytestmark = pytest.mark.slow
SIDE, SEEN, PATIENTS = 128, 48, 240


def outline(lobes: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A round region whose edge waves by a share `lobes` of its radius."""
    rows, cols = np.indices((SIDE, SIDE)) - SIDE / 2
    angle, radius = np.arctan2(rows, cols), np.hypot(rows, cols)
    edge = 42 * (1 + lobes * np.cos(6 * angle + rng.uniform(0, 2 * np.pi)))
    return radius < edge


def speckle(grain: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise of a grain in pixels, with mean 110 and SD 25 whatever the grain."""
    noise = ndimage.gaussian_filter(rng.normal(size=(SIDE, SIDE)), grain)
    return 110 + 25 * (noise - noise.mean()) / noise.std()


def made(texture: float, shape: float) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Draw patients; measure the speckle by radiomics, and look at the outline with a network."""
    settings = from_content({"featureClass": {"glcm": None}, "setting": {"binWidth": 25}}, "glcm")
    rows, grains, pixels, masks = [], [], [], []
    for number in range(PATIENTS):
        rng = np.random.default_rng(number)
        split = ("train", "train", "internal", "external")[number % 4]
        label = int(rng.random() < 0.4)
        mask = outline(np.clip(0.10 + 0.04 * (shape * label + rng.normal()), 0, 0.3), rng)
        picture = speckle(np.exp(0.15 * (texture * label + rng.normal())), rng)
        name = f"p{number:03d}"
        rows.append((name, name, "", "", split, "A", label))
        found = measure(picture, mask, settings).values
        grains.append(found)
        # The network sees the outline: speckle of a pixel is gone at its size.
        shown = np.where(mask, ndimage.gaussian_filter(picture, 6), 30.0)
        box = rectangle(mask)
        pixels.append(resized(shown, box, SEEN))
        masks.append(resized(mask.astype(float), box, SEEN) >= 0.5)
    columns = ["patient_id", "image_id", "image", "mask", "split", "center", "label"]
    table = pd.DataFrame(rows, columns=columns)
    radiomics = pd.DataFrame(grains)
    radiomics.insert(0, "image_id", table["image_id"])
    ids, labels = table["image_id"].to_numpy(dtype=str), table["label"].to_numpy()
    splits = table["split"].to_numpy(dtype=str)
    crops = Crops(np.stack(pixels), np.stack(masks), ids, ids, labels, splits)
    pretrained, _ = network("EfficientNet-Lite0", "imagenet", SEEN, 0)
    deep = features_of(pretrained.eval(), "EfficientNet-Lite0", crops, (90.0, 40.0))
    return table, {"radiomics": radiomics, "DL": deep}


def gains(texture: float, shape: float) -> pd.DataFrame:
    found = increments(unseen(part_predictions(*made(texture, shape), folds=5, seed=0)))
    return found.set_index(["split", "base", "adds"])


def both_sets(found: pd.DataFrame, base: str, adds: str) -> pd.Series:
    return pd.concat([found.loc[[(split, base, adds)]] for split in ("internal", "external")]).mean(
        numeric_only=True
    )


def test_fusion_beats_both_parts_where_each_sees_a_signal_of_its_own() -> None:
    found = gains(1.6, 1.6)
    assert both_sets(found, "radiomics", "DL")["difference"] > 0.03
    assert both_sets(found, "DL", "radiomics")["difference"] > 0.03
    for part in ("radiomics", "DL"):
        assert both_sets(found, "", part)["low"] > 0


def test_with_a_signal_in_the_speckle_alone_the_network_adds_nothing() -> None:
    found = gains(1.6, 0.0)
    assert both_sets(found, "", "radiomics")["low"] > 0
    assert both_sets(found, "radiomics", "DL")["difference"] < 0.02
    assert both_sets(found, "DL", "radiomics")["difference"] > 0.1


def test_with_a_signal_in_the_outline_alone_the_speckle_adds_nothing() -> None:
    found = gains(0.0, 1.6)
    assert both_sets(found, "", "DL")["low"] > 0
    assert both_sets(found, "DL", "radiomics")["difference"] < 0.02

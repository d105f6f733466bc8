"""Deep features: the printed numbers of values, and nothing fitted on evaluation images."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ptclnm.models.deep.batches import in_order
from ptclnm.models.deep.features import as_data, deep_features, features_of
from ptclnm.models.deep.plan import ARCHITECTURES, layers

WIDTHS = {
    "AlexNet": 4096, "DenseNet121": 1024, "Inception_v3": 2048, "ResNet50": 2048,
    "ResNet101": 2048, "ViT-B/16": 768, "EfficientNet-Lite0": 1280,
}  # fmt: skip


def features(crops, name: str, layer: str = "pooled") -> pd.DataFrame:
    torch.manual_seed(0)
    network = ARCHITECTURES[name].build(crops.pixels.shape[-1]).eval()
    return features_of(network, name, crops, (100.0, 20.0), layer)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_pooled_features_times_the_last_layer_are_the_output(name: str, planted) -> None:
    row = ARCHITECTURES[name]
    side = max(row.smallest, 64) // 16 * 16 + 16
    crops = planted(patients=2, side=side)
    torch.manual_seed(0)
    network = row.build(side).eval()
    head = network.get_submodule(row.head)
    head.reset_parameters()
    found = features_of(network, name, crops, (100.0, 20.0)).drop(columns="image_id").to_numpy()
    assert found.shape == (2, WIDTHS.get(name, found.shape[1]))
    with torch.inference_mode():
        (images,) = in_order(crops, (100.0, 20.0))
        output = network(images)[:, 0].double().numpy()
        product = head(torch.from_numpy(found).float())[:, 0].double().numpy()
    assert product == pytest.approx(output, rel=1e-4, abs=1e-3)


def test_the_growth_of_densenet_has_the_printed_number_of_values_at_224_pixels(planted) -> None:
    crops = planted(patients=2, side=224)
    table = features(crops, "DenseNet121", "growth")
    assert list(table)[:2] == ["image_id", "dl_0000"] and table.shape == (2, 1 + 1568)
    assert layers("DenseNet121") == ("pooled", "growth")


def test_features_are_joined_to_their_images_whatever_their_order(planted) -> None:
    crops = planted(patients=20, images=2)
    table = pd.DataFrame({"image_id": crops.image_ids, "dl_0000": np.arange(40.0)})
    table["dl_0001"] = crops.labels
    data = as_data(table.sample(frac=1, random_state=0), crops)
    assert data.names == ("dl_0000", "dl_0001")
    assert data.X[:, 0].tolist() == list(range(40))
    assert np.array_equal(data.X[:, 1], data.labels)
    assert np.array_equal(data.train.X[:, 0], np.flatnonzero(crops.splits == "train"))


def test_features_are_kept_with_the_network(planted, fast, tmp_path) -> None:
    crops, plan = planted(patients=20), replace(fast, epochs=1)
    first = deep_features(crops, plan, folder=tmp_path)
    assert first["image_id"].tolist() == crops.image_ids.tolist()
    assert deep_features(crops, plan, folder=tmp_path).equals(first)
    (path,) = tmp_path.glob("deep_features/*/features.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="features.parquet changed since written"):
        assert deep_features(crops, plan, folder=tmp_path).equals(first)

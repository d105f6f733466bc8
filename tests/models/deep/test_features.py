"""Deep features: the printed numbers of values, and nothing fitted on evaluation images."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.decomposition import PCA

from ptclnm.errors import ParameterError
from ptclnm.models.deep.architectures import ARCHITECTURES, architecture
from ptclnm.models.deep.features import (
    as_data,
    components,
    deep_features,
    features_of,
    layers,
    selected,
)
from ptclnm.models.deep.training import Images

WIDTHS = {
    "AlexNet": 4096, "DenseNet121": 1024, "Inception_v3": 2048, "ResNet50": 2048,
    "ResNet101": 2048, "ViT-B/16": 768, "EfficientNet-Lite0": 1280,
}  # fmt: skip


def features(crops, name: str, layer: str = "pooled") -> pd.DataFrame:
    torch.manual_seed(0)
    network = architecture(name).build(crops.side).eval()
    return features_of(network, name, crops, (100.0, 20.0), layer)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_pooled_features_times_the_last_layer_are_the_output(name: str, planted) -> None:
    row = ARCHITECTURES[name]
    crops = planted(patients=2, side=max(row.smallest, 64) // 16 * 16 + 16)
    torch.manual_seed(0)
    network = row.build(crops.side).eval()
    head = network.get_submodule(row.head)
    head.reset_parameters()
    found = features_of(network, name, crops, (100.0, 20.0)).drop(columns="image_id").to_numpy()
    assert found.shape == (2, WIDTHS.get(name, found.shape[1]))
    with torch.inference_mode():
        images = Images(crops, (100.0, 20.0)).pixels[:, None].expand(-1, 3, -1, -1)
        output = network(images)[:, 0].double().numpy()
        product = head(torch.from_numpy(found).float())[:, 0].double().numpy()
    assert product == pytest.approx(output, rel=1e-4, abs=1e-3)


def test_the_growth_of_densenet_has_the_printed_number_of_values_at_224_pixels(planted) -> None:
    crops = planted(patients=2, side=224)
    table = features(crops, "DenseNet121", "growth")
    assert list(table)[:2] == ["image_id", "dl_0000"] and table.shape == (2, 1 + 1568)
    with pytest.raises(ParameterError, match="AlexNet has no layer 'growth'; .*pooled"):
        features(crops, "AlexNet", "growth")
    assert layers("DenseNet121") == ("pooled", "growth")


def test_components_are_those_of_the_training_images_alone(planted) -> None:
    crops = planted(patients=30, images=2)
    table = features(crops, "EfficientNet-Lite0")
    found, chain = components(table, crops, 10)
    X = table.drop(columns="image_id").to_numpy()
    train = crops.splits == "train"
    mine = found.drop(columns="image_id").to_numpy()
    assert mine == pytest.approx(PCA(10, svd_solver="full").fit(X[train]).transform(X), abs=1e-9)
    marked = table.copy()
    marked.loc[~train, "dl_0000"] = 1e6
    again, _ = components(marked, crops, 10)
    columns = list(found)[1:]
    assert again.loc[train, columns].to_numpy() == pytest.approx(mine[train], abs=1e-9)
    leaking = PCA(10, svd_solver="full").fit(marked.drop(columns="image_id").to_numpy())
    assert abs(leaking.components_[0][0]) > 0.99, "the marker would have been seen"
    assert components(table, crops)[0].shape == (60, 1 + train.sum() - 1)
    assert chain.named_steps["components"].pca_.n_components_ == 10


def test_the_lasso_finds_the_planted_feature_on_training_images_alone(planted) -> None:
    crops = planted(patients=60, images=2)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 30))
    X[:, 7] += 2 * crops.labels
    table = pd.DataFrame(X, columns=[f"dl_{i:04d}" for i in range(30)])
    table.insert(0, "image_id", crops.image_ids)
    found = selected(table, crops)
    assert found["feature"].iloc[0] == "dl_0007" and found["coefficient"].iloc[0] > 0
    test = crops.splits == "test"
    table.loc[test, "dl_0003"] += 100 * crops.labels[test]
    assert selected(table, crops).equals(found)
    assert as_data(table, crops).names[7] == "dl_0007"


def test_features_are_kept_with_the_network(planted, fast, tmp_path) -> None:
    crops, plan = planted(patients=20), replace(fast, epochs=1)
    first = deep_features(crops, plan, folder=tmp_path)
    assert first["image_id"].tolist() == crops.image_ids.tolist()
    assert deep_features(crops, plan, folder=tmp_path).equals(first)
    (path,) = tmp_path.glob("deep_features/*/features.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="features.parquet changed since written"):
        assert deep_features(crops, plan, folder=tmp_path).equals(first)

"""Deep features: what a trained network makes of a picture before its last layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from torch import Tensor, nn

from ptclnm import store
from ptclnm.errors import ParameterError, nearest
from ptclnm.models.data import TRAIN, ImageData
from ptclnm.models.deep.architectures import POOLED, Architecture, architecture
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.module import three_channels
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.deep.stored import network_key, stored_network
from ptclnm.models.deep.training import EVALUATED, Images
from ptclnm.models.selection import selection

COMPONENTS = 128  # Ni et al. 2024, "Results, DL"
SELECTION = "ni2024"  # z-score, then LASSO: what Li et al. 2024, section 2.8, do with deep features


def layers(name: str) -> tuple[str, ...]:
    """Names of a network's feature layers, the pooled one first."""
    return (POOLED, *architecture(name).layers)


def deep_features(
    crops: Crops, plan: DeepPlan, layer: str = POOLED, folder: Path = store.FOLDER
) -> pd.DataFrame:
    """Give every image's deep features, computed once.

    Parameters
    ----------
    crops : Crops
        All sets; the network is trained on ``train``, now if it is not kept.
    plan : DeepPlan
        The network.
    layer : str
        ``pooled``: what enters the last layer, e.g. 1,024 values of DenseNet121. ``growth``, of
        DenseNet121: what its last dense layer adds, 32 channels with their places, at 224 pixels
        the 1,568 values that Ni et al. 2024 print.
    folder : Path
        Where networks and features are kept.

    Returns
    -------
    DataFrame
        ``image_id, dl_0000, …``, one row an image in the order of the crops.

    Raises
    ------
    ParameterError
        If the network has no such layer.
    """
    _check_layer(plan.architecture, layer)
    trained = network_key(crops, plan)
    entry = folder / "deep_features" / store.key(features_of, trained, layer)

    def made(*_: Path) -> store.Tables:
        network, standard = stored_network(crops, plan, folder)
        return {"features": features_of(network, plan.architecture, crops, standard, layer)}

    return store.read(store.keep(entry, made))["features"]


def features_of(
    network: nn.Module,
    name: str,
    crops: Crops,
    standard: tuple[float, float],
    layer: str = POOLED,
) -> pd.DataFrame:
    """Compute the features of a network; see :func:`deep_features`.

    Parameters
    ----------
    network : Module
        In evaluation mode.
    name : str
        Its architecture.
    crops : Crops
        The images.
    standard : tuple of float
        Mean and standard deviation that the input is standardised by.
    layer : str
        Name of the feature layer.
    """
    _check_layer(name, layer)
    images = Images(crops, standard)
    parts = []
    with torch.inference_mode(), _watched(network, architecture(name), layer) as seen:
        for start in range(0, len(images), EVALUATED):
            pixels, _, _ = images[np.arange(start, min(start + EVALUATED, len(images)))]
            network(three_channels(pixels))
            parts.append(seen.pop().flatten(1).float().numpy())
    values = np.concatenate(parts)
    names = [f"dl_{i:04d}" for i in range(values.shape[1])]
    table = pd.DataFrame(values.astype(float), columns=names)
    table.insert(0, "image_id", crops.image_ids)
    return table


def _check_layer(name: str, layer: str) -> None:
    known = layers(name)
    if layer not in known:
        raise ParameterError("layer", [f"{name} has no layer {layer!r}; {nearest(layer, known)}"])


@contextmanager
def _watched(network: nn.Module, row: Architecture, layer: str) -> Iterator[list[Tensor]]:
    """Note what enters the last layer, or leaves another."""
    seen: list[Tensor] = []
    if layer == POOLED:
        hook = network.get_submodule(row.head).register_forward_pre_hook(
            lambda _, inputs: seen.append(inputs[0])
        )
    else:
        hook = network.get_submodule(row.layers[layer]).register_forward_hook(
            lambda _, __, output: seen.append(output.contiguous())
        )
    try:
        yield seen
    finally:
        hook.remove()


class FewComponents(TransformerMixin, BaseEstimator):
    """Principal components, as many as asked for or as the training rows allow.

    Attributes
    ----------
    pca_ : PCA
        Fitted on the training rows.
    """

    def __init__(self, components: int = COMPONENTS) -> None:
        self.components = components

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit on `X`, shape (rows, features)."""
        X = np.asarray(X, dtype=float)
        most = min(self.components, len(X) - 1, X.shape[1])
        self.n_features_in_ = X.shape[1]
        self.pca_ = PCA(most, svd_solver="full").fit(X)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give the components of `X`, shape (rows, components)."""
        return self.pca_.transform(np.asarray(X, dtype=float))

    def get_feature_names_out(self, names: ArrayLike | None = None) -> NDArray:
        """Names of the components, ``dl_pc000`` and so on."""
        return np.array([f"dl_pc{i:03d}" for i in range(self.pca_.n_components_)], dtype=object)


def components(
    features: pd.DataFrame, crops: Crops, count: int = COMPONENTS
) -> tuple[pd.DataFrame, Pipeline]:
    """Reduce deep features to principal components that are fitted on the training images.

    Parameters
    ----------
    features : DataFrame
        From :func:`deep_features`.
    crops : Crops
        The same images.
    count : int
        Components; fewer where there are fewer training images.

    Returns
    -------
    features : DataFrame
        ``image_id, dl_pc000, …``.
    pipeline : Pipeline
        Fitted.
    """
    X = features.drop(columns="image_id").to_numpy()
    pipeline = Pipeline([("components", FewComponents(count))])
    pipeline.fit(X[crops.splits == TRAIN])
    table = pd.DataFrame(pipeline.transform(X), columns=pipeline.get_feature_names_out())
    table.insert(0, "image_id", features["image_id"].to_numpy())
    return table, pipeline


def selected(features: pd.DataFrame, crops: Crops, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """Select deep features as Li et al. 2024 do, section 2.8: z-score, then LASSO, on train.

    Returns
    -------
    DataFrame
        ``feature, coefficient`` of the features kept, the largest first; may be empty.
    """
    data = as_data(features, crops).train
    chain = Pipeline(selection(SELECTION, folds, seed))
    chain.fit(data.X, data.labels, lasso__groups=data.patients)
    lasso = chain.named_steps["lasso"]
    before = chain[:-1].get_feature_names_out(np.array(data.names, dtype=object))
    table = pd.DataFrame(
        {"feature": before[lasso.kept_], "coefficient": lasso.coef_[lasso.kept_]},
    )
    return table.sort_values("coefficient", key=abs, ascending=False, ignore_index=True)


def as_data(features: pd.DataFrame, crops: Crops) -> ImageData:
    """Join deep features to the images' labels, patients and sets."""
    names = [name for name in features if name != "image_id"]
    X = features.set_index("image_id").loc[crops.image_ids, names].to_numpy(dtype=float)
    return ImageData(X, tuple(names), crops.labels, crops.patients, crops.splits)

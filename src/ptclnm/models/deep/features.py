"""Deep features: what a trained network makes of a picture before its last layer."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ptclnm import store
from ptclnm.models.data import ImageData
from ptclnm.models.deep.batches import in_order
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.plan import ARCHITECTURES, POOLED, DeepPlan
from ptclnm.models.deep.stored import network_key, stored_network


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
    """
    entry = folder / "deep_features" / store.key(features_of, network_key(crops, plan), layer)

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
    parts: list[np.ndarray] = []

    def watch(_: nn.Module, given: tuple[Tensor], made: Tensor) -> None:
        values = given[0] if layer == POOLED else made
        parts.append(values.flatten(1).double().numpy())

    row = ARCHITECTURES[name]
    watched = network.get_submodule(row.head if layer == POOLED else row.layers[layer])
    hook = watched.register_forward_hook(watch)
    try:
        with torch.inference_mode():
            for images in in_order(crops, standard):
                network(images)
    finally:
        hook.remove()
    values = np.concatenate(parts)
    table = pd.DataFrame(values, columns=[f"dl_{i:04d}" for i in range(values.shape[1])])
    table.insert(0, "image_id", crops.image_ids)
    return table


def as_data(features: pd.DataFrame, crops: Crops) -> ImageData:
    """Join deep features to the images' labels, patients and sets."""
    values = features.set_index("image_id").loc[crops.image_ids]
    X = values.to_numpy(dtype=float)
    return ImageData(X, tuple(values), crops.labels, crops.patients, crops.splits)

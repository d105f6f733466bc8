"""Grad-CAM: which parts of a picture a network's output rises with, and whether to believe it."""

import copy
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import BinaryClassifierOutputTarget
from torch import Tensor, nn

from ptclnm.models.data import TRAIN
from ptclnm.models.deep.batches import SHUFFLED, in_order
from ptclnm.models.deep.crops import Crops
from ptclnm.models.deep.plan import ARCHITECTURES
from ptclnm.models.validation import by_patient

AT_ONCE = 16
KINDS = ("true positive", "false positive", "true negative", "false negative")


def heatmaps(
    network: nn.Module,
    name: str,
    crops: Crops,
    standard: tuple[float, float],
    called: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Compute Grad-CAM on the network's last layer with a spatial extent.

    Parameters
    ----------
    network : Module
        Left as it is; a copy is looked at.
    name : str
        Its architecture.
    crops : Crops
        The images.
    standard : tuple of float
        Mean and standard deviation that the input is standardised by.
    called : ndarray of bool, shape (images,), optional
        Which class the map of each image speaks for: the outcome, or its absence. The one that the
        network itself leans to at a score of 0.5 where left out.

    Returns
    -------
    ndarray of float32, shape (images, side, side)
        0 to 1 within each image; 0 everywhere where nothing speaks for that class.

    Notes
    -----
    Selvaraju et al. 2017. The layer is coarse (3 by 3 places at 96 pixels for most networks); the
    map is stretched over the picture.
    """
    row = ARCHITECTURES[name]
    copied = copy.deepcopy(network).eval().requires_grad_(True)
    reshape = _as_picture if row.patch > 1 else None
    parts: list[NDArray] = []
    if called is None:
        with torch.inference_mode():
            logits = [copied(images)[:, 0] for images in in_order(crops, standard, AT_ONCE)]
        called = torch.cat(logits).numpy() >= 0
    with GradCAM(copied, [copied.get_submodule(row.cam)], reshape_transform=reshape) as cam:
        # What follows may change the layer's output in place: it changes a copy.
        copied.get_submodule(row.cam).register_forward_hook(lambda _, __, made: made.clone())
        for number, images in enumerate(in_order(crops, standard, AT_ONCE)):
            speaks = called[number * AT_ONCE :][: len(images)]
            parts.append(cam(images, [BinaryClassifierOutputTarget(int(k)) for k in speaks]))
    return np.nan_to_num(np.concatenate(parts)).astype(np.float32)


def _as_picture(tokens: Tensor) -> Tensor:
    """Lay a transformer's patches out as they lie in the picture; the class token has no place."""
    side = round((tokens.shape[1] - 1) ** 0.5)
    return tokens[:, 1:].reshape(len(tokens), side, side, -1).permute(0, 3, 1, 2)


def inside(maps: NDArray, masks: NDArray) -> NDArray[np.float64]:
    """Share of each map that lies in the nodule; NaN where the map is 0 everywhere.

    Parameters
    ----------
    maps : ndarray, shape (images, side, side)
        Not negative.
    masks : ndarray of bool, same shape
        The nodule.
    """
    whole = maps.sum(axis=(1, 2), dtype=float)
    within = (maps * masks).sum(axis=(1, 2), dtype=float)
    return np.divide(within, whole, out=np.full(len(maps), np.nan), where=whole > 0)


def likeness(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """Rank correlation of the maps of each image; NaN where one of them is flat.

    Parameters
    ----------
    first, second : ndarray, shape (images, side, side)
        Maps of the same images.
    """
    ranks = [pd.DataFrame(maps.reshape(len(maps), -1)).rank(axis=1) for maps in (first, second)]
    return ranks[0].corrwith(ranks[1], axis=1).to_numpy()


def shuffled(crops: Crops, seed: int) -> Crops:
    """Deal the labels of the training patients anew, so that they mean nothing."""
    train = crops.splits == TRAIN
    label_of = by_patient(crops.patients[train], crops.labels[train])
    rng = np.random.default_rng([seed, SHUFFLED])
    dealt = pd.Series(rng.permutation(label_of.to_numpy()), label_of.index)
    labels = crops.labels.copy()
    labels[train] = dealt.loc[crops.patients[train]]
    return replace(crops, labels=labels)


def checks(maps: Mapping[str, NDArray], crops: Crops, called: NDArray[np.bool_]) -> pd.DataFrame:
    """Say of each image's map where it lies, and how alike the others' maps are.

    Parameters
    ----------
    maps : mapping of str to ndarray, shape (images, side, side)
        Of the trained network, then of one that was never trained and of one that was trained on
        :func:`shuffled` labels, all for the same class of an image: maps for opposite classes
        differ whatever was learnt.
    crops : Crops
        The images.
    called : ndarray of bool, shape (images,)
        Whether the patient is called positive.

    Returns
    -------
    DataFrame
        ``image_id``; ``kind``, one of ``KINDS``; ``inside, area``, shares of the trained map and of
        the crop in the nodule;
        ``random, shuffled``, rank correlations of the maps with the trained one.

    Notes
    -----
    Adebayo et al. 2018: a map that stays the same when the weights are drawn, or when the labels
    mean nothing, shows the picture's edges and not what was learnt.
    """
    trained, random, misled = maps.values()
    right = np.where(called == (crops.labels == 1), "true ", "false ")
    return pd.DataFrame(
        {
            "image_id": crops.image_ids,
            "kind": np.char.add(right, np.where(called, "positive", "negative")),
            "inside": inside(trained, crops.masks),
            "area": crops.masks.mean(axis=(1, 2)),
            "random": likeness(trained, random),
            "shuffled": likeness(trained, misled),
        }
    )


def examples(kind: NDArray, patients: NDArray, count: int, seed: int) -> NDArray[np.int64]:
    """Draw row numbers of some images of each kind, one a patient, by chance and not by looks."""
    order = np.random.default_rng([seed, SHUFFLED]).permutation(len(kind))
    table = pd.DataFrame({"kind": pd.Categorical(kind, KINDS), "patient": patients})
    drawn = table.iloc[order].drop_duplicates("patient").groupby("kind", observed=True).head(count)
    return drawn.sort_index().sort_values("kind", kind="stable").index.to_numpy()

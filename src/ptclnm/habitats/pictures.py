"""Habitats in a cohort's pictures: pixels of its nodules, shares, and how stable maps are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.compute import parallel_map
from ptclnm.habitats import clusters
from ptclnm.habitats.clusters import Floats, HabitatError, Habitats
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort

# Shifts in pixels: of the mask over the picture, and of the picture under the mask.
MASK_SHIFT, PICTURE_SHIFT = 2, 0.5
FEWEST = 25


def opened(cohort: Cohort, image_id: str) -> tuple[NDArray, NDArray]:
    """Read a picture and its nodule, both of shape (rows, cols)."""
    row = cohort.table.set_index("image_id").loc[image_id]
    return read_image(row["image"], max_colour=1.0).array, read_mask(row["mask"], cohort.mask_label)


def described(cohort: Cohort, n_jobs: int | None = None) -> dict[str, Floats]:
    """Describe every pixel of every nodule.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    dict of str to ndarray, shape (pixels, 6)
        From ``ptclnm.habitats.clusters.local_features``, by picture.

    Raises
    ------
    HabitatError
        If masks have fewer than 25 pixels; all are named.
    """
    names = cohort.table["image_id"].tolist()
    values = parallel_map(partial(_described, cohort), names, n_jobs, progress="habitats")
    features = dict(zip(names, values, strict=True))
    if small := [name for name, own in features.items() if len(own) < FEWEST]:
        lines = [f"masks of fewer than {FEWEST} pixels: {', '.join(small)}"]
        raise HabitatError(cohort.name, lines)
    return features


def _described(cohort: Cohort, image_id: str) -> Floats:
    return clusters.local_features(*opened(cohort, image_id))


def shares(features: Mapping[str, Floats], model: Habitats) -> pd.DataFrame:
    """Share of each habitat in every picture: ``image_id, H1, H2, …``, which add up to 1."""
    counts = [np.bincount(model.label(own), minlength=model.k) for own in features.values()]
    table = pd.DataFrame([each / each.sum() for each in counts], columns=model.names)
    table.insert(0, "image_id", list(features))
    return table


def changes() -> dict[str, Callable[[NDArray, NDArray], tuple[NDArray, NDArray]]]:
    """Small changes of picture or mask by name; each takes and gives both."""
    ring = ndimage.generate_binary_structure(2, 1)
    return {
        f"mask {MASK_SHIFT} px down": partial(_mask_moved, (MASK_SHIFT, 0)),
        f"mask {MASK_SHIFT} px right": partial(_mask_moved, (0, MASK_SHIFT)),
        "mask 1 px larger": lambda a, m: (a, ndimage.binary_dilation(m, ring)),
        "mask 1 px smaller": lambda a, m: (a, ndimage.binary_erosion(m, ring)),
        f"picture {PICTURE_SHIFT} px down": partial(_picture_moved, (PICTURE_SHIFT, 0.0)),
        f"picture {PICTURE_SHIFT} px right": partial(_picture_moved, (0.0, PICTURE_SHIFT)),
    }


def _mask_moved(by: tuple[int, int], array: NDArray, mask: NDArray) -> tuple[NDArray, NDArray]:
    return array, ndimage.shift(mask.astype(np.uint8), by, order=0) > 0


def _picture_moved(by: tuple, array: NDArray, mask: NDArray) -> tuple[NDArray, NDArray]:
    return ndimage.shift(array.astype(float), by, order=1, mode="nearest"), mask


def stability(
    cohort: Cohort, model: Habitats, images: Sequence[str], n_jobs: int | None = None
) -> pd.DataFrame:
    """Map pictures again after small changes, and see how far the habitats are the same.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    model : Habitats
        Fitted; it is not fitted again.
    images : sequence of str
        Pictures to try.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    DataFrame
        ``image_id, change, habitat, dice, share``: the Dice coefficient of each habitat with
        itself before the change, missing where neither map has it, and its share of the region
        before. A moved mask costs overlap at its edge, whatever is inside.
    """
    tables = parallel_map(partial(_tried, cohort, model), images, n_jobs, "habitats changed")
    return pd.concat(tables, ignore_index=True)


def _tried(cohort: Cohort, model: Habitats, image_id: str) -> pd.DataFrame:
    array, mask = opened(cohort, image_id)
    before = model.map(array, mask)
    changed = {name: change(array, mask) for name, change in changes().items()}
    after = {name: model.map(*pair) for name, pair in changed.items() if pair[1].any()}
    return pd.concat([_overlap(image_id, name, before, own, model) for name, own in after.items()])


def _overlap(
    image_id: str, change: str, before: NDArray, after: NDArray, model: Habitats
) -> pd.DataFrame:
    counts = np.bincount(before[before >= 0], minlength=model.k)
    return pd.DataFrame(
        {"image_id": image_id, "change": change, "habitat": model.names,
         "dice": clusters.dice(before, after, model.k), "share": counts / counts.sum()}
    )  # fmt: skip


def refitted(
    features: Mapping[str, Floats],
    model: Habitats,
    train: Iterable[str],
    images: Sequence[str],
    seed: int,
) -> pd.DataFrame:
    """Fit again on other pixels of half of the training pictures, and compare the habitats.

    Parameters
    ----------
    features : mapping of str to ndarray, shape (pixels, 6)
        From :func:`described`.
    model : Habitats
        Fitted on all of the training pictures.
    train, images : sequence of str
        Training pictures, and pictures to try.
    seed : int
        Of the pixels and of which half of the training pictures they are taken from.

    Returns
    -------
    DataFrame
        As :func:`stability`, with the change "fitted on another half"; habitats are renamed so
        that they overlap most.
    """
    train = sorted(train)
    half = np.random.default_rng([seed, 2]).permutation(len(train))[: max(len(train) // 2, 1)]
    pixels = clusters.sample(features, [train[i] for i in half], seed + 1)
    again = clusters.fit(pixels, model.k, seed + 1)
    tables = []
    for name in images:
        before = model.label(features[name])
        after = clusters.matched(before, again.label(features[name]), model.k)
        tables.append(_overlap(name, "fitted on another half", before, after, model))
    return pd.concat(tables, ignore_index=True)

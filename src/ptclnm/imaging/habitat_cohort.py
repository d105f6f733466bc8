"""Habitats of a cohort: fitted on its training pictures, mapped on all, and tried for stability."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from ptclnm.cohorts.schema import Cohort
from ptclnm.compute import parallel_map
from ptclnm.imaging import habitats
from ptclnm.imaging.habitats import HabitatError, Habitats, name_of
from ptclnm.pictures.read import read_image, read_mask

TRAIN = "train"
# Shifts in pixels: of the mask over the picture, and of the picture under the mask.
MASK_SHIFT, PICTURE_SHIFT = 2, 0.5
FEWEST = 25


@dataclass(frozen=True, eq=False)
class HabitatStudy:
    """What was found in a cohort.

    Parameters
    ----------
    model : Habitats
        Fitted on training pictures.
    judged : DataFrame
        ``k, silhouette, calinski_harabasz, chosen``.
    shares : DataFrame
        ``image_id, H1, …`` of every picture.
    """

    model: Habitats
    judged: pd.DataFrame
    shares: pd.DataFrame


def study(
    cohort: Cohort, k_values: Sequence[int], seed: int = 0, n_jobs: int | None = None
) -> HabitatStudy:
    """Fit habitats on the training pictures and give every picture's shares.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    k_values : sequence of int
        Numbers of habitats to choose from.
    seed : int
        Of sample and clustering.
    n_jobs : int, optional
        Processes.

    Raises
    ------
    HabitatError
        If there is no training picture, or a mask has fewer than 25 pixels; all are named.
    ParameterError
        If a number of habitats is not possible.
    """
    rows = cohort.table[["image_id", "image", "mask", "split"]].astype(str)
    if not (rows["split"] == TRAIN).any():
        raise HabitatError(cohort.name, ["no picture is in the set 'train'"])
    work = list(rows[["image", "mask"]].itertuples(index=False, name=None))
    found = parallel_map(partial(_features, cohort.mask_label), work, n_jobs, progress="habitats")
    small = [name for name, f in zip(rows["image_id"], found, strict=True) if len(f) < FEWEST]
    if small:
        raise HabitatError(
            cohort.name, [f"masks of fewer than {FEWEST} pixels: {', '.join(small)}"]
        )
    features = dict(zip(rows["image_id"], found, strict=True))
    own = {name: features[name] for name in rows.loc[rows["split"] == TRAIN, "image_id"]}
    pixels = habitats.sample(own, seed=seed)
    judged = habitats.judge(pixels, k_values, seed)
    model = habitats.fit(pixels, int(judged.loc[judged["chosen"], "k"].iloc[0]), seed)
    labels = {name: model.label(values) for name, values in features.items()}
    return HabitatStudy(model, judged, habitats.shares(labels, model.k))


def _features(roi: int | str, row: tuple[str, str]) -> NDArray[np.float64]:
    array, mask = opened(row, roi)
    return habitats.local_features(array, mask)


def opened(row: tuple[str, str], roi: int | str) -> tuple[NDArray, NDArray]:
    """Read a picture and its mask, given their paths and the label of the nodule."""
    return read_image(row[0], max_colour=1.0).array, read_mask(row[1], roi)


def changes() -> dict[str, Callable[[NDArray, NDArray], tuple[NDArray, NDArray]]]:
    """Small changes of picture or mask by name; each takes and gives both."""
    ring = ndimage.generate_binary_structure(2, 1)
    moved = {
        f"mask {MASK_SHIFT} px {word}": partial(_mask_moved, by)
        for word, by in {"down": (MASK_SHIFT, 0), "right": (0, MASK_SHIFT)}.items()
    }
    return moved | {
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
    cohort: Cohort, model: Habitats, image_ids: Sequence[str], n_jobs: int | None = None
) -> pd.DataFrame:
    """Map pictures again after small changes, and see how far the habitats are the same.

    Parameters
    ----------
    cohort : Cohort
        With pictures and masks.
    model : Habitats
        Fitted; it is not fitted again.
    image_ids : sequence of str
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
    table = cohort.table.astype({"image_id": str}).set_index("image_id").loc[list(image_ids)]
    work = [(name, row.image, row.mask) for name, row in zip(table.index, table.itertuples(),
                                                             strict=True)]  # fmt: skip
    found = parallel_map(
        partial(_tried, model, cohort.mask_label), work, n_jobs, progress="habitats changed"
    )
    return pd.concat(found, ignore_index=True)


def _tried(model: Habitats, roi: int | str, row: tuple[str, str, str]) -> pd.DataFrame:
    array, mask = opened(row[1:], roi)
    before = model.map(array, mask)
    share = np.bincount(before[mask], minlength=model.k) / mask.sum()
    parts = []
    for change, apply in changes().items():
        other, region = apply(array, mask)
        if not region.any():
            continue
        overlap = habitats.dice(before, model.map(other, region), model.k)
        parts.append(_rows(row[0], change, overlap, share))
    return pd.concat(parts, ignore_index=True)


def refitted(cohort: Cohort, model: Habitats, image_ids: Sequence[str], seed: int) -> pd.DataFrame:
    """Fit again on other pixels of other pictures, and see whether the same habitats come out.

    Parameters
    ----------
    cohort, model, image_ids
        As in :func:`stability`.
    seed : int
        Of the pixels and of which half of the training pictures they are taken from.

    Returns
    -------
    DataFrame
        As :func:`stability`, with the change "fitted on another half"; habitats are renamed so
        that they overlap most.
    """
    table = cohort.table.astype({"image_id": str})
    train = table[table["split"] == TRAIN].sort_values("image_id")
    half = np.random.default_rng([seed, 2]).permutation(len(train))[: max(len(train) // 2, 1)]
    rows = train.iloc[np.sort(half)]
    own = {
        row.image_id: _features(cohort.mask_label, (row.image, row.mask))
        for row in rows.itertuples()
    }
    again = habitats.fit(habitats.sample(own, seed=seed + 1), model.k, seed + 1)
    parts = []
    for row in table[table["image_id"].isin(list(image_ids))].itertuples():
        array, mask = opened((row.image, row.mask), cohort.mask_label)
        before = model.map(array, mask)
        after = habitats.matched(before, again.map(array, mask), model.k)
        share = np.bincount(before[mask], minlength=model.k) / mask.sum()
        overlap = habitats.dice(before, after, model.k)
        parts.append(_rows(row.image_id, "fitted on another half", overlap, share))
    return pd.concat(parts, ignore_index=True)


def _rows(image_id: str, change: str, overlap: NDArray, share: NDArray) -> pd.DataFrame:
    names = [name_of(i) for i in range(len(overlap))]
    return pd.DataFrame({"image_id": image_id, "change": change, "habitat": names,
                         "dice": overlap, "share": share})  # fmt: skip

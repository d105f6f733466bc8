"""Features and cohort joined: what the zoo is fitted on."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptclnm.errors import ProblemsError

TRAIN = "train"
NAMED = 5


class FeaturesError(ProblemsError):
    """A features table that does not fit its cohort."""


@dataclass(frozen=True)
class ImageData:
    """One row an image.

    Parameters
    ----------
    X : ndarray of float, shape (images, features)
        Values of the features.
    names : tuple of str
        Names of the features.
    labels : ndarray of int, shape (images,)
        0 or 1.
    patients, splits : ndarray of str, shape (images,)
        Whose image it is, and in which set.
    """

    X: NDArray[np.float64]
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    patients: NDArray
    splits: NDArray

    def rows(self, at: NDArray) -> "ImageData":
        """The images at these row numbers, or where a mask is true."""
        return ImageData(
            self.X[at], self.names, self.labels[at], self.patients[at], self.splits[at]
        )

    @property
    def train(self) -> "ImageData":
        """The images of the training set."""
        return self.rows(self.splits == TRAIN)


def some(names: Iterable[object]) -> str:
    """List the first few names, and how many more there are."""
    listed = [str(name) for name in names]
    more = len(listed) - NAMED
    return ", ".join(listed[:NAMED]) + (f" and {more} more" if more > 0 else "")


def join(table: pd.DataFrame, features: pd.DataFrame) -> ImageData:
    """Join features to the cohort table by image.

    Parameters
    ----------
    table : DataFrame
        The cohort table; see ``ptclnm.schema``.
    features : DataFrame
        ``image_id``, then columns of numbers; rows of other images are left aside.

    Returns
    -------
    ImageData
        In the order of the patients' and images' ids, whatever the order of either table.

    Raises
    ------
    FeaturesError
        Listing images without features, images twice, values that are not finite, and where no
        image is to be fitted on.
    """
    if problems := _problems(table, features):
        raise FeaturesError("features", problems)
    ids = table["image_id"].astype(str)
    rows = table.assign(image_id=ids, patient_id=table["patient_id"].astype(str))
    rows = rows.sort_values(["patient_id", "image_id"], kind="stable")
    names = [name for name in features if name != "image_id"]
    values = features.assign(image_id=features["image_id"].astype(str)).set_index("image_id")
    return ImageData(
        X=values.loc[rows["image_id"], names].to_numpy(dtype=float),
        names=tuple(map(str, names)),
        labels=rows["label"].to_numpy(dtype=np.int64),
        patients=rows["patient_id"].to_numpy(dtype=str),
        splits=rows["split"].to_numpy(dtype=str),
    )


def _problems(table: pd.DataFrame, features: pd.DataFrame) -> list[str]:
    ids = features["image_id"].astype(str)
    lost = sorted(set(table["image_id"].astype(str)) - set(ids))
    twice = sorted(set(ids[ids.duplicated()]))
    problems = [f"{len(lost)} images have no features: {some(lost)}"] if lost else []
    problems += [f"{len(twice)} images are there twice: {some(twice)}"] if twice else []
    if TRAIN not in set(table["split"]):
        found = some(sorted(set(table["split"])))
        problems.append(f"no image is in the set {TRAIN!r}; found {found or 'none'}")
    values = features.drop(columns="image_id")
    rows, columns = np.nonzero(~np.isfinite(values.to_numpy(dtype=float)))
    if len(rows):
        first = f"{values.columns[columns[0]]} of image {ids.iloc[rows[0]]}"
        problems.append(f"{len(rows)} values are missing or infinite, the first {first}")
    return problems

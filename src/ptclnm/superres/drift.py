"""How far super-resolution moves radiomics features: agreement of each with itself."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

GOOD = 0.75  # what Koo and Li (2016) call good reliability


def icc_a1(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Intraclass correlation ICC(A,1) of two measurements, for many features at once.

    Absolute agreement, two-way random effects, single measurement (McGraw and Wong 1996): what
    pingouin's ``intraclass_corr`` calls ICC(A,1), which takes a table for each feature.

    Parameters
    ----------
    first, second : array_like, shape (pictures, features)
        The same pictures' features, measured twice; three pictures at least.

    Returns
    -------
    ndarray of float, shape (features,)
        1 where both agree exactly, and NaN where neither varies.
    """
    both = np.stack([np.asarray(first, float), np.asarray(second, float)], axis=1)
    n, k = both.shape[:2]
    if n < 3:
        raise ValueError(f"{n} pictures; needed: 3 or more")
    # Features differ by ten orders of magnitude: without this their squares lose digits.
    scale = np.abs(both).max(axis=(0, 1))
    both = both / np.where(scale > 0, scale, 1.0)
    whole = both.mean(axis=(0, 1))
    rows, columns = both.mean(axis=1), both.mean(axis=0)
    of_rows = k * ((rows - whole) ** 2).sum(axis=0) / (n - 1)
    of_columns = n * ((columns - whole) ** 2).sum(axis=0) / (k - 1)
    rest = both - rows[:, None] - columns[None] + whole
    error = (rest**2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    below = of_rows + (k - 1) * error + k * (of_columns - error) / n
    constant = np.ptp(both, axis=(0, 1)) == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(constant, np.nan, (of_rows - error) / below)


def drift_table(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Compare the features of the same pictures before and after.

    Parameters
    ----------
    first, second : DataFrame
        The same features, a row a picture, indexed by ``image_id``.

    Returns
    -------
    DataFrame
        ``feature, image_type, feature_class, icc, shift``; the last is the mean change over the
        SD before.
    """
    second = second.loc[first.index, first.columns]
    sd = first.std()
    parts = first.columns.str.split("_")
    return pd.DataFrame({
        "feature": first.columns, "image_type": parts.str[0], "feature_class": parts.str[1],
        "icc": icc_a1(first, second),
        "shift": ((second.mean() - first.mean()) / sd.where(sd > 0)).to_numpy(),
    })  # fmt: skip


def shares(drift: pd.DataFrame, by: str) -> pd.DataFrame:
    """Count the features that stay, by image type or class.

    Parameters
    ----------
    drift : DataFrame
        From :func:`drift_table`.
    by : {"image_type", "feature_class"}
        What is counted by.

    Returns
    -------
    DataFrame
        ``part, features, above, share, median, lowest, highest``: of ICC(A,1), `above` 0.75.
        Features that vary in neither are left out.
    """
    known = drift.dropna(subset="icc")
    table = known.groupby(by, sort=False)["icc"].agg(
        features="size", above=lambda icc: int((icc > GOOD).sum()), median="median",
        lowest="min", highest="max",
    )  # fmt: skip
    table = table.rename_axis("part").reset_index().round(6)
    table.insert(3, "share", table["above"] / table["features"])
    return table

"""How far super-resolution moves radiomics features: agreement of each with itself."""

import pandas as pd

GOOD = 0.75  # what Koo and Li (2016) call good reliability


def icc_a1(first: pd.DataFrame, second: pd.DataFrame) -> pd.Series:
    """Intraclass correlation ICC(A,1) of two measurements, for many features at once.

    Absolute agreement, two-way random effects, single measurement (McGraw and Wong 1996): what
    pingouin's ``intraclass_corr`` calls ICC(A,1), which takes a table for each feature. With two
    measurements, its mean squares are sums of variances and of the covariance.

    Parameters
    ----------
    first, second : DataFrame
        The same features, a row a picture in the same order, measured twice.

    Returns
    -------
    Series of float
        By feature: 1 where both agree exactly, and NaN where neither varies.
    """
    n, shift = len(first), first.mean() - second.mean()
    covariance = ((first - first.mean()) * (second - second.mean())).sum() / (n - 1)
    variance = first.var() + second.var()
    below = variance + shift**2 - (variance - 2 * covariance) / n
    return (2 * covariance / below).where(pd.concat([first, second]).nunique() > 1)

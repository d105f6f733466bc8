"""Tables of page 02: features by class, features that can say nothing, the phantom of the IBSI."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ptclnm.cohorts.datasets import locate
from ptclnm.errors import MissingDataError
from ptclnm.models.data import ImageData
from ptclnm.pages.radiomics import ibsi
from recount import Study, printed_features

# What the papers count, as their transcribed tables call it and as the page does.
PARTS = {
    "first_order": "first-order", "shape": "shape", "texture": "texture",
    "image_types": "image types", "total": "total",
}  # fmt: skip
CLASSES = {"firstorder": "first-order", "shape": "shape", "shape2D": "shape"}
# Values below this share of the picture's own are what rounding leaves of zero.
ROUNDING = 1e-9
ROUNDED, ONE_LEVEL = "rounding error", "texture of one grey level"
ENDS = ("Minimum", "Maximum", "Uniformity")


def feature_class(name: str) -> str:
    """Class of a feature by pyradiomics' name, as the papers count them."""
    parts = name.split("_")
    return CLASSES.get(parts[1] if len(parts) > 2 else "", "texture")


def feature_counts(names: Sequence[str], paper: Study) -> pd.DataFrame:
    """Count features by class beside what the paper prints.

    Parameters
    ----------
    names : sequence of str
        Names of the extracted features.
    paper : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        ``part, reported, obtained``: the three classes, the image types and the total; `reported`
        is missing where the paper prints none. What it prints for each image type is multiplied.
    """
    printed = printed_features(paper)
    each = {part: printed.get("image_types", 0) * printed.get(f"{part}_per_image", 0)
            for part in ("first_order", "texture")}  # fmt: skip
    reported, obtained = each | printed, Counter(map(feature_class, names))
    obtained["image types"] = len({name.split("_")[0] for name in names})
    obtained["total"] = len(names)
    rows = [(part, reported.get(key) or None, obtained[part]) for key, part in PARTS.items()]
    table = pd.DataFrame(rows, columns=["part", "reported", "obtained"])
    return table.astype({"reported": "Int64", "obtained": "Int64"})


def image_types(features: ImageData) -> pd.DataFrame:
    """Find image types that hold nothing, or nothing but the outline.

    Parameters
    ----------
    features : ImageData
        Named as pyradiomics names them, first-order minimum, maximum and uniformity of each image
        type among them. Types without these are left out.

    Returns
    -------
    DataFrame
        ``image_type, features, empty, largest, one_level, finding``, in the features' order.
        `features` counts those of the type but its shape, and `empty` those that the finding
        concerns: all where the type is rounding error, those of texture where every image lies
        in one bin. `largest` is the largest absolute value in any mask as a share of that of the
        picture itself, and `one_level` the share of images that lie in one bin.
    """
    values = dict(zip(features.names, features.X.T, strict=True))
    rows = []
    for name in dict.fromkeys(name.split("_")[0] for name in values):
        ends = [f"{name}_firstorder_{end}" for end in ENDS]
        if not values.keys() >= set(ends):
            continue
        low, high, uniformity = (values[end] for end in ends)
        kinds = Counter(feature_class(own) for own in values if own.startswith(f"{name}_"))
        largest, one_level = np.abs([low, high]).max(), float((uniformity > 1 - ROUNDING).mean())
        rows.append((name, kinds["texture"] + kinds["first-order"], kinds["texture"], largest,
                     one_level))  # fmt: skip
    columns = ["image_type", "features", "empty", "largest", "one_level"]
    table = pd.DataFrame(rows, columns=columns)
    scale = table.loc[table["image_type"] == "original", "largest"].sum()
    table["largest"] /= scale or np.nan
    rounded, one_level = table["largest"] < ROUNDING, table["one_level"] == 1
    table["finding"] = np.select([rounded, one_level], [ROUNDED, ONE_LEVEL], "")
    table["empty"] = np.select([rounded, one_level], [table["features"], table["empty"]], 0)
    return table


def concerned(types: pd.DataFrame, names: Iterable[str], finding: str) -> list[str]:
    """Features among `names` that a finding concerns."""
    there = set(types.loc[types["finding"] == finding, "image_type"])
    classes = {"texture", "first-order"} if finding == ROUNDED else {"texture"}
    return [n for n in names if n.split("_")[0] in there and feature_class(n) in classes]


def phantom() -> tuple[pd.DataFrame, str]:
    """Compare the phantom's features with the reference values, where it is on this machine.

    Returns
    -------
    table : DataFrame
        From ``ptclnm.pages.radiomics.ibsi.table``; empty where the phantom is missing.
    missing : str
        Why it is missing, and how to get it; else empty.
    """
    try:
        return ibsi.table(locate("ibsi").parent), ""
    except MissingDataError as error:
        return pd.DataFrame(), str(error)

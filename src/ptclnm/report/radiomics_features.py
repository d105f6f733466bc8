"""Which features of one slice can say anything of the nodule: found in their values."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ptclnm.report.radiomics_tables import feature_class
from ptclnm.report.sentences import count, listing

# Values below this share of the picture's own are what rounding leaves of zero.
ROUNDING = 1e-9
ROUNDED, ONE_LEVEL = "rounding error", "texture of one grey level"
HEADINGS = {
    "image_type": "Image type", "features": "Features", "largest": "Largest value",
    "one_level": "Share of images in one bin", "finding": "Finding",
}  # fmt: skip


def image_types(features: pd.DataFrame) -> pd.DataFrame:
    """Find image types that hold nothing, or nothing but the outline.

    Parameters
    ----------
    features : DataFrame
        One row an image; columns named as pyradiomics names them, first-order minimum, maximum
        and uniformity of each image type among them. Types without these are left out.

    Returns
    -------
    DataFrame
        ``image_type, features, empty, largest, one_level, finding``, in the features' order.
        `features` counts those of the type but its shape, and `empty` those that the finding
        concerns: all where the type is rounding error, those of texture where every image lies
        in one bin. `largest` is the largest absolute value in any mask as a share of that of the
        picture itself, and `one_level` the share of images that lie in one bin.
    """
    types = dict.fromkeys(name.split("_")[0] for name in features if "_shape" not in name)
    scale = _largest(features, "original")
    rows = []
    for name in types:
        ends = [f"{name}_firstorder_{end}" for end in ("Minimum", "Maximum", "Uniformity")]
        if not set(ends) <= set(features):
            continue
        kinds = [feature_class(c) for c in features if c.startswith(f"{name}_")]
        texture = kinds.count("texture")
        whole = texture + kinds.count("first-order")
        largest = _largest(features, name) / scale if scale else np.nan
        one_level = float((features[ends[2]] > 1 - ROUNDING).mean())
        finding = ROUNDED if largest < ROUNDING else ONE_LEVEL if one_level == 1 else ""
        empty = {ROUNDED: whole, ONE_LEVEL: texture}.get(finding, 0)
        rows.append((name, whole, empty, largest, one_level, finding))
    columns = ["image_type", "features", "empty", "largest", "one_level", "finding"]
    return pd.DataFrame(rows, columns=columns)


def _largest(features: pd.DataFrame, name: str) -> float:
    """Largest absolute value of an image type inside any mask."""
    ends = [f"{name}_firstorder_{end}" for end in ("Minimum", "Maximum")]
    return float(features[ends].abs().max(axis=None)) if set(ends) <= set(features) else 0.0


def concerned(types: pd.DataFrame, names: Iterable[str], finding: str) -> list[str]:
    """Features among `names` that a finding concerns."""
    there = set(types.loc[types["finding"] == finding, "image_type"])
    classes = {"texture", "first-order"} if finding == ROUNDED else {"texture"}
    return [n for n in names if n.split("_")[0] in there and feature_class(n) in classes]


def text(types: pd.DataFrame, names: Iterable[str], kept: Iterable[str]) -> str:
    """Say in Markdown how many of the features can say anything, and how many of those kept."""
    if types.empty:
        return (
            "Whether an image type is empty cannot be told here: that is read from its first-order "
            "minimum, maximum and uniformity, which these settings do not extract."
        )
    names, kept = list(names), list(kept)
    parts = _sentences(types, names, kept)
    if not parts:
        return (
            f"None of the {count(len(types), 'image type')} is empty: each has values beyond "
            "rounding error, and more than one bin of grey levels in some image."
        )
    return "\n\n".join(parts)


def _sentences(types: pd.DataFrame, names: list[str], kept: list[str]) -> list[str]:
    said = {
        ROUNDED: "hold nothing but **rounding error**. They filter along the slices, of which "
        "there is one: a constant, whose differences are zero. What is left is at most "
        "{largest} of the largest grey level, and depends on the computer, not on the nodule",
        ONE_LEVEL: "lie in **one bin of grey levels** in every image. Their textures follow from "
        "the outline alone, whatever is inside it",
    }
    parts = []
    for finding, phrase in said.items():
        part = types[types["finding"] == finding]
        if part.empty:
            continue
        which = concerned(types, names, finding)
        among = len(concerned(types, kept, finding))
        largest = _power(part["largest"].max())
        parts.append(
            f"{count(len(part), 'image type')} of {len(types)} ({listing(part['image_type'])}) "
            f"{phrase.format(largest=largest)}. That concerns **{len(which):,} of the "
            f"{len(names):,} features**; of the {len(kept)} that the selection keeps, {among}."
        )
    return parts


def _power(value: float) -> str:
    """Give the next power of ten from a value upwards, in Markdown."""
    return f"$10^{{{int(np.ceil(np.log10(value)))}}}$" if value > 0 else "0"

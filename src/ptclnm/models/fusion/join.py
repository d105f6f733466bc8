"""Tables of features side by side, joined to the cohort by image."""

from collections.abc import Iterable, Mapping

import pandas as pd

from ptclnm.cohorts.schema import Cohort
from ptclnm.models.clinical import READINGS
from ptclnm.models.components import is_deep
from ptclnm.models.data import TRAIN, FeaturesError, ImageData, join, some

RADIOMICS, DEEP, CLINICAL, SIZE = "radiomics", "DL", "clinical", "size"
# Columns that hold a nodule's size, in the order of preference.
SIZE_COLUMNS = ("size_mm", "tumor_size_mm", "diameter_mm")
# The mask's area in pixels; as a volume of voxels, too, the picture being one slice thick.
AREAS = ("original_shape_VoxelVolume", "original_shape2D_PixelSurface")


class MissingFeaturesError(FeaturesError):
    """Images that have features of one kind and lack those of another."""


def fuse(table: pd.DataFrame, parts: Mapping[str, pd.DataFrame]) -> ImageData:
    """Join several tables of features to the cohort by image.

    Ni et al. 2024, "Combined radiomics and DL features".

    Parameters
    ----------
    table : DataFrame
        The cohort table.
    parts : mapping of str to DataFrame
        Features by what an error calls them, e.g. ``{"radiomics": …, "DL": …}``; each has
        ``image_id`` and columns of numbers.

    Returns
    -------
    ImageData
        In the order of the patients' and images' ids, whatever the order of the rows.

    Raises
    ------
    MissingFeaturesError
        Listing, for each kind, images of the cohort that have none.
    FeaturesError
        As ``ptclnm.models.data.join``; also if two kinds share a column.
    """
    ids = set(table["image_id"].astype(str))
    lost = {name: sorted(ids - _ids(part)) for name, part in parts.items()}
    if any(lost.values()):
        lines = [f"{len(ids_)} of {len(ids)} images have no {name} features: {some(ids_)}. "
                 "Compute them for every image, or drop these images from the cohort"
                 for name, ids_ in lost.items() if ids_]  # fmt: skip
        raise MissingFeaturesError("fusion", lines)
    _check_names(parts)
    indexed = [_by_image(name, part) for name, part in parts.items()]
    rows = table["image_id"].astype(str).tolist()
    values = pd.concat([part.loc[rows] for part in indexed], axis=1).reset_index()
    return join(table, values)


def _ids(part: pd.DataFrame) -> set[str]:
    return set(part["image_id"].astype(str)) if "image_id" in part else set()


def _by_image(name: str, part: pd.DataFrame) -> pd.DataFrame:
    indexed = part.assign(image_id=part["image_id"].astype(str)).set_index("image_id")
    twice = sorted(set(indexed.index[indexed.index.duplicated()]))
    if twice:
        raise FeaturesError("fusion", [f"{name}: {len(twice)} images are there twice: "
                                       f"{some(twice)}"])  # fmt: skip
    return indexed


def _check_names(parts: Mapping[str, pd.DataFrame]) -> None:
    owner: dict[str, str] = {}
    problems = []
    for name, part in parts.items():
        for column in part.columns.drop("image_id"):
            if column in owner:
                problems.append(f"column {column!r} is both {owner[column]} and {name}")
            owner[column] = name
    deep = [c for c, name in owner.items() if is_deep(c) != (name == DEEP) and DEEP in parts]
    problems += [f"columns named dl_… that are not {DEEP}, or the reverse: {some(deep)}"] * bool(
        deep
    )
    if problems:
        raise FeaturesError("fusion", problems)


def area_of(names: Iterable[str]) -> str:
    """Name the feature that is the mask's area.

    Raises
    ------
    FeaturesError
        If there is none.
    """
    found = [name for name in AREAS if name in set(names)]
    if not found:
        needed = " or ".join(AREAS)
        raise FeaturesError("area", [f"none is the mask's; needed: {needed}. Extract shape too"])
    return found[0]


def clinical_features(cohort: Cohort) -> pd.DataFrame:
    """Give the clinical columns without the size as numbers, a row an image.

    Parameters
    ----------
    cohort : Cohort
        Its columns ``clinical``, without a reader's verdict. Of text each level but the first of
        the training patients becomes a column of 0 and 1; what is missing is 0 there, and the
        median of the training patients where it is a number.

    Returns
    -------
    DataFrame
        ``image_id``, then columns ``clinical_…``; none but the first where there are none.
    """
    table = cohort.table
    train = cohort.patients[cohort.patients["split"] == TRAIN]
    made = {"image_id": table["image_id"]}
    for column in [c for c in cohort.clinical if c not in (*SIZE_COLUMNS, *READINGS)]:
        values = table[column]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            middle = train[column].median()
            made[f"clinical_{column}"] = values.fillna(0.0 if pd.isna(middle) else middle)
        else:
            levels = sorted(train[column].dropna().astype(str).unique())
            made |= {f"clinical_{column}_{level}": (values.astype(str) == level).astype(float)
                     for level in levels[1:]}  # fmt: skip
    return pd.DataFrame(made)


def size_features(cohort: Cohort, radiomics: pd.DataFrame) -> pd.DataFrame:
    """Give each image's size: the clinical column, else the square root of the mask's area.

    Returns
    -------
    DataFrame
        ``image_id, size``; in mm, or in pixels.
    """
    for column in SIZE_COLUMNS:
        if column in cohort.clinical and cohort.table[column].notna().all():
            return pd.DataFrame(
                {"image_id": cohort.table["image_id"], "size": cohort.table[column].astype(float)}
            )
    return pd.DataFrame(
        {"image_id": radiomics["image_id"], "size": radiomics[area_of(radiomics)] ** 0.5}
    )

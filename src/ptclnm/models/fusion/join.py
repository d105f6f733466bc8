"""Features of several kinds side by side, joined to the cohort by image."""

from collections.abc import Iterable, Mapping

import pandas as pd

from ptclnm.models.clinical import READINGS
from ptclnm.models.data import TRAIN, FeaturesError, ImageData, join, some
from ptclnm.schema import Cohort

RADIOMICS, DEEP, CLINICAL, SIZE = "radiomics", "DL", "clinical", "size"
# Columns that hold a nodule's size, in the order of preference.
SIZE_COLUMNS = ("size_mm", "tumor_size_mm", "diameter_mm")
# The mask's area in pixels; as a volume of voxels, too, the picture being one slice thick.
AREAS = ("original_shape_VoxelVolume", "original_shape2D_PixelSurface")


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
    FeaturesError
        Listing, for each kind, images of the cohort that have none; also as
        ``ptclnm.models.data.join``.
    """
    ids, problems = table["image_id"], []
    for name, part in parts.items():
        if lost := sorted(set(ids) - set(part["image_id"])):
            problems.append(
                f"{len(lost)} of {len(ids)} images have no {name} features: {some(lost)}. Compute "
                "them for every image, or drop these images from the cohort"
            )
    if problems:
        raise FeaturesError("fusion", problems)
    joined = pd.concat([part.set_index("image_id").loc[ids] for part in parts.values()], axis=1)
    return join(table, joined.reset_index())


def area_of(names: Iterable[str]) -> str:
    """Name the feature that is the mask's area.

    Raises
    ------
    FeaturesError
        If there is none.
    """
    areas = [name for name in AREAS if name in set(names)]
    if not areas:
        needed = " or ".join(AREAS)
        raise FeaturesError("area", [f"none is the mask's; needed: {needed}. Extract shape too"])
    return areas[0]


def with_clinical(cohort: Cohort, parts: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Put clinical features, where the cohort has any, and size beside radiomics and deep ones.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    parts : mapping of str to DataFrame
        ``radiomics`` among them, for the size where no clinical column has it.
    """
    clinical = clinical_features(cohort)
    known = {CLINICAL: clinical} if clinical.shape[1] > 1 else {}
    return {**parts, **known, SIZE: size_features(cohort, parts[RADIOMICS])}


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
    columns = {"image_id": table["image_id"]}
    for column in [c for c in cohort.clinical if c not in (*SIZE_COLUMNS, *READINGS)]:
        values = table[column]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            middle = train[column].median()
            columns[f"clinical_{column}"] = values.fillna(0.0 if pd.isna(middle) else middle)
        else:
            levels = sorted(train[column].dropna().astype(str).unique())
            columns |= {f"clinical_{column}_{level}": (values.astype(str) == level).astype(float)
                     for level in levels[1:]}  # fmt: skip
    return pd.DataFrame(columns)


def size_column(cohort: Cohort) -> str:
    """Name the clinical column of the nodules' size; empty where no column has it of everybody."""
    known = (name for name in SIZE_COLUMNS if name in cohort.clinical)
    return next((name for name in known if cohort.table[name].notna().all()), "")


def size_features(cohort: Cohort, radiomics: pd.DataFrame) -> pd.DataFrame:
    """Give each image's size: the clinical column, else the square root of the mask's area.

    Returns
    -------
    DataFrame
        ``image_id, size``; in mm, or in pixels.
    """
    if column := size_column(cohort):
        sizes = cohort.table.set_index("image_id")[column].astype(float)
    else:
        sizes = radiomics.set_index("image_id")[area_of(radiomics)] ** 0.5
    return sizes.rename("size").reset_index()

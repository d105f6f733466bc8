"""The extraction against the reference values of the IBSI (arXiv 1612.07003)."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk

from ptclnm.errors import MissingDataError
from ptclnm.features import FOLDER
from quickradiomics.engine import measure
from quickradiomics.settings import default_features, from_content

CLASSES = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
# The phantom's grey levels 1 to 6 are bins already; a bin of 1 leaves them as they are.
CONTENT = {"setting": {"binWidth": 1}, "featureClass": dict.fromkeys(CLASSES)}
PHANTOM = ("phantom.nii.gz", "mask.nii.gz", "ibsi_1_dig_phantom.csv")
SIGNIFICANT = 3
NO_REFERENCE = "the IBSI has no such feature"
UNEXPLAINED = "unexplained"


def table(data_root: Path) -> pd.DataFrame:
    """Compare the features of the digital phantom with the reference values.

    Parameters
    ----------
    data_root : Path
        Folder of the datasets; the phantom is in its folder ``ibsi``.

    Returns
    -------
    DataFrame
        Columns ``feature, ibsi_name, reference, value, difference, matches, why``, one row each
        feature of pyradiomics that the reference manual could have. `matches` is true where the
        difference is within the IBSI's tolerance, or within half a unit of the third significant
        digit, to which the references are given. Matrices of several directions are compared
        with the references averaged over them (``3D_avg``), as pyradiomics averages. `why` says
        what differs in the definition, that nothing explains it, or that there is no reference.

    Raises
    ------
    MissingDataError
        If a file of the phantom is not there.
    """
    values = _values(data_root / "ibsi")
    names = pd.read_csv(FOLDER / "ibsi.csv", keep_default_na=False).set_index("feature")
    reference = _reference(data_root / "ibsi" / PHANTOM[2])
    every = [f"{key}_{name}" for key in CLASSES for name in default_features(key)]
    rows = [_row(name, values[f"original_{name}"], names, reference) for name in every]
    return pd.DataFrame(rows)


def _values(folder: Path) -> dict[str, float]:
    if missing := [name for name in PHANTOM if not (folder / name).is_file()]:
        found = f"{folder} has no {', '.join(missing)}"
        raise MissingDataError(f"{found}. Run `ptclnm data fetch ibsi`, or set PTCLNM_DATA.")
    image, mask = (sitk.ReadImage(str(folder / name)) for name in PHANTOM[:2])
    pixels, roi = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask)
    spacing = image.GetSpacing()[::-1]
    return measure(pixels, roi, from_content(CONTENT, "ibsi"), spacing).values


def _reference(path: Path) -> pd.DataFrame:
    """Reference values and tolerances by the IBSI's names."""
    frame = pd.read_csv(path, sep=";").rename(columns={"reference value": "value"})
    return frame.set_index("tag")[["value", "tolerance"]].astype(float)


def _row(feature: str, value: float, names: pd.DataFrame, reference: pd.DataFrame) -> dict:
    row = {"feature": feature, "ibsi_name": "", "reference": np.nan, "value": value}
    row |= {"difference": np.nan, "matches": False, "why": NO_REFERENCE}
    if feature not in names.index:
        return row
    tag, definition = names.loc[feature, ["ibsi_name", "definition"]]
    expected, tolerance = reference.loc[tag]
    allowed = max(tolerance, _half_unit(expected))
    matches = bool(abs(value - expected) <= allowed)
    row |= {"ibsi_name": tag, "reference": expected, "difference": value - expected}
    return row | {"matches": matches, "why": "" if matches else definition or UNEXPLAINED}


def _half_unit(value: float) -> float:
    """Half a unit of the last significant digit given."""
    if value == 0:
        return 0.0
    return 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - SIGNIFICANT + 1) * (1 + 1e-9)

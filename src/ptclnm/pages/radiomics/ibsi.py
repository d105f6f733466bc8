"""The extraction against the reference values of the IBSI (arXiv 1612.07003)."""

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
    folder = data_root / "ibsi"
    values = _values(folder)
    every = [f"{key}_{name}" for key in CLASSES for name in default_features(key)]
    names = pd.read_csv(FOLDER / "ibsi.csv", keep_default_na=False).set_index("feature")
    names = names.reindex(every, fill_value="").reset_index()
    printed = pd.read_csv(folder / PHANTOM[2], sep=";").set_index("tag")
    printed = printed[["reference value", "tolerance"]].astype(float)
    expected, tolerance = printed.reindex(names["ibsi_name"]).to_numpy().T
    value = np.array([values[f"original_{name}"] for name in every])
    with np.errstate(divide="ignore"):  # half a unit of 0 is 0
        digit = np.floor(np.log10(np.abs(expected))) - SIGNIFICANT + 1
    allowed = np.maximum(tolerance, 0.5 * 10.0**digit * (1 + 1e-9))
    matches = np.abs(value - expected) <= allowed
    known = names["ibsi_name"] != ""
    why = names["definition"].replace("", UNEXPLAINED).mask(matches, "").where(known, NO_REFERENCE)
    return names[["feature", "ibsi_name"]].assign(
        reference=expected, value=value, difference=value - expected, matches=matches, why=why
    )


def _values(folder: Path) -> dict[str, float]:
    if missing := [name for name in PHANTOM if not (folder / name).is_file()]:
        found = f"{folder} has no {', '.join(missing)}"
        raise MissingDataError(f"{found}. Run `ptclnm data fetch ibsi`, or set PTCLNM_DATA.")
    image, mask = (sitk.ReadImage(str(folder / name)) for name in PHANTOM[:2])
    pixels, roi = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask)
    spacing = image.GetSpacing()[::-1]
    return measure(pixels, roi, from_content(CONTENT, "ibsi"), spacing).values

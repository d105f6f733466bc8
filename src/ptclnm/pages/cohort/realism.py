"""Simulated pictures measured beside DDTI's."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from scipy import ndimage

from echophantom.drivers import Drivers, Scanner
from echophantom.render import render_plane
from ptclnm.cohorts.ddti import crop_box
from ptclnm.paths import DATA_MANIFEST
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort
from quickradiomics import from_content, measure

Crop = tuple[NDArray, NDArray]
FILE = DATA_MANIFEST / "simulated" / "ddti.yml"
MARGIN = 0.15
EDGE = 3  # pixels on both sides of the outline that count to neither region
LEAST = 200  # pixels of a region that can be measured
COLUMNS = ["feature", "region", "ddti_low", "ddti_median", "ddti_high", "sim_median",
           "share_inside", "inside"]  # fmt: skip
SETTINGS = {
    "setting": {"binWidth": 25, "force2D": True},
    "imageType": {"Original": {}},
    "featureClass": {"firstorder": [], "glcm": []},
}


def beside_ddti(cohort: Cohort, seed: int) -> pd.DataFrame:
    """Measure simulated pictures and twice as many of DDTI's; empty for any other cohort.

    Returns
    -------
    DataFrame
        From :func:`compare`.
    """
    if cohort.name != "ddti":
        return pd.DataFrame(columns=COLUMNS)
    drawn_from = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    count = drawn_from["pictures"]
    made = [like_ddti(drawn_from, [seed, number]) for number in range(count)]
    return compare(map(measured, made), map(measured, read_crops(cohort, 2 * count, seed)))


def like_ddti(drawn_from: dict, seed: list[int]) -> Crop:
    """Render a picture like DDTI's, cut as those are: the nodule's box with a margin of 15 %."""
    rng = np.random.default_rng(seed)
    nodule, scanner = (
        {name: getattr(rng, how)(*args) for name, (how, *args) in drawn_from[part].items()}
        for part in ("nodule", "scanner")
    )
    picture = render_plane(Drivers(**nodule), Scanner(**scanner), rng)
    frame = picture.frame.astype(float)
    box = crop_box(frame, picture.mask, MARGIN)
    return frame[box], picture.mask[box]


def read_crops(cohort: Cohort, count: int, seed: int) -> list[Crop]:
    """Read crops of a cohort, one a patient, in random order."""
    rows = cohort.table.sample(frac=1, random_state=seed).drop_duplicates("patient_id").head(count)
    return [(read_image(row.image).array, read_mask(row.mask)) for row in rows.itertuples()]


def measured(crop: Crop) -> pd.Series:
    """Measure a crop's nodule and what surrounds it, without the outline itself.

    Parameters
    ----------
    crop : (image, mask)
        Grey levels 0 to 255 and the nodule.

    Returns
    -------
    Series
        First-order and grey-level co-occurrence features of pyradiomics (bins of 25), by
        ``region, feature``. A region of fewer than 200 pixels is left out.
    """
    image, mask = crop
    regions = {
        "nodule": ndimage.binary_erosion(mask, iterations=EDGE),
        "surroundings": ~ndimage.binary_dilation(mask, iterations=EDGE),
    }
    settings = from_content(SETTINGS, "realism")
    found = {
        (region, name.removeprefix("original_")): value
        for region, where in regions.items() if where.sum() >= LEAST
        for name, value in measure(image, where, settings).values.items()
    }  # fmt: skip
    return pd.Series(found).rename_axis(["region", "feature"])


def compare(simulated: Iterable[pd.Series], real: Iterable[pd.Series]) -> pd.DataFrame:
    """Hold measures of simulated pictures beside those of real ones.

    Parameters
    ----------
    simulated, real : iterable of Series
        From :func:`measured`, one a picture.

    Returns
    -------
    DataFrame
        Columns ``feature, region, ddti_low, ddti_median, ddti_high, sim_median, share_inside,
        inside``: the real values' 2.5th, 50th and 97.5th percentile, the simulated median, the
        share of simulated pictures between the outer two, and whether the simulated median is.
    """
    ours, theirs = (pd.concat(list(kind), axis=1).T for kind in (simulated, real))
    ours = ours.reindex(columns=theirs.columns)
    low, high = theirs.quantile(0.025), theirs.quantile(0.975)
    table = pd.DataFrame({"ddti_low": low, "ddti_median": theirs.median(), "ddti_high": high})
    table["sim_median"] = ours.median()
    table["share_inside"] = ((ours >= low) & (ours <= high)).sum() / ours.count()
    table["inside"] = table["sim_median"].between(low, high)
    return table.reset_index()[COLUMNS]

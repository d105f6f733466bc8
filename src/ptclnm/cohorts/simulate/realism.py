"""Simulated pictures measured beside real ones."""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from echophantom.drivers import Drivers, Scanner
from echophantom.render import Picture, render_plane
from ptclnm.cohorts.ddti import crop_box
from ptclnm.errors import ParameterError
from ptclnm.pictures.read import read_image, read_mask
from ptclnm.schema import Cohort
from quickradiomics import Settings, from_content
from quickradiomics import measure as radiomics
from quickradiomics.settings import default_features

Crop = tuple[NDArray, NDArray]
MARGIN = 0.15
EDGE = 3  # pixels on both sides of the outline that count to neither region
LEAST = 200  # pixels of a region that can be measured
LAGS = 12
TREND = 12.0
# Twice another feature, and one that is not among pyradiomics' defaults.
LEFT_OUT = ("SumAverage", "MCC", "StandardDeviation")
PERCENTILES = (5, 25, 75, 95)
COLUMNS = (
    "feature", "region", "ddti_low", "ddti_median", "ddti_high", "sim_median", "share_inside",
    "inside",
)  # fmt: skip
# Depth a picture of DDTI's shows on its scale, and the height of the sector in pixels.
DDTI_DEPTHS, DDTI_ROWS = (30.0, 40.0, 50.0), 290


def ddti_scanner(rng: np.random.Generator) -> Scanner:
    """Draw settings like those that DDTI's pictures show beside the sector.

    Parameters
    ----------
    rng : Generator
        Source of randomness.

    Returns
    -------
    Scanner
        A 12L6 array at 9 or 12 MHz (the tissue lowers both), 3 to 5 cm deep. Dynamic range,
        grey map and speckle reduction are not told by the source; they are set so that the
        speckle's grey levels are like.
    """
    depth = float(rng.choice(DDTI_DEPTHS, p=(0.35, 0.45, 0.2)))
    return Scanner(
        frequency_mhz=float(rng.choice([9.0, 10.5])),
        bandwidth=0.6,
        f_number=4.0,
        focus_mm=0.4 * depth,
        gain_db=float(rng.normal(1.0, 1.4)),
        dynamic_range_db=float(rng.uniform(48, 56)),
        tgc_error_db=float(rng.normal(0, 0.8)),
        depth_mm=depth,
        width_mm=38.0,
        pixel_mm=depth / DDTI_ROWS,
        black=float(rng.uniform(10, 18)),
        smoothing_mm=0.5 * depth / DDTI_ROWS,
    )


def ddti_nodule(rng: np.random.Generator) -> Drivers:
    """Draw a nodule of the mixed kind that a database of all grades holds.

    Parameters
    ----------
    rng : Generator
        Source of randomness.

    Returns
    -------
    Drivers
    """
    suspicious = rng.random() < 0.6
    return Drivers(
        diameter_mm=float(np.clip(rng.lognormal(np.log(19), 0.35), 7, 36)),
        taller_than_wide=float(np.clip(rng.normal(0.75, 0.18), 0.45, 1.3)),
        irregularity=float(rng.uniform(0.2, 0.8) if suspicious else rng.uniform(0, 0.3)),
        echogenicity_db=float(rng.normal(-2.6 if suspicious else -0.8, 2.0)),
        heterogeneity=float(rng.uniform(0.1, 0.45)),
        cystic_fraction=float(rng.choice([0, 0, 0, 0.05, 0.15, 0.35])),
        microcalcifications=int(rng.choice([0, 0, 3, 8])) if suspicious else 0,
        macrocalcifications=int(rng.random() < 0.12),
        halo=float(rng.choice([0, 0, 0.4, 0.8])),
        capsule_contact=float(rng.uniform(0, 1)),
    )


def ddti_like(count: int, seed: int = 0) -> list[Picture]:
    """Render pictures to be held beside DDTI's.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        Picture k is the same whatever `count`.

    Returns
    -------
    list of Picture
    """
    planes = ("transverse", "longitudinal", "oblique")
    made = []
    for k in range(count):
        rng = np.random.default_rng([seed, k])
        drivers, scanner = ddti_nodule(rng), ddti_scanner(rng)
        made.append(render_plane(drivers, scanner, rng, planes[k % 3]))
    return made


def crops(pictures: Iterable[Picture]) -> list[Crop]:
    """Cut pictures as DDTI is cut: the nodule's box with a margin of 15 %.

    Parameters
    ----------
    pictures : iterable of Picture
        With a nodule in view.

    Returns
    -------
    list of (image, mask)
        Grey levels as float, and bool.
    """
    cut = []
    for picture in pictures:
        frame = picture.frame.astype(float)
        box = crop_box(frame, picture.mask, MARGIN)
        cut.append((frame[box], picture.mask[box]))
    return cut


def read_crops(cohort: Cohort, count: int | None = None, seed: int = 0) -> list[Crop]:
    """Read crops of a cohort, one a patient, in random order.

    Parameters
    ----------
    cohort : Cohort
        With images and masks.
    count : int, optional
        At most as many.
    seed : int
        Seed of the choice.

    Returns
    -------
    list of (image, mask)
    """
    rng = np.random.default_rng(seed)
    rows = cohort.table.iloc[rng.permutation(len(cohort.table))].drop_duplicates("patient_id")
    return [
        (read_image(row.image).array, read_mask(row.mask) > 0)
        for row in rows.head(count or len(rows)).itertuples()
    ]


def regions(mask: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Give the nodule and what surrounds it in the crop, without the outline itself."""
    return {
        "nodule": ndimage.binary_erosion(mask, iterations=EDGE),
        "surroundings": ~ndimage.binary_dilation(mask, iterations=EDGE),
    }


def measure(crop: Crop) -> pd.DataFrame:
    """Measure both regions of a crop.

    Parameters
    ----------
    crop : (image, mask)
        Grey levels 0 to 255 and the nodule.

    Returns
    -------
    DataFrame
        Columns ``region, feature, value``: percentiles of the grey levels, widths of the
        speckle's autocorrelation in pixels, first-order and grey-level co-occurrence features
        of pyradiomics (bins of 25). A region of fewer than 200 pixels is left out.
    """
    image, mask = crop
    rows = []
    for region, where in regions(mask).items():
        if np.count_nonzero(where) < LEAST:
            continue
        levels = np.percentile(image[where], PERCENTILES)
        found = {f"grey_p{p}": float(v) for p, v in zip(PERCENTILES, levels, strict=True)}
        found["speckle_axial_px"] = correlation_width(image, where, 0)
        found["speckle_lateral_px"] = correlation_width(image, where, 1)
        measured = radiomics(image, where, _settings()).values
        found |= {name.removeprefix("original_"): value for name, value in measured.items()}
        rows += [(feature, value, region) for feature, value in found.items()]
    return pd.DataFrame(rows, columns=["feature", "value", "region"])


def correlation_width(image: NDArray, where: NDArray[np.bool_], axis: int) -> float:
    """Give the full width at half maximum of the autocorrelation of a region's texture.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Grey levels.
    where : ndarray of bool, same shape
        The region.
    axis : {0, 1}
        0 along depth, 1 across.

    Returns
    -------
    float
        In pixels, at most 24. Trends longer than about 30 pixels are taken out first.
    """
    weight = where.astype(float)
    local = ndimage.gaussian_filter(image * weight, TREND)
    local /= np.maximum(ndimage.gaussian_filter(weight, TREND), 1e-6)
    rest = (image - local) * weight
    alike = np.empty(LAGS + 1)
    for lag in range(LAGS + 1):
        ahead, behind = [slice(None)] * 2, [slice(None)] * 2
        ahead[axis], behind[axis] = slice(lag, None), slice(None, image.shape[axis] - lag)
        pairs = (weight[tuple(ahead)] * weight[tuple(behind)]).sum()
        alike[lag] = (rest[tuple(ahead)] * rest[tuple(behind)]).sum() / max(pairs, 1)
    alike /= max(alike[0], 1e-12)
    below = np.flatnonzero(alike < 0.5)
    if not len(below):
        return 2.0 * LAGS
    first = below[0]
    return float(2 * (first - 1 + (alike[first - 1] - 0.5) / (alike[first - 1] - alike[first])))


def compare(pictures: Sequence[Picture], ddti_examples: Sequence[Crop]) -> pd.DataFrame:
    """Hold simulated pictures beside real ones, feature by feature.

    Parameters
    ----------
    pictures : sequence of Picture
        Simulated frames; they are cropped as the real ones are.
    ddti_examples : sequence of (image, mask)
        Real crops, as :func:`read_crops` gives them.

    Returns
    -------
    DataFrame
        Columns ``feature, region, ddti_low, ddti_median, ddti_high, sim_median, share_inside,
        inside``: the real values' 2.5th, 50th and 97.5th percentile, the simulated median, the
        share of simulated pictures between the outer two, and whether the simulated median is.

    Raises
    ------
    ParameterError
        If either sequence is empty.
    """
    if not pictures or not ddti_examples:
        empty = "pictures" if not pictures else "ddti_examples"
        raise ParameterError("compare", [f"{empty} is empty; give at least one"])
    simulated = pd.concat([measure(crop) for crop in crops(pictures)])
    real = pd.concat([measure(crop) for crop in ddti_examples])
    order = simulated.drop_duplicates(["region", "feature"])[["feature", "region"]]
    rows = [_row(f, r, real, simulated) for f, r in order.itertuples(index=False)]
    return pd.DataFrame(rows)


def _row(feature: str, region: str, real: pd.DataFrame, simulated: pd.DataFrame) -> dict:
    """Compare one feature of one region."""
    theirs, ours = (
        t.loc[(t["feature"] == feature) & (t["region"] == region), "value"].to_numpy(float)
        for t in (real, simulated)
    )
    low, middle, high = np.percentile(theirs, [2.5, 50, 97.5]) if len(theirs) else [np.nan] * 3
    median = float(np.median(ours))
    share = float(np.mean((ours >= low) & (ours <= high)))
    row = (feature, region, low, middle, high, median, share, bool(low <= median <= high))
    return dict(zip(COLUMNS, row, strict=True))


@cache
def _settings() -> Settings:
    """18 first-order and 22 GLCM features."""
    chosen = {key: [name for name in default_features(key) if name not in LEFT_OUT]
              for key in ("firstorder", "glcm")}  # fmt: skip
    setting = {"binWidth": 25, "force2D": True}
    content = {"setting": setting, "imageType": {"Original": {}}, "featureClass": chosen}
    return from_content(content, "realism")

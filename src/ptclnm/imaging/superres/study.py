"""What the trained networks do to the pictures of patients that they have not seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from ptclnm.cohorts.schema import Cohort
from ptclnm.compute import parallel_map
from ptclnm.imaging.superres.arms import Arm
from ptclnm.imaging.superres.errors import SuperResError
from ptclnm.imaging.superres.finer import agreement, reference, spectral_sums
from ptclnm.imaging.superres.pictures import picture_problems, white_of
from ptclnm.imaging.superres.plain import unsharp
from ptclnm.imaging.superres.quality import judged
from ptclnm.pictures.read import read_image, read_mask

PIXEL, GAN = "SR without adversary", "SR (GAN)"
BASELINE = {"restore": "bicubic", "apply": "original"}
LEVEL = 0.95


@dataclass(frozen=True)
class Shown:
    """One picture before and after, as a page shows it: arrays of shape (rows, cols)."""

    image_id: str
    original: np.ndarray
    made: np.ndarray
    mask: np.ndarray
    white: float


def held_out(cohort: Cohort, most: int, seed: int) -> pd.DataFrame:
    """Draw rows of patients who are not in the training set, one picture a patient.

    Parameters
    ----------
    cohort : Cohort
        With pictures.
    most : int
        Patients at most.
    seed : int
        Seed of the draw.

    Returns
    -------
    DataFrame
        Rows of the cohort table, in the order of patients' ids.

    Raises
    ------
    SuperResError
        If all patients are in the training set.
    """
    rest = cohort.table[cohort.table["split"] != "train"]
    if rest.empty:
        raise SuperResError(f"super-resolution of {cohort.name}", [
            "every patient is in the training set; needed: one at least outside, to judge on"
        ])  # fmt: skip
    rng = np.random.default_rng(seed)
    drawn = rest.iloc[rng.permutation(len(rest))].drop_duplicates("patient_id").head(most)
    return drawn.sort_values(["patient_id", "image_id"], kind="stable")


def read_pair(
    image: str, mask: str, image_id: str, label: int | str = "any"
) -> tuple[np.ndarray, np.ndarray]:
    """Read a picture and its nodule; see ``picture_problems`` for what is refused."""
    array, inside = read_image(image, max_colour=1.0).array, read_mask(mask, label)
    if problems := picture_problems(array, name=image_id):
        raise SuperResError("super-resolution", problems)
    return array, inside


def quality_table(
    rows: pd.DataFrame,
    arms: Mapping[str, Arm],
    n_jobs: int | None = None,
    label: int | str = "any",
) -> pd.DataFrame:
    """Judge every method on pictures that no network has seen.

    Parameters
    ----------
    rows : DataFrame
        From :func:`held_out`.
    arms : mapping of str to Arm
        Networks by the name of their method.
    n_jobs : int, optional
        Processes.
    label : int or "any"
        Value that marks the nodule in the masks.

    Returns
    -------
    DataFrame
        ``patient_id, task, method, metric, value``; see ``quality.judged``.
    """
    work = rows[["patient_id", "image_id", "image", "mask"]].itertuples(index=False, name=None)
    judge = partial(_judged, dict(arms), label)
    parts = parallel_map(judge, work, n_jobs, progress="pictures judged")
    return pd.concat(parts, ignore_index=True)


def _judged(
    arms: Mapping[str, Arm], label: int | str, row: tuple[str, str, str, str]
) -> pd.DataFrame:
    patient, image_id, path, mask_path = row
    image, mask = read_pair(path, mask_path, image_id, label)
    plan = next(iter(arms.values())).plan
    networks = {name: partial(_through, arm, image_id, mask) for name, arm in arms.items()}
    settings = (plan.scale, plan.noise, plan.seed)
    found = judged(image, mask, image_id, networks, settings, white_of(float(image.max())))
    return pd.DataFrame(found).assign(patient_id=patient)


def _through(arm: Arm, image_id: str, mask: np.ndarray, image: np.ndarray) -> np.ndarray:
    return arm(image_id, image, mask)


def summary(judgements: pd.DataFrame) -> pd.DataFrame:
    """Average over patients, beside the method that needs no network.

    Parameters
    ----------
    judgements : DataFrame
        From :func:`quality_table`.

    Returns
    -------
    DataFrame
        ``task, method, metric, patients, mean, low, high, difference, difference_low,
        difference_high``: mean over patients, and mean of the paired difference from ``bicubic``
        (task ``restore``) or ``original`` (task ``apply``), each with Student's 95 % interval.
    """
    keys = ["task", "method", "metric"]
    by = judgements.groupby([*keys, "patient_id"], sort=False)["value"].mean().unstack()
    rows = []
    for (task, method, metric), values in by.iterrows():
        base = by.reindex([(task, BASELINE[task], metric)]).iloc[0]
        mean, difference = _interval(values), _interval(values - base)
        rows.append((task, method, metric, int(values.notna().sum()), *mean, *difference))
    columns = [*keys, "patients", "mean", "low", "high",
               "difference", "difference_low", "difference_high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _interval(values: pd.Series) -> tuple[float, float, float]:
    """Mean and its Student interval; without limits where there are fewer than two."""
    known = values.dropna().to_numpy(dtype=float)
    if not len(known):
        return (float("nan"),) * 3
    mean = float(known.mean())
    if len(known) < 2:
        return mean, float("nan"), float("nan")
    reach = stats.t.ppf((1 + LEVEL) / 2, len(known) - 1) * known.std(ddof=1) / len(known) ** 0.5
    return mean, mean - float(reach), mean + float(reach)


def finer_sums(
    cohort: Cohort, rows: pd.DataFrame, arms: Mapping[str, Arm], n_jobs: int | None = None
) -> list[dict]:
    """Compare what methods add with what a finer machine would have seen, one entry a picture.

    Parameters
    ----------
    cohort : Cohort
        A simulated one.
    rows, arms, n_jobs
        As for :func:`quality_table`.

    Returns
    -------
    list of dict
        For ``finer.agreement`` and :func:`restored`.
    """
    work = rows[["image_id", "image", "mask"]].itertuples(index=False, name=None)
    return parallel_map(partial(_sums, cohort, dict(arms)), work, n_jobs, progress="finer pictures")


def restored(sums: list[dict]) -> pd.DataFrame:
    """Say over pictures whether what is added is what was missing.

    Returns
    -------
    DataFrame
        ``method, pictures, added, low, high, over, over_low, over_high``: mean correlation of what
        a method adds with what the original lacks, at all frequencies, and how much it is above
        that of unsharp masking; Student's 95 % intervals over pictures.
    """
    each = [agreement([one]) for one in sums]
    alone = [table[table["band"] == "all"].set_index("method")["added"] for table in each]
    by = pd.concat(alone, axis=1).drop(index="original")
    rows = []
    for method, values in by.iterrows():
        own, over = _interval(values), _interval(values - by.loc["unsharp"])
        rows.append((method, int(values.notna().sum()), *own, *over))
    columns = ["method", "pictures", "added", "low", "high", "over", "over_low", "over_high"]
    return pd.DataFrame(rows, columns=columns)


def _sums(cohort: Cohort, arms: Mapping[str, Arm], row: tuple[str, str, str]) -> dict:
    image_id, path, mask_path = row
    image, mask = read_pair(path, mask_path, image_id, cohort.mask_label)
    made = {"unsharp": unsharp(image, white_of(float(image.max())))}
    made |= {name: arm(image_id, image, mask) for name, arm in arms.items()}
    return spectral_sums(image, reference(cohort, image_id), made)


def shown(row: pd.Series, arm: Arm, label: int | str = "any") -> Shown:
    """Give one picture before and after."""
    image, mask = read_pair(row["image"], row["mask"], row["image_id"], label)
    made = arm(row["image_id"], image, mask)
    return Shown(row["image_id"], image, made, mask, white_of(float(image.max())))

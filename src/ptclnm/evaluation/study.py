"""Does DeLong's method keep its promises? Its error and coverage at given numbers of patients."""

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from ptclnm import store
from ptclnm.evaluation.delong import areas, delong, limits, logit_limits

ALPHA, POWER = 0.05, 0.8
AUCS = (0.80, 0.95)
CORRELATION = 0.5
# Scores held in memory at once.
CELLS = 2_000_000
MEASURES = ("type I error", "coverage, AUC scale", "coverage, logit scale")
WAYS = ("unpaired", "paired by row", "paired by rank")
# Patients of each class, to one of a study drawn from them.
ENOUGH = 10
REDRAWN = ["size_of", "split", "model", "positives", "negatives", "auc", "low", "median", "high",
           "holds", "width"]  # fmt: skip
Sizes = tuple[int, int]
Floats = NDArray[np.float64]


def performance(splits: Mapping[str, Sizes], simulations: int, seed: int = 0) -> pd.DataFrame:
    """Estimate error and coverage of DeLong's method for sets of given sizes.

    Two models of the same true AUC, one of ``AUCS``, score the same patients; within a class their
    scores correlate by ``CORRELATION``. The test should find a difference at p < 0.05 in one study
    of twenty; the 95 % interval of the first model's AUC should hold the true one in nineteen.

    Parameters
    ----------
    splits : mapping of str to (int, int)
        Patients with the outcome, and without, by the name of the set; two of each at least.
    simulations : int
        Studies drawn for each set and AUC.
    seed : int
        Seed.

    Returns
    -------
    DataFrame
        ``set, positives, negatives, auc, measure, value, low, high, nominal, chance, detectable,
        simulations``: the share of studies with its exact 95 % Monte-Carlo interval; what it should
        be, and the probability of a share at least as far from that by the chance of drawing; and
        the difference of two AUCs that the test finds with a power of 80 %. An AUC of 1 has no
        interval on the logit scale and counts as not covered on either.
    """
    rows = []
    for at, (name, sizes) in enumerate(splits.items()):
        for level, auc in enumerate(AUCS):
            rng = np.random.default_rng([seed, at, level])
            counts, se = _one_setting(rng, sizes, auc, simulations)
            head = {"set": name, "positives": sizes[0], "negatives": sizes[1], "auc": auc}
            detectable = float((norm.isf(ALPHA / 2) + norm.ppf(POWER)) * se)
            for measure, count in counts.items():
                nominal = ALPHA if measure == MEASURES[0] else 1 - ALPHA
                chance = float(stats.binomtest(count, simulations, nominal).pvalue)
                rows.append(
                    head | {"measure": measure} | share(count, simulations)
                    | {"nominal": nominal, "chance": chance, "detectable": detectable,
                       "simulations": simulations}
                )  # fmt: skip
    return pd.DataFrame(rows)


def stored_performance(
    splits: Mapping[str, Sizes], simulations: int, seed: int = 0, folder: Path = store.FOLDER
) -> pd.DataFrame:
    """Give :func:`performance`, computed once for each setting and code."""
    entry = folder / "delong_study" / store.key(performance, splits, simulations, seed)
    store.keep(entry, lambda *_: {"study": performance(splits, simulations, seed)})
    return store.read(entry)["study"]


def share(count: int, of: int) -> dict[str, float]:
    """Give a share with its exact (Clopper-Pearson) 95 % interval: ``value, low, high``."""
    low, high = proportion_confint(count, of, method="beta")
    return {"value": count / of, "low": float(low), "high": float(high)}


def _one_setting(
    rng: np.random.Generator, sizes: Sizes, auc: float, simulations: int
) -> tuple[dict[str, int], float]:
    """Count rejections and covered studies, and average the difference's standard error."""
    counts, se = dict.fromkeys(MEASURES, 0), 0.0
    for size in _portions(simulations, sum(sizes)):
        found, covariance = areas(*draw(rng, size, sizes, (auc, auc), CORRELATION))
        z = paired_z(found, covariance)
        counts[MEASURES[0]] += int((np.abs(z) > norm.isf(ALPHA / 2)).sum())
        for measure, around in zip(MEASURES[1:], (limits, logit_limits), strict=True):
            low, high = around(found[:, 0], np.sqrt(covariance[:, 0, 0]))
            counts[measure] += int(((low <= auc) & (auc <= high)).sum())
        variance = covariance[:, 0, 0] + covariance[:, 1, 1] - 2 * covariance[:, 0, 1]
        se += float(np.sqrt(np.maximum(variance, 0)).sum())
    return counts, se / simulations


def _portions(simulations: int, patients: int) -> Iterator[int]:
    """Numbers of studies to draw at once; they do not depend on the machine."""
    at_once = max(1, CELLS // (2 * patients))
    for start in range(0, simulations, at_once):
        yield min(at_once, simulations - start)


def mispaired(first: Sizes, second: Sizes, simulations: int, seed: int = 0) -> pd.DataFrame:
    """Error of tests of one model on two sets of different patients, as if they were the same.

    Parameters
    ----------
    first, second : (int, int)
        Patients with the outcome, and without, of each set.
    simulations : int
        Studies drawn.
    seed : int
        Seed.

    Returns
    -------
    DataFrame
        ``way, value, low, high, nominal, simulations``: the share of studies with p < 0.05,
        though nothing differs. ``unpaired`` is the right test. The others pair different
        patients, the larger set cut to the size of the smaller within each class: ``paired by
        row`` in the order of the rows, ``paired by rank`` after sorting both by score, as a
        spreadsheet that was sorted is.
    """
    rng = np.random.default_rng([seed, 2])
    counts = dict.fromkeys(WAYS, 0)
    for size in _portions(simulations, sum(first) + sum(second)):
        sides = [draw(rng, size, sizes, AUCS[:1]) for sizes in (first, second)]
        for way, p in p_values(*sides).items():
            counts[way] += int((p < ALPHA).sum())
    rows = [
        {"way": way, **share(count, simulations), "nominal": ALPHA, "simulations": simulations}
        for way, count in counts.items()
    ]
    return pd.DataFrame(rows)


def p_values(first: tuple[Floats, ...], second: tuple[Floats, ...]) -> dict[str, Floats]:
    """P-values by way; each side is positives and negatives, shape (simulations, size, 1)."""
    (auc_a, var_a), (auc_b, var_b) = areas(*first), areas(*second)
    n_a, n_b = (sum(part.shape[1] for part in side) for side in (first, second))
    a, b = var_a[:, 0, 0], var_b[:, 0, 0]
    with np.errstate(invalid="ignore"):  # where nothing varies there is no p, and nothing is found
        z = (auc_a - auc_b)[:, 0] / np.sqrt(a + b)
        freedom = (a + b) ** 2 / (a**2 / (n_a - 1) + b**2 / (n_b - 1))
    found = {WAYS[0]: 2 * stats.t.sf(np.abs(z), freedom)}
    cut = [
        [part[:, : min(a.shape[1], b.shape[1])] for part in (a, b)]
        for a, b in zip(first, second, strict=True)
    ]
    for way in WAYS[1:]:
        ranked = [[np.sort(p, axis=1) if way == WAYS[2] else p for p in pair] for pair in cut]
        both = [np.concatenate(pair, axis=2) for pair in ranked]
        found[way] = 2 * norm.sf(np.abs(paired_z(*areas(*both))))
    return found


def draw(
    rng: np.random.Generator,
    simulations: int,
    sizes: tuple[int, int],
    aucs: tuple[float, ...],
    correlation: float = 0.0,
) -> tuple[Floats, Floats]:
    """Draw the scores of models on studies' patients from the binormal model.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    simulations : int
        Number of studies.
    sizes : (int, int)
        Patients with the outcome, and without.
    aucs : tuple of float, length k
        True AUC of each model.
    correlation : float
        Correlation of two models' scores within a class, 0 to 1.

    Returns
    -------
    positive : ndarray, shape (simulations, positives, k)
        Scores of the patients with the outcome.
    negative : ndarray, shape (simulations, negatives, k)
        Those of the others.
    """
    shift = np.sqrt(2) * norm.ppf(aucs)
    parts = []
    for size, mean in zip(sizes, (shift, 0 * shift), strict=True):
        shared = rng.standard_normal((simulations, size, 1))
        own = rng.standard_normal((simulations, size, len(aucs)))
        parts.append(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own + mean)
    return parts[0], parts[1]


def redraw(scores: pd.DataFrame, sizes: Sizes, simulations: int, seed: int = 0) -> pd.DataFrame:
    """Draw studies of one size from patients' scores, without replacement within a study.

    Parameters
    ----------
    scores : DataFrame
        Columns ``label, score``, a row a patient.
    sizes : (int, int)
        Patients of a study with the outcome, and without.
    simulations : int
        Studies drawn.
    seed : int
        Seed.

    Returns
    -------
    DataFrame
        ``auc, low, high`` of each study, with DeLong's 95 % interval.

    Raises
    ------
    ValueError
        If there are fewer patients of a class than a study has.
    """
    rng, classes = np.random.default_rng([seed, 3]), []
    for label, size in zip((1, 0), sizes, strict=True):
        own = scores.loc[scores["label"] == label, "score"].to_numpy()
        studies = [rng.choice(own, size, replace=False) for _ in range(simulations)]
        classes.append(np.stack(studies)[:, :, None])
    auc, covariance = areas(*classes)
    low, high = limits(auc[:, 0], np.sqrt(covariance[:, 0, 0]))
    return pd.DataFrame({"auc": auc[:, 0], "low": low, "high": high})


def redrawn(
    predictions: pd.DataFrame, splits: Mapping[str, Sizes], simulations: int, seed: int = 0
) -> pd.DataFrame:
    """Say what studies of given sizes would report of models judged on many more patients.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``split, model, label, score``, of sets that nothing was fitted on.
    splits : mapping of str to (int, int)
        Patients of a study with the outcome, and without, by whose size that is.
    simulations, seed : int
        As in :func:`redraw`.

    Returns
    -------
    DataFrame
        Columns of ``REDRAWN``, a row for each size, set and model with ``ENOUGH`` times as many
        patients of each class; else none. `auc` is that of all patients; of the drawn studies
        follow the middle 95 % and the median of the AUC, the share whose interval holds `auc`, and
        the median width of that interval.
    """
    rows = []
    groups = predictions.groupby(["split", "model"], sort=False)
    for (name, sizes), ((split, model), part) in product(splits.items(), groups):
        there = part["label"].sum(), (1 - part["label"]).sum()
        if all(n >= ENOUGH * size for n, size in zip(there, sizes, strict=True)):
            whole = delong(part["label"], part["score"]).auc[0]
            studies = redraw(part, sizes, simulations, seed)
            rows.append(
                {"size_of": name, "split": split, "model": model, "positives": sizes[0],
                 "negatives": sizes[1], **_reported(studies, whole)}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=REDRAWN)


def _reported(studies: pd.DataFrame, whole: float) -> dict[str, float]:
    """Summarise studies drawn from patients whose AUC is known."""
    low, median, high = studies["auc"].quantile([0.025, 0.5, 0.975])
    return {
        "auc": whole, "low": low, "median": median, "high": high,
        "holds": ((studies["low"] <= whole) & (whole <= studies["high"])).mean(),
        "width": (studies["high"] - studies["low"]).median(),
    }  # fmt: skip


def paired_z(auc: Floats, covariance: Floats) -> Floats:
    """Statistic of the paired test of each study's first two models; 0 where nothing varies."""
    variance = covariance[:, 0, 0] + covariance[:, 1, 1] - 2 * covariance[:, 0, 1]
    difference = auc[:, 0] - auc[:, 1]
    se = np.sqrt(np.maximum(variance, 0))
    return np.divide(difference, se, out=np.zeros_like(difference), where=se > 0)

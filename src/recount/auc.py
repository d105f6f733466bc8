"""What printed AUCs, operating points and single variables say of each other."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from recount.printed import decimals, rounds_to
from recount.schema import CELL_METRICS
from recount.search import METRIC
from recount.splits import Split, Splits
from recount.tables import Study
from recount.verdicts import AGREES, CONFLICTS, judged, lay_out

Z95 = float(norm.ppf(0.975))
MOSTLY = 0.9
INTERVAL = ["auc", "auc_low", "auc_high"]
POINT = ["sensitivity", "specificity"]
METHODS = {"Clopper-Pearson": "beta", "Wilson": "wilson"}
ON_CURVE = "sensitivity and specificity are a point of the curve whose AUC is printed"
SYMMETRIC = "its interval is meant to be symmetric, as the others are"
ALIKE = "the sets are of one population and chance is ruled out"
NORMAL = "{} is normal in both classes"
AUC_COLUMNS = (
    "evaluation_set model auc low high offset symmetric se_implied se_hanley_mcneil se_ratio "
    "se_stated lowest highest yes_no_auc"
)
INTERVAL_COLUMNS = "study evaluation_set model metric count of value method low high".split()
CONTRAST_COLUMNS = (
    "evaluation_set variable level with_outcome without difference se auc assumes best_model "
    "best_auc"
)
DIRECTION_COLUMNS = "variable level sets differences"


def hanley_mcneil_se(auc: float, n_positive: int, n_negative: int) -> float:
    """Standard error of an AUC under the exponential model (Hanley & McNeil 1982).

    Parameters
    ----------
    auc : float
        Area under the curve, 0 to 1.
    n_positive, n_negative : int
        Patients with and without the outcome.
    """
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    square = auc * (1 - auc) + (n_positive - 1) * (q1 - auc**2) + (n_negative - 1) * (q2 - auc**2)
    return float(np.sqrt(square / (n_positive * n_negative)))


def auc_bounds(sensitivity: float, specificity: float) -> tuple[float, float]:
    """Smallest and largest AUC of a curve that passes through one operating point.

    The curve never falls: it is lowest when it jumps only at the point and at the far corner,
    highest when it reaches the point's height at once and the top right after the point.
    """
    return sensitivity * specificity, 1 - (1 - sensitivity) * (1 - specificity)


def binary_auc(sensitivity: float, specificity: float) -> float:
    """AUC of a yes/no reading: its curve has one inner point."""
    return (sensitivity + specificity) / 2


def yes_no_possible(row: pd.Series, split: Split) -> bool:
    """Whether some yes/no reading of a split has the printed AUC and DeLong's printed interval."""
    sen, spe = (np.arange(n + 1) / n for n in split)
    sen, spe = sen[:, None], spe[None, :]
    auc = (sen + spe) / 2
    spread = sen * (1 - sen) / (4 * (split[0] - 1)) + spe * (1 - spe) / (4 * (split[1] - 1))
    half = Z95 * np.sqrt(spread)
    found = (auc, auc - half, np.minimum(auc + half, 1))
    fits = [rounds_to(value, text) for value, text in zip(found, row[INTERVAL], strict=True)]
    return bool(np.logical_and.reduce(fits).any())


def interval_se(low: float, high: float) -> float:
    """Standard error that a symmetric 95 % interval implies."""
    return (high - low) / (2 * Z95)


def _wide(study: Study) -> pd.DataFrame:
    """One row for each distinct printing of a model's AUC and interval."""
    keys = ["evaluation_set", "model", "where"]
    wide = study.performance.pivot(index=keys, columns="metric", values="value").reset_index()
    wide = wide.reindex(columns=[*keys, *INTERVAL, *POINT])
    wide[POINT] = wide.groupby(keys[:2])[POINT].transform("first")
    wide = wide.dropna(subset=INTERVAL)
    table = wide["where"].str.startswith(("Table", "Figure"))
    order = study.performance["model"].drop_duplicates().tolist()
    wide = wide.assign(text=~table, rank=wide["model"].map(order.index))
    wide = wide.sort_values(["evaluation_set", "rank", "text", "where"], kind="stable")
    return wide.drop_duplicates(["evaluation_set", "model", *INTERVAL])


def _is_yes_no(study: Study, model: str) -> bool:
    """Whether the paper also prints the model as a variable of two levels."""
    rows = study.counts[(study.counts["variable"] == model) & (study.counts["level"] != "")]
    return rows["level"].nunique() == 2


def _record(study: Study, row: pd.Series, split: Split | None) -> dict[str, object]:
    value, low, high = row[INTERVAL].astype(float)
    half = [0.5 * 10.0 ** -decimals(text) for text in row[INTERVAL]]
    offset, slack = (low + high) / 2 - value, half[0] + (half[1] + half[2]) / 2 + 1e-9
    # From the lower half where the interval is cut at 1.
    se = (value - low) / Z95 if high >= 1 else interval_se(low, high)
    expected = hanley_mcneil_se(value, *split) if split else np.nan
    stated = study.stated_split(row["evaluation_set"])
    point = row[POINT].astype(float)
    bounds = auc_bounds(*point)
    reading = binary_auc(*point) if _is_yes_no(study, row["model"]) else np.nan
    return {
        "key": f"{row['evaluation_set']}/{row['model']}/{row['where']}", "study": study.name,
        "where": row["where"], "evaluation_set": row["evaluation_set"], "model": row["model"],
        "auc": row["auc"], "low": row["auc_low"], "high": row["auc_high"],
        "offset": offset, "symmetric": abs(offset) <= slack or high >= 1,
        "se_implied": se, "se_hanley_mcneil": expected,
        "se_ratio": se / expected if expected > 0 else np.nan,
        "se_stated": np.nan if None in stated else hanley_mcneil_se(value, *stated),
        "lowest": bounds[0], "highest": bounds[1], "yes_no_auc": reading,
        **_judge(row, bounds, reading, split),
    }  # fmt: skip


def _judge(
    row: pd.Series, bounds: tuple[float, float], reading: float, split: Split | None
) -> dict[str, object]:
    """Judge an AUC with the room that the row's rounding leaves."""
    value, low, high = row[INTERVAL].astype(float)
    step = {name: 10.0 ** -decimals(row[name]) for name in INTERVAL + POINT if pd.notna(row[name])}
    slack = sum(step[name] for name in ("auc", *POINT) if name in step) + 1e-9
    if value + step["auc"] < low or value > high + step["auc_high"]:
        return judged(False, follows="the interval does not hold the AUC")
    if value < bounds[0] - slack or value > bounds[1] + slack:
        words = f"the operating point allows {bounds[0]:.3f} to {bounds[1]:.3f}"
        return judged(False, ON_CURVE, words)
    if abs(reading - value) > slack:
        return judged(None, follows=_graded(row, reading, split))
    return judged(True, follows="interval and operating point allow it")


def _graded(row: pd.Series, reading: float, split: Split | None) -> str:
    """Say of a reader's AUC what its sensitivity and specificity have, and whom that favours."""
    side = "higher" if float(row["auc"]) > reading else "lower"
    words = f"sensitivity and specificity beside it have {reading:.3f}; the printed AUC is {side}"
    if split and not yes_no_possible(row, split):
        words += (
            f", and no yes/no reading of {sum(split)} patients has it with the printed interval; "
            "a graded reading could"
        )
    return words


def auc_checks(splits: Splits) -> pd.DataFrame:
    """Check every printed AUC against its interval, its operating point and its evaluation set.

    Parameters
    ----------
    splits : Splits
        From ``find_splits``; a model without a split of its own takes its set's first.

    Returns
    -------
    DataFrame
        One row for each distinct printing: ``key, study, where, evaluation_set, model, auc, low,
        high, offset`` (middle of the interval minus AUC), ``symmetric, se_implied,
        se_hanley_mcneil, se_ratio, se_stated, lowest, highest`` (bounds from the operating point),
        ``yes_no_auc`` (where the paper prints the model as a yes/no variable), ``premise, verdict,
        follows``.
    """
    records = [
        _record(splits.study, row, splits.of(row["evaluation_set"], row["model"]))
        for _, row in _wide(splits.study).iterrows()
    ]
    return _lone_asymmetry(lay_out(records, AUC_COLUMNS))


def _lone_asymmetry(frame: pd.DataFrame) -> pd.DataFrame:
    """Doubt an off-centre interval where nearly all others are centred.

    Intervals on another scale are off centre rightly, but then all of a paper's are.
    """
    if len(frame) and frame["symmetric"].mean() >= MOSTLY:
        odd = ~frame["symmetric"] & frame["verdict"].eq(AGREES)
        frame.loc[odd, ["premise", "verdict", "follows"]] = (
            SYMMETRIC, CONFLICTS, "the interval is not centred on the AUC, as the others are",
        )  # fmt: skip
    return frame


def intervals(confusion: pd.DataFrame) -> pd.DataFrame:
    """95 % intervals of the proportions of each 2x2 table.

    Parameters
    ----------
    confusion : DataFrame
        Columns ``study, evaluation_set, model, tp, fp, fn, tn``.

    Returns
    -------
    DataFrame
        ``study, evaluation_set, model, metric, count, of, value, method, low, high`` with methods
        Clopper-Pearson (1934) and Wilson (1927); a proportion of nobody is left out.
    """
    records = []
    for row in confusion.itertuples():
        for metric in CELL_METRICS[:5]:
            count, of = METRIC[metric](row.tp, row.fp, row.fn, row.tn)
            for name, method in METHODS.items() if of else ():
                limits = proportion_confint(count, of, alpha=0.05, method=method)
                head = (row.study, row.evaluation_set, row.model, metric, count, of, count / of)
                records.append((*head, name, *limits))
    return pd.DataFrame(records, columns=INTERVAL_COLUMNS)


def normal_auc(first: tuple[float, float], second: tuple[float, float]) -> float:
    """AUC of a variable that is normal in both classes, given mean and SD of each, 0.5 or more.

    The binormal model (Hanley 1988), with the classes' own SDs.
    """
    return float(norm.cdf(abs(first[0] - second[0]) / np.hypot(first[1], second[1])))


def _of_means(study: Study, variable: str, classes: tuple[str, str]) -> dict | None:
    found = [study.mean(variable, group) for group in classes]
    if None in found:
        return None
    (m1, s1, n1), (m2, s2, n2) = ((float(mean), float(sd), n) for mean, sd, n in found)
    if not s1 + s2:
        return None
    return {
        "level": "", "with_outcome": m1, "without": m2, "difference": m1 - m2,
        "se": float(np.sqrt(s1**2 / n1 + s2**2 / n2)),
        "auc": normal_auc((m1, s1), (m2, s2)), "assumes": NORMAL.format(variable),
    }  # fmt: skip


def _of_shares(study: Study, rows: pd.DataFrame, classes: tuple[str, str]) -> dict | None:
    variable = rows["variable"].iloc[0]
    levels = list(dict.fromkeys(rows.loc[rows["statistic"] == "count", "level"]))
    table = [[study.counted.get((variable, level, group)) for level in levels]
             for group in classes]  # fmt: skip
    if len(levels) != 2 or any(None in row or not sum(row) for row in table):
        return None
    sizes = [sum(row) for row in table]
    first, second = (row[1] / n for row, n in zip(table, sizes, strict=True))
    variance = first * (1 - first) / sizes[0] + second * (1 - second) / sizes[1]
    return {
        "level": levels[1], "with_outcome": first, "without": second, "difference": first - second,
        "se": float(np.sqrt(variance)), "auc": 0.5 + abs(first - second) / 2, "assumes": "",
    }  # fmt: skip


def _contrasts(study: Study) -> Iterator[dict]:
    aucs = [(float(text), *of) for of, text in study.printed("auc").items()]
    for name in study.groups["group"]:
        parts = study.classes(name)
        if not len(parts["positive"]) == len(parts["negative"]) == 1:
            continue
        classes = (*parts["positive"], *parts["negative"])
        here = [(auc, model) for auc, of, model in aucs if of == name]
        auc, model = max(here, key=lambda pair: pair[0], default=(np.nan, ""))
        for variable, rows in study.counts.groupby("variable", sort=False):
            found = _of_means(study, variable, classes) or _of_shares(study, rows, classes)
            if found:
                words = f"{variable} alone would have an AUC of {found['auc']:.2f}"
                words += f"; the best model there has {auc:.3f}" if model else ""
                yield {
                    "key": f"{name}/{variable}", "study": study.name,
                    "where": rows["where"].iloc[0], "evaluation_set": name, "variable": variable,
                    **found, "best_model": model, "best_auc": auc, **judged(None, follows=words),
                }  # fmt: skip


def contrasts(study: Study) -> pd.DataFrame:
    """What each printed variable alone would tell, in every set whose classes are printed.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a set and variable with a mean or two levels: columns ``CONTRAST_COLUMNS``.
        `with_outcome` and `without` are the means, or the shares with the `level` printed last;
        `auc` is that of the variable used as a score in the direction that helps: of two levels
        (sensitivity + specificity) / 2, of a mean as `assumes` says. No claim is judged.
    """
    return lay_out(_contrasts(study), CONTRAST_COLUMNS)


def directions(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Does a variable go with the outcome in one direction in every set.

    Parameters
    ----------
    contrasts : DataFrame
        From ``contrasts``.

    Returns
    -------
    DataFrame
        One row a variable that is printed for several sets: columns ``DIRECTION_COLUMNS``. It
        conflicts where the difference is beyond 1.96 standard errors upwards in one set and
        downwards in another.
    """
    records = []
    for (study, variable), rows in contrasts.groupby(["study", "variable"], sort=False):
        if len(rows) < 2:
            continue
        size = (rows["difference"] / rows["se"]).where(rows["difference"] != 0, 0)
        shown = [f"{value:+.2f}" for value in rows["difference"]]
        told = zip(shown, rows["evaluation_set"], strict=True)
        words = ", ".join(f"{value} in {name}" for value, name in told)
        records.append(
            {
                "key": variable, "study": study, "where": rows["where"].iloc[0],
                "variable": variable, "level": rows["level"].iloc[0],
                "sets": ";".join(rows["evaluation_set"]), "differences": ";".join(shown),
                **judged(not (size.max() > Z95 and size.min() < -Z95), ALIKE, words),
            }
        )  # fmt: skip
    return lay_out(records, DIRECTION_COLUMNS)

"""What separates patients with and without the outcome in a printed table, set by set."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import norm

from recount.tables import Study
from recount.totals import Counts
from recount.verdicts import OPEN, judged

Z95 = float(norm.ppf(0.975))
ALIKE = "the sets are of one population and chance is ruled out"
NORMAL = "{} is normal in both classes"
CONTRAST_COLUMNS = [
    "key", "study", "where", "evaluation_set", "variable", "level", "with_outcome", "without",
    "difference", "se", "auc", "assumes", "best_model", "best_auc", "premise", "verdict", "follows",
]  # fmt: skip
DIRECTION_COLUMNS = [
    "key", "study", "where", "variable", "level", "sets", "differences", "premise", "verdict",
    "follows",
]  # fmt: skip


def normal_auc(first: tuple[float, float], second: tuple[float, float]) -> float:
    """AUC of a variable that is normal in both classes, given mean and SD of each, 0.5 or more.

    The binormal model (Hanley 1988), with the classes' own SDs.
    """
    return float(norm.cdf(abs(first[0] - second[0]) / np.hypot(first[1], second[1])))


def _classes(study: Study, name: str) -> tuple[str, str] | None:
    """Names of the two class groups of a set, with the outcome first."""
    parts = study.groups[study.groups["parent"] == name].set_index("role")["group"]
    if not {"positive", "negative"} <= set(parts.index) or not parts.index.is_unique:
        return None
    return parts["positive"], parts["negative"]


def _mean(study: Study, rows: pd.DataFrame, classes: tuple[str, str]) -> dict | None:
    found = []
    for group in classes:
        cells = rows[rows["group"] == group].drop_duplicates("statistic")
        cells = cells.set_index("statistic")["value"]
        size = study.size(group)
        if not {"mean", "sd"} <= set(cells.index) or not size:
            return None
        found.append((float(cells["mean"]), float(cells["sd"]), size))
    (m1, s1, n1), (m2, s2, n2) = found
    if not s1 + s2:
        return None
    return {
        "level": "", "with_outcome": m1, "without": m2, "difference": m1 - m2,
        "se": float(np.sqrt(s1**2 / n1 + s2**2 / n2)),
        "auc": normal_auc((m1, s1), (m2, s2)),
        "assumes": NORMAL.format(rows["variable"].iloc[0]),
    }  # fmt: skip


def _share(counts: Counts, rows: pd.DataFrame, classes: tuple[str, str]) -> dict | None:
    variable = rows["variable"].iloc[0]
    levels = list(dict.fromkeys(rows.loc[rows["statistic"] == "count", "level"]))
    table = [[counts.printed.get((variable, level, group)) for level in levels]
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


def _best(study: Study, name: str) -> tuple[str, float]:
    """Model with the highest AUC that is printed for a set."""
    rows = study.performance
    rows = rows[(rows["evaluation_set"] == name) & (rows["metric"] == "auc")]
    if rows.empty:
        return "", float("nan")
    best = rows.loc[rows["value"].astype(float).idxmax()]
    return best["model"], float(best["value"])


def _records(study: Study) -> Iterator[dict]:
    counts = Counts(study)
    for name in study.groups["group"]:
        classes = _classes(study, name)
        for variable, rows in study.counts.groupby("variable", sort=False) if classes else ():
            found = _mean(study, rows, classes) or _share(counts, rows, classes)
            if found is None:
                continue
            model, auc = _best(study, name)
            beside = f"; the best model there has {auc:.3f}" if model else ""
            yield {
                "key": f"{name}/{variable}", "study": study.name, "where": rows["where"].iloc[0],
                "evaluation_set": name, "variable": variable, **found, "best_model": model,
                "best_auc": auc, "premise": "", "verdict": OPEN,
                "follows": f"{variable} alone would have an AUC of {found['auc']:.2f}{beside}",
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
    return pd.DataFrame(_records(study), columns=CONTRAST_COLUMNS)


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
        words = ", ".join(
            f"{value} in {name}" for value, name in zip(shown, rows["evaluation_set"], strict=True)
        )
        records.append(
            {
                "key": variable, "study": study, "where": rows["where"].iloc[0],
                "variable": variable, "level": rows["level"].iloc[0],
                "sets": ";".join(rows["evaluation_set"]), "differences": ";".join(shown),
                **judged(not (size.max() > Z95 and size.min() < -Z95), ALIKE), "follows": words,
            }
        )  # fmt: skip
    return pd.DataFrame(records, columns=DIRECTION_COLUMNS)

"""Tables of page 07: pairs, what the paper's p-values need, strangers compared as pairs, claims."""

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import norm

from ptclnm.cohorts.schema import SPLITS
from ptclnm.evaluation import bootstrap_pairs, contrast_test, mcnemar_table, pairs_table
from ptclnm.evaluation.delong import Curves
from ptclnm.evaluation.operating import cutoffs
from ptclnm.evaluation.pairs import compare, curves_of, holm, with_holm
from ptclnm.evaluation.study import ALPHA, as_if_paired
from ptclnm.published.audit import Audit
from ptclnm.published.comparisons import paired_p
from ptclnm.report import verdict
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.radiomics_tables import MIDDLE

TRAIN = "train"
ALONE = "One model only: there is nothing to compare."
ABOUT_P = {"p": "p = {}", "p_below": "p < {}", "not_significant": "not significant"}
NEEDS = [
    "where", "model_a", "set_a", "model_b", "set_b", "statistic", "printed", "same_patients",
    "difference", "p_unpaired", "correlation_needed", "correlation_here", "p_here", "power_here",
]  # fmt: skip


def sets_of(predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split predictions by evaluation set, training left out, in the order of ``SPLITS``."""
    there = [name for name in SPLITS if name != TRAIN and name in set(predictions["split"])]
    return {name: predictions[predictions["split"] == name] for name in there}


def all_pairs(
    predictions: pd.DataFrame, inputs: Mapping[str, Iterable[str]] | None = None
) -> pd.DataFrame:
    """Compare every two models in each set, and every model with itself across sets.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table.
    inputs : mapping of str to iterable of str, optional
        What each model is given; see ``ptclnm.evaluation.nested``.

    Returns
    -------
    DataFrame
        ``model_a, model_b, paired, n, auc_a, auc_b, difference, low, high, z, p, p_holm, set_a,
        set_b, nested``; Holm's correction is within each pair of sets.
    """
    sets = sets_of(predictions)
    given = {name: tuple(own) for name, own in (inputs or {}).items()}
    parts = [
        pairs_table(part, inputs=given).assign(set_a=name, set_b=name)
        for name, part in sets.items()
        if part["model"].nunique() > 1
    ]
    for a, b in combinations(sets, 2):
        first, second = (dict(list(sets[name].groupby("model", sort=False))) for name in (a, b))
        rows = [compare(first[name], second[name]) for name in first if name in second]
        if rows:
            across = with_holm(pd.DataFrame(rows))
            parts.append(across.assign(nested=False, set_a=a, set_b=b))
    columns = ["model_a", "model_b", "paired", "n", "auc_a", "auc_b", "difference", "low", "high",
               "z", "p", "p_holm", "set_a", "set_b", "nested"]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def within(pairs: pd.DataFrame, split: str) -> pd.DataFrame:
    """Pairs of models within a set."""
    return pairs[(pairs["set_a"] == split) & (pairs["set_b"] == split)]


def by_set(pairs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Pairs of models within each set."""
    names = dict.fromkeys([*pairs["set_a"], *pairs["set_b"]])
    return {name: part for name in names if len(part := within(pairs, name))}


def all_at_once(predictions: pd.DataFrame) -> pd.DataFrame:
    """Test in each set that all its models have the same AUC: ``split, models, n, chi2, df, p``."""
    rows = []
    for name, part in sets_of(predictions).items():
        if part["model"].nunique() > 1 and _same_patients(part):
            curves = curves_of(part)
            rows.append((name, len(curves.names), len(curves.labels), *contrast_test(curves)))
    return pd.DataFrame(rows, columns=["split", "models", "n", "chi2", "df", "p"])


def beside_bootstrap(predictions: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    """Put the bootstrap of every paired difference beside DeLong's.

    Returns
    -------
    DataFrame
        ``split, model_a, model_b, difference, se, low, high, p, se_bootstrap, low_bootstrap,
        high_bootstrap, p_bootstrap``.
    """
    parts = []
    for name, part in sets_of(predictions).items():
        if part["model"].nunique() < 2 or not _same_patients(part):
            continue
        exact = pairs_table(part)
        drawn = bootstrap_pairs(part, draws, seed).set_index(["model_a", "model_b"])
        drawn = drawn.drop(columns="difference").add_suffix("_bootstrap")
        table = exact.join(drawn, on=["model_a", "model_b"])
        table["se"] = np.sqrt(_difference_variances(curves_of(part)))
        parts.append(table.assign(split=name))
    columns = ["split", "model_a", "model_b", "difference", "se", "low", "high", "p"]
    columns += [f"{name}_bootstrap" for name in ("se", "low", "high", "p")]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _difference_variances(curves: Curves) -> np.ndarray:
    a, b = np.triu_indices(len(curves.names), 1)
    s = curves.covariance
    return np.maximum(s[a, a] + s[b, b] - 2 * s[a, b], 0)


def _same_patients(part: pd.DataFrame) -> bool:
    return len({frozenset(ids) for _, ids in part.groupby("model")["patient_id"]}) == 1


def calls(predictions: pd.DataFrame, rule: str) -> pd.DataFrame:
    """McNemar's tests of every two models at their cut-offs, set by set, with Holm's correction."""
    at = cutoffs(predictions, rule)
    study = predictions["study"].iloc[0]
    parts = []
    for name, part in sets_of(predictions).items():
        if part["model"].nunique() > 1 and _same_patients(part):
            own = {model: at[study, model, name] for model in part["model"].unique()}
            table = mcnemar_table(part, own).assign(split=name)
            corrected = table.groupby("among", sort=False)["p_exact"]
            parts.append(table.assign(p_holm=corrected.transform(lambda p: holm(p.to_numpy()))))
    columns = ["split", "model_a", "model_b", "among", "n", "only_a", "only_b", "p_exact", "chi2",
               "p_corrected", "p_holm"]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def correlations(predictions: pd.DataFrame) -> pd.Series:
    """Correlation of the AUC estimates of every two models of a set, where both vary."""
    found = []
    for part in sets_of(predictions).values():
        if part["model"].nunique() > 1 and _same_patients(part):
            curves = curves_of(part)
            a, b = np.triu_indices(len(curves.names), 1)
            spread = curves.se[a] * curves.se[b]
            found += list(curves.covariance[a, b][spread > 0] / spread[spread > 0])
    return pd.Series(found, dtype=float)


def needs(audit: Audit, correlation: pd.Series) -> pd.DataFrame:
    """Say what each printed p-value would need, and what it would be at correlations found here.

    Parameters
    ----------
    audit : Audit
        Of the paper's printed numbers.
    correlation : Series
        From :func:`correlations`; the median is taken.

    Returns
    -------
    DataFrame
        One row a printed p-value, columns of ``NEEDS``: among them the p-value without
        correlation, the correlation at which the printed one comes out, and, at the median
        correlation here, the p-value and the chance of p < 0.05 if the printed AUCs were the true
        ones. The last two are missing where the rows are not of the same patients.
    """
    rows = audit.comparisons[audit.comparisons["statistic"].isin(list(ABOUT_P))]
    here = float(correlation.median()) if len(correlation) else np.nan
    made = []
    for row in rows.to_dict("records"):
        rho = np.nan if _different(row) else here
        at = (row["difference"], row["se_a"], row["se_b"], rho)
        made.append(
            row | {"same_patients": row["paired"], "correlation_here": rho,
                   "p_here": paired_p(*at), "power_here": power(*at)}
        )  # fmt: skip
    return pd.DataFrame(made, columns=NEEDS)


def power(difference: float, se_a: float, se_b: float, correlation: float) -> float:
    """Chance of p < 0.05 in a paired z-test if a difference of AUCs is the true one."""
    se = np.sqrt(se_a**2 + se_b**2 - 2 * correlation * se_a * se_b)
    reach = norm.isf(ALPHA / 2)
    return float(norm.sf(reach - difference / se) + norm.cdf(-reach - difference / se))


def strangers(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare each model across the first two sets: rightly, and as if patients were the same.

    Returns
    -------
    DataFrame
        ``model, set_a, set_b, paired, shared, auc_a, auc_b, unpaired, paired by row, paired by
        rank``; the last three are p-values, see ``ptclnm.evaluation.study.as_if_paired``. Empty
        where no two sets have two patients of each class.
    """
    rows = []
    sets = {
        name: part
        for name, part in sets_of(predictions).items()
        if part.groupby("model")["label"].agg(lambda y: min(y.sum(), (1 - y).sum())).min() > 1
    }
    columns = ["model", "set_a", "set_b", "paired", "shared", "auc_a", "auc_b"]
    if len(sets) < 2:
        return pd.DataFrame(columns=columns)
    (a, first), (b, second) = list(sets.items())[:2]
    for model in dict.fromkeys(first["model"]):
        one, other = first[first["model"] == model], second[second["model"] == model]
        right = compare(one, other)
        wrong = as_if_paired((one["label"], one["score"]), (other["label"], other["score"]))
        shared = len(set(one["patient_id"]) & set(other["patient_id"]))
        head = (model, a, b, right["paired"], shared, right["auc_a"], right["auc_b"])
        rows.append(dict(zip(columns, head, strict=True)) | wrong)
    return pd.DataFrame(rows)


def claims_table(
    audit: Audit, cohort: str, evidence: str, note: str, correlation: pd.Series
) -> pd.DataFrame:
    """Judge the printed p-values by the correlations that models have on these patients.

    A p-value of two models on the same patients needs a correlation of their AUCs. It is
    consistent if the middle 95 % of the pairs here have such a one among them. P-values that the
    printed numbers alone decide, or that are of different patients, have no row: no correlation
    here could speak for or against them.
    """
    rows = audit.comparisons[audit.comparisons["statistic"].isin(list(ABOUT_P))]
    low, high = np.percentile(correlation, MIDDLE) if len(correlation) else (np.nan, np.nan)
    here = "no two models here" if np.isnan(low) else f"models here have {low:.2f} to {high:.2f}"
    made = [
        (slug(row["key"]), row["where"],
         f"{row['model_a']} ({row['set_a']}) against {row['model_b']} ({row['set_b']})",
         ABOUT_P[row["statistic"]].format(row["printed"]),
         f"needs a correlation of {needed_words(row)}; {here}",
         verdict.ranges_meet(*_range(row["statistic"], row["correlation_needed"]), low, high), "")
        for row in rows.to_dict("records")
        if row["verdict"] == verdict.OPEN and not _different(row)
    ]  # fmt: skip
    return claim_rows(made, "delong", audit.study, cohort, evidence, note)


def _range(statistic: str, needed: float) -> tuple[float, float]:
    """Correlations at which a printed p-value comes out."""
    if statistic == "p":
        return needed, needed
    return (needed, 1.0) if statistic == "p_below" else (-1.0, needed)


def needed_words(row: Mapping) -> str:
    """Phrase the correlations at which a printed p-value comes out, e.g. ``at least 0.22``."""
    needed = row["correlation_needed"]
    least, most = _range(row["statistic"], needed)
    if least <= -1 and most >= 1:
        return "any"
    words = {"p": f"{needed:.2f}", "p_below": f"at least {needed:.2f}"}
    return words.get(row["statistic"], f"at most {needed:.2f}")


def _different(row: Mapping) -> bool:
    """Whether the printed rows are known to be of different patients."""
    return row["paired"] is not None and not row["paired"]

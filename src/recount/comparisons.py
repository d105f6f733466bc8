"""What is said of two models: tests, differences and statements of the text."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

from recount.auc import auc_checks
from recount.printed import TIE, decimals, interval, room
from recount.schema import RecordError, nearest
from recount.splits import Splits
from recount.tables import Study
from recount.verdicts import AGREES, ALPHA, judged, lay_out

TESTS = ("p", "p_below", "not_significant")
PAIR = ["model_a", "set_a", "model_b", "set_b"]
FROM_INTERVALS = "the printed intervals give the standard errors"
COMPARISON_COLUMNS = (
    "model_a set_a model_b set_b statistic printed auc_a auc_b difference accuracy_a accuracy_b "
    "se_a se_b p_unpaired correlation_needed rounding split_a split_b paired"
)
DISCORDANCE_COLUMNS = "evaluation_set model_a model_b metric count_a count_b of p_low p_high"
FAMILY_COLUMNS = "tests printed adjusted"
STATEMENT_COLUMNS = "statement evaluation_set model_a model_b"
INPUT_COLUMNS = "variable"


def correlation_for_p(difference: float, se_a: float, se_b: float, p: float) -> float:
    """Correlation of two AUC estimates at which a paired z-test gives a p-value.

    Parameters
    ----------
    difference : float
        Difference of the two AUCs.
    se_a, se_b : float
        Their standard errors.
    p : float
        Two-sided p-value.

    Returns
    -------
    float
        The correlation; above 1 or below -1 where none gives this p-value. A larger correlation
        gives a smaller p-value. NaN at a p-value of 1 or a standard error of 0.
    """
    if p >= 1 or not se_a * se_b:
        return float("nan")
    spread = difference / norm.isf(p / 2)
    return float((se_a**2 + se_b**2 - spread**2) / (2 * se_a * se_b))


def paired_p(difference: float, se_a: float, se_b: float, correlation: float) -> float:
    """Two-sided p-value of a z-test of two correlated AUCs; correlation 0 is the unpaired test."""
    variance = se_a**2 + se_b**2 - 2 * correlation * se_a * se_b
    return float(2 * norm.sf(abs(difference) / np.sqrt(variance)))


def power(difference: float, se_a: float, se_b: float, correlation: float) -> float:
    """Chance of p < 0.05 in that test if a difference of two AUCs is the true one."""
    se = np.sqrt(se_a**2 + se_b**2 - 2 * correlation * se_a * se_b)
    reach = norm.isf(ALPHA / 2)
    return float(norm.sf(reach - difference / se) + norm.cdf(-reach - difference / se))


def _needs(statistic: str, rho: float) -> dict[str, object]:
    """Judge the printed p-value of a paired test by the correlation that it needs."""
    if np.isnan(rho):
        return judged(None, follows="p-value and intervals leave no correlation to compute")
    bound = {"p": "", "p_below": "at least "}.get(statistic, "at most ")
    certain = {"p": False, "p_below": rho <= -1}.get(statistic, rho >= 1)
    possible = {"p": -1 <= rho <= 1, "p_below": rho <= 1}.get(statistic, rho >= -1)
    words = f"a correlation of {bound}{rho:.2f}"
    if certain:
        return judged(True, follows="follows at any correlation between the two models' AUCs")
    if not possible:
        return judged(False, FROM_INTERVALS, f"needs {words}, which does not exist")
    return judged(None, follows=f"needs {words} between the two models' AUCs")


def _of_test(row, values: dict, same: bool | None) -> dict[str, object]:
    """Judge a comparison that is printed with a test; two named sets share no patient."""
    p = values["p_unpaired"]
    if row.set_a != row.set_b:
        low, high = interval(row.value) if row.value else (ALPHA, ALPHA)
        holds = {"p": low <= p <= high, "p_below": p < high}.get(row.statistic, p >= ALPHA)
        return judged(holds, FROM_INTERVALS, f"the sets differ; the unpaired p is {p:.3f}")
    if same is None:
        return judged(None, follows="no class split explains both rows")
    found = _needs(row.statistic, values["correlation_needed"])
    if not same and found["verdict"] != AGREES:
        found["follows"] += (
            f"; as printed the rows are not of the same cases, and the unpaired p is {p:.2f}"
        )
    return found


def _of_values(row, values: dict) -> dict[str, object]:
    """Judge a comparison of two printed values, without a test."""
    if row.statistic == "auc_difference":
        exact, slack = abs(values["auc_a"] - values["auc_b"]), values["rounding"]
        low, high = interval(row.value)
        return judged(low - slack <= exact <= high + slack, follows=f"{exact:.3f}")
    name = row.statistic.removeprefix("greater_")
    a, b = values[f"{name}_a"], values[f"{name}_b"]
    if a == b or pd.isna(a) or pd.isna(b):
        words = "both are printed alike" if a == b else "they are not both printed"
        return judged(None, follows=words)
    return judged(a > b, follows=f"{a:.3f} against {b:.3f}")


def _values(row, first: pd.Series, second: pd.Series, accuracy: dict) -> dict[str, float]:
    difference = float(first["auc"]) - float(second["auc"])
    se_a, se_b = first["se_implied"], second["se_implied"]
    p = ALPHA if row.statistic == "not_significant" else np.nan
    if row.statistic in ("p", "p_below"):
        p = float(row.value) or interval(row.value)[1]  # 0.000 stands for its largest value
    return {
        "auc_a": float(first["auc"]), "auc_b": float(second["auc"]), "difference": difference,
        "accuracy_a": float(accuracy.get((row.set_a, row.model_a), "nan")),
        "accuracy_b": float(accuracy.get((row.set_b, row.model_b), "nan")),
        "se_a": se_a, "se_b": se_b, "p_unpaired": paired_p(difference, se_a, se_b, 0.0),
        "correlation_needed": correlation_for_p(difference, se_a, se_b, p),
        "rounding": sum(0.5 * 10.0 ** -decimals(side["auc"]) for side in (first, second)),
    }  # fmt: skip


def comparisons(splits: Splits) -> pd.DataFrame:
    """Check the printed comparisons of two models.

    Parameters
    ----------
    splits : Splits
        From ``find_splits``.

    Returns
    -------
    DataFrame
        One row a comparison: columns ``COMPARISON_COLUMNS``. A DeLong test needs the same patients
        under both models. Where the printed rows imply different class splits, the test may have
        been done on others than those printed, so that the correlation it needs is still given.
    """
    aucs = auc_checks(splits).drop_duplicates(["evaluation_set", "model"])
    aucs = {(row["evaluation_set"], row["model"]): row for _, row in aucs.iterrows()}
    accuracy, records = splits.study.printed("accuracy"), []
    for row in splits.study.comparisons.itertuples():
        a, b = (row.set_a, row.model_a), (row.set_b, row.model_b)
        if not {a, b} <= aucs.keys():
            continue
        both = splits.of(*a), splits.of(*b)
        same = row.set_a == row.set_b and both[0] == both[1] if None not in both else None
        values = _values(row, aucs[a], aucs[b], accuracy)
        tested = row.statistic in TESTS
        split_a, split_b = (f"{split[0]}/{split[1]}" if split else "" for split in both)
        records.append(
            row._asdict() | values
            | {
                "key": f"{row.statistic}:{row.set_a}/{row.model_a}~{row.set_b}/{row.model_b}",
                "printed": row.value, "split_a": split_a, "split_b": split_b, "paired": same,
                **(_of_test(row, values, same) if tested else _of_values(row, values)),
            }
        )  # fmt: skip
    return lay_out(records, COMPARISON_COLUMNS)


def mcnemar_exact(first: int, second: int) -> float:
    """Two-sided exact McNemar test, from the patients whom only one of two models gets right."""
    both = first + second
    return float(min(1.0, 2 * binom.cdf(min(first, second), both, 0.5)))


def only_second(a: int, b: int, of: int) -> tuple[int, int]:
    """Fewest and most patients whom the second of two models gets right, and the first does not.

    Parameters
    ----------
    a, b : int
        Patients whom each model gets right.
    of : int
        Patients in all.
    """
    return max(0, b - a), min(b, of - a)


def mcnemar_bounds(a: int, b: int, ranges: list[tuple[int, int]]) -> tuple[float, float]:
    """Smallest and largest exact p-value over every possible number of discordant patients.

    Parameters
    ----------
    a, b : int
        Patients whom each model gets right, over all strata.
    ranges : list of tuple
        From ``only_second``, of each stratum.
    """
    low, high = (sum(ends) for ends in zip(*ranges, strict=True))
    found = [mcnemar_exact(a - b + second, second) for second in range(low, high + 1)]
    return min(found), max(found)


def _strata(table) -> dict[str, tuple[int, int]]:
    """Patients whom a model gets right, and all, with and without the outcome."""
    return {"sensitivity": (table.tp, table.tp + table.fn),
            "specificity": (table.tn, table.tn + table.fp)}  # fmt: skip


def _bounds_of(first, second) -> Iterator[tuple[str, int, int, int, float, float]]:
    """Bounds of one pair of 2x2 tables of the same patients."""
    a, b = _strata(first), _strata(second)
    ranges = {name: only_second(a[name][0], b[name][0], a[name][1]) for name in a}
    for name, span in ranges.items():
        right_a, right_b, of = a[name][0], b[name][0], a[name][1]
        yield name, right_a, right_b, of, *mcnemar_bounds(right_a, right_b, [span])
    right = [sum(n for n, _ in strata.values()) for strata in (a, b)]
    of = sum(n for _, n in a.values())
    yield "accuracy", *right, of, *mcnemar_bounds(*right, list(ranges.values()))


def discordance(study: Study, confusion: pd.DataFrame) -> pd.DataFrame:
    """Bound McNemar's exact test for the models that the paper compares within one set.

    Two rows of metrics do not tell which patients both models get right. Every number of
    discordant patients that the two 2x2 tables allow is tried.

    Parameters
    ----------
    study : Study
        The transcribed paper.
    confusion : DataFrame
        2x2 tables, columns ``evaluation_set, model, tp, fp, fn, tn``; several rows of a model where
        several tables are possible.

    Returns
    -------
    DataFrame
        Three rows a pair (sensitivity, specificity, accuracy): columns ``DISCORDANCE_COLUMNS``.
        `count_a` and `count_b` are the patients whom each model gets right, out of `of`. Pairs
        without a 2x2 table of the same patients are left out. No claim is judged.
    """
    tables = {key: list(rows.itertuples())
              for key, rows in confusion.groupby(["evaluation_set", "model"])}  # fmt: skip
    pairs = study.comparisons.drop_duplicates(PAIR)
    records = []
    for pair in pairs[pairs["set_a"] == pairs["set_b"]].itertuples():
        sides = (tables.get((pair.set_a, model), []) for model in (pair.model_a, pair.model_b))
        same = [(first, second) for first, second in product(*sides)
                if first.tp + first.fn == second.tp + second.fn
                and first.fp + first.tn == second.fp + second.tn]  # fmt: skip
        for rows in zip(*(_bounds_of(*tables) for tables in same), strict=True):
            metric, a, b, of = rows[0][:4]
            low, high = min(row[4] for row in rows), max(row[5] for row in rows)
            settled = "differ at any pairing" if high < ALPHA else "depends on the pairing"
            if low >= ALPHA:
                settled = "no significant difference at any pairing"
            words = f"{a} against {b} of {of}; McNemar's p from {low:.2g} to {high:.2g}: {settled}"
            records.append(
                pair._asdict()
                | {
                    "key": f"{pair.set_a}/{pair.model_a}~{pair.model_b}/{metric}",
                    "evaluation_set": pair.set_a, "metric": metric, "count_a": a, "count_b": b,
                    "of": of, "p_low": low, "p_high": high, **judged(None, follows=words),
                }
            )  # fmt: skip
    return lay_out(records, DISCORDANCE_COLUMNS)


def families(study: Study) -> pd.DataFrame:
    """Adjust the smallest printed p-value of each place for all tests that it tells of.

    Those called not significant count. The smallest of k p-values is multiplied by k, which is
    the first step of Holm's (1979) procedure; if it fails, all others do.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a place with two tests or more and a p-value that is printed as a number: columns
        ``FAMILY_COLUMNS``. It conflicts where the p-value is below 0.05 and the adjusted one is
        not, whatever was rounded.
    """
    tests = study.comparisons[study.comparisons["statistic"].isin(TESTS)]
    tests = tests.drop_duplicates(["where", *PAIR])
    records = []
    for where, rows in tests.groupby("where", sort=False):
        values = rows.loc[rows["statistic"] == "p", "value"]
        if len(rows) < 2 or values.empty:
            continue
        smallest = min(values, key=float)
        low = max(room(smallest)[0], 0) * len(rows)
        holds = float(smallest) >= ALPHA or low < ALPHA - 2 * len(rows) * TIE
        adjusted = min(1.0, float(smallest) * len(rows))
        records.append({
            "key": where, "study": study.name, "where": where, "tests": len(rows),
            "printed": smallest, "adjusted": adjusted,
            **judged(holds, f"the {len(rows)} tests are one family",
                     f"{len(rows)} x {smallest} = {adjusted:.3g}"),
        })  # fmt: skip
    return lay_out(records, FAMILY_COLUMNS)


def _auc(study: Study, name: str, model: str) -> float:
    printed = {model: value for (of, model), value in study.printed("auc").items() if of == name}
    if model not in printed:
        problem = f"no AUC of {model!r} is printed for {name!r}; {nearest(model, printed)}"
        raise RecordError("statements.csv", [problem])
    return float(printed[model])


def _of_significance(study: Study, row) -> dict[str, object]:
    """Hold "significant" against what is printed of the same two models elsewhere."""
    pair = {(row.evaluation_set, row.model_a), (row.evaluation_set, row.model_b)}
    told = study.comparisons
    told = told.loc[
        [{(r.set_a, r.model_a), (r.set_b, r.model_b)} == pair for r in told.itertuples()]
    ]
    denied = told[told["statistic"] == "not_significant"]
    if len(denied):
        return judged(False, row.premise, f"not significant by {_places(denied)}")
    tested = told[told["statistic"].isin(["p", "p_below"])]
    if tested.empty:
        return judged(None, follows="no test of the two is printed")
    first = tested.iloc[0]
    sign = "=" if first["statistic"] == "p" else "<"
    words = f"p {sign} {first['value']} by {_places(tested)}"
    return judged(float(first["value"]) <= ALPHA, row.premise, words)


def _places(rows: pd.DataFrame) -> str:
    return " and ".join(dict.fromkeys(rows["where"]))


def _of_best(study: Study, row) -> dict[str, object]:
    """Hold "best" against the AUCs of the rivals."""
    own = _auc(study, row.evaluation_set, row.model_a)
    rivals = {name: _auc(study, row.evaluation_set, name) for name in row.model_b.split(";")}
    best = max(rivals, key=rivals.get)
    words = f"{own:.3f} against {rivals[best]:.3f} of {best}"
    return judged(own >= rivals[best], row.premise, words)


def _of_part(study: Study, row) -> dict[str, object]:
    """Hold "one part adds more than the other" against what the whole loses without each."""
    whole, own, other = (
        _auc(study, row.evaluation_set, name) for name in (row.whole, row.model_a, row.model_b)
    )
    words = (
        f"{row.model_a} adds {whole - other:+.3f} to {row.model_b}, which adds {whole - own:+.3f} "
        f"to {row.model_a}"
    )
    return judged(own > other, row.premise, words)


KINDS = {"significant": _of_significance, "best_auc": _of_best, "adds_more": _of_part}


def statements(study: Study) -> pd.DataFrame:
    """Check the statements of ``statements.csv``.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        One row a statement: columns ``STATEMENT_COLUMNS``; the premise is that of the file.

    Raises
    ------
    RecordError
        If a statement names a model whose AUC is not printed for the set.
    """
    records = [
        row._asdict() | KINDS[row.statement](study, row)
        | {"key": f"{row.statement}:{row.evaluation_set}/{row.model_a}~{row.model_b}/{row.where}"}
        for row in study.statements.itertuples()
    ]  # fmt: skip
    return lay_out(records, STATEMENT_COLUMNS)


def late_inputs(study: Study) -> pd.DataFrame:
    """Find inputs of models that the paper lists among what is known only afterwards.

    Parameters
    ----------
    study : Study
        The transcribed paper; ``known_after`` of its ``study.yml`` names the variables.

    Returns
    -------
    DataFrame
        One row an input named in ``design.csv``: columns ``INPUT_COLUMNS``.
    """
    late = study.about.get("known_after", [])
    inputs = {variable: row.where for row in study.design.itertuples()
              for variable in filter(None, row.inputs.split(";"))}  # fmt: skip
    records = [
        {
            "key": variable, "study": study.name, "where": where, "variable": variable,
            **judged(variable not in late, f"{variable} was known afterwards only",
                     f"listed as known {'afterwards' if variable in late else 'before'}"),
        }
        for variable, where in inputs.items()
    ]  # fmt: skip
    return lay_out(records, INPUT_COLUMNS)

"""Tables of page 06: what each nomogram is, and how it does on patients old and new."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ptclnm.evaluation import delong, metrics_table
from ptclnm.evaluation.calibration import (
    GROUPS,
    calibration,
    calibration_curve,
    hosmer_lemeshow_table,
)
from ptclnm.evaluation.clinical import passing, univariable, vif
from ptclnm.evaluation.decision import decision_curves, thresholds
from ptclnm.evaluation.logistic import ModelError, fit_logistic
from ptclnm.evaluation.nomogram import corrected_calibration, validate
from ptclnm.evaluation.nomogram.study import Built, Fitted
from ptclnm.evaluation.operating import TRAIN
from ptclnm.evaluation.pairs import pairs_table
from ptclnm.published.tables import Study
from ptclnm.report.nomogram_scores import OUT_OF_FOLD, RESUBSTITUTED, Scores

Tables = dict[str, pd.DataFrame]
PAPER_TEST = "test"
REFIT, WHOLE = "fit", "screen and fit"
REPORTED = ("auc", "auc_low", "auc_high", "accuracy")


def make_tables(
    fitted: Fitted, scores: Scores, predictions: pd.DataFrame, paper: Study,
    parameters: Mapping[str, Any],
) -> Tables:  # fmt: skip
    """Judge every nomogram.

    Parameters
    ----------
    fitted : Fitted
        The nomograms.
    scores : Scores
        What they were made of.
    predictions : DataFrame
        The predictions table: nomograms, then signatures and reader by themselves.
    paper : Study
        The transcribed paper.
    parameters : mapping
        The page's: ``cutoff, bootstraps, threshold_low, threshold_high, seed``.

    Returns
    -------
    dict of str to DataFrame
        By the name of the CSV that the page writes.
    """
    draws, seed = parameters["bootstraps"], parameters["seed"]
    at = thresholds(parameters["threshold_low"], parameters["threshold_high"])
    metrics = _metrics(predictions, fitted, parameters["cutoff"])
    return {
        "screen": fitted.screen,
        "coefficients": _each(fitted, lambda one: coefficients(one, fitted.train)),
        "points": _each(fitted, lambda one: one.nomogram.table()),
        "validation": _each(fitted, lambda one: validation(one, fitted, draws, seed)),
        "corrected": _each(
            fitted,
            lambda one: corrected_calibration(
                fitted.train, fitted.train["label"], one.model.names, draws, seed
            ),
        ),
        "calibration": _by_set(fitted, _measures),
        "curves": _by_set(fitted, lambda y, p, _: calibration_curve(y, p, draws, seed)),
        "hosmer_lemeshow": _by_set(fitted, _hosmer),
        "decision": _decision(fitted, predictions, at, draws, seed),
        "metrics": beside_paper(metrics, paper, fitted.fit_on),
        "differences": _differences(predictions, fitted),
        "train_scores": train_scores(fitted, scores),
    }


def _each(fitted: Fitted, make: Callable[[Built], pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for one in fitted.built:
        table = make(one)
        table.insert(0, "model", one.name)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _by_set(fitted: Fitted, make: Callable) -> pd.DataFrame:
    """Make a table for each nomogram in each set, from labels and risks."""
    parts = []
    for one in fitted.built:
        for split in (fitted.fit_on, *fitted.others):
            part = fitted.of(split)
            table = make(part["label"].to_numpy(), one.model.probability(part),
                         split == fitted.fit_on)  # fmt: skip
            table.insert(0, "split", split)
            table.insert(0, "model", one.name)
            parts.append(table)
    filled = [table for table in parts if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _measures(labels: np.ndarray, risks: np.ndarray, _: bool) -> pd.DataFrame:
    found = calibration(labels, risks).to_frame().T.round(12) + 0.0
    return found.astype({"n": int, "events": int})


def _hosmer(labels: np.ndarray, risks: np.ndarray, development: bool) -> pd.DataFrame:
    """The test for every number of groups; none where the rarer outcome has too few patients."""
    if min(labels.sum(), len(labels) - labels.sum()) < min(GROUPS):
        return pd.DataFrame(columns=["g", "groups", "statistic", "df", "p", "development"])
    return hosmer_lemeshow_table(labels, risks, development).assign(development=development)


def coefficients(one: Built, train: pd.DataFrame) -> pd.DataFrame:
    """Give a nomogram's coefficients with odds ratios, variance inflation and test by variable.

    Returns
    -------
    DataFrame
        ``variable, level, term, coefficient, se, z, p, odds_ratio, low, high, vif, p_variable``,
        the last by the likelihood ratio of the model without the variable.
    """
    table = one.model.table().merge(vif(train, one.model), on="term", how="left")
    without = {}
    for name in one.model.names:
        rest = [other for other in one.model.names if other != name]
        without[name] = _drop_p(one, train, rest)
    return table.assign(p_variable=table["variable"].map(without))


def _drop_p(one: Built, train: pd.DataFrame, rest: list[str]) -> float:
    events, n = one.model.events, one.model.n
    if rest:
        smaller = fit_logistic(train, train["label"], rest)
        likelihood, terms = smaller.log_likelihood, len(smaller.coefficients)
    else:
        likelihood = events * np.log(events / n) + (n - events) * np.log(1 - events / n)
        terms = 1
    statistic = max(2 * (one.model.log_likelihood - likelihood), 0.0)
    return float(stats.chi2.sf(statistic, len(one.model.coefficients) - terms))


def validation(one: Built, fitted: Fitted, draws: int, seed: int) -> pd.DataFrame:
    """Correct a nomogram's measures for optimism, the screen repeated where there was one."""
    train = fitted.train
    fixed = validate(train, train["label"], one.model.names, draws, seed)
    parts = [fixed.assign(procedure=REFIT)]
    if fitted.screened:
        candidates = list(dict.fromkeys(fitted.screen["variable"]))
        whole = _screened_again(candidates, one.signature, fitted.p_enter)
        parts.append(validate(train, train["label"], whole, draws, seed).assign(procedure=WHOLE))
    table = pd.concat(parts, ignore_index=True)
    return table[["procedure", *(name for name in table if name != "procedure")]]


def _screened_again(candidates: list[str], signature: str, p_enter: float) -> Callable:
    def fit(table: pd.DataFrame, labels: np.ndarray) -> Callable:
        chosen = passing(univariable(table, labels, candidates, p_enter))
        columns = [signature, *chosen] if signature else chosen
        if not columns:
            raise ModelError("clinical model", ["no variable passes in this resample"])
        return fit_logistic(table, labels, columns).linear_predictor

    return fit


def _decision(
    fitted: Fitted, predictions: pd.DataFrame, at: np.ndarray, draws: int, seed: int
) -> pd.DataFrame:
    """Decision curves of the nomograms and of a yes-or-no reading, set by set."""
    names = [one.name for one in fitted.built]
    readings = predictions.groupby("model")["score"].agg(lambda s: set(s) <= {0.0, 1.0})
    names += [name for name in dict.fromkeys(predictions["model"]) if readings[name]]
    parts = []
    for split in (fitted.fit_on, *fitted.others):
        part = predictions[(predictions["split"] == split) & predictions["model"].isin(names)]
        wide = part.pivot(index="patient_id", columns="model", values="score")[names].dropna(axis=1)
        label = part.drop_duplicates("patient_id").set_index("patient_id")["label"][wide.index]
        curves = decision_curves(label.to_numpy(), dict(wide.items()), at, draws, seed)
        curves.insert(0, "split", split)
        parts.append(curves)
    return pd.concat(parts, ignore_index=True)


def _metrics(predictions: pd.DataFrame, fitted: Fitted, cutoff: str) -> pd.DataFrame:
    """Metrics with the cut-off of the set that was fitted on, whatever its name."""
    there = {fitted.fit_on: TRAIN, TRAIN: fitted.fit_on}
    back = {TRAIN: fitted.fit_on, fitted.fit_on: TRAIN}
    moved = predictions.assign(split=predictions["split"].replace(there))
    found = metrics_table(moved, cutoff)
    return found.assign(split=found["split"].replace(back))


def _differences(predictions: pd.DataFrame, fitted: Fitted) -> pd.DataFrame:
    parts = []
    for split in fitted.others:
        part = predictions[predictions["split"] == split]
        if part["model"].nunique() > 1:
            table = pairs_table(part)
            table.insert(0, "split", split)
            parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["split"])


def train_scores(fitted: Fitted, scores: Scores) -> pd.DataFrame:
    """Fit the nomograms on both kinds of training scores, and see what new patients say.

    Returns
    -------
    DataFrame
        ``model, train_scores, split, auc, slope, intercept``; a model's memory of its training
        patients makes its nomogram trust it too much, and the slope on new patients falls below 1.
    """
    rows = []
    for one in fitted.built:
        if one.signature not in scores.remembered:
            continue
        for kind, table in _kinds(fitted, scores, one.signature).items():
            train = table[table["split"] == fitted.fit_on]
            model = fit_logistic(train, train["label"], one.model.names)
            for split in (fitted.fit_on, *fitted.others):
                part = table[table["split"] == split]
                risks = model.probability(part)
                found = calibration(part["label"], risks)
                auc = _auc(part["label"].to_numpy(), risks)
                rows.append((one.name, kind, split, auc, found["slope"], found["intercept"]))
    return pd.DataFrame(rows, columns=["model", "train_scores", "split", "auc", "slope",
                                       "intercept"])  # fmt: skip


def _auc(labels: np.ndarray, risks: np.ndarray) -> float:
    """Area under the ROC curve of one model."""
    return float(delong(labels, risks).auc[0])


def _kinds(fitted: Fitted, scores: Scores, column: str) -> dict[str, pd.DataFrame]:
    """The patients with the one and the other kind of training score."""
    seen = scores.remembered[column]
    honest = scores.honest[column]
    at = fitted.table["patient_id"]
    kinds = {}
    for name, own in ((OUT_OF_FOLD, honest), (RESUBSTITUTED, seen)):
        values = at.map(own)
        kinds[name] = fitted.table.assign(**{column: values.fillna(fitted.table[column])})
    return kinds


def beside_paper(metrics: pd.DataFrame, paper: Study, fit_on: str) -> pd.DataFrame:
    """Join the paper's numbers where it prints a model of that name.

    Parameters
    ----------
    metrics : DataFrame
        From ``ptclnm.evaluation.metrics_table``.
    paper : Study
        The transcribed paper.
    fit_on : str
        The set fitted on, which stands beside the paper's training set; every other stands beside
        its test set.

    Returns
    -------
    DataFrame
        The metrics, then ``reported_auc, reported_auc_low, reported_auc_high,
        reported_accuracy``.
    """
    rows = paper.performance[paper.performance["metric"].isin(REPORTED)]
    rows = rows.drop_duplicates(["evaluation_set", "model", "metric"])
    wide = rows.pivot(index=["model", "evaluation_set"], columns="metric", values="value")
    wide = wide.reindex(columns=list(REPORTED)).astype(float).add_prefix("reported_").reset_index()
    side = np.where(metrics["split"] == fit_on, TRAIN, PAPER_TEST)
    joined = metrics.assign(evaluation_set=side).merge(
        wide, on=["model", "evaluation_set"], how="left"
    )
    return joined.drop(columns="evaluation_set")

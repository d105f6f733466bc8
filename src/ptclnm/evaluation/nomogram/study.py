"""Nomograms of one study: signature and clinical variables together, fitted on one set of patients.

Li et al. 2024, 2.9: Nomogram_A holds the radiomics signature, B the deep one, C neither.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptclnm.evaluation.calibration import calibration
from ptclnm.evaluation.clinical import P_ENTER, passing, univariable
from ptclnm.evaluation.delong import delong
from ptclnm.evaluation.logistic import LogisticModel, ModelError, fit_logistic
from ptclnm.evaluation.nomogram.points import Nomogram, nomogram
from ptclnm.evaluation.nomogram.resampling import Fit, validate
from ptclnm.evaluation.sets import measured, stacked

KEYS = ["split", "patient_id", "label"]
REFIT, WHOLE = "fit", "screen and fit"


@dataclass(frozen=True)
class Built:
    """A fitted nomogram of a study.

    Parameters
    ----------
    name : str
        E.g. ``Nomogram_A``.
    signature : str
        The column of its signature; empty where it has none.
    model : LogisticModel
        The regression.
    nomogram : Nomogram
        Its scales.
    """

    name: str
    signature: str
    model: LogisticModel
    nomogram: Nomogram


def check_patients(table: pd.DataFrame, fit_on: str) -> pd.DataFrame:
    """Check that nomograms can be fitted on a set of a table, and put that set first.

    Parameters
    ----------
    table : DataFrame
        ``split, patient_id, label``, then clinical columns; one row a patient.
    fit_on : str
        The set to fit on; all others validate.

    Returns
    -------
    DataFrame
        The patients, set by set.

    Raises
    ------
    ModelError
        If no patient is in the set.
    """
    if fit_on not in set(table["split"]):
        found = ", ".join(dict.fromkeys(map(str, table["split"]))) or "none"
        raise ModelError("nomograms", [f"no patient is in the set {fit_on!r}; found: {found}"])
    order = list(dict.fromkeys([fit_on, *table["split"]]))
    return table.sort_values("split", key=lambda s: s.map(order.index), kind="stable",
                             ignore_index=True)  # fmt: skip


def fit_nomograms(
    train: pd.DataFrame, signatures: Mapping[str, str], predictors: Sequence[str]
) -> tuple[Built, ...]:
    """Fit every nomogram on the same patients.

    Parameters
    ----------
    train : DataFrame
        ``label``, clinical columns and signatures; one row a patient.
    signatures : mapping of str to str
        Column of the signature by nomogram; empty for a nomogram without one.
    predictors : sequence of str
        Clinical columns of every nomogram.

    Raises
    ------
    ModelError
        If a nomogram has no variable, or its regression cannot be fitted; it is named.
    """
    return tuple(_build(name, column, predictors, train) for name, column in signatures.items())


def _build(name: str, signature: str, predictors: Sequence[str], train: pd.DataFrame) -> Built:
    columns = [*filter(None, [signature]), *predictors]
    if not columns:
        raise ModelError(name, ["no variable passes the screen; raise p_enter or name the "
                                "predictors"])  # fmt: skip
    try:
        model = fit_logistic(train, train["label"], columns)
    except ModelError as error:
        raise type(error)(name, error.problems) from error
    return Built(name, signature, model, nomogram(model, train))


def nomogram_predictions(built: Sequence[Built], table: pd.DataFrame) -> pd.DataFrame:
    """Risks of every patient by every nomogram: ``model, split, patient_id, label, score``."""
    risks = {one.name: table[KEYS].assign(score=one.model.probability(table)) for one in built}
    return stacked(risks, "model")


def optimism(
    built: Sequence[Built],
    train: pd.DataFrame,
    draws: int,
    seed: int = 0,
    candidates: Sequence[str] = (),
    p_enter: float = P_ENTER,
) -> pd.DataFrame:
    """Correct every nomogram's measures for optimism, the screen repeated where there was one.

    Parameters
    ----------
    built : sequence of Built
        The nomograms.
    train : DataFrame
        The patients fitted on.
    draws, seed : int
        Bootstrap resamples, and their seed.
    candidates : sequence of str
        Columns that a screen chose the predictors from; none where it did not.
    p_enter : float
        The screen's level.

    Returns
    -------
    DataFrame
        ``model, procedure``, then those of ``ptclnm.evaluation.nomogram.validate``.
    """
    tables = {}
    for one in built:
        procedures: dict[str, Fit | Sequence[str]] = {REFIT: one.model.names}
        if candidates:
            procedures[WHOLE] = _screened_again(candidates, one.signature, p_enter)
        for name, fit in procedures.items():
            tables[one.name, name] = validate(train, train["label"], fit, draws, seed)
    return stacked(tables, "model", "procedure")


def _screened_again(candidates: Sequence[str], signature: str, p_enter: float) -> Fit:
    def fit(table: pd.DataFrame, labels: np.ndarray) -> Callable:
        chosen = passing(univariable(table, labels, candidates, p_enter))
        columns = [*filter(None, [signature]), *chosen]
        if not columns:
            raise ModelError("clinical model", ["no variable passes in this resample"])
        return fit_logistic(table, labels, columns).linear_predictor

    return fit


def memory(
    tables: Mapping[str, pd.DataFrame],
    signatures: Mapping[str, str],
    predictors: Sequence[str],
    fit_on: str,
) -> pd.DataFrame:
    """Fit nomograms on each kind of training score, and see what new patients say.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The patients by kind of training score.
    signatures, predictors, fit_on
        As in :func:`fit_nomograms`; the set fitted on.

    Returns
    -------
    DataFrame
        ``model, train_scores, split, auc, slope, intercept``; a model's memory of its training
        patients makes its nomogram trust it too much, and the slope on new patients falls below 1.
    """
    found = {}
    for name, column in signatures.items():
        for kind, table in tables.items():
            train = table[table["split"] == fit_on].reset_index(drop=True)
            risks = nomogram_predictions(fit_nomograms(train, {name: column}, predictors), table)
            found[name, kind] = measured(risks, _trust).drop(columns="model")
    return stacked(found, "model", "train_scores", columns=["split", "auc", "slope", "intercept"])


def _trust(labels: np.ndarray, risks: np.ndarray) -> pd.Series:
    auc = pd.Series({"auc": delong(labels, risks).auc[0]})
    return pd.concat([auc, calibration(labels, risks)[["slope", "intercept"]]])

"""Nomograms of one study: signature and clinical variables together, fitted on one set of patients.

Li et al. 2024, 2.9: Nomogram_A holds the radiomics signature, B the deep one, C neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ptclnm.evaluation.clinical import P_ENTER, join_rare, passing, univariable
from ptclnm.evaluation.logistic import LogisticModel, ModelError, fit_logistic
from ptclnm.evaluation.nomogram.points import Nomogram, nomogram

FEWEST = 5
KEYS = ["split", "patient_id", "label"]


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


@dataclass(frozen=True)
class Fitted:
    """All nomograms of a study, and what led to their variables.

    Parameters
    ----------
    table : DataFrame
        ``split, patient_id, label``, clinical columns and signatures; one row a patient.
    fit_on : str
        The set that everything is fitted on.
    screen : DataFrame
        From ``ptclnm.evaluation.clinical.univariable``, on that set.
    joined : DataFrame
        Levels that had too few patients; from ``ptclnm.evaluation.clinical.join_rare``.
    predictors : tuple of str
        The clinical variables of every nomogram.
    screened : bool
        Whether the screen chose them.
    p_enter : float
        The screen's level.
    built : tuple of Built
        The nomograms.
    """

    table: pd.DataFrame
    fit_on: str
    screen: pd.DataFrame
    joined: pd.DataFrame
    predictors: tuple[str, ...]
    screened: bool
    p_enter: float
    built: tuple[Built, ...]

    @property
    def train(self) -> pd.DataFrame:
        """The patients fitted on."""
        return self.table[self.table["split"] == self.fit_on].reset_index(drop=True)

    @property
    def others(self) -> tuple[str, ...]:
        """The other sets."""
        return tuple(name for name in dict.fromkeys(self.table["split"]) if name != self.fit_on)

    def of(self, split: str) -> pd.DataFrame:
        """The patients of a set."""
        return self.table[self.table["split"] == split].reset_index(drop=True)


def fit_study(
    table: pd.DataFrame,
    candidates: Sequence[str],
    signatures: Mapping[str, str],
    predictors: Sequence[str] = (),
    fit_on: str = "train",
    p_enter: float = P_ENTER,
    fewest: int = FEWEST,
) -> Fitted:
    """Screen the clinical variables, then fit every nomogram.

    Parameters
    ----------
    table : DataFrame
        ``split, patient_id, label``, then clinical columns and signatures; one row a patient.
    candidates : sequence of str
        Clinical columns to screen.
    signatures : mapping of str to str
        Column of the signature by nomogram; empty for a nomogram without one.
    predictors : sequence of str
        Clinical columns of every nomogram; those that pass the screen where there are none.
    fit_on : str
        The set to fit on; all others validate.
    p_enter : float
        Level of the screen.
    fewest : int
        Levels of fewer patients in the set fitted on join the commonest.

    Returns
    -------
    Fitted
        The screen and every nomogram.

    Raises
    ------
    ModelError
        If there is no such set, a patient is there twice, no variable passes, or a regression
        cannot be fitted; the nomogram is named.
    """
    _check(table, fit_on)
    clinical = [name for name in dict.fromkeys([*candidates, *predictors]) if name in table]
    table, joined = join_rare(table, clinical, table["split"] == fit_on, fewest)
    train = table[table["split"] == fit_on].reset_index(drop=True)
    screen = univariable(train, train["label"], candidates, p_enter)
    chosen = tuple(predictors) or tuple(passing(screen))
    if not chosen and not all(signatures.values()):
        raise ModelError("clinical model", [f"no variable has p < {p_enter:g} alone; raise "
                                            "p_enter or name the predictors"])  # fmt: skip
    built = tuple(_build(name, column, chosen, train) for name, column in signatures.items())
    return Fitted(table, fit_on, screen, joined, chosen, not predictors, p_enter, built)


def _check(table: pd.DataFrame, fit_on: str) -> None:
    problems = [f"no column {name!r}" for name in KEYS if name not in table]
    if not problems and fit_on not in set(table["split"]):
        found = ", ".join(dict.fromkeys(map(str, table["split"]))) or "none"
        problems.append(f"no patient is in the set {fit_on!r}; found: {found}")
    if not problems and (twice := table["patient_id"].duplicated().sum()):
        problems.append(f"{twice} rows repeat a patient; a nomogram takes one row a patient")
    if problems:
        raise ModelError("nomograms", problems)


def _build(name: str, signature: str, predictors: tuple[str, ...], train: pd.DataFrame) -> Built:
    columns = [signature, *predictors] if signature else list(predictors)
    try:
        model = fit_logistic(train, train["label"], columns)
    except ModelError as error:
        raise type(error)(name, error.problems) from error
    return Built(name, signature, model, nomogram(model, train, outcome="Risk"))


def nomogram_predictions(fitted: Fitted) -> pd.DataFrame:
    """Risks of every patient by every nomogram: ``model, split, patient_id, label, score``."""
    parts = [
        fitted.table[KEYS].assign(model=one.name, score=one.model.probability(fitted.table))
        for one in fitted.built
    ]
    return pd.concat(parts, ignore_index=True)[["model", *KEYS, "score"]]

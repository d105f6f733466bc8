"""Which models page 04 is asked for, and the arms against each other."""

from collections.abc import Sequence

import pandas as pd

from ptclnm.errors import ParameterError, nearest
from ptclnm.evaluation.delong import OneClassError
from ptclnm.evaluation.pairs import compare, with_holm
from ptclnm.models.classifiers import NAMES
from ptclnm.models.deep.plan import ARCHITECTURES
from ptclnm.models.predictions import check_predictions
from ptclnm.superres.arms import ARMS, called

TRAIN = "train"
PAIR = ["split", "model", "auc_a", "auc_b", "difference", "low", "high", "z", "p", "p_holm", "n"]
CAUSE = ["arm", "what", "split", "model", "auc", "auc_or", "gain", "gain_low", "gain_high",
         "gain_p", "sr_over", "sr_over_low", "sr_over_high", "sr_over_p"]  # fmt: skip


def kinds(models: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Tell the classifiers among the models asked for from the deep models, each once.

    Raises
    ------
    ParameterError
        If there is none, or listing names that are neither.
    """
    names, known = list(dict.fromkeys(models)), (*NAMES, *ARCHITECTURES)
    problems = [f"no model {name!r}; {nearest(name, known)}" for name in names if name not in known]
    if problems or not names:
        raise ParameterError("models", problems or ["no model; name one at least"])
    classifiers = tuple(name for name in names if name in NAMES)
    return classifiers, [name for name in names if name in ARCHITECTURES]


def judged_sets(predictions: pd.DataFrame) -> pd.DataFrame:
    """Check a predictions table and leave out sets in which a class is missing.

    Raises
    ------
    OneClassError
        If no set but the training set is left to be judged.
    """
    classes = predictions.groupby("split")["label"].nunique()
    kept = predictions[predictions["split"].isin(classes.index[classes == 2])]
    if not (kept["split"] != TRAIN).any():
        raise OneClassError("super-resolution", [
            "no set outside the training set has patients of both classes; open more patients"
        ])  # fmt: skip
    return check_predictions(kept.reset_index(drop=True))


def plain(model: str) -> str:
    """Name a model without what is said of its first weights: what a paper calls it."""
    return model.split(" (")[0]


def contrast(
    predictions: pd.DataFrame, models: Sequence[str], first: str, second: str
) -> pd.DataFrame:
    """Compare two arms' models of the same name outside the training set, by DeLong's paired test.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table.
    models : sequence of str
        Names without arm, e.g. ``SVM``; both arms have them.
    first, second : str
        Names of arms; the difference is that of the first less the second.

    Returns
    -------
    DataFrame
        ``split, model, auc_a, auc_b, difference, low, high, z, p, p_holm, n``; Holm's correction is
        over the models of a set.
    """
    parts = []
    for split, part in predictions[predictions["split"] != TRAIN].groupby("split", sort=False):
        by = dict(list(part.groupby("model", sort=False)))
        rows = [compare(by[called(first, m)], by[called(second, m)]) for m in models]
        parts.append(with_holm(pd.DataFrame(rows)).assign(split=split, model=list(models)))
    return pd.concat(parts, ignore_index=True)[PAIR]


def cause(predictions: pd.DataFrame, models: Sequence[str], arms: Sequence[str]) -> pd.DataFrame:
    """Ask of every arm what super-resolution is asked, whether it is better than the original.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table, all arms.
    models, arms : sequence of str
        Names of models without arm, and of arms.

    Returns
    -------
    DataFrame
        ``arm, what, split, model, auc, auc_or, gain, gain_low, gain_high, gain_p, sr_over,
        sr_over_low, sr_over_high, sr_over_p``: the arm's AUC less the original's, and
        super-resolution's less the arm's, each with DeLong's interval and p. Columns of the second
        are empty for super-resolution itself.
    """
    parts = []
    for arm in (name for name in arms if models and name != "or"):
        gain = contrast(predictions, models, arm, "or")
        found = gain.rename(columns={
            "auc_a": "auc", "auc_b": "auc_or", "difference": "gain", "low": "gain_low",
            "high": "gain_high", "p": "gain_p",
        }).assign(arm=ARMS[arm][0], what=ARMS[arm][1])  # fmt: skip
        over = contrast(predictions, models, "sr", arm)[["difference", "low", "high", "p"]]
        found[CAUSE[-4:]] = over if arm != "sr" else float("nan")
        parts.append(found[CAUSE])
    table = pd.concat(parts) if parts else pd.DataFrame(columns=CAUSE)
    order = {"split": str, "model": list(models).index}
    return table.sort_values(
        ["split", "model"], key=lambda column: column.map(order[column.name]), kind="stable",
        ignore_index=True,
    )  # fmt: skip

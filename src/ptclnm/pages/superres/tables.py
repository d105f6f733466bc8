"""Which models page 04 is asked for, and the kinds of picture against each other."""

from collections.abc import Iterable, Sequence

import pandas as pd

from ptclnm.errors import ParameterError, nearest
from ptclnm.evaluation.pairs import compare, with_holm
from ptclnm.evaluation.sets import unseen
from ptclnm.models.classifiers import NAMES
from ptclnm.models.deep.plan import ARCHITECTURES

PAIR = ["split", "model", "pictures", "auc_a", "auc_b", "difference", "low", "high", "z", "p",
        "p_holm", "n"]  # fmt: skip


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


def contrast(
    predictions: pd.DataFrame, models: Iterable[str], first: str, second: str
) -> pd.DataFrame:
    """Compare models of the same name on two kinds of picture, by DeLong's paired test.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table; the training set is left out, and a set without both classes.
    models : iterable of str
        Names without what they begin with, e.g. ``SVM``; both kinds have them.
    first, second : str
        Of ``ptclnm.superres.arms.ARMS``; the difference is that of the first less the second.

    Returns
    -------
    DataFrame
        ``split, model, pictures, auc_a, auc_b, difference, low, high, z, p, p_holm, n``; Holm's
        correction is over the models of a set.
    """
    parts, models = [], list(models)
    for split, part in unseen(predictions).groupby("split", sort=False):
        by = dict(list(part.groupby("model", sort=False)))
        rows = [compare(by[f"{first}_{name}"], by[f"{second}_{name}"]) for name in models]
        if rows:
            parts.append(with_holm(pd.DataFrame(rows)).assign(split=split, model=models))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=PAIR)
    return table.assign(pictures=f"{first} − {second}")[PAIR]

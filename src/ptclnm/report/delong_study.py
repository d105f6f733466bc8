"""The study of DeLong's method at the papers' class splits, computed once for each setting."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ptclnm import store
from ptclnm.evaluation.study import Sizes, performance
from ptclnm.published.audit import Audit, audit
from ptclnm.published.tables import Study

REFERENCE: dict[str, Sizes] = {"reference": (500, 500)}
TRAIN = "train"


def found_splits(study: Study | Audit) -> dict[str, Sizes]:
    """Class splits that page 00 finds in a paper's evaluation sets.

    Parameters
    ----------
    study : Study or Audit
        The transcribed paper, or its audit where that is there already.

    Returns
    -------
    dict of str to (int, int)
        Patients with the outcome and without, by set, training left out; then 500 of each, named
        ``reference``. Where the rows of a set need different splits, each has an entry with the
        models that need it.
    """
    made = study if isinstance(study, Audit) else audit(study)
    checks = made.split_checks.dropna(subset=["found_positive", "found_negative"])
    checks = checks[checks["evaluation_set"] != TRAIN]
    columns = ["evaluation_set", "found_positive", "found_negative"]
    groups = [(key, list(part["model"])) for key, part in checks.groupby(columns, sort=False)]
    sets = [key[0] for key, _ in groups]
    splits = {}
    for (name, positive, negative), models in groups:
        more = f" and {len(models) - 1} more" if len(models) > 1 else ""
        whose = f" ({models[0]}{more})" if sets.count(name) > 1 else ""
        splits[f"{made.study.name}, {name}{whose}"] = (int(positive), int(negative))
    return splits | REFERENCE


def stored_study(
    splits: Mapping[str, Sizes], simulations: int, seed: int, folder: Path = store.FOLDER
) -> pd.DataFrame:
    """Give ``ptclnm.evaluation.study.performance``, computed once."""
    entry = folder / "delong_study" / store.key(performance, splits, simulations, seed)
    store.keep(entry, lambda *_: {"study": performance(splits, simulations, seed)})
    return store.read(entry)["study"]

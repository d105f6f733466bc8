"""Which pictures of a cohort a page shows, and whether it may."""

import numpy as np
import pandas as pd

from ptclnm.cohorts.datasets import datasets
from ptclnm.schema import Cohort


def withheld(cohort: Cohort, show_images: bool = False) -> str:
    """Tell why the gallery is not to be shown, if it is not.

    Parameters
    ----------
    cohort : Cohort
        Any.
    show_images : bool
        The page's parameter: true on one's own machine, for a book that is not published.

    Returns
    -------
    str
        A note to print in the gallery's place; empty where it may be shown.
    """
    if (cohort.table["image"] == "").all():
        return "This cohort has no images."
    entry = datasets().get(cohort.name)
    allowed = entry.show_images if entry else cohort.evidence == "simulated"
    if show_images or allowed:
        return ""
    why = f"{entry.title}: {entry.use}" if entry else "They are pictures of patients."
    return (
        f"The pictures are not shown here. {why} To see the gallery on your own machine, run "
        "this page with the parameter show_images set to true; do not publish that book."
    )


def choose(table: pd.DataFrame, n_per_class: int, seed: int) -> pd.DataFrame:
    """Draw rows, `n_per_class` patients of each label, the centres in turn, one row of each."""
    rng = np.random.default_rng(seed)
    one_each = table.iloc[rng.permutation(len(table))].drop_duplicates("patient_id")
    turn = one_each.groupby(["label", "center"]).cumcount()
    in_turn = one_each.assign(turn=turn).sort_values(["label", "turn", "center"], kind="stable")
    chosen = in_turn.groupby("label").head(n_per_class).drop(columns="turn")
    return chosen.sort_values(["label", "center"], kind="stable")

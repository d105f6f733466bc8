"""Networks as a family of ``ptclnm.models.sources``."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ptclnm.models.data import TRAIN
from ptclnm.models.deep.crops import Crops, crops
from ptclnm.models.deep.plan import DeepPlan
from ptclnm.models.deep.stored import stored_all
from ptclnm.models.sources import Plans
from ptclnm.models.validation import patient_folds
from ptclnm.schema import Cohort


def predictions(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score the patients of every set by every network."""
    return stored_all(_pictures(cohort, plans), plans.networks)["predictions"]


def out_of_fold(cohort: Cohort, plans: Plans) -> pd.DataFrame:
    """Score training patients by networks that have not seen them; see :func:`unseen_scores`."""
    return unseen_scores(_pictures(cohort, plans), plans.networks, plans.zoo.folds)


def _pictures(cohort: Cohort, plans: Plans) -> Crops:
    return crops(cohort, plans.networks[0].image_size, plans.networks[0].margin)


def unseen_scores(pictures: Crops, networks: Sequence[DeepPlan], folds: int) -> pd.DataFrame:
    """Score training patients by networks that have not seen them.

    Every network is trained once more for each fold, which takes as many times as long.

    Returns
    -------
    DataFrame
        ``model, split, patient_id, label, score``, all of ``train``.
    """
    parts = [
        stored_all(fold, networks)["predictions"]
        for fold in folds_of(pictures, folds, networks[0].seed)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[table["split"] != TRAIN].assign(split=TRAIN)


def folds_of(pictures: Crops, folds: int, seed: int) -> Iterator[Crops]:
    """Training pictures, the patients of one fold after the other moved to the internal set."""
    train = pictures.train
    fold_of = patient_folds(train.patients, train.labels, folds, seed)
    for fold in range(int(fold_of.max()) + 1):
        yield replace(train, splits=np.where(fold_of == fold, "internal", TRAIN))

"""All that page 04 computes of one cohort."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ptclnm.cohorts.schema import Cohort
from ptclnm.imaging.superres import study
from ptclnm.imaging.superres.arms import ARMS, check_arms
from ptclnm.imaging.superres.drift import drift_table, shares
from ptclnm.imaging.superres.finer import agreement, reference
from ptclnm.imaging.superres.stored import history_of
from ptclnm.models import superres
from ptclnm.models.data import join
from ptclnm.models.radiomics import stored_fits
from ptclnm.models.superres import SuperRes
from ptclnm.report import superres_tables as tables

FINER, SHOWN = 12, 2  # pictures compared with a finer truth, and shown, at most


@dataclass(frozen=True)
class Results:
    """What was trained and computed.

    Parameters
    ----------
    made : SuperRes
        The networks.
    tables : dict of str to DataFrame
        ``quality, detail, agreement, drift, classes, filters, selected, pairs, cause, history``.
    predictions : DataFrame
        ``model, split, patient_id, label, score`` of every model on every arm, in the sets that
        have patients of both classes.
    models : list of str
        Names of the models without arm.
    shown : list of Shown
        Pictures to be looked at.
    truth : tuple
        Pictures by name and mask, for ``superres_figures.truth_figure``; empty without truth.
    trained_pictures, trained_patients, drift_pictures : int
        How many were trained on, and how many the drift is of.
    left_out : str
        What this run leaves out, in words.
    """

    made: SuperRes
    tables: dict[str, pd.DataFrame]
    predictions: pd.DataFrame
    models: list[str]
    shown: list[study.Shown]
    truth: tuple
    trained_pictures: int
    trained_patients: int
    drift_pictures: int
    left_out: str


def results(cohort: Cohort, parameters: Mapping[str, Any]) -> Results:
    """Train, super-resolve, extract, fit and judge; see ``superres_page.view``."""
    p = parameters
    n_jobs, arms = p["n_jobs"] or None, check_arms(p["arms"])
    made = superres.super_resolution(cohort, p)
    networks = {study.PIXEL: made.arm("sr_pixel"), study.GAN: made.arm("sr")}
    rows = study.held_out(cohort, p["pictures"], p["seed"])
    judged = study.quality_table(rows, networks, n_jobs, cohort.mask_label)
    sums = []
    if cohort.evidence == "simulated":
        sums = study.finer_sums(cohort, rows.head(FINER), networks, n_jobs)
    features = {arm: superres.arm_features(cohort, made, arm, p) for arm in arms}
    fitted = _fitted(cohort, features, p)
    predictions, models = _predictions(cohort, made, fitted, p)
    moved, pictures = _drift(cohort, features)
    trained = cohort.table if made.plan.leaks else cohort.table[cohort.table["split"] == "train"]
    cheap = superres.models_of(p)[0]
    return Results(
        made=made,
        tables={
            "quality": study.summary(judged),
            "detail": study.restored(sums) if sums else pd.DataFrame(),
            "agreement": agreement(sums) if sums else pd.DataFrame(),
            "drift": moved,
            "classes": shares(moved, "feature_class"),
            "filters": shares(moved, "image_type"),
            "selected": tables.selected_drift(moved, fitted["or"]["coefficients"]),
            "pairs": tables.pairs(predictions, models, "sr", "or"),
            "cause": tables.cause(predictions, cheap, arms),
            "history": history_of(made.gan),
        },
        predictions=predictions,
        models=models,
        shown=[
            study.shown(row, networks[study.GAN], cohort.mask_label)
            for _, row in rows.head(SHOWN).iterrows()
        ],
        truth=_truth(cohort, rows, networks) if sums else (),
        trained_pictures=len(trained),
        trained_patients=trained["patient_id"].nunique(),
        drift_pictures=pictures,
        left_out=_left_out(arms, models),
    )


def _fitted(
    cohort: Cohort, features: Mapping[str, pd.DataFrame], p: Mapping[str, Any]
) -> dict[str, dict[str, pd.DataFrame]]:
    """The classifiers on every arm, fitted on its training patients."""
    plan = superres.zoo_plan_of(p)
    data = {arm: join(cohort.table, table) for arm, table in features.items()}
    return {arm: stored_fits(one, plan) for arm, one in data.items()}


def _predictions(
    cohort: Cohort, made: SuperRes, fitted: Mapping[str, dict], p: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[str]]:
    cheap, deep = superres.models_of(p)
    parts = []
    for arm, found in fitted.items():
        table = found["predictions"]
        parts.append(table[table["model"].isin(cheap)].pipe(_named, arm))
    if deep:
        parts += [superres.arm_deep(cohort, made, arm, p).pipe(_named, arm) for arm in ("or", "sr")]
    names = [*cheap, *(plan.name for plan in superres.deep_plans_of(p))]
    return tables.judged_sets(pd.concat(parts, ignore_index=True)), names


def _named(table: pd.DataFrame, arm: str) -> pd.DataFrame:
    return table.assign(model=[superres.called(arm, name) for name in table["model"]])


def _drift(cohort: Cohort, features: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, int]:
    """Drift of the features of pictures that the network has not seen."""
    table = cohort.table
    ids = set(table.loc[table["split"] != "train", "image_id"].astype(str))
    before, after = (
        one[one["image_id"].astype(str).isin(ids)] for one in (features["or"], features["sr"])
    )
    return drift_table(before, after), len(before)


def _truth(
    cohort: Cohort, rows: pd.DataFrame, networks: Mapping
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    row = rows.iloc[0]
    one = study.shown(row, networks[study.GAN], cohort.mask_label)
    pictures = {
        "as stored": one.original, "super-resolved": one.made,
        "a finer machine": reference(cohort, row["image_id"]),
    }  # fmt: skip
    return pictures, one.mask


def _left_out(arms: tuple[str, ...], models: list[str]) -> str:
    """Say which arms and models of the full comparison this run leaves out."""
    lines = []
    rest = [ARMS[arm][1] for arm in ARMS if arm not in arms]
    if rest:
        lines.append(f"Arms left out of this run: {'; '.join(rest)}.")
    plain = {tables.plain(name) for name in models}
    deep = [name for name in ("SVM", "KNN", "ResNet101", "DenseNet121") if name not in plain]
    if deep:
        lines.append(f"Models of the paper left out of this run: {', '.join(deep)}.")
    return " ".join(lines)

"""Tables of page 04: quality, drift, the paper's models beside ours, cause, claims."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ptclnm.evaluation.delong import OneClassError
from ptclnm.evaluation.pairs import compare, with_holm
from ptclnm.imaging.superres.arms import ARMS, called
from ptclnm.imaging.superres.drift import GOOD
from ptclnm.imaging.superres.study import GAN, PIXEL
from ptclnm.report import verdict
from ptclnm.report.claims import claim_rows, slug
from ptclnm.report.metrics import FIRST, LAST
from ptclnm.report.sentences import auc_text
from recount import METRICS, Study

TRAIN = "train"
PAIR = ["split", "model", "auc_a", "auc_b", "difference", "low", "high", "z", "p", "p_holm", "n"]
METHODS = ("original", "bicubic", "unsharp", PIXEL, GAN)
TASKS = {"restore": "undo degradation", "apply": "sharpen original"}
UNITS = {
    "psnr": "PSNR (dB)", "ssim": "SSIM", "sharpness": "Edge slope (grey/px)",
    "speckle_snr": "Speckle SNR", "speckle_rows": "Speckle height (px)",
    "speckle_cols": "Speckle width (px)",
}  # fmt: skip
WHERE = {"auc": "Table 2", "difference": "Results 3.2", "detail": "Section 2.5"}


def beside_paper(metrics: pd.DataFrame, paper: Study) -> pd.DataFrame:
    """Join the paper's printed metrics of the models of the same name.

    Parameters
    ----------
    metrics : DataFrame
        From ``ptclnm.evaluation.metrics_table``.
    paper : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        As ``ptclnm.report.metrics.beside_paper``.
    """
    own = paper.performance.drop_duplicates(["evaluation_set", "model", "metric"])
    printed = own.set_index(["evaluation_set", "model", "metric"])["value"].astype(float)
    pairs = list(zip(metrics["split"], map(plain, metrics["model"]), strict=True))
    table = metrics.assign(**{
        f"reported_{metric}": [printed.get((*pair, metric), np.nan) for pair in pairs]
        for metric in METRICS
    })  # fmt: skip
    return table[[*FIRST, *(f"reported_{metric}" for metric in METRICS), *LAST]]


def plain(model: str) -> str:
    """Name a model without what is said of its first weights: what a paper calls it."""
    return model.split(" (")[0]


def pairs(predictions: pd.DataFrame, models: Sequence[str], first: str, second: str):
    """Compare two arms' models of the same name outside the training set, by DeLong's paired test.

    Parameters
    ----------
    predictions : DataFrame
        The predictions table.
    models : sequence of str
        Names without arm, e.g. ``SVM``.
    first, second : str
        Names of arms; the difference is that of the first less the second.

    Returns
    -------
    DataFrame
        ``split, model, auc_a, auc_b, difference, low, high, z, p, p_holm, n``; Holm's correction is
        over the models of a set. A set in which a class is missing has no rows.
    """
    parts = []
    for split, part in predictions[predictions["split"] != TRAIN].groupby("split", sort=False):
        by = dict(list(part.groupby("model", sort=False)))
        rows = [
            compare(by[called(first, name)], by[called(second, name)]).to_dict() | {"model": name}
            for name in models
            if {called(first, name), called(second, name)} <= set(by) and _both(part)
        ]
        if rows:
            parts.append(with_holm(pd.DataFrame(rows)).assign(split=split))
    return pd.concat(parts, ignore_index=True)[PAIR] if parts else pd.DataFrame(columns=PAIR)


def _both(part: pd.DataFrame) -> bool:
    return part["label"].nunique() == 2


def judged_sets(predictions: pd.DataFrame) -> pd.DataFrame:
    """Leave out sets in which a class is missing; nothing can be judged there.

    Raises
    ------
    OneClassError
        If no set but the training set is left.
    """
    classes = predictions.groupby("split")["label"].nunique()
    kept = predictions[predictions["split"].isin(classes.index[classes == 2])]
    if not (kept["split"] != TRAIN).any():
        raise OneClassError("super-resolution", [
            "no set outside the training set has patients of both classes; open more patients"
        ])  # fmt: skip
    return kept.reset_index(drop=True)


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
    for arm in [name for name in arms if name != "or"]:
        gain = pairs(predictions, models, arm, "or").rename(columns={
            "auc_a": "auc", "auc_b": "auc_or", "difference": "gain", "low": "gain_low",
            "high": "gain_high", "p": "gain_p",
        })  # fmt: skip
        over = pairs(predictions, models, "sr", arm).rename(columns={
            "difference": "sr_over", "low": "sr_over_low", "high": "sr_over_high", "p": "sr_over_p",
        })  # fmt: skip
        keep = ["split", "model", "sr_over", "sr_over_low", "sr_over_high", "sr_over_p"]
        if arm == "sr":
            over = over.assign(**dict.fromkeys(keep[2:], np.nan))
        both = gain.merge(over[keep], on=["split", "model"], how="left")
        parts.append(both.assign(arm=ARMS[arm][0], what=ARMS[arm][1]))
    columns = ["arm", "what", "split", "model", "auc", "auc_or", "gain", "gain_low", "gain_high",
               "gain_p", "sr_over", "sr_over_low", "sr_over_high", "sr_over_p"]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)[columns]
    order = {name: place for place, name in enumerate(models)}
    place = table["model"].map(order)
    return table.assign(place=place).sort_values(["split", "place"], kind="stable",
                                                 ignore_index=True)[columns]  # fmt: skip


def selected_drift(drift: pd.DataFrame, coefficients: pd.DataFrame) -> pd.DataFrame:
    """Give the features that the selection keeps on originals, with how far they move."""
    table = coefficients.merge(drift, on="feature", how="left")
    return table.assign(stays=table["icc"] > GOOD)[["feature", "coefficient", "icc", "shift",
                                                    "stays"]]  # fmt: skip


def spread(value: float, low: float, high: float, digits: int = 3, sign: bool = False) -> str:
    """Phrase a number with its interval; without, where there is none."""
    if pd.isna(value):
        return ""
    style = f"{'+' if sign else ''}.{digits}f"
    if pd.isna(low):
        return f"{value:{style}}"
    to = " to " if sign or low < 0 else "–"
    return f"{value:{style}} ({low:{style}}{to}{high:{style}})"


def quality_layout(quality: pd.DataFrame) -> pd.DataFrame:
    """Lay the quality table out for reading: one row a task and method, one column a measure."""
    rows = quality.to_dict("records")
    text = [spread(row["mean"], row["low"], row["high"], _digits(row)) for row in rows]
    table = quality.assign(text=text, task=quality["task"].map(TASKS))
    order = [name for name in METHODS if name in set(table["method"])]
    wide = table.pivot(index=["task", "method"], columns="metric", values="text").fillna("")
    pairs = [(task, name) for task in TASKS.values() for name in order]
    return wide.loc[[pair for pair in pairs if pair in wide.index]].reset_index()


def _digits(row: Mapping[str, object]) -> int:
    return 3 if row["metric"] == "ssim" else 2


def pairs_layout(table: pd.DataFrame) -> pd.DataFrame:
    """Lay comparisons out for reading."""
    rows = table.to_dict("records")
    gain = [spread(r["difference"], r["low"], r["high"], sign=True) for r in rows]
    return table.assign(gain=gain)


def cause_layout(table: pd.DataFrame) -> pd.DataFrame:
    """Lay the cause table out for reading."""
    rows = table.to_dict("records")
    names = ("gain", "sr_over")
    made = {
        f"{name}_text": [
            spread(r[name], r[f"{name}_low"], r[f"{name}_high"], sign=True) for r in rows
        ]
        for name in names
    }
    return table.assign(**made)


def claims_table(
    paper: Study, cohort: str, evidence: str, note: str, metrics: pd.DataFrame,
    compared: pd.DataFrame, quality: pd.DataFrame, detail: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    """Judge what the paper says of its super-resolved models and pictures.

    Parameters
    ----------
    paper : Study
        The transcribed paper.
    cohort, evidence, note : str
        Whose patients these are, what kind of evidence that is, what a reader has to know.
    metrics : DataFrame
        From :func:`beside_paper`.
    compared : DataFrame
        From :func:`pairs`, super-resolved less original.
    quality : DataFrame
        From ``ptclnm.imaging.superres.study.summary``.
    detail : DataFrame
        From ``ptclnm.imaging.superres.study.restored``; empty where there is no truth.

    Returns
    -------
    DataFrame
        The page's rows of the claims table.
    """
    rows = [*_auc_claims(metrics), *_difference_claims(metrics, compared)]
    rows += [*_edge_claim(quality), *_detail_claim(detail)]
    return claim_rows(rows, "superres", paper, cohort, evidence, note)


def _auc_claims(metrics: pd.DataFrame) -> list[tuple]:
    printed = metrics[metrics["reported_auc"].notna() & metrics["model"].str.startswith("SR_")]
    return [
        (f"auc-{slug(row['model'])}-{row['split']}", WHERE["auc"],
         f"AUC of {row['model']} in the {row['split']} set",
         auc_text(row, "reported_"), auc_text(row),
         *verdict.auc(row))
        for row in printed.to_dict("records")
    ]  # fmt: skip


def _difference_claims(metrics: pd.DataFrame, compared: pd.DataFrame) -> list[tuple]:
    printed = metrics.set_index(["split", "model"])["reported_auc"]
    rows = []
    for row in compared.to_dict("records"):
        own = [printed.get((row["split"], called(arm, row["model"]))) for arm in ("sr", "or")]
        if any(pd.isna(value) for value in own):
            continue
        reported = round(own[0] - own[1], 6)
        found, note = verdict.difference(reported, row["low"], row["high"])
        rows.append(
            (f"gain-{slug(row['model'])}-{row['split']}", WHERE["difference"],
             f"AUC of {called('sr', row['model'])} less that of {called('or', row['model'])} in "
             f"the {row['split']} set",
             f"{reported:+.3f}",
             spread(row["difference"], row["low"], row["high"], sign=True),
             found, f"By Table 2's AUCs. {note}".strip())
        )  # fmt: skip
    return rows


def _edge_claim(quality: pd.DataFrame) -> list[tuple]:
    rows = quality.set_index(["task", "method", "metric"])
    if ("apply", GAN, "sharpness") not in rows.index:
        return []
    row = rows.loc[("apply", GAN, "sharpness")]
    limits = (row["difference_low"], row["difference_high"])
    return [
        ("edges", WHERE["detail"], "edges are clearer in the super-resolved picture: slope at the "
         "nodule's outline, in grey levels a pixel", "clearer",
         spread(row["difference"], *limits, 2, True), verdict.above_zero(*limits), "")
    ]  # fmt: skip


def _detail_claim(detail: pd.DataFrame) -> list[tuple]:
    rows = detail.set_index("method") if len(detail) else detail
    if GAN not in rows.index:
        return []
    row = rows.loc[GAN]
    limits = (row["low"], row["high"])
    return [
        ("detail", WHERE["detail"], "super-resolution restores detail that the original lacks: "
         "correlation of what it adds with what a finer machine would have added", "restores",
         spread(row["added"], *limits, 3, True), verdict.above_zero(*limits), "")
    ]  # fmt: skip
